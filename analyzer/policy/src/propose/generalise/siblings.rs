//! Many names under one ancestor become one wildcard: what is numbered or dated has another name tomorrow.
//!
//! A resource's name is cut into segments, each with the separator behind it: `bucket/`, `data/`, `2026-09-01/`,
//! `x.json`. The first is the resource's type or its container and stays, and so does the ARN before it; behind a type of
//! containers their name stays too. A date that is written with separators, as `2026/09/01/` or `year=2026/month=09/`, is
//! one segment, for its months alone are never many.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::Catalog;

use super::alone::stands_alone;
use super::{Rule, add, name_start};

/// More names than this under one ancestor become a wildcard.
const SIBLINGS: usize = 8;

/// Segments of a name that are told apart; what is deeper is one. It bounds what names made to be deep cost.
const DEPTH: usize = 32;

const SEPARATORS: [char; 2] = ['/', ':'];

/// The patterns with each segment opened of which too many stand under one ancestor: `data/*/x.json` in place of one
/// `data/2026-09-01/x.json` a day. The deepest are opened first; those below an opened segment then stand under one
/// ancestor, and may be too many in turn. Resources of different types are counted apart. The result depends on the set
/// of patterns only.
///
/// A `*` of the policy language also takes separators. So `data/*/x.json` names every `x.json` that is anywhere below a
/// folder of `data/`, and `data/*` all that is below `data/`, however deep.
pub(super) fn open_crowded(catalog: &Catalog, patterns: BTreeMap<String, Rule>) -> BTreeMap<String, Rule> {
    if patterns.len() <= SIBLINGS {
        return patterns;
    }
    let mut by_type: BTreeMap<Option<&str>, BTreeMap<String, Rule>> = BTreeMap::new();
    for (pattern, rule) in patterns {
        let of_type = catalog.resource_type(&pattern).map(|known| known.name);
        by_type.entry(of_type).or_default().insert(pattern, rule);
    }
    let mut opened = BTreeMap::new();
    for (pattern, rule) in by_type.into_values().flat_map(open_of_type) {
        add(&mut opened, pattern, rule.name, rule.from);
    }
    opened
}

fn open_of_type(mut patterns: BTreeMap<String, Rule>) -> BTreeMap<String, Rule> {
    loop {
        let mut openings = openings(&patterns);
        if openings.is_empty() {
            return patterns;
        }
        let mut opened = BTreeMap::new();
        for (pattern, rule) in patterns {
            match openings.remove(&pattern) {
                Some(pattern) => add(&mut opened, pattern, "sibling wildcard", rule.from),
                None => add(&mut opened, pattern, rule.name, rule.from),
            }
        }
        patterns = opened;
    }
}

/// What becomes of the patterns whose segments are too many at the deepest such places.
fn openings(patterns: &BTreeMap<String, Rule>) -> BTreeMap<String, String> {
    let mut places: BTreeMap<(usize, Place<'_>), BTreeSet<&str>> = BTreeMap::new();
    for pattern in patterns.keys() {
        for (depth, segment) in segments(pattern).into_iter().enumerate() {
            places.entry((depth, segment.place())).or_default().insert(segment.text);
        }
    }
    places.retain(|_, texts| texts.len() > SIBLINGS);
    let deepest = places.keys().map(|(depth, _)| *depth).max();
    let crowded = places.into_keys().filter(|(depth, _)| Some(*depth) == deepest);
    let crowded: BTreeSet<Place<'_>> = crowded.map(|(_, place)| place).collect();
    let opened = |pattern: &String| {
        let segment = segments(pattern).into_iter().find(|segment| crowded.contains(&segment.place()))?;
        Some((pattern.clone(), segment.opened()))
    };
    patterns.keys().filter_map(opened).collect()
}

/// What is above a segment, and its form: folders are counted apart from what lies beside them, and so are dates.
type Place<'p> = (&'p str, String);

/// A segment that may be opened.
struct Segment<'p> {
    above: &'p str,
    text: &'p str,
    below: &'p str,
}

impl<'p> Segment<'p> {
    fn place(&self) -> Place<'p> {
        (self.above, self.form())
    }

    /// Its separators, with `*` for all between them.
    fn form(&self) -> String {
        let mut form = String::new();
        for character in self.text.chars() {
            if SEPARATORS.contains(&character) {
                form.push(character);
            } else if !form.ends_with('*') {
                form.push('*');
            }
        }
        form
    }

    fn opened(&self) -> String {
        format!("{}{}{}", self.above, self.form(), self.below)
    }
}

/// The segments of the resource's name behind those that stay; none where each such resource is a permission of its own.
fn segments(pattern: &str) -> Vec<Segment<'_>> {
    let start = name_start(pattern).filter(|_| !stands_alone(pattern)).unwrap_or(pattern.len());
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    let mut at = start;
    let mut is_empty = false;
    let mut is_date = false;
    for piece in pattern.get(start..).unwrap_or_default().split_inclusive(SEPARATORS) {
        let end = at + piece.len();
        let number = number(piece);
        let goes_on = is_date && number.is_some_and(|number| number.len() <= 2);
        // What begins with a separator, as an API's `/restapis/` does, has no name before it.
        let is_joined = goes_on || is_empty || ranges.len() >= DEPTH;
        match ranges.last_mut() {
            Some((_, last)) if is_joined => *last = end,
            _ => ranges.push((at, end)),
        }
        is_empty = piece.len() == 1 && piece.ends_with(SEPARATORS);
        let is_year = number.is_some_and(|number| number.len() == 4 && number.starts_with("20"));
        is_date = goes_on || (is_year && ranges.len() > 1);
        at = end;
    }
    let segment = |(start, end): (usize, usize)| {
        let (rest, below) = pattern.split_at_checked(end)?;
        let (above, text) = rest.split_at_checked(start)?;
        Some(Segment { above, text, below })
    };
    ranges.into_iter().skip(fixed(pattern, start)).filter_map(segment).collect()
}

/// How many segments of a name stay: the bucket of `arn:aws:s3:::bucket/key` and the type of others, and where the type
/// is a bucket or an access point to one, its name too.
fn fixed(pattern: &str, start: usize) -> usize {
    let Some((head, name)) = pattern.split_at_checked(start) else { return 1 };
    match name.split_once('/').map(|(kind, _)| kind) {
        // What has no account is an object, whose bucket may have any name.
        _ if head.ends_with("::") => 1,
        Some("accesspoint" | "Bucket" | "bucket") => 2,
        // A bucket of an outpost is named behind it, and an access point too.
        Some("outpost") => 4,
        _ => 1,
    }
}

/// The number that a segment of a date is, with or without what is numbered: `09/`, `month=09/`.
fn number(segment: &str) -> Option<&str> {
    let segment = segment.trim_end_matches(SEPARATORS);
    let number = segment.rsplit_once('=').map_or(segment, |(_, number)| number);
    (!number.is_empty() && number.chars().all(|c| c.is_ascii_digit())).then_some(number)
}
