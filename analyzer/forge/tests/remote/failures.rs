//! What goes wrong: nothing is opened twice, nothing is lost, and what is said helps.

use remit_tests::forge::{Flavour, How, TOKEN};

use crate::place::{Place, facts};

const BOTH: [Flavour; 2] = [Flavour::GitHub, Flavour::GitLab];

/// Where a run can be cut: method and the end of a path, for each forge.
const STEPS: [(Flavour, &str); 7] = [
    (Flavour::GitHub, "POST /api/v3/repos/acme/infra/pulls"),
    (Flavour::GitHub, "/requested_reviewers"),
    (Flavour::GitHub, "/labels"),
    (Flavour::GitHub, "POST /api/v3/repos/acme/infra/issues"),
    (Flavour::GitLab, "POST /api/v4/projects/acme%2Finfra/merge_requests"),
    (Flavour::GitLab, "PUT /api/v4/projects/acme%2Finfra/merge_requests/1"),
    (Flavour::GitLab, "POST /api/v4/projects/acme%2Finfra/issues"),
];

#[test]
fn a_run_that_is_cut_anywhere_is_taken_up_by_the_next() {
    let whole = BOTH.map(|flavour| {
        let place = Place::new(flavour);
        place.state(&facts("one", &["b"]));
        (flavour, place.forge.pulls())
    });
    for (flavour, on) in STEPS {
        let whole = &whole.iter().find(|(known, _)| *known == flavour).unwrap().1[0];
        for how in [How::CutBefore, How::CutAfter, How::Answer(500, &[], "oops")] {
            let place = Place::new(flavour);
            place.forge.fail(on, how.clone());
            let error = place.try_run(&[facts("one", &["b"])], &[]).unwrap_err().to_string();
            assert!(
                error.contains("cannot reach") || error.contains("answered 500"),
                "{on} {how:?}: {error}"
            );
            let state = place.state(&facts("one", &["b"]));
            assert!(["opened", "completed", "open"].contains(&state), "{on} {how:?}: {state}");
            let pulls = place.forge.pulls();
            assert_eq!(pulls.len(), 1, "{on} {how:?}");
            assert_eq!(
                (&pulls[0].labels, &pulls[0].reviewers),
                (&whole.labels, &whole.reviewers),
                "{on} {how:?}"
            );
            assert_eq!(place.forge.issues().len(), 1, "{on} {how:?}");
            let _ = place.forge.calls();
            place.state(&facts("one", &["b"]));
            assert_eq!(place.forge.writes(), [] as [&str; 0], "{on} {how:?}");
        }
    }
}

#[test]
fn an_update_that_is_cut_is_taken_up_by_the_next() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    place.forge.fail("PATCH /api/v3/repos/acme/infra/pulls/1", How::CutBefore);
    // The branch is there already, and its pull request still says what was.
    assert!(place.try_run(&[facts("one", &["b", "c"])], &[]).is_err());
    assert_eq!(place.forge.pulls()[0].title, "Remove 1 unused permission of role one");
    assert_eq!(place.state(&facts("one", &["b", "c"])), "updated");
    assert_eq!(place.forge.pulls()[0].title, "Remove 2 unused permissions of role one");
    assert_eq!(place.state(&facts("one", &["b", "c"])), "open");
}

#[test]
fn questions_are_asked_again() {
    for flavour in BOTH {
        let place = Place::new(flavour);
        place.forge.fail("GET", How::CutBefore);
        place.forge.fail("GET", How::Answer(502, &[], "bad gateway"));
        assert_eq!(place.state(&facts("one", &["b"])), "opened");
    }
}

#[test]
fn the_forge_is_waited_for_as_long_as_it_says_within_bounds() {
    for flavour in BOTH {
        let place = Place::new(flavour);
        for (status, on) in [(429, "GET"), (403, "POST"), (429, "POST")] {
            place.forge.fail(on, How::Answer(status, &[("retry-after", "1")], "slow down"));
        }
        assert_eq!(place.state(&facts("one", &["b"])), "opened");
        place.forge.fail("GET", How::Answer(429, &[("retry-after", "3600")], "slow down"));
        let error = place.try_run(&[], &[]).unwrap_err().to_string();
        assert!(
            error.starts_with("the forge allows no more calls for 3600 s")
                && error.contains("hint: run again"),
            "{error}"
        );
    }
    let place = Place::new(Flavour::GitHub);
    let spent = &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "99999999999")];
    place.forge.fail("GET", How::Answer(403, spent, "API rate limit exceeded"));
    let error = place.try_run(&[], &[]).unwrap_err().to_string();
    assert!(error.starts_with("the forge allows no more calls for "), "{error}");
}

#[test]
fn a_token_without_rights_is_told_of_and_never_shown() {
    for flavour in BOTH {
        let place = Place::new(flavour);
        let wrong = place.api("a-wrong-token", 1);
        let error = place.try_run_as(&wrong, &[], &[]).unwrap_err().to_string();
        assert!(error.contains("does not take the token") && error.contains("`FORGE_TOKEN`"), "{error}");
        let needs = &[("x-accepted-github-permissions", "pull_requests=write")];
        place.forge.fail("POST", How::Answer(403, needs, "Resource not accessible by personal access token"));
        let error = place.try_run(&[facts("one", &["b"])], &[]).unwrap_err();
        let said = format!("{error} {error:?} {:?}", place.api(TOKEN, 1));
        assert!(said.contains("hint: it needs `pull_requests=write`"), "{said}");
        assert!(!said.contains(TOKEN) && !said.contains("a-wrong-token"), "{said}");
        assert_eq!(place.state(&facts("one", &["b"])), "opened");
    }
}

#[test]
fn one_who_cannot_review_does_not_keep_the_others_from_it() {
    let place = Place::new(Flavour::GitHub);
    place.forge.refuse_reviews_of("platform");
    let report = place.run(&[facts("one", &["b"])]);
    assert_eq!(report.outcomes[0].state, "opened");
    assert!(report.notes.iter().any(|note| note.contains("`platform` cannot be asked")), "{report:?}");
    assert_eq!(place.forge.pulls()[0].reviewers.iter().collect::<Vec<_>>(), ["maya"]);
}

#[test]
fn a_repository_that_is_elsewhere_is_told_of() {
    let place = Place::new(Flavour::GitHub);
    place.forge.fail("GET", How::Answer(301, &[("location", "http://127.0.0.1:1/")], "Moved Permanently"));
    let error = place.try_run(&[], &[]).unwrap_err().to_string();
    assert!(error.contains("hint: was the repository renamed?"), "{error}");
}
