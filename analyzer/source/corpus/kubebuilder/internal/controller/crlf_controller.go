package controller

// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;delete
	// +kubebuilder:rbac:groups=core,resources=events,verbs=create;patch
func other() {}
