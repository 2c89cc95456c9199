use proptest::prelude::*;

use super::*;
use crate::cloudtrail::event::{Cloudtrail, Event};
use crate::scan::Text;

/// What a reader found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    ids: Vec<String>,
    skipped: Vec<&'static str>,
    lost: Vec<(&'static str, Place)>,
}

impl Sink<Cloudtrail> for Found {
    fn known_identity(&self, _: &[u8]) -> Option<(u32, usize)> {
        None
    }
    fn event<F: Find>(&mut self, event: &Event<'_, F>, (): &(), _: Place) {
        let id = event.id.and_then(Text::decode).unwrap_or_default();
        self.ids.push(id.into_owned());
    }
    fn skipped(&mut self, reason: &'static str, _: Place) {
        self.skipped.push(reason);
    }
    fn lost(&mut self, reason: &'static str, place: Place) {
        self.lost.push((reason, place));
    }
}

fn event(id: usize) -> String {
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"Root","arn":"a\"{{b"}},"eventTime":"2026-10-01T10:00:00Z","eventName":"ListQueues","requestParameters":{{"tags":[{{"a":1}},{{"b":"}},{{"}}]}},"eventID":"e{id}"}}"#
    )
}

fn events(ids: std::ops::Range<usize>) -> String {
    ids.map(event).collect::<Vec<_>>().join(",")
}

fn read(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    Reader::<Cloudtrail>::default().feed(bytes, true, &mut found);
    found
}

/// Feeds pieces of the given lengths, over and over, as a source read piece by piece does.
fn read_in_pieces(bytes: &[u8], lengths: &[usize]) -> Found {
    let mut found = Found::default();
    let mut reader = Reader::<Cloudtrail>::default();
    let (mut start, mut end) = (0, 0);
    for length in lengths.iter().cycle() {
        end = bytes.len().min(end + length);
        start += reader.feed(&bytes[start..end], end == bytes.len(), &mut found);
        if end == bytes.len() {
            return found;
        }
    }
    found
}

fn check(text: &str, ids: &[&str], skipped: &[&'static str], lost: &[&'static str]) {
    let found = read(text.as_bytes());
    let reasons: Vec<_> = found.lost.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(found.ids, ids, "{text}\n{found:?}");
    assert_eq!(found.skipped, skipped, "{text}\n{found:?}");
    assert_eq!(reasons, lost, "{text}\n{found:?}");
}

#[test]
fn every_form_of_delivery_is_read() {
    let one = event(1);
    let two = event(2);
    let message = |event: &str| serde_json::to_string(event).unwrap();
    check(&format!(r#"{{"Records":[{one},{two}]}}"#), &["e1", "e2"], &[], &[]);
    check(&format!(r#"{{"Records": [ {one} , {two} ], "more": {{"x": [1]}} }}"#), &["e1", "e2"], &[], &[]);
    check(&format!("{one}\n{two}\n"), &["e1", "e2"], &[], &[]);
    check(&format!("\u{feff}{one}\r\n\r\n{two}"), &["e1", "e2"], &[], &[]);
    check(&format!("[{one},{two}]"), &["e1", "e2"], &[], &[]);
    check(&format!(r#"[{{"Records":[{one}]}},{{"Records":[{two}]}}]"#), &["e1", "e2"], &[], &[]);
    let subscription = format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[{{"id":"1","timestamp":1,"message":{}}},{{"id":"2","message":{}}}]}}"#,
        message(&one),
        message(&two)
    );
    check(&subscription, &["e1", "e2"], &[], &[]);
    check(&format!("{subscription}{subscription}"), &["e1", "e2", "e1", "e2"], &[], &[]);
    let filtered = format!(r#"{{"events":[{{"timestamp":1,"message":{}}}],"nextToken":"t"}}"#, message(&one));
    check(&filtered, &["e1"], &[], &[]);
    let lookup = format!(
        r#"{{"Events":[{{"EventId":"1","Resources":[],"CloudTrailEvent":{}}}],"NextToken":"t"}}"#,
        message(&one)
    );
    check(&lookup, &["e1"], &[], &[]);
    let bridge = format!(
        r#"{{"version":"0","id":"1","detail-type":"AWS API Call via CloudTrail","resources":[],"detail":{one}}}"#
    );
    check(&format!("{bridge}\n{bridge}"), &["e1", "e1"], &[], &[]);
}

#[test]
fn what_is_no_event_is_skipped_by_reason() {
    check(
        r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"check"}]}"#,
        &[],
        &["control_message"],
        &[],
    );
    check(
        r#"{"awsAccountId":"1","digestStartTime":"t","digestS3Bucket":"b","logFiles":[{"s3Object":"o"}]}"#,
        &[],
        &["digest"],
        &[],
    );
    check(r#"{"Records":[{"s3":{"bucket":{}}}]}"#, &[], &["not_an_event"], &[]);
    check(r#"{"logEvents":[{"message":"START RequestId"}]}"#, &[], &["not_an_event"], &[]);
    check(r#"{"logEvents":[{"message":"{\"level\":\"info\"}"}]}"#, &[], &["not_an_event"], &[]);
    check(r#"{"detail":{"state":"running"}}"#, &[], &["not_an_event"], &[]);
    check(r#"{"a":1}{"b":2}"#, &[], &["not_an_event", "not_an_event"], &[]);
    check("", &[], &[], &[]);
    check(" \n ", &[], &[], &[]);
    check(r#"{"Records":[]}"#, &[], &[], &[]);
}

#[test]
fn damage_costs_what_is_damaged_and_no_more() {
    let (first, last) = (event(1), event(9));
    let bad_key = event(2).replace("\"eventTime\":", "\"eventTime\" ");
    let whole = event(2);
    let half = whole.get(..90).unwrap();
    for bad in [bad_key.as_str(), half, "garbage", "{", "{\"a\":}", "{\"a\":\"\u{1}\"}"] {
        check(&format!("{first}\n{bad}\n{last}\n"), &["e1", "e9"], &[], &["malformed"]);
        check(&format!(r#"{{"Records":[{first},{bad},{last}]}}"#), &["e1", "e9"], &[], &["malformed"]);
    }
    // A quote that is missing swallows what follows up to the next thing that begins as an event does.
    let open = event(2).replace("\"eventName\":\"ListQueues\"", "\"eventName\":\"ListQueues");
    check(&format!(r#"{{"Records":[{first},{open},{last}]}}"#), &["e1", "e9"], &[], &["malformed"]);
    check(&format!("{first}\n{open}\n{last}\n"), &["e1", "e9"], &[], &["malformed"]);
    // Events that other programs have rewritten begin otherwise, but follow each other.
    let rewritten = |id: usize| format!(r#"{{"awsRegion":"x","eventName":"n","eventID":"e{id}"}}"#);
    let bad = r#"{"awsRegion" "x"}"#;
    let list = format!(r#"{{"Records":[{},{bad},{}]}}"#, rewritten(1), rewritten(2));
    check(&list, &["e1", "e2"], &[], &["malformed"]);
    // The head of the file is gone.
    check(&format!(r#"\0\0"x":1}},{first},{last}]}}"#), &["e1", "e9"], &[], &["malformed"]);
}

#[test]
fn a_source_that_ends_early_says_so() {
    let text = format!(r#"{{"Records":[{},{}]}}"#, event(1), event(2));
    for cut in 1..text.len() {
        let found = read(&text.as_bytes()[..cut]);
        assert_eq!(found.lost.len(), 1, "cut at {cut}: {found:?}");
        assert_eq!(found.lost[0].0, "truncated");
    }
    assert!(read(text.as_bytes()).lost.is_empty());
    let message = r#"{"logEvents":[{"message":"{\"eventVersion\":\"1.08\""}]}"#;
    check(message, &[], &[], &["truncated"]);
}

#[test]
fn a_place_is_the_offset_and_number_of_the_record() {
    let first = event(1);
    let text = format!("{first}\n\nbad\n{}", event(2));
    let found = read(text.as_bytes());
    assert_eq!(found.lost, [("malformed", Place { offset: first.len() as u64 + 2, record: 2 })]);
    assert_eq!(read_in_pieces(text.as_bytes(), &[7]), found);
}

#[test]
fn a_record_that_is_too_large_is_left_out() {
    let large =
        format!(r#"{{"eventVersion":"1.08","eventID":"large","x":"{}"}}"#, "y".repeat(3 * RECORD_LIMIT));
    for text in [
        format!("{}\n{large}\n{}\n", event(1), event(2)),
        format!(r#"{{"Records":[{},{large},{}]}}"#, event(1), event(2)),
    ] {
        for found in [read(text.as_bytes()), read_in_pieces(text.as_bytes(), &[1 << 20])] {
            assert_eq!(found.ids, ["e1", "e2"]);
            assert_eq!(found.lost.iter().map(|(reason, _)| *reason).collect::<Vec<_>>(), ["too_large"]);
        }
    }
}

#[test]
fn deep_nesting_is_no_danger() {
    let deep = "[".repeat(200_000);
    assert_eq!(read(deep.as_bytes()).lost.len(), 1);
    let parameter = format!(r#"{{"eventVersion":"1","eventID":"e1","requestParameters":{deep}"#);
    assert_eq!(read(parameter.as_bytes()).lost.len(), 1);
    let closed = format!(r#"{{"eventVersion":"1","eventID":"e1","x":{deep}{}}}"#, "]".repeat(200_000));
    assert_eq!(read(closed.as_bytes()).ids, ["e1"]);
}

/// The bytes that were read in vain of a text, for each of its bytes; the event behind it is found.
fn in_vain(damage: &str) -> u64 {
    let text = format!("x\n{damage}\n{}\n{}\n", events(1..2), events(2..3));
    let (mut found, mut reader) = (Found::default(), Reader::<Cloudtrail>::default());
    reader.feed(text.as_bytes(), true, &mut found);
    assert!(found.ids.contains(&"e2".to_owned()), "{:?}", found.ids);
    let beside = reader.in_vain.saturating_sub(VAIN_BESIDE);
    beside / text.len() as u64
}

#[test]
fn what_nests_without_end_after_damage_costs_no_more_than_its_length() {
    let count = 20_000;
    let open = "\n{\"a\":".repeat(count);
    let closed = format!("{open}1{}", "}".repeat(count));
    let lists = "\n{\"Records\":1,\"a\":[".repeat(count / 2);
    for damage in [open.clone(), closed, lists, format!("{open}\u{1}\"\n")] {
        assert!(in_vain(&damage) <= VAIN_PER_BYTE, "{}", in_vain(&damage));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn pieces_of_any_length_are_read_as_the_whole(
        lengths in proptest::collection::vec(1..400_usize, 1..8),
        count in 1..12_usize,
        lines in any::<bool>(),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let text = if lines {
            (0..count).map(|id| event(id) + "\n").collect::<String>()
        } else {
            format!(r#"{{"Records":[{}]}}"#, events(0..count))
        };
        let mut bytes = text.into_bytes();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let whole = read(&bytes);
        prop_assert_eq!(read_in_pieces(&bytes, &lengths), whole);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
        read_in_pieces(&bytes, &[3, 1, 50]);
    }

    #[test]
    fn one_damaged_byte_costs_few_events(place in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = format!(r#"{{"Records":[{}]}}"#, events(0..12)).into_bytes();
        let head = r#"{"Records":["#.len();
        let place = head + place.index(bytes.len() - head);
        bytes[place] = byte;
        let found = read(&bytes);
        prop_assert!(found.ids.len() >= 10, "{:?}", found);
    }
}

#[test]
fn a_damaged_bracket_does_not_swallow_the_events_behind_it() {
    let whole = format!(r#"{{"Records":[{}]}}"#, events(0..4)).into_bytes();
    let second = r#"{"Records":["#.len() + events(0..1).len() + 1;
    let end = second + events(1..2).len();
    for place in second..end {
        for byte in *br#"{}[]",:"# {
            let mut bytes = whole.clone();
            bytes[place] = byte;
            let found = read(&bytes);
            for id in ["e0", "e2", "e3"] {
                let count = found.ids.iter().filter(|found| *found == id).count();
                assert!(count == 1, "{id}: {} at {place}: {found:?}", byte as char);
            }
        }
    }
}
