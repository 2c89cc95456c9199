//! What holds of all generalisations.

use proptest::collection::vec;
use proptest::sample::Index;

use super::super::segment::segments;
use super::*;

fn resource() -> impl Strategy<Value = String> {
    let head = prop_oneof![
        Just("arn:aws:s3:::a/"),
        Just("arn:aws:s3:::b/"),
        Just("arn:aws:logs:eu-west-1:1:log-group:"),
        Just("arn:aws:dynamodb:eu-west-1:1:table/"),
        Just("arn:aws:ecs:eu-west-1:1:task-definition/"),
        Just("arn:aws:sqs:eu-west-1:1:"),
        Just(""),
    ];
    let segment = prop_oneof![
        (0..30u8).prop_map(|at| at.to_string()),
        (1..12u8).prop_map(|at| format!("2026-09-{at:02}")),
        (0..3u8).prop_map(|at| format!("202{at}")),
        (0..9usize).prop_map(|at| format!("part-{at}.{}", word(at % 2))),
        (0..12usize).prop_map(word),
        (0..5usize).prop_map(uuid),
        Just("data".to_owned()),
        Just(String::new()),
        Just("*".to_owned()),
    ];
    let segment = (segment, prop_oneof![3 => Just('/'), 1 => Just(':')]);
    (head, vec(segment, 0..5)).prop_map(|(head, segments)| {
        let name: String =
            segments.into_iter().map(|(text, separator)| format!("{text}{separator}")).collect();
        format!("{head}{}", name.get(..name.len().saturating_sub(1)).unwrap())
    })
}

/// Resources and days, and what is known to exist: some of them too.
fn evidence() -> impl Strategy<Value = (Vec<(String, i64)>, Inventory)> {
    (vec((resource(), 0..5i64), 0..120), vec(resource(), 0..60)).prop_map(|(seen, known)| {
        let known = known.into_iter().chain(seen.iter().step_by(2).map(|(resource, _)| resource.clone()));
        let known = known.collect();
        (seen, known)
    })
}

fn thresholds() -> impl Strategy<Value = Option<Thresholds>> {
    proptest::sample::select(&[READ, WRITE][..])
}

fn of_pairs(pairs: &[(String, i64)]) -> Sightings {
    sightings(pairs.iter().map(|(resource, day)| (resource.as_str(), *day)))
}

type Written = Vec<(String, &'static str, BTreeSet<String>, Option<String>)>;

fn written(thresholds: Option<Thresholds>, seen: &Sightings, inventory: &Inventory) -> Written {
    let rules = rules(thresholds, seen, inventory);
    rules.into_iter().map(|(pattern, rule)| (pattern, rule.name, rule.from, rule.why)).collect()
}

fn is_included(one: &str, other: &str) -> bool {
    Glob::resource_without_variables(one).is_included_in(&[&Glob::resource_without_variables(other)])
}

proptest! {
    #[test]
    fn any_order_and_any_parts_of_the_input_give_the_same(
        (pairs, inventory) in evidence(),
        thresholds in thresholds(),
        (shift, part) in (0..120usize, 1..7usize),
    ) {
        let expected = written(thresholds, &of_pairs(&pairs), &inventory);
        let mut again: Vec<_> = pairs.chunks(part).rev().flatten().cloned().collect();
        again.rotate_left(shift % pairs.len().max(1));
        again.extend(pairs.iter().take(shift).cloned());
        prop_assert_eq!(&expected, &written(thresholds, &of_pairs(&again), &inventory));
        // Calls that were counted together are one sighting.
        let mut together: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        pairs.iter().for_each(|(resource, day)| together.entry(resource).or_default().push(*day));
        let mut merged = Sightings::default();
        together.iter().for_each(|(resource, days)| merged.add(resource, &seen(days)));
        prop_assert_eq!(&expected, &written(thresholds, &merged, &inventory));
    }

    #[test]
    fn each_resource_is_named_by_the_one_pattern_that_stands_for_it(
        (pairs, inventory) in evidence(),
        more in vec((resource(), 0..5i64), 0..40),
        thresholds in thresholds(),
    ) {
        // More evidence never loses what was seen before.
        let more: Vec<_> = pairs.iter().cloned().chain(more).collect();
        for pairs in [pairs, more] {
            let written = written(thresholds, &of_pairs(&pairs), &inventory);
            let mut from: Vec<_> = written.iter().flat_map(|(_, _, from, _)| from).collect();
            from.sort();
            prop_assert_eq!(from, pairs.iter().map(|(resource, _)| resource).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
            for (pattern, name, from, why) in &written {
                prop_assert_eq!(why.is_some(), *name != "as seen");
                prop_assert!(*name != "as seen" || *from == BTreeSet::from([pattern.clone()]));
                for resource in from {
                    prop_assert!(is_included(resource, pattern), "{resource}");
                    let (stays, _) = segments(resource);
                    prop_assert!(pattern.starts_with(stays), "{pattern} of {resource}");
                }
            }
        }
    }

    /// Resources that differ from those seen only where a position is open, and there by a value that was seen at it.
    #[test]
    fn what_is_admitted_and_made_of_values_that_were_seen_opens_nothing_more(
        pairs in vec((resource(), 0..5i64), 0..120),
        picks in vec(any::<[Index; 2]>(), 20),
    ) {
        let expected = written(READ, &of_pairs(&pairs), Inventory::none());
        let opened: BTreeMap<&String, Opened<'_>> = expected
            .iter()
            .flat_map(|(pattern, _, from, _)| from.iter().map(move |one| (one, pattern)))
            .filter_map(|(resource, pattern)| Some((resource, Opened::first(resource, pattern)?)))
            .collect();
        let mut more = pairs.clone();
        for [pick, other] in picks.iter().filter(|_| !pairs.is_empty()) {
            let (resource, day) = pick.get(&pairs);
            let Some(own) = opened.get(resource) else { continue };
            let fellows: Vec<_> = opened.values().filter(|fellow| fellow.position() == own.position()).collect();
            let text = other.get(&fellows).text;
            let made = own.with(text);
            // Else it is of another type, or cut otherwise: a year before a number makes a date of both.
            let is_alike = |made: Opened<'_>| made.position() == own.position() && made.text == text;
            if Opened::first(&made, own.pattern).is_some_and(is_alike) {
                more.push((made, *day));
            }
        }
        let again = written(READ, &of_pairs(&more), Inventory::none());
        let patterns = |written: Written| written.into_iter().map(|(pattern, ..)| pattern).collect::<Vec<_>>();
        prop_assert_eq!(patterns(expected), patterns(again));
    }

    /// One position, by the rule as it is told.
    #[test]
    fn one_position_is_opened_as_the_rule_says(
        seen in vec(((0..8u8, 0..3u8), 0..3i64), 0..30),
        thresholds in thresholds(),
    ) {
        let text = |(at, kind): (u8, u8)| match kind {
            0 => format!("2026-09-{:02}", at + 1),
            1 => format!("{at}"),
            _ => word(usize::from(at)),
        };
        let pairs: Vec<_> = seen.iter().map(|(name, day)| (format!("arn:aws:s3:::a/x/{}", text(*name)), *day)).collect();
        let count = |kind: Option<u8>| {
            let own = || seen.iter().filter(|((_, own), _)| kind.is_none_or(|kind| *own == kind));
            let names: BTreeSet<_> = own().map(|(name, _)| name).collect();
            let days: BTreeSet<_> = own().map(|(_, day)| day).collect();
            (names.len(), days.len())
        };
        let varies = |kind| count(Some(kind)).0 >= 3 && count(Some(kind)).1 >= 2 && count(Some(2)).0 == 0;
        let is_crowd = count(None).0 >= thresholds.unwrap().names && count(None).1 >= 2;
        let written = written(thresholds, &of_pairs(&pairs), Inventory::none());
        let is_opened = written.len() == 1 && written[0].0 == "arn:aws:s3:::a/x/*";
        prop_assert_eq!(is_opened, varies(0) || varies(1) || is_crowd);
        prop_assert!(is_opened || written.len() == count(None).0);
    }

    /// What is changed admits little that is known and was not touched.
    #[test]
    fn what_an_action_changes_is_little_more_than_it_touched((pairs, inventory) in evidence()) {
        let seen = of_pairs(&pairs);
        let rules = rules(WRITE, &seen, &inventory);
        for (pattern, rule) in rules.iter().filter(|(_, rule)| rule.name != "as seen" && rule.name != "assigned identifier") {
            let glob = Glob::resource_without_variables(pattern);
            let own: Vec<_> = rule.from.iter().map(|one| {
                Glob::resource_without_variables(&assigned_identifier(one).unwrap_or_else(|| one.clone()))
            }).collect();
            let admitted = inventory.under("").filter(|arn| {
                glob.matches(arn) && !seen.days.contains_key(*arn) && !own.iter().any(|own| own.matches(arn))
            });
            // The other patterns of one opening may stand for more than this one.
            prop_assert!(admitted.count() <= (pairs.len() / 5).max(3), "{pattern}");
        }
    }
}

/// The first segment of a resource that its pattern leaves open.
struct Opened<'r> {
    pattern: &'r str,
    of_type: Option<&'static str>,
    above: &'r str,
    text: &'r str,
    below: &'r str,
    /// What the pattern has in its place.
    wildcard: &'r str,
}

impl<'r> Opened<'r> {
    fn first(resource: &'r str, pattern: &'r str) -> Option<Self> {
        let of_type = Catalog::embedded().unwrap().resource_type(resource).map(|known| known.name);
        let (stays, segments) = segments(resource);
        let mut at = stays.len();
        for text in &segments {
            let (above, rest) = resource.split_at(at);
            let (text, below) = rest.split_at(text.len());
            if !pattern.starts_with(resource.get(..at + text.len()).unwrap()) {
                let separators = text.matches(['/', ':']).count();
                let end =
                    pattern.get(at..).unwrap().match_indices(['/', ':']).nth(separators.saturating_sub(1));
                let end = end.filter(|_| separators > 0).map_or(pattern.len(), |(end, _)| at + end + 1);
                let wildcard = pattern.get(at..end).unwrap();
                return Some(Self { pattern, of_type, above, text, below, wildcard });
            }
            at += text.len();
        }
        None
    }

    /// What is the same for all that stood there.
    fn position(&self) -> (Option<&str>, &str, &str) {
        (self.of_type, self.above, self.wildcard)
    }

    fn with(&self, text: &str) -> String {
        format!("{}{text}{}", self.above, self.below)
    }
}
