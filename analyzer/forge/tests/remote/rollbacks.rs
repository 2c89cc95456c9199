//! After the merge.

use remit_forge::watch::{Refused, merged, roll_back};
use remit_forge::{Error, Git, Outcome};
use remit_tests::forge::{Flavour, TOKEN};

use crate::place::{Place, facts};

/// A run that takes back what took `permission`.
pub(crate) fn watch(place: &Place, permission: &str) -> Vec<Outcome> {
    let outcomes = try_watch(place, permission).unwrap();
    assert_eq!(place.forge.violations(), [] as [&str; 0]);
    outcomes
}

/// The same, which may be cut.
pub(crate) fn try_watch(place: &Place, permission: &str) -> Result<Vec<Outcome>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let api = place.api(TOKEN, 10);
        let mut outcomes = Vec::new();
        for one in merged(&api, place.now.parse().unwrap()).await? {
            if one.took(permission) {
                let refused = [Refused {
                    permission: permission.to_owned(),
                    calls: 12,
                    last: "2026-11-30T01:02:03Z".to_owned(),
                }];
                let scratch = Git::open(&place.remote(), None).unwrap();
                outcomes.push(roll_back(&api, &scratch, &one, &refused, &place.settings).await?);
            }
        }
        Ok(outcomes)
    })
}

#[test]
fn what_is_refused_after_a_merge_is_taken_back_once() {
    for (flavour, reference) in [(Flavour::GitHub, "#1"), (Flavour::GitLab, "!1")] {
        let mut place = Place::new(flavour);
        place.settings.has_dashboard = false;
        place.state(&facts("one", &["b", "c"]));
        place.merge(1);
        // The base goes on elsewhere in the same file.
        let text = place.file("main", "iam/one.json");
        place.write("iam/one.json", &text.replace("  \"s3:f\",\n", "  \"s3:f\",\n  \"s3:g\",\n"));
        place.commit("Go on");
        place.set_now("2026-11-30T12:00:00Z");
        assert_eq!(watch(&place, "s3:other"), []);
        assert_eq!(watch(&place, "s3:c")[0].state, "opened");
        let pulls = place.forge.pulls();
        assert_eq!(pulls[1].title, format!("Take back {reference}: calls of one were refused"));
        assert!(pulls[1].body.contains(&format!("This takes all of {reference} back.")), "{}", pulls[1].body);
        assert!(
            pulls[1].body.starts_with("**12 calls of `arn:aws:iam::111122223333:role/one` refused**"),
            "{}",
            pulls[1].body
        );
        assert!(pulls[1].labels.contains("remit") && !pulls[1].reviewers.is_empty());
        let back = place.file(&pulls[1].branch, "iam/one.json");
        assert!(back.contains("s3:b") && back.contains("s3:c") && back.contains("s3:g"), "{back}");
        let _ = place.forge.calls();
        assert_eq!(watch(&place, "s3:c")[0].state, "open");
        assert_eq!(place.forge.writes(), [] as [&str; 0]);

        // Merged, what was refused stays, and the rest is proposed again.
        place.merge(pulls[1].number);
        place.set_now("2026-12-02T12:00:00Z");
        assert_eq!(place.state(&facts("one", &["b", "c"])), "opened");
        let last = place.forge.pulls().pop().unwrap();
        let text = place.file(&last.branch, "iam/one.json");
        assert!(!text.contains("s3:b") && text.contains("s3:c"), "{text}");
        assert_eq!(watch(&place, "s3:c")[0].state, "taken back");
    }
}

#[test]
fn a_rollback_that_somebody_closed_is_not_opened_again() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    place.merge(1);
    watch(&place, "s3:b");
    let number = place.forge.pulls()[1].number;
    place.forge.change(number, |pull| pull.state = "closed".to_owned());
    assert_eq!(watch(&place, "s3:b")[0].state, "closed");
}

#[test]
fn what_was_changed_since_is_left_to_a_person() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    place.merge(1);
    let text = place.file("main", "iam/one.json");
    place.write("iam/one.json", &text.replace("s3:a", "s3:A").replace("s3:c", "s3:C"));
    place.commit("Go on right there");
    let outcome = watch(&place, "s3:b").remove(0);
    assert_eq!(outcome.state, "by hand");
    assert!(outcome.detail.contains("revert it by hand"), "{outcome:?}");
}

#[test]
fn old_merges_are_history() {
    let mut place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    place.merge(1);
    place.set_now("2026-12-27T12:00:00Z");
    assert_eq!(watch(&place, "s3:b"), []);
}
