//! `remit check` in a repository, and the Action's own script.

use std::fs;
use std::path::Path;
use std::process::Command;

use remit_tests::data;
use remit_tests::forge::{Flavour, Forge, How, PROJECT, TOKEN};
use remit_tests::program::{self, Ran, ran, remit_path, run};
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

/// Runs the check as a job of a forge does for pull request 7, with a token.
fn in_job(folder: &Path, forge: &Forge, arguments: &[&str]) -> Ran {
    let mut check = program::command();
    check.current_dir(folder).arg("check").args(arguments).arg("--comment");
    ran(job(&mut check, forge))
}

/// Variables of a job of a forge for pull request 7, and none of the job that these tests run in.
fn job<'a>(command: &'a mut Command, forge: &Forge) -> &'a mut Command {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["GITHUB_", "GITLAB_", "CI_", "GH_"].iter().any(|start| name.starts_with(start)) {
            command.env_remove(name.as_ref());
        }
    }
    match forge.flavour() {
        Flavour::GitHub => {
            command.env("GITHUB_REPOSITORY", PROJECT).env("GITHUB_REF", "refs/pull/7/merge");
            command.env("GITHUB_API_URL", forge.api()).env("GITHUB_TOKEN", TOKEN)
        }
        Flavour::GitLab => {
            // A merge request from a fork: the job's own project is the fork.
            command.env("CI_PROJECT_ID", "8").env("CI_MERGE_REQUEST_PROJECT_ID", "7");
            command.env("CI_MERGE_REQUEST_IID", "7");
            command.env("CI_API_V4_URL", forge.api()).env("GITLAB_TOKEN", TOKEN)
        }
    }
}

const NOW: &str = "2026-11-28T12:00:00Z";

#[test]
fn one_comment_is_left_and_replaced_on_either_forge() {
    let place = repository();
    let folder = place.path();
    for (flavour, reference) in [(Flavour::GitHub, "#7"), (Flavour::GitLab, "!7")] {
        let forge = Forge::start(flavour, folder, NOW);
        let mark = "<!-- remit check -->";
        // Where nothing is new nothing is said.
        let quiet = in_job(folder, &forge, &["--base", "HEAD"]);
        assert_eq!((quiet.code, forge.writes().len()), (Some(0), 0), "{quiet:#?}");
        assert_eq!(quiet.talk, format!("no comment is needed at {reference}\nno new privilege\n"));
        // A person who quotes the comment keeps what they wrote.
        let quoted = format!("{mark}\nwhat do you make of this?");
        forge.say(7, "ann", &quoted, true);
        let first = in_job(folder, &forge, &["--base", "main"]);
        assert_eq!(first.code, Some(0), "{first:#?}");
        assert!(first.talk.contains(&format!("a comment was left at {reference}\n")), "{first:#?}");
        let [of_ann, own] = &forge.comments(7)[..] else { panic!("{:#?}", forge.comments(7)) };
        assert_eq!(of_ann.body, quoted);
        assert!(own.body.starts_with(&format!("{mark}\n**Remit: 1 warning, 1 note**\n")), "{}", own.body);
        assert!(own.body.contains("| warning | `iam/ä new.json:4` |"), "{}", own.body);
        assert_eq!(forge.writes().len(), 1);
        // The same says nothing, another text replaces it, and so does that nothing is left.
        let same = in_job(folder, &forge, &["--base", "main"]);
        assert_eq!(forge.writes().len(), 0, "{same:#?}");
        assert!(same.talk.contains("says the same already"), "{same:#?}");
        let fails = in_job(folder, &forge, &["--base", "main", "--forbid", "iam:*", "--max-wait", "1"]);
        assert_eq!((fails.code, forge.writes().len()), (Some(1), 1), "{fails:#?}");
        let gone = in_job(folder, &forge, &["--base", "HEAD"]);
        assert_eq!((gone.code, forge.writes().len()), (Some(0), 1), "{gone:#?}");
        let [of_ann, own] = &forge.comments(7)[..] else { panic!("{:#?}", forge.comments(7)) };
        assert_eq!(of_ann.body, quoted);
        assert!(own.body.contains("**Remit: no new privilege**"), "{}", own.body);
        // What is said of another folder is another comment.
        let other = in_job(folder, &forge, &["iam", "--base", "main"]);
        assert_eq!((other.code, forge.comments(7).len()), (Some(0), 3), "{other:#?}");
        assert_eq!(forge.violations(), [] as [&str; 0]);
    }
}

#[test]
fn a_person_s_token_replaces_that_person_s_comment() {
    let place = repository();
    let forge = Forge::start(Flavour::GitHub, place.path(), NOW);
    forge.set_me("ann");
    forge.say(7, "ben", "<!-- remit check -->\n", true);
    for base in ["main", "HEAD"] {
        let ran = in_job(place.path(), &forge, &["--base", base]);
        assert_eq!(ran.code, Some(0), "{ran:#?}");
    }
    let comments = forge.comments(7);
    let authors: Vec<_> = comments.iter().map(|comment| comment.author.as_str()).collect();
    assert_eq!(authors, ["ben", "ann"]);
    assert!(comments[1].body.contains("no new privilege"), "{comments:#?}");
    // Said by options, without any job.
    let mut alone = program::command();
    let api = forge.api();
    alone.current_dir(place.path()).args(["check", "--base", "main", "--comment", "--pull-request", "7"]);
    alone.args(["--api", &api, "--project", PROJECT]).args(["--token-env", "ANNS"]).env("ANNS", TOKEN);
    let alone = ran(alone.env_remove("GITHUB_REPOSITORY").env_remove("CI_API_V4_URL"));
    assert!(alone.talk.contains("the comment was replaced at #7"), "{alone:#?}");
    assert_eq!(forge.violations(), [] as [&str; 0]);
}

#[test]
fn the_check_says_the_same_where_nobody_may_comment() {
    let place = repository();
    let folder = place.path();
    for flavour in [Flavour::GitHub, Flavour::GitLab] {
        let forge = Forge::start(flavour, folder, NOW);
        let check = |base: &str| in_job(folder, &forge, &["--base", base, "--fail-on", "warning"]);
        forge.fail("POST ", How::Answer(403, &[], "Resource not accessible by integration"));
        let refused = check("main");
        assert_eq!((refused.code, refused.out.lines().count()), (Some(1), 2), "{refused:#?}");
        assert!(refused.talk.contains("warning: there is no comment: the token in `GIT"), "{refused:#?}");
        let hint = match flavour {
            Flavour::GitHub => "hint: it needs `pull-requests: write`",
            Flavour::GitLab => "hint: it needs the scope `api`",
        };
        assert!(refused.talk.contains(hint) && !refused.talk.contains(TOKEN), "{refused:#?}");
        forge.fail("GET ", How::Answer(401, &[], "Bad credentials"));
        assert_eq!(check("HEAD").code, Some(0));
        forge.fail("POST ", How::CutBefore);
        let cut = check("main");
        assert!(cut.code == Some(1) && cut.talk.contains("cannot reach"), "{cut:#?}");
        assert_eq!(forge.comments(7), []);
        // Neither without a token, nor where no pull request is known.
        let mut without = program::command();
        without.current_dir(folder).args(["check", "--base", "HEAD", "--comment"]);
        let without = job(&mut without, &forge).env_remove("GITHUB_TOKEN").env_remove("GITLAB_TOKEN");
        let without = ran(without);
        assert_eq!(without.code, Some(0), "{without:#?}");
        assert!(
            without.talk.contains("hint: put one there that may comment on pull requests"),
            "{without:#?}"
        );
        let mut push = program::command();
        push.current_dir(folder).args(["check", "--base", "HEAD", "--comment"]);
        let push =
            job(&mut push, &forge).env("GITHUB_REF", "refs/heads/x").env_remove("CI_MERGE_REQUEST_IID");
        let push = ran(push);
        assert!(push.code == Some(0) && push.talk.contains("the pull request is not known"), "{push:#?}");
    }
}

/// Runs the Action's script as a runner does.
fn act(folder: &Path, out: &Path, forge: &Forge, base: &str, wants_comment: &str) -> Ran {
    let mut bash = Command::new("bash");
    bash.arg(data::repository().join("deploy/github/check.sh")).current_dir(folder);
    job(&mut bash, forge)
        .env("RUNNER_TEMP", out)
        .env("GITHUB_OUTPUT", out.join("output"))
        .env("GITHUB_STEP_SUMMARY", out.join("summary"));
    bash.env("REMIT_PROGRAM", remit_path()).env("REMIT_PATH", ".").env("REMIT_BASE", base);
    bash.env("REMIT_ARGUMENTS", "--fail-on warning")
        .env("REMIT_COMMENT", wants_comment)
        .env_remove("REMIT_LEDGER");
    ran(&mut bash)
}

#[test]
fn the_action_leaves_one_comment_and_says_where_its_sarif_is() {
    let place = repository();
    let out = tempfile::tempdir().unwrap();
    let forge = Forge::start(Flavour::GitHub, place.path(), NOW);
    let act = |base: &str, wants_comment: &str| act(place.path(), out.path(), &forge, base, wants_comment);
    let ran = act("main", "true");
    assert_eq!((ran.code, forge.comments(7).len()), (Some(1), 1), "{ran:#?}");
    let sarif = fs::read_to_string(out.path().join("output")).unwrap();
    let sarif = sarif.trim().strip_prefix("sarif=").unwrap();
    let sarif: Value = serde_json::from_str(&fs::read_to_string(sarif).unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let place_of = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place_of["artifactLocation"]["uri"], "iam/%C3%A4%20new.json");
    assert!(fs::read_to_string(out.path().join("summary")).unwrap().starts_with("<!-- remit check -->\n"));
    // The next run replaces it, also where nothing is left to be said.
    let ran = act("HEAD", "true");
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(forge.comments(7)[0].body.contains("no new privilege"), "{:#?}", forge.comments(7));
    // Who wants no comment asks no forge.
    let _ = forge.calls();
    let ran = act("main", "false");
    assert_eq!((ran.code, forge.calls().len()), (Some(1), 0), "{ran:#?}");
    // What is named like a command is none.
    let ran = act("$(touch evil); `touch evil`", "true");
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(!place.path().join("evil").exists());
    assert_eq!(forge.violations(), [] as [&str; 0]);
}

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
