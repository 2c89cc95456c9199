package controller

// ShopReconciler reconciles shops.
type ShopReconciler struct{}

// +kubebuilder:rbac:groups=shop.example,resources=shops,verbs=get;list;watch;create;update;patch;delete
// +kubebuilder:rbac:groups=shop.example,resources=shops/status,verbs=get;update;patch
//+kubebuilder:rbac:groups=apps,resources=deployments;statefulsets,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=secrets;configmaps,verbs=get;list
// +kubebuilder:rbac:urls=/metrics;/healthz,verbs=get

// Reconcile does the work.
func (r *ShopReconciler) Reconcile() {}
