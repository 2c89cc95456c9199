//! Tags of resources, and those that their provider adds.

use super::{of, repository};
use crate::repository::Repository;

const PROVIDERS: &str = "\
provider \"aws\" {
  default_tags { tags = { team = \"core\" } }
}
provider \"aws\" {
  alias = \"other\"
  default_tags { tags = { team = \"far\" } }
}
";

fn team(repository: &Repository) -> Option<&str> {
    let mut tags = repository.declared().iter().filter_map(|one| one.tags.get("team"));
    tags.next().map(String::as_str)
}

#[test]
fn a_resource_has_the_tags_of_its_own_provider() {
    for (provider, expected) in [
        ("", Some("core")),
        ("provider = aws", Some("core")),
        ("provider = aws.other", Some("far")),
        ("provider = \"aws.other\"", Some("far")),
        ("provider = aws.given", None),
        ("provider = elsewhere", None),
    ] {
        let text =
            format!("{PROVIDERS}resource \"aws_iam_group\" \"g\" {{\n  name = \"g\"\n  {provider}\n}}\n");
        assert_eq!(team(&of(&text)), expected, "{provider}");
    }
}

#[test]
fn default_tags_count_in_json_too() {
    let providers = "{\"provider\": {\"aws\": [{\"default_tags\": {\"tags\": {\"team\": \"core\"}}}, \
        {\"alias\": \"other\", \"default_tags\": [{\"tags\": {\"team\": \"far\"}}]}]}";
    for (provider, expected) in [("", "core"), (", \"provider\": \"aws.other\"", "far")] {
        let text = format!(
            "{providers}, \"resource\": {{\"aws_iam_group\": {{\"g\": {{\"name\": \"g\"{provider}}}}}}}}}"
        );
        assert_eq!(team(&repository(&[("main.tf.json", &text)])), Some(expected));
    }
}

#[test]
fn tags_are_followed_through_local_names_and_merge() {
    let text = "locals {\n  all = merge({ team = \"one\" }, local.more)\n  more = { team = local.team }\n  team = \"two\"\n}\n\
        resource \"aws_iam_group\" \"g\" {\n  name = \"g\"\n  tags = local.all\n}\n";
    assert_eq!(team(&of(text)), Some("two"));
}
