//! The segments of a resource's name.
//!
//! A name is cut into segments, each with the separator behind it: `bucket/`, `data/`, `2026-09-01/`, `x.json`. The first
//! is the resource's type or its container and stays, and so does the ARN before it; behind a type of containers their
//! name stays too. A date that is written with separators, as `2026/09/01/` or `year=2026/month=09/`, is one segment, for
//! its months alone are never many.

use super::alone::stays_exact;
use super::name_start;

/// Segments of a name that are told apart; what is deeper is one. It bounds what names made to be deep cost.
const DEPTH: usize = 32;

pub(super) const SEPARATORS: [char; 2] = ['/', ':'];

/// A resource's name: what stays whatever is seen, and the segments that may be opened, of which there are none where
/// each such resource is a permission of its own.
pub(super) fn segments(pattern: &str) -> (&str, Vec<&str>) {
    let start = name_start(pattern).filter(|_| !stays_exact(pattern)).unwrap_or(pattern.len());
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
    let mut ranges = ranges.into_iter().skip(fixed(pattern, start)).peekable();
    let stays = ranges.peek().map_or(pattern.len(), |(start, _)| *start);
    let segments = ranges.filter_map(|(start, end)| pattern.get(start..end));
    (pattern.get(..stays).unwrap_or(pattern), segments.collect())
}

/// A segment's separators, with `*` for all between them.
pub(super) fn form(segment: &str) -> String {
    let mut form = String::new();
    for character in segment.chars() {
        if SEPARATORS.contains(&character) {
            form.push(character);
        } else if !form.ends_with('*') {
            form.push('*');
        }
    }
    form
}

/// Whether a pattern names a bucket or an access point, rather than what lies in one.
pub(super) fn is_container(pattern: &str) -> bool {
    let start = name_start(pattern).unwrap_or(pattern.len());
    let is_bucket = pattern.split(':').nth(2) == Some("s3")
        && pattern.get(..start).is_some_and(|head| head.ends_with("::"));
    let fixed = fixed(pattern, start);
    (is_bucket || fixed > 1) && pattern.get(start..).unwrap_or_default().split(SEPARATORS).count() <= fixed
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
