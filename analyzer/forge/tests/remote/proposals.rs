//! From a proposal to its pull request, and what becomes of that when the base or the evidence goes on.

use remit_tests::forge::Flavour;

use crate::place::{Place, facts};

#[test]
fn a_proposal_becomes_a_pull_request_with_reviewers_and_a_label() {
    let place = Place::new(Flavour::GitHub);
    assert_eq!(place.state(&facts("one", &["b", "c"])), "opened");
    let [pull] = &place.forge.pulls()[..] else { panic!("{:?}", place.forge.pulls()) };
    assert_eq!(pull.title, "Remove 2 unused permissions of role one");
    assert_eq!((pull.base.as_str(), pull.labels.len(), pull.labels.contains("remit")), ("main", 1, true));
    assert_eq!(pull.reviewers.iter().collect::<Vec<_>>(), ["maya", "platform"]);
    let verdict: Vec<&str> = pull.body.lines().take(3).collect();
    assert!(verdict[0].starts_with("**2 of 3 permissions of role `one` go**"), "{verdict:?}");
    assert!(
        verdict[1].starts_with("**Proven**: 7 recorded requests were asked again, and 7 are allowed after"),
        "{verdict:?}"
    );
    assert!(verdict[2].starts_with("**Risk**: "), "{verdict:?}");
    assert!(!place.file(&pull.branch, "iam/one.json").contains("s3:b"));
    let difference = place.git(&["diff", "--stat", "main", &fetched(&place, &pull.branch)]);
    assert!(difference.contains("1 file changed, 2 deletions(-)"), "{difference}");
}

/// The commit of a branch of the remote, in the working copy.
fn fetched(place: &Place, branch: &str) -> String {
    place.git(&["fetch", "--quiet", "origin", branch]);
    place.git(&["rev-parse", "FETCH_HEAD"]).trim().to_owned()
}

#[test]
fn the_same_again_writes_nothing() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    let (before, pulls, issues) = (place.branches(), place.forge.pulls(), place.forge.issues());
    assert!(!place.forge.writes().is_empty());
    // Another week that shows nothing new.
    let mut later = facts("one", &["b"]);
    later.window.1 = "2026-12-05T00:00:00Z".to_owned();
    later.proof.calls = 12;
    assert_eq!(place.state(&later), "open");
    assert_eq!(place.forge.writes(), [] as [&str; 0]);
    assert_eq!((before, pulls, issues), (place.branches(), place.forge.pulls(), place.forge.issues()));
}

#[test]
fn a_base_that_went_on_is_left_alone_unless_it_conflicts() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    let before = place.branches();
    place.write("README.md", "Elsewhere\n");
    let text = place.file("main", "iam/one.json");
    place.write("iam/one.json", &text.replace("  \"s3:f\",\n", "  \"s3:f\",\n  \"s3:g\",\n"));
    place.commit("Go on");
    let _ = place.forge.calls();
    assert_eq!(place.state(&facts("one", &["b"])), "open");
    assert_eq!(place.forge.writes(), [] as [&str; 0]);
    let branch = place.forge.pulls()[0].branch.clone();
    assert_eq!(place.branches()[&branch], before[&branch]);

    place.write("iam/one.json", &text.replace("  \"s3:b\",\n", "  \"s3:b\", \"s3:x\",\n"));
    place.commit("Conflict");
    // The line has another permission now, which this editor would take away, too; but that is what conflicts.
    assert_eq!(place.state(&facts("one", &["b"])), "updated");
    assert_eq!(place.forge.writes(), [] as [&str; 0], "the body says the same");
    let head = fetched(&place, &branch);
    assert_eq!(place.git(&["rev-parse", &format!("{head}^")]), place.git(&["rev-parse", "main"]));
}

#[test]
fn evidence_that_changed_is_written_anew() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b", "c"]));
    let before = place.branches();
    // One of them was used again.
    assert_eq!(place.state(&facts("one", &["c"])), "updated");
    let [pull] = &place.forge.pulls()[..] else { panic!("{:?}", place.forge.pulls()) };
    assert_eq!(pull.title, "Remove 1 unused permission of role one");
    assert!(place.file(&pull.branch, "iam/one.json").contains("s3:b"));
    assert_ne!(place.branches()[&pull.branch], before[&pull.branch]);
    let _ = place.forge.calls();
    assert_eq!(place.state(&facts("one", &["c"])), "open");
    assert_eq!(place.forge.writes(), [] as [&str; 0]);
}

#[test]
fn what_is_settled_is_closed_with_the_reason() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    // A run over other proposals does not know.
    let report = place.try_run(&[], &[]).unwrap();
    assert_eq!((report.outcomes[0].state, place.forge.pulls()[0].state.as_str()), ("open", "open"));
    let report = place.try_run(&[], &["one"]).unwrap();
    assert_eq!((report.outcomes[0].state, place.forge.pulls()[0].state.as_str()), ("resolved", "closed"));
    assert!(place.forge.pulls()[0].body.starts_with("Closed by Remit: nothing is left to take away"));
    // It was not closed by a person: what is unused again is proposed again, on another day.
    assert_eq!(place.state(&facts("one", &["b"])), "waits");
}

#[test]
fn what_the_repository_has_already_is_closed() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    let text = place.file("main", "iam/one.json");
    place.write("iam/one.json", &text.replace("  \"s3:b\",\n", ""));
    place.commit("Do it by hand");
    assert_eq!(place.state(&facts("one", &["b"])), "resolved");
    assert_eq!(place.forge.pulls()[0].state, "closed");
    assert_eq!(place.state(&facts("one", &["b"])), "nothing to edit");
}

#[test]
fn a_merged_one_is_not_opened_again_before_the_evidence_changes() {
    let mut place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    place.merge(1);
    place.set_now("2026-11-29T12:00:00Z");
    // The account still has what the repository no longer has.
    assert_eq!(place.state(&facts("one", &["b"])), "nothing to edit");
    // Somebody takes it back, as the body says.
    let unit = place.forge.pulls()[0].branch.replace("remit/", "");
    let commit = place.git(&["log", "-1", "--format=%H", &format!("--grep=^Remit-Unit: {unit}$")]);
    place.git(&["revert", "--no-edit", commit.trim()]);
    place.git(&["push", "--quiet", "origin", "HEAD:main"]);
    assert_eq!(place.state(&facts("one", &["b"])), "taken back");
    assert_eq!(place.state(&facts("one", &["b", "c"])), "opened");
}

#[test]
fn a_dry_run_writes_nothing() {
    let mut place = Place::new(Flavour::GitHub);
    place.settings.is_dry = true;
    let before = place.branches();
    assert_eq!(place.state(&facts("one", &["b"])), "would open");
    assert_eq!(place.forge.writes(), [] as [&str; 0]);
    assert_eq!(place.branches(), before);
}
