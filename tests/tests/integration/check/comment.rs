//! The comment that a check leaves at a pull request.

use std::fs;
use std::path::Path;
use std::process::Command;

use remit_tests::data;
use remit_tests::forge::{Flavour, Forge, How, PROJECT, TOKEN};
use remit_tests::program::{self, Ran, ran, remit_path};
use serde_json::Value;

use super::{NOW, repository};

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

/// Runs the script of GitLab's template as a runner does, with the variables that the template gives.
#[test]
fn the_template_of_gitlab_comments_and_reports_code_quality() {
    let text = fs::read_to_string(data::repository().join("deploy/gitlab/remit.gitlab-ci.yml")).unwrap();
    let part = |name: &str| text.split_once(name).unwrap().1;
    let script = part("  script:\n    - ").lines().next().unwrap();
    let given = part("  variables:\n").lines().take_while(|line| line.starts_with("    "));
    let given: Vec<_> = given.filter_map(|line| line.trim().split_once(": ")).collect();
    let reports = part("      codequality: ").lines().next().unwrap();
    let place = repository();
    let folder = place.path();
    let programs = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(remit_path(), programs.path().join("remit")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let forge = Forge::start(Flavour::GitLab, folder, NOW);
    let mut shell = Command::new("sh");
    shell.args(["-ec", script]).current_dir(folder);
    job(&mut shell, &forge).env("PATH", format!("{}:{path}", programs.path().display()));
    shell.envs(given.iter().map(|(name, value)| (name, value.trim_matches('"'))));
    let ran = ran(shell.env("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main"));
    assert_eq!((ran.code, forge.comments(7).len()), (Some(0), 1), "{ran:#?}");
    assert_eq!(forge.violations(), [] as [&str; 0]);
    let all: Vec<Value> = serde_json::from_str(&fs::read_to_string(folder.join(reports)).unwrap()).unwrap();
    let told: Vec<_> = all
        .iter()
        .map(|one| (one["severity"].as_str().unwrap(), one["location"]["lines"]["begin"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("major", 4), ("info", 4)]);
    assert_eq!(all[0]["location"]["path"], "iam/ä new.json");
    assert_eq!(all[0]["check_name"], "new_privilege");
    let prints: std::collections::BTreeSet<_> =
        all.iter().map(|one| one["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), all.len());
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
