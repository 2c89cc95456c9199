//! Proposals written into a repository, as a person does it: the patch is given to git.

use std::path::Path;
use std::process::Command;

use remit_tests::{data, program};

const TERRAFORM: &str = r#"# Queues of the app.
data "aws_iam_policy_document" "queue" {
  statement {
    actions = [
      "sqs:GetQueueAttributes", # metrics
      "sqs:CreateQueue",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "queue" {
  name   = "queue"
  role   = "app"
  policy = data.aws_iam_policy_document.queue.json
}
"#;

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git").current_dir(folder).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn git_applies_what_is_written_into_terraform() {
    let place = tempfile::tempdir().unwrap();
    let repository = place.path().join("infrastructure");
    std::fs::create_dir(&repository).unwrap();
    for (name, text) in [("plain.tf", TERRAFORM.to_owned()), ("other.tf", "locals {}\n".to_owned())] {
        std::fs::write(repository.join(name), text).unwrap();
    }
    git(&repository, &["init", "-q"]);
    let proposals = data::repository().join("tests/data/proposals/denied-is-not-used/proposals");
    let proposals = proposals.to_str().unwrap();
    let located = program::remit(place.path(), &["locate", "--repo", "infrastructure", "--format", "csv"]);
    assert!(
        located.contains("found,plain.tf:2,terraform_document,aws_iam_role_policy.queue,yes"),
        "{located}"
    );
    let patch = program::remit(place.path(), &["edit", proposals, "--repo", "infrastructure"]);
    std::fs::write(place.path().join("narrower.patch"), patch).unwrap();
    git(&repository, &["apply", "../narrower.patch"]);
    let after = std::fs::read_to_string(repository.join("plain.tf")).unwrap();
    assert_eq!(after, TERRAFORM.replace("      \"sqs:CreateQueue\",\n", ""));
    // What was written is not what is in force any more, so nothing is edited twice.
    let again = program::remit(place.path(), &["edit", proposals, "--repo", "infrastructure"]);
    assert_eq!(again, "");
}
