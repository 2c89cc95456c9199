//! Labels that make the rules of a role those of others, too.

use super::of;

fn context(labels: &str) -> String {
    let text = format!(
        "locals {{\n  labels = {{ \"rbac.authorization.k8s.io/aggregate-to-admin\" = \"true\" }}\n  open = var.labels\n}}\n\
         resource \"kubernetes_cluster_role\" \"r\" {{\n  metadata {{\n    name = \"r\"\n    {labels}\n  }}\n}}\n"
    );
    of(&text).places.into_iter().map(|place| place.context).collect()
}

#[test]
fn labels_are_followed_through_local_names_and_merge() {
    let label = "\"rbac.authorization.k8s.io/aggregate-to-admin\" = \"true\"";
    let expected = "rbac.authorization.k8s.io/aggregate-to-admin=true\n";
    for labels in [
        format!("labels = {{ {label} }}"),
        "labels = local.labels".to_owned(),
        "labels = merge({ app = \"a\" }, local.labels)".to_owned(),
        format!("labels = merge({{ {label} }}, {{ app = \"a\" }})"),
    ] {
        assert_eq!(context(&labels), expected, "{labels}");
    }
    assert_eq!(context(""), "");
    assert_eq!(context("labels = { app = \"a\" }"), "");
}

#[test]
fn labels_that_cannot_be_read_stand_as_they_are_written() {
    assert_eq!(context("labels = var.labels"), "labels = var.labels\n");
    assert_eq!(context("labels = local.open"), "labels = var.labels\n");
    assert_eq!(
        context("labels = merge(local.labels, var.more)"),
        "rbac.authorization.k8s.io/aggregate-to-admin=true\nlabels = var.more\n"
    );
    assert_eq!(context("labels = { \"${var.key}\" = \"true\" }"), "labels = \"${var.key}\" = \"true\"\n");
}
