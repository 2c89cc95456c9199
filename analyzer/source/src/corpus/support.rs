//! What tests of the corpus share: policies with made-up values for what is not known, samples of what is taken away, and an
//! independent look at which bytes an edit changed.

use std::collections::BTreeSet;

use crate::{Piece, Span, Statement, Text};
use remit_policy::{Condition, Document, Effect, Matcher, Statement as Given};
use serde_json::Value;

/// A text with something in the place of what is not known.
pub(crate) fn fill(text: &Text, salt: usize) -> String {
    let mut all = String::new();
    for piece in text.pieces() {
        match piece {
            Piece::Literal(text) => all.push_str(text),
            Piece::Opaque(_) => all.push_str(&format!("opaque{salt}")),
        }
    }
    all
}

/// The same of a name that may not be there.
pub(crate) fn filled(text: &Option<Text>) -> String {
    text.as_ref().map_or_else(|| "unnamed".to_owned(), |text| fill(text, 0))
}

/// The policy that statements make without some of their actions.
pub(crate) fn document(statements: &[Statement], gone: &BTreeSet<(usize, usize)>) -> Document {
    let mut all = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let actions = statement.actions.items.iter().enumerate();
        let actions = actions.filter(|(token, _)| !gone.contains(&(at, *token)));
        let patterns: Vec<String> = actions.map(|(salt, token)| fill(&token.text, salt)).collect();
        if patterns.is_empty() {
            continue;
        }
        let resources = statement.resources.items.iter().enumerate();
        let resources: Vec<String> = resources.map(|(salt, token)| fill(&token.text, salt)).collect();
        let conditions = statement.conditions.iter().map(|condition| Condition {
            operator: fill(&condition.operator, 0),
            key: fill(&condition.key, 0),
            values: condition
                .values
                .iter()
                .enumerate()
                .map(|(at, text)| Value::from(fill(text, at)))
                .collect(),
            bare: false,
        });
        all.push(Given {
            sid: None,
            effect: statement.effect.unwrap_or(Effect::Deny),
            actions: Matcher { negated: statement.not_actions, patterns, bare: false },
            resources: (!resources.is_empty()).then_some(Matcher {
                negated: statement.not_resources,
                patterns: resources,
                bare: false,
            }),
            principal: None,
            conditions: conditions.collect(),
            line: 0,
        });
    }
    let version = Some("2012-10-17".to_owned());
    Document { version, id: None, statements: all, single_statement: false }
}

/// Subsets: all of few things, and of many some, always the same.
pub(crate) struct Sample;

impl Sample {
    pub(crate) fn of<T: Copy + Ord>(all: &[T]) -> Vec<BTreeSet<T>> {
        if all.len() <= 6 {
            return (0..1_u32 << all.len())
                .map(|bits| {
                    all.iter()
                        .enumerate()
                        .filter(|(at, _)| bits >> at & 1 == 1)
                        .map(|(_, one)| *one)
                        .collect()
                })
                .collect();
        }
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let mut samples: Vec<BTreeSet<T>> = all.iter().map(|one| BTreeSet::from([*one])).collect();
        for _ in 0..40 {
            let bits = next();
            samples.push(
                all.iter()
                    .enumerate()
                    .filter(|(at, _)| bits >> (at % 64) & 1 == 1)
                    .map(|(_, one)| *one)
                    .collect(),
            );
        }
        samples
    }
}

/// What is wrong with an edit that was to take the spans away. Lines without any of them stay as they are, but for a comma at
/// their end, for empty lines, and for comments next to what goes; and on other lines all stays but the spans, commas, dashes,
/// spaces and comments.
pub(crate) fn strokes(before: &str, spans: &[Span], after: &str) -> Option<String> {
    let mut rest = before.to_owned();
    let mut sorted: Vec<_> = spans.to_vec();
    sorted.sort_by_key(|span| std::cmp::Reverse(span.start));
    for span in &sorted {
        rest.replace_range(span.clone(), "");
    }
    if bare(&rest) != bare(after) {
        return Some(format!("other words changed\n--- wanted\n{rest}\n--- became\n{after}"));
    }
    let mut left = after.split_inclusive('\n').peekable();
    let mut at = 0;
    for line in before.split_inclusive('\n') {
        let place = at..at + line.len();
        at = place.end;
        let is_touched = spans.iter().any(|span| span.start < place.end && place.start < span.end);
        let trimmed = line.trim();
        let may_go = trimmed.is_empty() || trimmed.starts_with('#') || trimmed.starts_with("//");
        if is_touched || may_go {
            continue;
        }
        // A line's end goes with the last line of a file that does not end with one.
        let is_same = |other: &str| {
            let is_kept =
                other == line || (at == before.len() && other.trim_end_matches(['\r', '\n']) == line);
            let is_cut = line.contains(',')
                && other == line.replacen(line.trim_end(), line.trim_end().trim_end_matches(','), 1);
            let is_last = !other.ends_with('\n') && line.trim_end_matches(['\r', '\n']) == other;
            // Where commas lead, the first that stays takes the place of the first.
            let is_led = trimmed.strip_prefix(", ").is_some_and(|item| other.trim_end().ends_with(item));
            is_kept || is_cut || is_last || is_led || without_comma(line, other)
        };
        if !left.by_ref().any(is_same) {
            return Some(format!("line `{}` changed\n--- became\n{after}", line.trim_end()));
        }
    }
    let ends =
        |text: &str| (text.matches("\r\n").count() > 0, text.ends_with('\n'), text.starts_with('\u{feff}'));
    if ends(before) != ends(after) && before.matches("\r\n").count() > 1 {
        return Some("line ends changed".to_owned());
    }
    None
}

/// Whether one line is the other without one comma, as where a comment stands behind it.
fn without_comma(line: &str, other: &str) -> bool {
    line.match_indices(',').any(|(at, _)| {
        line.get(..at)
            .zip(line.get(at + 1..))
            .is_some_and(|(before, after)| format!("{before}{after}") == other)
    })
}

/// A text without comments, spaces, commas, semicolons and dashes that begin items.
fn bare(text: &str) -> String {
    let mut all = String::new();
    let mut text = text.to_owned();
    while let Some((before, after)) = text.split_once("/* ") {
        let after = after.split_once("*/").unwrap_or_default().1;
        text = format!("{before}{after}");
    }
    for line in text.lines() {
        let mut quote: Option<char> = None;
        let mut line = line;
        while let Some(rest) = line.trim_start().strip_prefix("- ") {
            line = rest;
        }
        let mut previous = ' ';
        for (at, sign) in line.char_indices() {
            match quote {
                Some(open) if sign == open && previous != '\\' => quote = None,
                Some(_) => {}
                None if sign == '"' || sign == '\'' => quote = Some(sign),
                None if sign == '#'
                    || line.get(at..).is_some_and(|rest| rest.starts_with("//")) && previous != ':' =>
                {
                    break;
                }
                None => {}
            }
            if !(sign.is_whitespace() || sign == ',' || sign == ';') {
                all.push(sign);
            }
            previous = sign;
        }
    }
    all
}
