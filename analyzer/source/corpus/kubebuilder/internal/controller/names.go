package controller

// +kubebuilder:rbac:groups="",namespace=system,resources=configmaps,resourceNames=leader;settings,verbs=get;update