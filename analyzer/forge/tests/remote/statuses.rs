//! How pull requests stand when a run is over, for whoever shows that.

use remit_forge::{Done, Facts, Stage, Status};
use remit_tests::forge::Flavour;

use crate::place::{Place, facts};
use crate::rollbacks::watch;

/// How each identity's pull request stands, by its name, and what the run did about it.
fn stand(place: &Place, proposals: &[Facts]) -> Vec<(String, Stage, Done)> {
    let short = |one: Status| (one.principal.rsplit('/').next().unwrap().to_owned(), one.state, one.change);
    place.run(proposals).statuses.into_iter().map(short).collect()
}

fn one(name: &str, stage: Stage, done: Done) -> (String, Stage, Done) {
    (name.to_owned(), stage, done)
}

#[test]
fn each_state_is_told_from_when_it_is_opened_to_when_it_was_taken_back() {
    let mut place = Place::new(Flavour::GitHub);
    let (ones, twos) = (facts("one", &["b", "c"]), facts("two", &["b"]));
    let both = [ones, twos.clone()];
    let report = place.run(&both);
    let [first, second] = &report.statuses[..] else { panic!("{:?}", report.statuses) };
    assert_eq!((first.state, first.change), (Stage::Open, Done::Opened));
    assert!(first.url.as_ref().unwrap().ends_with("/pull/1"), "{first:?}");
    assert_eq!(first.opened, Some(place.now.parse().unwrap()));
    // What waits is on the dashboard.
    assert_eq!((second.state, second.change, second.opened), (Stage::Waiting, Done::Unchanged, None));
    assert!(second.url.as_ref().unwrap().ends_with("/issues/2"), "{second:?}");

    let waiting = one("two", Stage::Waiting, Done::Unchanged);
    assert_eq!(stand(&place, &both), [one("one", Stage::Open, Done::Unchanged), waiting.clone()]);
    place.forge.say(1, "maya", "/remit keep s3:b in spring", true);
    let report = place.run(&both);
    assert_eq!((report.statuses[0].change, report.statuses[0].kept), (Done::Updated, 1));
    // An identity of which these proposals do not speak stands as it did.
    assert_eq!(stand(&place, &[twos]), [one("one", Stage::Open, Done::Unchanged), waiting]);

    place.merge(1);
    let report = place.run(&both);
    assert_eq!(
        (report.statuses[0].state, report.statuses[0].merged),
        (Stage::Merged, Some(place.now.parse().unwrap()))
    );
    assert_eq!(stand(&place, &[]), [one("one", Stage::Merged, Done::Unchanged)]);
    watch(&place, "s3:c");
    let back = place.forge.pulls().pop().unwrap();
    place.merge(back.number);
    place.set_now("2026-11-30T12:00:00Z");
    assert_eq!(stand(&place, &[]), [one("one", Stage::TakenBack, Done::Unchanged)]);
}

#[test]
fn what_people_answered_is_told() {
    let mut place = Place::new(Flavour::GitLab);
    place.settings.a_day = 5;
    place.settings.max_open = 5;
    let all = ["one", "two", "three", "four"].map(|name| facts(name, &["b"]));
    place.run(&all);
    let number = |name: &str| {
        let pulls = place.forge.pulls();
        pulls.iter().find(|pull| pull.title.ends_with(name)).unwrap().number
    };
    place.forge.change(number("one"), |pull| pull.state = "closed".to_owned());
    place.forge.say(number("two"), "maya", "/remit snooze 90d", true);
    place.forge.say(number("three"), "maya", "/remit keep s3:* all of it", true);
    let told = |done| {
        [
            one("four", Stage::Open, Done::Unchanged),
            one("one", Stage::Closed, Done::Unchanged),
            one("three", Stage::Kept, done),
            one("two", Stage::Snoozed, done),
        ]
    };
    assert_eq!(stand(&place, &all), told(Done::Closed));
    let report = place.run(&all);
    assert_eq!(report.statuses[3].until, Some("2027-02-26".parse().unwrap()));
    assert_eq!(stand(&place, &all), told(Done::Unchanged));
    // Another run over nothing knows what the forge tells; that all of it is kept, it does not.
    let others = stand(&place, &[]);
    assert_eq!(others[..2], told(Done::Unchanged)[..2]);
    assert_eq!(
        others[2..],
        [one("three", Stage::Resolved, Done::Unchanged), one("two", Stage::Snoozed, Done::Unchanged)]
    );
    let settled = place.try_run(&[], &["four"]).unwrap();
    assert_eq!((settled.statuses[0].state, settled.statuses[0].change), (Stage::Resolved, Done::Closed));
}

#[test]
fn what_is_forged_or_not_done_is_not_told() {
    let mut place = Place::new(Flavour::GitHub);
    place.run(&[facts("one", &["b"])]);
    // A body that says that it is about another identity.
    place.forge.change(1, |pull| pull.body = pull.body.replace("role/one", "role/two"));
    assert_eq!(stand(&place, &[]), []);
    let body = place.forge.pulls()[0].body.replace("role/two", "role/one");
    place.forge.change(1, |pull| pull.body = body);
    place.settings.is_dry = true;
    place.settings.a_day = 5;
    let told = stand(&place, &[facts("one", &["b", "c"]), facts("two", &["b"])]);
    let expected = [one("one", Stage::Open, Done::Unchanged), one("two", Stage::Waiting, Done::Unchanged)];
    assert_eq!(told, expected);
}
