//! Tests of reading how pull requests stand.

use std::fs;

use remit_forge::{Done, Stage, Status, Statuses};

use super::*;

const PRINCIPAL: &str = "arn:aws:iam::111122223333:role/web";

fn status(state: Stage) -> Status {
    Status {
        principal: PRINCIPAL.to_owned(),
        url: Some("https://git.example/pull/7".to_owned()),
        state,
        opened: "2026-11-20T09:00:00Z".parse().ok(),
        merged: None,
        until: None,
        kept: 2,
        change: Done::Updated,
    }
}

fn write(path: &Path, statuses: Vec<Status>) {
    fs::write(path, serde_json::to_string(&Statuses::from(statuses)).unwrap()).unwrap();
}

#[test]
fn what_a_run_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.json");
    let snoozed = Status {
        principal: "system:serviceaccount:shop:cart".to_owned(),
        url: None,
        state: Stage::Snoozed,
        opened: None,
        until: "2027-02-26".parse().ok(),
        kept: 0,
        change: Done::Unchanged,
        ..status(Stage::Snoozed)
    };
    let merged = Status {
        principal: "merged".to_owned(),
        merged: "2026-11-21T09:00:00Z".parse().ok(),
        ..status(Stage::Merged)
    };
    write(&path, vec![status(Stage::Open), snoozed, merged]);
    let read = read(&[path]).unwrap();
    let of = |name: &str| read[name].iter().map(PullRequest::words).collect::<Vec<_>>();
    assert_eq!(
        of(PRINCIPAL),
        ["open, opened 2026-11-20 09:00 UTC, 2 permissions kept, updated by the last run"]
    );
    assert_eq!(read[PRINCIPAL][0].url.as_deref(), Some("https://git.example/pull/7"));
    assert_eq!(of("system:serviceaccount:shop:cart"), ["snoozed, until 2027-02-26"]);
    assert_eq!(
        of("merged"),
        [
            "merged, opened 2026-11-20 09:00 UTC, merged 2026-11-21 09:00 UTC, 2 permissions kept, updated by the last run"
        ]
    );
}

#[test]
fn every_state_has_its_place() {
    let all = [
        Stage::Open,
        Stage::Stuck,
        Stage::Waiting,
        Stage::ByHand,
        Stage::Snoozed,
        Stage::Closed,
        Stage::Kept,
        Stage::TakenBack,
        Stage::Merged,
        Stage::Resolved,
    ];
    let written = all.map(|stage| serde_json::to_value(stage).unwrap());
    assert_eq!(written.map(|word| word.as_str().unwrap().to_owned()), PRESSING);
    assert!(FREE.iter().all(|state| PRESSING.contains(state)));
}

#[test]
fn of_several_repositories_the_most_pressing_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    for (name, stage) in [("a", Stage::Merged), ("b", Stage::Waiting), ("c", Stage::Open)] {
        write(&folder.path().join(format!("{name}.json")), vec![status(stage)]);
    }
    fs::write(folder.path().join("notes.txt"), "not read").unwrap();
    let states = |paths: &[PathBuf]| {
        let read = read(paths).unwrap();
        read[PRINCIPAL].iter().map(|one| one.state.clone()).collect::<Vec<_>>()
    };
    let in_folder = states(&[folder.path().to_owned()]);
    assert_eq!(in_folder, ["open", "waiting", "merged"]);
    let files = ["a", "c"].map(|name| folder.path().join(format!("{name}.json")));
    assert_eq!(states(&files), ["open", "merged"]);
}

#[test]
fn what_others_write_may_be_shorter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.json");
    let own = r#"{"schema": "remit.pull-requests/v1", "pull_requests": [
        {"principal": "a", "url": "https://git.example/1", "state": "closed"},
        {"principal": "a", "url": "https://git.example/2", "state": "open", "opened": "2026-11-20T09:00:00Z"}]}"#;
    fs::write(&path, own).unwrap();
    let read = read(&[path]).unwrap();
    let urls: Vec<_> = read["a"].iter().map(|one| one.url.as_deref()).collect();
    assert_eq!(urls, [Some("https://git.example/2")], "the last in the file");
}

#[test]
fn other_forms_are_told_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.json");
    for (text, said) in [
        (r#"[{"identity": "a", "state": "opened", "url": ""}]"#, "as `remit pr --format json` prints one"),
        ("[]", "is a list"),
        (r#"{"schema": "remit.report/v1", "pull_requests": []}"#, "has the format `remit.report/v1`"),
        (r#"{"schema": "remit.pull-requests/v1"}"#, "missing field `pull_requests`"),
        ("{", "cannot read pull requests in"),
        (
            r#"{"schema": "remit.pull-requests/v1", "pull_requests": [{"principal": "a"}]}"#,
            "missing field `state`",
        ),
        (
            r#"{"schema": "remit.pull-requests/v1", "pull_requests": [{"state": "open"}]}"#,
            "missing field `principal`",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let error = read(std::slice::from_ref(&path)).unwrap_err().to_string();
        assert!(error.contains(said) && error.ends_with(HINT), "{text}: {error}");
    }
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let error = read(&[empty]).unwrap_err().to_string();
    assert!(error.contains("no `.json` file") && error.ends_with(HINT), "{error}");
}

#[test]
fn only_principal_and_state_have_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.json");
    let own =
        r#"{"schema": "remit.pull-requests/v1", "pull_requests": [{"principal": "a", "state": "open"}]}"#;
    fs::write(&path, own).unwrap();
    let open = PullRequest { state: "open".to_owned(), ..PullRequest::default() };
    assert_eq!(read(&[path]).unwrap(), BTreeMap::from([("a".to_owned(), vec![open])]));
}

#[test]
fn a_state_that_is_not_known_is_no_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("typo.json");
    for (state, shown) in [("Open", "Open"), ("", ""), ("by hand", "by hand"), ("\u{1b}[31m", "\\u{1b}[31m")]
    {
        let states = ["open", state].map(|state| serde_json::json!({"principal": "web", "state": state}));
        let text = serde_json::json!({"schema": SCHEMA, "pull_requests": states}).to_string();
        fs::write(&path, text).unwrap();
        let error = read(std::slice::from_ref(&path)).unwrap_err().to_string();
        let said = format!(
            "`{}` gives `web` the state `{shown}`, which is not known\nhint: states are `open`, ",
            path.display()
        );
        assert!(error.starts_with(&said), "{error}");
        assert!(PRESSING.iter().all(|known| error.contains(&format!("`{known}`"))), "{error}");
    }
}

#[test]
fn all_of_a_principal_are_shown_and_those_that_are_open_wait() {
    let mut report = crate::report::sample::report(4, 3);
    let pull = |number: u64, state: &str| PullRequest {
        url: Some(format!("https://git.example/pull/{number}")),
        state: state.to_owned(),
        kept: 1,
        ..PullRequest::default()
    };
    report.principals.iter_mut().for_each(|one| one.pull_request = None);
    report.principals[0].pull_request = Some(pull(1, "open"));
    report.principals[0].other_pull_requests = vec![pull(2, "taken_back"), pull(3, "open")];
    let text = crate::report::markdown::render(&report);
    for line in [
        "**Pull request:** `https://git.example/pull/1` (open, 1 permission kept)",
        "**Pull request:** `https://git.example/pull/2` (taken back, 1 permission kept)",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} in {text}");
    }
    let digest = crate::report::digest::render(&report, crate::report::digest::Medium::Mail, None);
    let digest = digest.unwrap().unwrap();
    assert!(digest.contains("2 pull requests wait; the oldest: https://git.example/pull/1"), "{digest}");
}
