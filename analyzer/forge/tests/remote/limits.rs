//! How much is open at a time, and what the dashboard says of the rest.

use remit_tests::forge::Flavour;

use crate::place::{Place, facts};

fn all() -> Vec<remit_forge::Facts> {
    vec![
        facts("one", &["b"]),
        facts("two", &["b", "c"]),
        facts("three", &["b", "c", "d"]),
        facts("four", &["b", "c", "d", "e"]),
        facts("five", &["b", "c", "d", "e", "f"]),
    ]
}

fn open(place: &Place) -> Vec<String> {
    let pulls = place.forge.pulls().into_iter().filter(|pull| pull.state == "open");
    pulls.map(|pull| pull.title.rsplit(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn one_is_opened_a_day_and_three_are_open() {
    let mut place = Place::new(Flavour::GitHub);
    place.states(&all());
    assert_eq!(open(&place), ["five"]);
    place.states(&all());
    assert_eq!(open(&place), ["five"], "on the same day");
    for (day, expected) in [
        ("2026-11-29T00:00:01Z", &["five", "four"][..]),
        ("2026-11-30T12:00:00Z", &["five", "four", "three"]),
        ("2026-12-01T12:00:00Z", &["five", "four", "three"]),
    ] {
        place.set_now(day);
        place.states(&all());
        assert_eq!(open(&place), expected);
    }
    let [board] = &place.forge.issues()[..] else { panic!("{:?}", place.forge.issues()) };
    assert!(board.body.contains("3 pull requests are open, 2 waiting for a place"), "{}", board.body);
    assert!(board.labels.contains("remit"));
    // Room for one more.
    place.merge(1);
    place.states(&all());
    assert_eq!(open(&place).len(), 3);
}

#[test]
fn a_ticked_box_is_opened_at_once() {
    let place = Place::new(Flavour::GitHub);
    place.states(&all());
    let line = |body: &str| body.lines().find(|line| line.contains("role/one")).unwrap().to_owned();
    place.forge.change_issue(2, |issue| {
        let ticked = line(&issue.body).replace("[ ]", "[x]");
        issue.body = issue.body.replace(&line(&issue.body), &ticked).replace('\n', "\r\n");
    });
    place.states(&all());
    assert_eq!(open(&place), ["five", "one"]);
    assert!(!place.forge.issues()[0].body.contains("[x]"));
    let _ = place.forge.calls();
    place.states(&all());
    assert_eq!(place.forge.writes(), [] as [&str; 0]);
}

#[test]
fn a_ticked_box_opens_what_was_closed() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    place.forge.change(1, |pull| pull.state = "closed".to_owned());
    assert_eq!(place.state(&facts("one", &["b"])), "closed");
    place.forge.change_issue(2, |issue| issue.body = issue.body.replace("[ ]", "[X]"));
    assert_eq!(place.state(&facts("one", &["b"])), "opened");
}

#[test]
fn a_dashboard_can_be_switched_off_and_closed() {
    let mut place = Place::new(Flavour::GitHub);
    place.settings.has_dashboard = false;
    place.states(&all());
    assert!(place.forge.issues().is_empty());
    place.settings.has_dashboard = true;
    place.states(&all());
    place.forge.change_issue(2, |issue| issue.is_open = false);
    place.set_now("2026-12-01T12:00:00Z");
    let report = place.run(&all());
    assert!(report.notes.iter().any(|note| note.contains("was closed")), "{report:?}");
    assert_eq!(place.forge.issues().len(), 1);
}

#[test]
fn somebody_elses_issue_is_no_dashboard() {
    let place = Place::new(Flavour::GitHub);
    place.states(&all());
    place.forge.change_issue(2, |issue| issue.body = format!("I found\n{}", issue.body));
    place.states(&all());
    assert_eq!(place.forge.issues().len(), 2);
}
