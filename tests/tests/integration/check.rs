//! `remit check` in a repository, and the Action's own script.

mod comment;

use std::fs;
use std::path::Path;
use std::process::Command;

use remit_tests::data;
use remit_tests::program::{self, ran, run};
use serde_json::Value;

/// Runs git in a folder, as nobody in particular.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args([
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "-c",
        "commit.gpgsign=false",
    ]);
    git.args(["-c", "init.defaultBranch=main"]).args(arguments);
    let ran = ran(git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null"));
    assert_eq!(ran.code, Some(0), "git {arguments:?}: {ran:#?}");
    ran.out
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", "change"]);
}

fn policy(actions: &str) -> String {
    format!(
        "{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {{\"Effect\": \"Allow\", \"Action\": [{actions}], \"Resource\": \"*\"}}\n  ]\n}}\n"
    )
}

/// A repository with a policy on `main`, a branch that widens it, and another change on `main` since.
fn repository() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    git(folder, &["init", "--quiet"]);
    fs::create_dir(folder.join("iam")).unwrap();
    fs::write(folder.join("iam/app.json"), policy("\"s3:GetObject\"")).unwrap();
    fs::write(folder.join("iam/old.json"), policy("\"sqs:*\"")).unwrap();
    fs::write(folder.join("CODEOWNERS"), "/iam/app.json @acme/app\n").unwrap();
    commit(folder);
    git(folder, &["switch", "--quiet", "--create", "change"]);
    fs::write(folder.join("iam/app.json"), policy("\"s3:GetObject\", \"s3:PutObject\"")).unwrap();
    fs::write(folder.join("iam/ä new.json"), policy("\"iam:*\"")).unwrap();
    commit(folder);
    git(folder, &["switch", "--quiet", "main"]);
    fs::remove_file(folder.join("iam/old.json")).unwrap();
    commit(folder);
    git(folder, &["switch", "--quiet", "change"]);
    place
}

#[test]
fn a_change_is_compared_with_where_its_branch_began() {
    let place = repository();
    let folder = place.path();
    let ran = run(folder, &["check", "--base", "main", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let results = told["results"].as_array().unwrap();
    // What main removed since is nothing that the branch grants.
    let of = |at: usize, key: &str| results[at][key].clone();
    assert_eq!(results.len(), 2, "{results:#?}");
    assert_eq!(
        (of(0, "severity"), of(0, "file"), of(0, "line")),
        ("warning".into(), "iam/ä new.json".into(), 4.into())
    );
    assert_eq!(of(0, "owner"), Value::Null);
    assert_eq!(
        (of(1, "severity"), of(1, "file"), of(1, "owner")),
        ("note".into(), "iam/app.json".into(), "@acme/app".into())
    );
    assert_eq!(of(1, "names"), serde_json::json!(["s3:PutObject"]));
    assert_eq!(run(folder, &["check", "--base", "main", "--fail-on", "warning"]).code, Some(1));
    // From within, and as a folder of the repository.
    let below = run(&folder.join("iam"), &["check", "--base", "main"]);
    assert!(
        below.out.lines().any(|line| line.starts_with("app.json:4: note new_privilege: `app` allows")),
        "{below:#?}"
    );
    let below = run(folder, &["check", "iam", "--base", "main"]);
    assert!(
        below.out.lines().any(|line| line.starts_with("iam/app.json:4: ") && line.ends_with("(@acme/app)")),
        "{below:#?}"
    );
}

#[test]
fn what_a_revision_has_is_read_as_a_folder_is() {
    let place = repository();
    let folder = place.path();
    let code = "new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] });\n";
    fs::write(folder.join("stack.js"), code).unwrap();
    // What a tool makes of the sources is no place from which something could be moved to them.
    fs::create_dir(folder.join("cdk.out")).unwrap();
    fs::write(folder.join("cdk.out/made.json"), policy("\"kms:*\"")).unwrap();
    commit(folder);
    fs::write(folder.join("iam/made.json"), policy("\"kms:*\"")).unwrap();
    let ran = run(folder, &["check", "--base", "HEAD"]);
    assert_eq!(ran.out.lines().count(), 1, "{ran:#?}");
    assert!(ran.out.starts_with("iam/made.json:4: warning new_privilege: "), "{ran:#?}");
}

#[test]
fn a_file_is_compared_with_what_it_was_at_a_revision() {
    let place = repository();
    let folder = place.path();
    let check =
        |folder: &Path, file: &str| run(folder, &["check", file, "--base", "main", "--require-owner"]);
    let ran = check(folder, "iam/app.json");
    assert_eq!((ran.code, ran.talk.as_str()), (Some(0), "1 note\n"), "{ran:#?}");
    assert!(
        ran.out.starts_with("iam/app.json:4: note ") && ran.out.contains("new: `s3:PutObject`"),
        "{ran:#?}"
    );
    assert!(ran.out.ends_with("(@acme/app)\n"), "{ran:#?}");
    assert_eq!(check(&folder.join("iam"), "app.json").talk, "1 note\n");
    assert_eq!(check(folder, "iam/old.json").talk, "no new privilege\n");
}

#[test]
fn rules_of_the_file_decide_the_exit_code_and_mutes_take_it_back() {
    let place = repository();
    let folder = place.path();
    let file = folder.join("remit.toml");
    fs::write(&file, "[check]\nforbid = [\"iam:*\"]\nmax_privilege = \"write\"\nrequire_owner = true\nrequire_review = true\n").unwrap();
    let ran = run(folder, &["check", "--base", "main"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    for rule in ["forbidden_action", "too_much_privilege", "no_owner", "no_review_date"] {
        assert_eq!(
            ran.out.lines().filter(|line| line.contains(&format!("error {rule}: "))).count(),
            1,
            "{ran:#?}"
        );
    }
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("[[mute]]\nidentity = \"ä new\"\nreason = \"SEC-1\"\n");
    fs::write(&file, &text).unwrap();
    let ran = run(folder, &["check", "--base", "main"]);
    assert_eq!((ran.code, ran.talk.as_str()), (Some(0), "1 note, 5 muted\n"), "{ran:#?}");
    fs::write(&file, text.replace("write", "wite")).unwrap();
    let ran = run(folder, &["check", "--base", "main"]);
    assert_eq!(ran.code, Some(64));
    assert!(
        ran.talk.starts_with("error: remit.toml:3: `wite` is no access level\nhint: give one of "),
        "{ran:#?}"
    );
}

#[test]
fn whoever_is_mistaken_is_told() {
    let place = repository();
    let folder = place.path();
    let check = |arguments: &[&str]| run(folder, &[&["check"], arguments].concat());
    let unknown = check(&["--base", "nothing"]);
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.talk.contains("no folder and no revision is named `nothing`")
            && unknown.talk.contains("hint:")
    );
    assert_eq!(check(&["--base", "--output=x"]).code, Some(64));
    assert!(check(&["--base=--output=x"]).talk.contains("is no revision"));
    assert_eq!(check(&[]).code, Some(64));
    assert!(check(&["nowhere", "--base", "main"]).talk.contains("nowhere"));
    // A file that the change touches and that cannot be read.
    fs::write(folder.join("iam/app.json"), "{\"Statement\": [").unwrap();
    let broken = check(&["--base", "main"]);
    assert_eq!(broken.code, Some(2), "{broken:#?}");
    assert!(broken.talk.contains("iam/app.json:1: "), "{broken:#?}");
    // Two files, whatever they are called.
    fs::write(folder.join("a.json"), policy("\"s3:*\"")).unwrap();
    fs::write(folder.join("b.json"), policy("\"s3:Get*\"")).unwrap();
    assert_eq!(check(&["b.json", "--base", "a.json"]).talk, "no new privilege\n");
    assert_eq!(check(&["a.json", "--base", "b.json", "--fail-on", "note"]).code, Some(1));
}

const NOW: &str = "2026-11-28T12:00:00Z";

#[test]
fn what_is_granted_newly_is_held_against_what_was_recorded() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let calls = [("sqs", "PurgeQueue", true), ("ec2", "DescribeInstances", false)];
    let at: jiff::Timestamp = NOW.parse().unwrap();
    fs::write(folder.join("log.json"), crate::pull_requests::log("app", &calls, at)).unwrap();
    let read = run(folder, &["ingest", "cloudtrail", "log.json", "--ledger", "ledger"]);
    assert_eq!(read.code, Some(0), "{read:#?}");
    fs::create_dir(folder.join("base")).unwrap();
    fs::create_dir(folder.join("head")).unwrap();
    let statement =
        |action: &str| format!("{{ Effect = \"Allow\", Action = \"{action}\", Resource = \"*\" }}");
    let of = |role: &str, actions: &[&str]| {
        let statements: Vec<_> = actions.iter().map(|action| statement(action)).collect();
        format!(
            "resource \"aws_iam_role_policy\" \"{role}\" {{\n  name = \"{role}\"\n  role = \"{role}\"\n  policy = jsonencode({{\n    Version = \"2012-10-17\"\n    Statement = [{}]\n  }})\n}}\n",
            statements.join(",\n")
        )
    };
    let new = ["sqs:PurgeQueue", "ec2:DescribeInstances", "kms:Decrypt"];
    fs::write(folder.join("head/main.tf"), of("app", &new) + &of("other", &["sqs:PurgeQueue"])).unwrap();
    let check = |form: &str| {
        run(folder, &["check", "head", "--base", "base", "--ledger", "ledger", "--format", form])
    };
    let ran = check("json");
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let demand = |identity: &str, action: &str| {
        let all = told["results"].as_array().unwrap();
        let is_it = |one: &&Value| one["identity"] == identity && one["names"] == serde_json::json!([action]);
        let one = all.iter().find(is_it).unwrap_or_else(|| panic!("{identity} {action}: {told:#}"));
        (one["demand"].clone(), one["message"].as_str().unwrap().to_owned())
    };
    let (denied, message) = demand("app", "sqs:PurgeQueue");
    assert_eq!(denied, serde_json::json!({ "denied": 1 }));
    assert!(message.ends_with("; 1 call that needed it was denied"), "{message}");
    let (allowed, message) = demand("app", "ec2:DescribeInstances");
    assert_eq!(allowed, serde_json::json!({ "allowed": 1 }));
    assert!(message.ends_with("; 1 call needed it and was allowed"), "{message}");
    let (not_seen, message) = demand("app", "kms:Decrypt");
    assert_eq!(not_seen, "not_seen");
    assert!(message.ends_with("; no recorded call needed it"), "{message}");
    // Of whom nothing is recorded it is not known what they asked for.
    assert_eq!(demand("other", "sqs:PurgeQueue").0, Value::Null);
    let comment = check("markdown").out;
    for asked in ["yes: calls were denied", "calls were allowed", "no call seen"] {
        assert_eq!(comment.matches(asked).count(), 1, "{asked}: {comment}");
    }
}

#[test]
fn sarif_is_valid_and_is_what_code_scanning_takes() {
    let place = repository();
    let folder = place.path();
    let trust = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"sts:AssumeRole\"}]}";
    fs::write(folder.join("iam/trust.json"), trust).unwrap();
    let mute = "[check]\nforbid = [\"iam:*\"]\nrequire_owner = true\n[[mute]]\nidentity = \"app\"\nreason = \"SEC-1\"\n";
    fs::write(folder.join("remit.toml"), mute).unwrap();
    let ran = run(folder, &["check", "--base", "main", "--sarif", "check.sarif"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let path = folder.join("check.sarif");
    let log: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules: std::collections::BTreeSet<_> =
        results.iter().map(|one| one["ruleId"].as_str().unwrap()).collect();
    assert_eq!(
        rules.into_iter().collect::<Vec<_>>(),
        ["forbidden_action", "new_privilege", "new_trust", "no_owner"]
    );
    assert!(results.iter().any(|one| one["suppressions"][0]["justification"] == "SEC-1"), "{results:#?}");
    let Some(problems) = crate::report::sarif_problems(&path) else { return };
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn the_action_hands_its_script_all_that_it_reads() {
    let folder = data::repository().join("deploy/github");
    let action = fs::read_to_string(folder.join("action.yml")).unwrap();
    let script = fs::read_to_string(folder.join("check.sh")).unwrap();
    let given: Vec<&str> = action
        .lines()
        .filter_map(|line| line.trim().strip_prefix("REMIT_")?.split_once(':'))
        .map(|(name, _)| name)
        .collect();
    for name in script.split("REMIT_").skip(1) {
        let name = name.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_')).next().unwrap();
        assert!(given.contains(&name), "REMIT_{name}");
    }
    // An expression within a script would let names of branches run as commands.
    let run = action.split_once("run: ").unwrap().1;
    assert!(!run.contains("${{"), "{run}");
    // The template of GitLab gives options that there are.
    let template = fs::read_to_string(data::repository().join("deploy/gitlab/remit.gitlab-ci.yml")).unwrap();
    let help = program::remit(&folder, &["check", "--help"]);
    for option in template.split_whitespace().filter(|word| word.starts_with("--")) {
        assert!(help.contains(option), "{option}");
    }
}
