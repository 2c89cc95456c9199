# What the worker of the shop may do.
resource "kubernetes_role" "worker" {
  metadata {
    name      = "shop-worker"
    namespace = "shop"
    labels = {
      app = "worker"
    }
  }

  # Pods of its own.
  rule {
    api_groups = [""]
    resources  = ["pods", "pods/log"] # and what they say
    verbs      = ["get", "list", "watch"]
  }

  # Only these.
  rule {
    api_groups     = ["apps"]
    resources      = ["deployments"]
    resource_names = ["web", "api"]
    verbs = [
      "get",
      "patch", # to restart
      "update",
    ]
  }
}

resource "kubernetes_cluster_role_v1" "metrics" {
  metadata {
    name = "metrics"
  }
  rule {
    non_resource_urls = ["/metrics", "/healthz"]
    verbs             = ["get"]
  }
  rule {
    api_groups = ["", "batch"]
    resources  = ["*"]
    verbs      = ["list"]
  }
}

# Nobody says where this is, so it is where the provider puts it.
resource "kubernetes_role_v1" "here" {
  metadata {
    name = local.name
  }
  rule {
    api_groups = [""]
    resources  = ["configmaps"]
    verbs      = ["get", "delete"]
  }
}

locals {
  name = "here"
}

resource "kubernetes_role_binding" "worker" {
  metadata {
    name      = "shop-worker"
    namespace = kubernetes_role.worker.metadata[0].namespace
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = kubernetes_role.worker.metadata.0.name
  }
  # The worker itself.
  subject {
    kind      = "ServiceAccount"
    name      = "worker"
    namespace = "shop"
  }

  # Who looks after it.
  subject {
    kind      = "Group"
    name      = "operators"
    api_group = "rbac.authorization.k8s.io"
  }
  subject {
    kind = "ServiceAccount"
    name = "beside"
  }
}

resource "kubernetes_cluster_role_binding_v1" "metrics" {
  metadata {
    name = "metrics"
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = kubernetes_cluster_role_v1.metrics.metadata[0].name
  }
  subject {
    kind      = "ServiceAccount"
    name      = "prometheus"
    namespace = "monitoring"
  }
}
