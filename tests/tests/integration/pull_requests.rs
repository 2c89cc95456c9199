//! From a proposals folder to pull requests, merged and taken back, by the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{Timestamp, ToSpan as _};
use remit_tests::demo;
use remit_tests::forge::{Flavour, Forge, PROJECT, TOKEN};
use remit_tests::program::{self, Ran};
use serde_json::{Value, json};

/// A role of the demo's sample that loses much, and its policy.
const ROLE: &str = "111122223333/role/etl-launcher";

/// Runs git, which must succeed.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=Person", "-c", "user.email=person@example.org"]);
    command.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A verb that asks the forge, with a token.
fn ask(place: &Path, forge: &Forge, words: &[&str]) -> Ran {
    let mut command = program::command();
    command.current_dir(place).args(words);
    command.args(["--repo", &remote(place), "--api", &forge.api(), "--project", PROJECT]);
    program::ran(command.env("GITHUB_TOKEN", TOKEN))
}

fn remote(place: &Path) -> String {
    format!("file://{}", place.join("remote.git").display())
}

/// An hour-exact time some hours ago.
fn hours_ago(hours: i64) -> Timestamp {
    let now = Timestamp::now().as_second() / 3_600 * 3_600;
    Timestamp::from_second(now).unwrap().checked_sub(hours.hours()).unwrap()
}

/// A repository with one file, the folder where a person works in it, and the forge that it is on.
fn begin(place: &Path, path: &str, text: &str) -> (PathBuf, Forge) {
    git(place, &["init", "--quiet", "--bare", "-b", "main", "remote.git"]);
    git(place, &["clone", "--quiet", "remote.git", "work"]);
    let work = place.join("work");
    fs::create_dir_all(work.join(path).parent().unwrap()).unwrap();
    fs::write(work.join(path), text).unwrap();
    git(&work, &["add", "-A"]);
    git(&work, &["commit", "--quiet", "-m", "Begin"]);
    git(&work, &["push", "--quiet", "origin", "HEAD:main"]);
    let forge = Forge::start(Flavour::GitHub, &place.join("remote.git"), &hours_ago(30).to_string());
    (work, forge)
}

/// A repository is named by its path from here, as by any other program.
#[test]
fn a_repository_is_named_by_a_path_from_here() {
    let place = tempfile::tempdir().unwrap();
    let work = place.path().join("infrastructure");
    fs::create_dir(&work).unwrap();
    fs::write(work.join("main.tf"), "locals {}\n").unwrap();
    git(&work, &["init", "--quiet", "-b", "main"]);
    git(&work, &["add", "-A"]);
    git(&work, &["commit", "--quiet", "-m", "Begin"]);
    let proposals = remit_tests::data::repository().join("tests/data/proposals/denied-is-not-used/proposals");
    for (here, path) in [(place.path(), "infrastructure"), (place.path(), "./infrastructure/"), (&work, ".")]
    {
        let words = ["pr", proposals.to_str().unwrap(), "--repo", path, "--patch", "out"];
        let ran = program::run(here, &words);
        assert_eq!(ran.code, Some(0), "{path}: {ran:?}");
        assert!(ran.out.contains("nothing to edit"), "{path}: {ran:?}");
    }
}

/// The demo, and a repository with the launcher's policy as it is there.
fn begin_with_demo(place: &Path) -> (PathBuf, Forge) {
    demo::put(place, "demo");
    let before = place.join("demo/proposals").join(ROLE).join("before/launch.json");
    begin(place, "iam/launch.json", &fs::read_to_string(before).unwrap())
}

/// Merges a pull request as a person does, some hours ago, and answers when.
fn merge(work: &Path, forge: &Forge, branch: &str, number: u64, hours: i64) -> Timestamp {
    git(work, &["pull", "--quiet", "--no-rebase", "origin", branch]);
    git(work, &["push", "--quiet", "origin", "HEAD:main"]);
    let commit = git(work, &["rev-parse", "HEAD"]).trim().to_owned();
    let merged = hours_ago(hours).checked_add(30.minutes()).unwrap();
    forge.change(number, |pull| {
        pull.state = "merged".to_owned();
        pull.commit = Some(commit);
        pull.updated = merged.to_string();
    });
    forge.set_now(&Timestamp::now().to_string());
    merged
}

#[test]
fn a_proposal_is_opened_merged_refused_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let (work, forge) = begin_with_demo(place);

    let run =
        || ask(place, &forge, &["pr", "demo/proposals", "--format", "json", "--report", "stand/infra.json"]);
    let first = run();
    assert_eq!((first.code, first.talk.contains(TOKEN)), (Some(0), false), "{first:?}");
    let outcomes: Value = serde_json::from_str(&first.out).unwrap();
    let opened: Vec<_> = outcomes.as_array().unwrap().iter().filter(|one| one["state"] == "opened").collect();
    assert_eq!((opened.len(), &opened[0]["removed"]), (1, &34.into()), "{outcomes:#}");
    let [pull] = &forge.pulls()[..] else { panic!("{:?}", forge.pulls()) };
    assert_eq!(pull.title, "Remove 34 unused permissions of role etl-launcher");
    let edited = git(&place.join("remote.git"), &["show", &format!("{}:iam/launch.json", pull.branch)]);
    assert!(!edited.contains("states:*") && edited.contains("states:DescribeExecution"), "{edited}");
    assert!(edited.contains("sts:AssumeRole"), "{edited}");
    assert!(!forge.writes().is_empty());
    let again = run();
    assert_eq!((again.code, forge.writes().len()), (Some(0), 0), "{again:?}");

    let opened: Timestamp = pull.created.parse().unwrap();
    let opened = opened.strftime("%Y-%m-%d %H:%M");
    told(place, &[("state", "open"), ("change", "unchanged")], &format!("(open, opened {opened} UTC)"));
    // What the run prints is of another form.
    fs::write(place.join("printed.json"), &first.out).unwrap();
    let wrong = report(place, "printed.json");
    assert!(
        wrong.code == Some(2) && wrong.talk.contains("hint: give a file that `remit pr --report FILE` wrote"),
        "{wrong:?}"
    );

    let merged = merge(&work, &forge, &pull.branch, pull.number, 20);
    assert_eq!(run().code, Some(0));
    let stand: Value = serde_json::from_slice(&fs::read(place.join("stand/infra.json")).unwrap()).unwrap();
    let stand = &stand["pull_requests"][0];
    assert_eq!(
        (&stand["state"], &stand["merged"]),
        (&"merged".into(), &merged.to_string().into()),
        "{stand:#}"
    );
    let _ = forge.calls();
    let watch = || ask(place, &forge, &["watch", "--ledger", "demo/ledger"]);
    let quiet = watch();
    assert_eq!((quiet.code, quiet.out.lines().count()), (Some(0), 1), "{quiet:?}");
    assert!(quiet.talk.contains("nothing was refused"), "{quiet:?}");

    // Of the hour of the merge what was refused before it is nothing that it refused, and what was after it is.
    let happen = |operation: &str, at: Timestamp| happen(place, operation, at);
    happen("DeleteStateMachine", merged.checked_sub(5.minutes()).unwrap());
    let quiet = watch();
    assert!(quiet.talk.contains("nothing was refused"), "{quiet:?}");
    happen("StopExecution", merged.checked_add(5.minutes()).unwrap());
    let told = watch();
    assert_eq!(told.code, Some(0), "{told:?}");
    let pulls = forge.pulls();
    let [_, back] = &pulls[..] else { panic!("{told:?} {pulls:?}") };
    assert_eq!(back.title, "Take back #1: calls of etl-launcher were refused");
    assert!(back.body.contains("`states:StopExecution`"), "{}", back.body);
    assert!(!back.body.contains("`states:DeleteStateMachine`"), "{}", back.body);
    let back = git(&place.join("remote.git"), &["show", &format!("{}:iam/launch.json", back.branch)]);
    assert_eq!(back, git(&place.join("remote.git"), &["show", "main~1:iam/launch.json"]));
    let _ = forge.calls();
    assert_eq!((watch().code, forge.writes().len()), (Some(0), 0));
    assert_eq!(forge.violations(), [] as [&str; 0]);
}

/// A report on the demo's sample, with what is told of pull requests.
fn report(place: &Path, pull_requests: &str) -> Ran {
    let grants = "demo/sample/account-authorization-details.json";
    let words = ["report", "--ledger", "demo/ledger", "--grants", grants, "--out", "told", "--pull-requests"];
    program::run(place, &[words.as_slice(), &[pull_requests]].concat())
}

/// Holds that the report tells this of the launcher's pull request.
fn told(place: &Path, members: &[(&str, &str)], words: &str) {
    let ran = report(place, "stand");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let json: Value = serde_json::from_slice(&fs::read(place.join("told/report.json")).unwrap()).unwrap();
    let principals = json.get("principals").and_then(Value::as_array).unwrap();
    let pull = |one: &Value| one.get("pull_request").filter(|pull| !pull.is_null()).cloned();
    let told: Vec<_> =
        principals.iter().filter_map(|one| Some((one.get("name").cloned(), pull(one)?))).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    let (name, pull) = told.into_iter().next().unwrap();
    assert_eq!(name, Some("etl-launcher".into()));
    for (member, value) in members {
        assert_eq!(pull.get(member).and_then(Value::as_str), Some(*value), "{pull:#}");
    }
    let url = pull.get("url").and_then(Value::as_str).unwrap();
    let text = fs::read_to_string(place.join("told/report.md")).unwrap();
    let line = format!("**Pull request:** `{url}` {words}");
    assert!(url.ends_with("/pull/1") && text.lines().any(|one| one == line), "{line} in {text}");
}

/// A refused call of the launcher comes into the ledger.
fn happen(place: &Path, operation: &str, at: Timestamp) {
    fs::write(place.join("refused.json"), refused(operation, at)).unwrap();
    let read = program::run(place, &["ingest", "cloudtrail", "refused.json", "--ledger", "demo/ledger"]);
    assert_eq!(read.code, Some(0), "{read:?}");
}

#[test]
fn refused_calls_count_for_fourteen_days() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let (work, forge) = begin_with_demo(place);
    assert_eq!(ask(place, &forge, &["pr", "demo/proposals", "--no-dashboard"]).code, Some(0));
    let pull = forge.pulls().remove(0);
    let merged = merge(&work, &forge, &pull.branch, pull.number, 15 * 24);
    let over = merged.checked_add((14 * 24).hours()).unwrap();
    let watch = || ask(place, &forge, &["watch", "--ledger", "demo/ledger"]);
    // It is of the last hour that counts, and too late.
    happen(place, "DeleteStateMachine", over.checked_add(5.minutes()).unwrap());
    let quiet = watch();
    assert!(quiet.talk.contains("nothing was refused") && forge.pulls().len() == 1, "{quiet:?}");
    happen(place, "StopExecution", over.checked_sub(5.minutes()).unwrap());
    let told = watch();
    let pulls = forge.pulls();
    let [_, back] = &pulls[..] else { panic!("{told:?} {pulls:?}") };
    assert!(back.body.contains("`states:StopExecution`"), "{}", back.body);
    assert!(!back.body.contains("`states:DeleteStateMachine`"), "{}", back.body);
}

/// The launcher's policy as a person wrote it.
const LAUNCH: &str = r#"data "aws_iam_policy_document" "launch" {
  # Who transforms is somebody else.
  statement {
    actions = [
      "sts:AssumeRole",
      "sts:TagSession",
      "sts:SetSourceIdentity",
    ]
    resources = ["arn:aws:iam::111122223333:role/etl-*"] # all of them
  }

  statement {
    actions = ["states:*"]
    resources = [
      "arn:aws:states:eu-west-1:111122223333:stateMachine:etl",
      "arn:aws:states:eu-west-1:111122223333:execution:etl:*",
    ]
  }

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/etl-launcher:*"]
  }
}

resource "aws_iam_role_policy" "launch" {
  name   = "launch"
  role   = "etl-launcher"
  policy = data.aws_iam_policy_document.launch.json
}
"#;

/// The first statement of it, where resources are narrowed.
const APART: &str = r#"  # Who transforms is somebody else.
  statement {
    actions = [
      "sts:TagSession",
      "sts:SetSourceIdentity",
    ]
    resources = ["arn:aws:iam::111122223333:role/etl-*"] # all of them
  }

  statement {
    actions = [
      "sts:AssumeRole",
    ]
    resources = ["arn:aws:iam::111122223333:role/etl-transform"] # all of them
  }
"#;

#[test]
fn resources_are_narrowed_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    demo::put(place, "demo");
    let (work, forge) = begin(place, "iam/launch.tf", LAUNCH);
    let run = |more: &[&str]| ask(place, &forge, &[&["pr", "demo/proposals"], more].concat());
    let edited = || {
        let pull = forge.pulls().pop().unwrap();
        (git(&place.join("remote.git"), &["show", &format!("{}:iam/launch.tf", pull.branch)]), pull.body)
    };
    let first = run(&[]);
    let (text, body) = edited();
    assert!(text.contains("\"sts:AssumeRole\",\n") && !text.contains("etl-transform"), "{first:?} {text}");
    assert!(!body.contains("fewer resources"), "{body}");
    // Fewer resources are other evidence, so that the same pull request is written anew.
    assert_eq!(run(&["--resources"]).code, Some(0));
    let (text, body) = edited();
    assert!(text.contains(APART), "{text}");
    assert!(text.ends_with(LAUNCH.split_once("\n}\n").unwrap().1), "{text}");
    let row = "| `sts:AssumeRole` | `arn:aws:iam::111122223333:role/etl-transform` |";
    assert!(
        body.contains("recorded; 1 permission on fewer resources than today.") && body.contains(row),
        "{body}"
    );
    let _ = forge.writes();
    assert_eq!((run(&["--resources"]).code, forge.writes().len(), forge.pulls().len()), (Some(0), 0, 1));

    let [pull] = &forge.pulls()[..] else { panic!("{:?}", forge.pulls()) };
    merge(&work, &forge, &pull.branch, pull.number, 20);
    let refused = log("etl-launcher", &[("sts", "AssumeRole", true)], hours_ago(10));
    fs::write(place.join("refused.json"), refused).unwrap();
    let read = program::run(place, &["ingest", "cloudtrail", "refused.json", "--ledger", "demo/ledger"]);
    assert_eq!(read.code, Some(0), "{read:?}");
    let told = ask(place, &forge, &["watch", "--ledger", "demo/ledger"]);
    let pulls = forge.pulls();
    let [_, back] = &pulls[..] else { panic!("{told:?} {pulls:?}") };
    assert!(back.body.contains("`sts:AssumeRole`"), "{}", back.body);
    let back = git(&place.join("remote.git"), &["show", &format!("{}:iam/launch.tf", back.branch)]);
    assert_eq!(back, LAUNCH);
    assert_eq!(forge.violations(), [] as [&str; 0]);
}

/// A log of CloudTrail with a call of the role that was refused.
fn refused(operation: &str, at: Timestamp) -> String {
    log("etl-launcher", &[("states", operation, true)], at)
}

/// A log of CloudTrail with calls of a role, each by service, operation and whether it was refused.
pub(super) fn log(role: &str, calls: &[(&str, &str, bool)], at: Timestamp) -> String {
    let arn = format!("arn:aws:iam::111122223333:role/{role}");
    let event = |(service, operation, is_refused): &(&str, &str, bool)| {
        json!({
            "eventVersion": "1.10", "eventTime": at.to_string(), "eventSource": format!("{service}.amazonaws.com"),
            "eventName": operation, "awsRegion": "eu-west-1", "sourceIPAddress": "10.0.0.1", "userAgent": "aws-sdk",
            "errorCode": is_refused.then_some("AccessDenied"), "errorMessage": is_refused.then_some("not authorized"),
            "eventID": format!("3f0a1b2c-0000-4000-8000-{:012}", operation.len()),
            "eventType": "AwsApiCall", "managementEvent": true, "eventCategory": "Management", "readOnly": false,
            "recipientAccountId": "111122223333", "requestParameters": null, "responseElements": null,
            "userIdentity": {
                "type": "AssumedRole", "principalId": "AROAEXAMPLE:s", "accountId": "111122223333",
                "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/s"), "accessKeyId": "ASIAEXAMPLE",
                "sessionContext": { "sessionIssuer": {
                    "type": "Role", "principalId": "AROAEXAMPLE", "arn": arn, "accountId": "111122223333", "userName": role
                } }
            }
        })
    };
    json!({ "Records": calls.iter().map(event).collect::<Vec<_>>() }).to_string()
}

#[test]
fn what_is_missing_is_said_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    fs::create_dir(place.join("proposals")).unwrap();
    let index = r#"{"schema":"remit.proposals/v1","proposals":[]}"#;
    for (words, index, code, said) in [
        (
            &["pr", "absent", "--repo", "https://github.com/a/b"][..],
            "",
            2,
            "hint: give a folder that `remit propose` wrote",
        ),
        (
            &["pr", "proposals", "--repo", "https://github.com/a/b"],
            "{",
            2,
            "hint: give a folder that `remit propose` wrote",
        ),
        (
            &["pr", "proposals", "--repo", "https://github.com/a/b"],
            index,
            2,
            "hint: put one there that may write",
        ),
        (
            &["pr", "proposals", "--repo", "https://git.acme.example/a/b"],
            index,
            64,
            "hint: say `--forge github`",
        ),
        (
            &["pr", "proposals", "--repo", "/srv/a", "--forge", "github"],
            index,
            64,
            "hint: name it by `--api URL`",
        ),
        (&["pr", "proposals", "--repo", "absent.git", "--patch", "out"], index, 2, "`git ls-remote` failed"),
        (&["pr", "proposals", "--repo", "x", "--push"], index, 64, "--patch"),
        (&["pr", "proposals", "--repo", "x", "--author", "me"], index, 64, "write it like"),
        (&["watch", "--repo", "https://github.com/a/b", "--ledger", "absent"], index, 2, "absent"),
    ] {
        fs::write(place.join("proposals/index.json"), index).unwrap();
        let mut command = program::command();
        for name in ["GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN"] {
            command.env_remove(name);
        }
        let ran = program::ran(command.current_dir(place).args(words));
        assert!(
            ran.code == Some(code) && ran.talk.contains(said) && ran.out.is_empty(),
            "{words:?}: {ran:?}"
        );
    }
}
