//! Tests of decisions.

use jiff::Timestamp;
use jiff::civil::date;

use super::*;

fn wanted(name: &str, evidence: &str) -> Wanted {
    Wanted { unit: Unit::of(name), evidence: evidence.to_owned(), has_edits: true }
}

fn pull(state: State) -> PullRequest {
    let created: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    PullRequest {
        number: 1,
        url: String::new(),
        branch: String::new(),
        state,
        title: String::new(),
        body: String::new(),
        labels: Vec::new(),
        created,
    }
}

fn past(state: State, evidence: &str) -> Past {
    let marker = Marker { evidence: evidence.to_owned(), ..Marker::default() };
    Past { latest: Some((pull(state), marker)), is_complete: true, snoozed: None }
}

const ROOM: Limits = Limits { open: 3, today: 9 };

fn decision(wanted: &Wanted, past: Past, ticked: bool) -> Decision {
    let ticked = if ticked { BTreeSet::from([wanted.unit.to_string()]) } else { BTreeSet::new() };
    let pasts = BTreeMap::from([(wanted.unit.clone(), past)]);
    decide(std::slice::from_ref(wanted), &pasts, &ticked, ROOM, date(2026, 11, 28)).remove(0)
}

#[test]
fn each_past_has_its_decision() {
    let one = wanted("one", "a");
    let none = Wanted { has_edits: false, ..one.clone() };
    let merged = || State::Merged { at: Timestamp::UNIX_EPOCH, commit: None };
    let ended = |end| {
        let mut past = past(State::Closed, "a");
        past.latest.as_mut().unwrap().1.end = Some(end);
        past
    };
    let snoozed = |past: Past, day| Past { snoozed: Some(date(2026, 11, day)), ..past };
    let unknown = Past::default();
    for (wanted, past, ticked, expected) in [
        (&one, unknown.clone(), false, Decision::Ask),
        (&one, Past { is_complete: true, ..unknown.clone() }, false, Decision::Open),
        (&none, unknown, false, Decision::Nothing),
        (&one, past(State::Open, "a"), false, Decision::Leave),
        (&one, past(State::Open, "b"), false, Decision::Update),
        (&none, past(State::Open, "a"), false, Decision::Resolve),
        (&one, snoozed(past(State::Open, "a"), 28), false, Decision::PutOff(date(2026, 11, 28))),
        (&one, snoozed(past(State::Open, "a"), 27), false, Decision::Leave),
        (&one, past(State::Closed, "a"), false, Decision::Declined),
        (&one, past(State::Closed, "a"), true, Decision::Open),
        (&one, past(State::Closed, "b"), false, Decision::Open),
        (&one, snoozed(past(State::Closed, "b"), 29), false, Decision::Snoozed(date(2026, 11, 29))),
        (&one, snoozed(past(State::Closed, "b"), 29), true, Decision::Open),
        (&one, snoozed(past(State::Closed, "a"), 27), false, Decision::Open),
        (&one, ended(End::Resolved), false, Decision::Open),
        (&one, ended(End::Snoozed(date(2026, 11, 1))), false, Decision::Open),
        (&one, past(merged(), "a"), false, Decision::RolledBack),
        (&one, past(merged(), "b"), false, Decision::Open),
        (&none, past(merged(), "a"), false, Decision::Nothing),
    ] {
        assert_eq!(decision(wanted, past.clone(), ticked), expected, "{wanted:?} {past:?} {ticked}");
    }
}

#[test]
fn room_is_given_in_order_and_ticks_need_none() {
    let all = [wanted("a", ""), wanted("b", ""), wanted("c", ""), wanted("d", "")];
    let complete = Past { is_complete: true, ..Past::default() };
    let mut pasts: BTreeMap<Unit, Past> =
        all.iter().map(|one| (one.unit.clone(), complete.clone())).collect();
    pasts.insert(Unit::of("other"), past(State::Open, ""));
    let ticked = BTreeSet::from([all[3].unit.to_string()]);
    let decided = |open, today| decide(&all, &pasts, &ticked, Limits { open, today }, date(2026, 11, 28));
    let (open, wait) = (Decision::Open, Decision::Wait);
    assert_eq!(decided(3, 1), [open.clone(), wait.clone(), wait.clone(), open.clone()]);
    assert_eq!(decided(3, 9), [open.clone(), open.clone(), wait.clone(), open.clone()]);
    assert_eq!(decided(1, 9), [wait.clone(), wait.clone(), wait.clone(), open.clone()]);
    assert_eq!(decided(3, 0), [wait.clone(), wait.clone(), wait, open]);
}
