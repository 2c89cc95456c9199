//! The network is cut in the middle of something: the next run goes on from there, and nothing is done twice or lost.

use std::os::unix::fs::PermissionsExt as _;

use remit_tests::forge::{Flavour, How};

use crate::place::{Place, facts};
use crate::rollbacks::{try_watch, watch};

/// The remote's end of a push dies before it takes what is pushed, and after.
#[test]
fn a_push_that_is_cut_is_made_again_by_the_next_run() {
    for when in ["pre-receive", "post-receive"] {
        let place = Place::new(Flavour::GitHub);
        let hook = place.folder.path().join("remote.git/hooks").join(when);
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, "#!/bin/sh\nkill -9 $PPID\n").unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        let facts = [facts("one", &["b"])];
        let before = place.branches();
        let error = place.try_run(&facts, &[]).unwrap_err().to_string();
        assert!(error.starts_with("`git push` failed: "), "{when}: {error}");
        assert!(place.forge.pulls().is_empty(), "{when}");
        assert_eq!(place.branches() == before, when == "pre-receive", "{when}: what was taken is taken");
        std::fs::remove_file(&hook).unwrap();
        assert_eq!(place.state(&facts[0]), "opened", "{when}");
        let pulls = place.forge.pulls();
        let [pull] = &pulls[..] else { panic!("{when}: {pulls:?}") };
        assert!(!place.file(&pull.branch, "iam/one.json").contains("s3:b"), "{when}");
        let _ = place.forge.calls();
        assert_eq!(place.state(&facts[0]), "open", "{when}");
        assert_eq!(place.forge.writes(), [] as [&str; 0], "{when}");
    }
}

const HOWS: [How; 3] = [How::CutBefore, How::CutAfter, How::Answer(500, &[], "oops")];

#[test]
fn a_rollback_that_is_cut_is_completed_by_the_next_run() {
    for (flavour, on) in [
        (Flavour::GitHub, "POST /api/v3/repos/acme/infra/pulls"),
        (Flavour::GitHub, "/requested_reviewers"),
        (Flavour::GitHub, "/labels"),
        (Flavour::GitLab, "POST /api/v4/projects/acme%2Finfra/merge_requests"),
        (Flavour::GitLab, "PUT /api/v4/projects/acme%2Finfra/merge_requests/2"),
    ] {
        for how in HOWS {
            let mut place = Place::new(flavour);
            place.settings.has_dashboard = false;
            place.state(&facts("one", &["b"]));
            place.merge(1);
            let asked = place.forge.pulls()[0].reviewers.clone();
            place.forge.fail(on, how.clone());
            let error = try_watch(&place, "s3:b").unwrap_err().to_string();
            assert!(
                error.contains("cannot reach") || error.contains("answered 500"),
                "{on} {how:?}: {error}"
            );
            let state = watch(&place, "s3:b")[0].state;
            assert!(["opened", "open"].contains(&state), "{on} {how:?}: {state}");
            let pulls = place.forge.pulls();
            let [_, back] = &pulls[..] else { panic!("{on} {how:?}: {pulls:?}") };
            assert!(!asked.is_empty() && back.reviewers == asked, "{on} {how:?}: {back:?}");
            assert!(back.labels.contains("remit"), "{on} {how:?}: {back:?}");
            assert!(place.file(&back.branch, "iam/one.json").contains("s3:b"), "{on} {how:?}");
            let _ = place.forge.calls();
            assert_eq!(watch(&place, "s3:b")[0].state, "open", "{on} {how:?}");
            assert_eq!(place.forge.writes(), [] as [&str; 0], "{on} {how:?}");
        }
    }
}

#[test]
fn a_rollback_that_is_cut_is_completed_although_the_merged_commit_is_gone() {
    let mut place = Place::new(Flavour::GitHub);
    place.settings.has_dashboard = false;
    place.state(&facts("one", &["b"]));
    place.merge(1);
    place.forge.fail("/requested_reviewers", How::CutBefore);
    assert!(try_watch(&place, "s3:b").is_err());
    // The main branch was written anew, and the commit collected.
    let gone = "0123456789".repeat(4);
    place.forge.change(1, |pull| pull.commit = Some(gone.clone()));
    let outcome = watch(&place, "s3:b").remove(0);
    assert_eq!(outcome.state, "open");
    let said = "takes back #1; nobody is asked for a review, since what was merged is not to be had: `git fetch` failed";
    assert!(outcome.detail.starts_with(said) && outcome.detail.contains(&gone), "{outcome:?}");
    let [_, back] = &place.forge.pulls()[..] else { panic!("{:?}", place.forge.pulls()) };
    assert!(back.labels.contains("remit") && back.reviewers.is_empty(), "{back:?}");
    let _ = place.forge.calls();
    assert_eq!(watch(&place, "s3:b")[0].detail, "takes back #1");
    assert_eq!(place.forge.writes(), [] as [&str; 0]);
}

#[test]
fn a_close_that_is_cut_is_no_persons() {
    for (flavour, on) in [
        (Flavour::GitHub, "PATCH /api/v3/repos/acme/infra/pulls/1"),
        (Flavour::GitLab, "PUT /api/v4/projects/acme%2Finfra/merge_requests/1"),
    ] {
        for how in HOWS {
            let mut place = Place::new(flavour);
            place.state(&facts("one", &["b"]));
            place.forge.fail(on, how.clone());
            assert!(place.try_run(&[], &["one"]).is_err(), "{on} {how:?}");
            place.try_run(&[], &["one"]).unwrap();
            let pull = place.forge.pulls().remove(0);
            assert_eq!(pull.state, "closed", "{on} {how:?}");
            assert_eq!(pull.body.matches("Closed by Remit: ").count(), 1, "{on} {how:?}: {}", pull.body);
            let _ = place.forge.calls();
            place.try_run(&[], &["one"]).unwrap();
            assert_eq!(place.forge.writes(), [] as [&str; 0], "{on} {how:?}");
            // Had a person closed it, it would not come back.
            place.set_now("2026-11-30T12:00:00Z");
            assert_eq!(place.state(&facts("one", &["b"])), "opened", "{on} {how:?}");
            assert_eq!(place.forge.violations(), [] as [&str; 0]);
        }
    }
}

#[test]
fn a_dashboard_that_is_cut_is_written_by_the_next_run() {
    for (flavour, on) in [
        (Flavour::GitHub, "PATCH /api/v3/repos/acme/infra/issues/2"),
        (Flavour::GitLab, "PUT /api/v4/projects/acme%2Finfra/issues/2"),
    ] {
        for how in HOWS {
            let place = Place::new(flavour);
            let both = [facts("one", &["b", "c"]), facts("two", &["b"])];
            place.states(&both);
            place.forge.change_issue(2, |issue| issue.body = issue.body.replace("[ ]", "[x]"));
            place.forge.fail(on, how.clone());
            assert!(place.try_run(&both, &[]).is_err(), "{on} {how:?}");
            // What was ticked is open, once, and the dashboard says so.
            place.states(&both);
            assert_eq!((place.forge.pulls().len(), place.forge.issues().len()), (2, 1), "{on} {how:?}");
            let body = place.forge.issues().remove(0).body;
            assert!(body.contains("2 pull requests are open, 0 waiting") && !body.contains("[x]"), "{body}");
            let _ = place.forge.calls();
            place.states(&both);
            assert_eq!(place.forge.writes(), [] as [&str; 0], "{on} {how:?}");
        }
    }
}
