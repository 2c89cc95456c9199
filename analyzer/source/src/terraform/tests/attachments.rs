//! Policies of the customer's that are attached by their names.

use super::{of, repository};
use crate::repository::Repository;

fn attached(repository: &Repository) -> Vec<(String, String)> {
    let of = |one: &crate::Attachment| {
        assert_eq!(one.policy.known(), None);
        (one.holder.as_ref().unwrap().to_string(), one.policy.to_string())
    };
    repository.attachments.iter().map(of).collect()
}

#[test]
fn a_customer_managed_policy_of_a_permission_set_is_attached() {
    let text = |inner: &str| {
        format!(
            "resource \"aws_ssoadmin_customer_managed_policy_attachment\" \"a\" {{\n  \
             permission_set_arn = aws_ssoadmin_permission_set.s.arn\n  {inner}\n}}\n"
        )
    };
    let set = || "permission-set aws_ssoadmin_permission_set.s".to_owned();
    for (reference, expected) in [
        ("name = \"AdministratorAccess\"", "customer managed policy AdministratorAccess"),
        ("name = \"own\"\n    path = \"/\"", "customer managed policy own"),
        ("name = \"own\"\n    path = \"/team/\"", "customer managed policy /team/own"),
        ("name = var.name", "customer managed policy var.name"),
    ] {
        let text = text(&format!("customer_managed_policy_reference {{\n    {reference}\n  }}"));
        assert_eq!(attached(&of(&text)), [(set(), expected.to_owned())]);
    }
    let looped =
        text("for_each = toset([\"a\", \"b\"])\n  customer_managed_policy_reference { name = each.key }");
    let expected = ["a", "b"].map(|name| (set(), format!("customer managed policy {name}")));
    assert_eq!(attached(&of(&looped)), expected);
}

#[test]
fn it_is_one_in_json_too() {
    let text = "{\"resource\": {\"aws_ssoadmin_customer_managed_policy_attachment\": {\"a\": {\
        \"permission_set_arn\": \"${aws_ssoadmin_permission_set.s.arn}\", \
        \"customer_managed_policy_reference\": {\"name\": \"own\"}}}}}";
    let set = "permission-set aws_ssoadmin_permission_set.s".to_owned();
    let all = attached(&repository(&[("main.tf.json", text)]));
    assert_eq!(all, [(set, "customer managed policy own".to_owned())]);
}
