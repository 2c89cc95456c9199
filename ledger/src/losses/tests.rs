use super::*;
use crate::HOUR;
use crate::footer::SourcePlace;

fn whole(name: &str, content: &str, lost: u64, span: Option<(i64, i64)>) -> SourcePosition {
    let hours = span.map(|(start, end)| (start * HOUR, end * HOUR));
    let extent = Extent::Whole { content: content.to_owned() };
    SourcePosition { name: name.to_owned(), extent, lost, span: hours, ..SourcePosition::default() }
}

fn prefix(name: &str, lost: u64) -> SourcePosition {
    let extent = Extent::Prefix { offset: 0, content: String::new() };
    SourcePosition { name: name.to_owned(), extent, lost, ..SourcePosition::default() }
}

/// Losses of sources that were published one after the other.
fn lost(sources: &[SourcePosition]) -> Vec<u64> {
    let commits: Vec<Commit> = sources
        .iter()
        .map(|source| Commit { committed_at: 99 * HOUR, sources: vec![source.clone()], ..Commit::default() })
        .collect();
    losses(commits.iter().map(|commit| (Provider::Aws, commit))).iter().map(|record| record.lost).collect()
}

#[test]
fn a_source_read_again_without_loss_takes_its_loss_back_in_any_order() {
    let damaged = whole("a", "1", 2, Some((5, 7)));
    let cases = [
        (whole("a", "2", 0, Some((5, 7))), vec![]),
        (whole("a", "2", 0, Some((4, 9))), vec![]),
        (whole("a", "2", 1, Some((4, 9))), vec![2, 1]),
        // The name was used again for other events.
        (whole("a", "2", 0, Some((8, 9))), vec![2]),
        (whole("a", "2", 0, None), vec![2]),
        (whole("b", "2", 0, Some((5, 7))), vec![2]),
    ];
    for (other, expected) in cases {
        assert_eq!(lost(&[damaged.clone(), other.clone()]), expected, "{other:?}");
        let mut backwards = lost(&[other, damaged.clone()]);
        backwards.reverse();
        assert_eq!(backwards, expected);
    }
}

#[test]
fn what_was_read_for_calls_of_another_provider_takes_no_loss_back() {
    let commit = |source| Commit { committed_at: 99 * HOUR, sources: vec![source], ..Commit::default() };
    let end = commit(whole("a", "2", 0, None));
    for lost in [prefix("a", 1), whole("a", "1", 1, None)] {
        let lost = commit(lost);
        let left = |other| losses([(Provider::Aws, &lost), (other, &end)].into_iter()).len();
        assert_eq!((left(Provider::Kubernetes), left(Provider::Aws)), (1, 0));
    }
}

#[test]
fn a_source_of_unknown_hours_is_lost_until_another_is_read_later() {
    let garbage = whole("a", "1", 1, None);
    let empty = whole("a", "2", 0, None);
    assert_eq!(lost(&[garbage.clone(), empty.clone()]), [0; 0], "an empty file in its place");
    assert_eq!(lost(&[garbage.clone(), whole("a", "2", 0, Some((5, 7)))]), [0; 0]);
    assert_eq!(
        lost(&[empty.clone(), garbage.clone()]),
        [1],
        "what was there before stands for nothing later"
    );
    assert_eq!(lost(&[empty.clone(), garbage.clone(), empty]), [0; 0]);
    // Under the name of a copy, too.
    let copy = whole("b", "1", 1, None);
    assert_eq!(lost(&[garbage, copy, whole("b", "2", 0, None)]), [0; 0]);
}

#[test]
fn a_copy_that_was_known_reaches_over_the_hours_of_its_bytes() {
    let damaged = whole("a", "1", 2, Some((5, 7)));
    let (read, copy) = (whole("b", "2", 0, Some((5, 7))), whole("a", "2", 0, None));
    assert_eq!(lost(&[damaged.clone(), read.clone()]), [2]);
    assert_eq!(lost(&[damaged.clone(), read, copy.clone()]), [0; 0]);
    assert_eq!(lost(&[damaged, whole("b", "2", 0, Some((8, 9))), copy]), [2]);
}

#[test]
fn equal_bytes_lose_once_and_under_every_name() {
    let copies = [whole("a", "1", 2, Some((5, 7))), whole("b", "1", 2, Some((5, 7)))];
    assert_eq!(lost(&copies), [2]);
    let sound = whole("b", "2", 0, Some((5, 7)));
    assert_eq!(lost(&[copies.to_vec(), vec![sound]].concat()), [0; 0]);
}

#[test]
fn what_was_read_in_part_is_lost_until_it_is_read_to_its_end() {
    assert_eq!(lost(&[prefix("a", 0)]), [1]);
    assert_eq!(lost(&[prefix("a", 1), prefix("a", 3)]), [3]);
    assert_eq!(lost(&[prefix("a", 1), whole("a", "1", 0, None)]), [0; 0]);
    assert_eq!(lost(&[whole("a", "1", 0, None), prefix("a", 1)]), [1]);
    // Where events of it were read, the name may have been used again for others.
    let part = SourcePosition { span: Some((5 * HOUR, 7 * HOUR)), ..prefix("a", 1) };
    let further = SourcePosition { span: Some((5 * HOUR, 9 * HOUR)), ..prefix("a", 2) };
    assert_eq!(lost(&[part.clone(), further.clone()]), [2]);
    assert_eq!(lost(&[part.clone(), further, whole("a", "1", 0, Some((5, 9)))]), [0; 0]);
    assert_eq!(lost(&[part.clone(), whole("a", "1", 0, Some((8, 9)))]), [1]);
    assert_eq!(lost(&[part, whole("a", "1", 0, None)]), [1]);
}

#[test]
fn nothing_stands_for_a_source_without_a_name() {
    assert_eq!(lost(&[whole(NAMELESS, "1", 1, None), whole(NAMELESS, "2", 0, None)]), [1]);
}

#[test]
fn a_loss_is_where_and_when_its_source_says() {
    let mut source = whole("a", "1", 1, Some((20, 21)));
    let place = SourcePlace {
        evidence: "cloudtrail".to_owned(),
        account: Some("111122223333".to_owned()),
        region: None,
        span: Some((20 * HOUR, 22 * HOUR)),
    };
    let of = |source: &SourcePosition| {
        let commit = Commit { committed_at: 99 * HOUR, sources: vec![source.clone()], ..Commit::default() };
        losses([(Provider::Aws, &commit)].into_iter()).remove(0)
    };
    let anywhere = of(&source);
    assert_eq!((anywhere.start, anywhere.end, &anywhere.account), (0, 99 * HOUR, &None));
    source.place = Some(place);
    let here = of(&source);
    assert_eq!((here.start, here.end), (20 * HOUR, 22 * HOUR));
    assert_eq!(here.account.as_deref(), Some("111122223333"));
    assert!(is_loss(&here) && is_loss(&anywhere));
}
