# What is only known once it is planned.
resource "kubernetes_cluster_role" "generated" {
  metadata {
    generate_name = "generated-"
  }
  rule {
    api_groups = [""]
    resources  = ["pods"]
    verbs      = ["get"]
  }
  dynamic "rule" {
    for_each = var.rules
    content {
      api_groups = rule.value.groups
      resources  = rule.value.resources
      verbs      = rule.value.verbs
    }
  }
}

resource "kubernetes_role" "each" {
  for_each = toset(["shop", "bank"])
  metadata {
    name      = "each"
    namespace = each.value
  }
  rule {
    api_groups = [""]
    resources  = ["pods"]
    verbs      = ["get", "list"]
  }
}

resource "kubernetes_cluster_role_v1" "gathered" {
  metadata {
    name = "gathered"
  }
  aggregation_rule {
    cluster_role_selectors {
      match_labels = {
        "shop.example/gather" = "true"
      }
    }
  }
}

resource "kubernetes_cluster_role_v1" "taken" {
  metadata {
    name = "taken"
    labels = {
      "rbac.authorization.k8s.io/aggregate-to-view" = "true"
    }
  }
  rule {
    api_groups = ["shop.example"]
    resources  = ["shops"]
    verbs      = var.verbs
  }
}
