//! Files of OpenTofu beside those of Terraform.

use super::repository;

#[test]
fn a_file_with_a_twin_of_opentofu_is_passed_over() {
    let group = |name: &str| format!("resource \"aws_iam_group\" \"g\" {{ name = \"{name}\" }}\n");
    let (one, two) = (group("one"), group("two"));
    let json = "{\"resource\": {\"aws_iam_group\": {\"h\": {\"name\": \"three\"}}}}";
    let holders = |files: &[(&str, &str)]| {
        let declared = repository(files).declared().to_vec();
        declared.iter().flat_map(|one| &one.holders).map(|(name, _)| name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(holders(&[("a.tf", &one), ("a.tofu", &two)]), ["group two"]);
    assert_eq!(
        holders(&[("b.tf.json", &json.replace("three", "old")), ("b.tofu.json", json)]),
        ["group three"]
    );
    // One of another name, folder or notation is no twin.
    assert_eq!(holders(&[("a.tf", &one), ("b.tofu", json)]), ["group one"]);
    assert_eq!(holders(&[("a/a.tf", &one), ("a.tofu", &two)]), ["group two", "group one"]);
    assert_eq!(holders(&[("a.tf", &one), ("a.tofu.json", json)]), ["group one", "group three"]);
}
