//! The dashboard: one issue that says what is open, what waits and what was put off, with boxes to tick.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use crate::body::{fitted, name, suggestions};
use crate::change::Suggestion;
use crate::number::{counted, grouped};
use crate::unit::Unit;

/// Its title.
pub(crate) const TITLE: &str = "Permissions nobody uses";

/// What its body begins with, by which it is found again.
const MARK: &str = "<!-- remit:dashboard -->";

/// What stands on the dashboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dashboard {
    /// Pull requests that are open.
    pub(crate) open: Vec<Entry>,
    /// What comes next, in order.
    pub(crate) waiting: Vec<Entry>,
    /// What people closed.
    pub(crate) closed: Vec<Entry>,
    /// What people put off.
    pub(crate) snoozed: Vec<Entry>,
    /// What cannot be edited by a program.
    pub(crate) by_hand: Vec<(Entry, Vec<Suggestion>)>,
}

/// An identity on the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) unit: Unit,
    pub(crate) identity: String,
    /// Permissions that would go.
    pub(crate) removed: u64,
    /// More about it: an address, or a day.
    pub(crate) detail: String,
}

/// Whether a body is a dashboard's.
pub(crate) fn is_dashboard(body: &str) -> bool {
    body.trim_start().starts_with(MARK)
}

/// Units whose boxes are ticked.
pub(crate) fn ticked(body: &str) -> BTreeSet<String> {
    // Behind that heading are texts from the repository.
    let lines = body.lines().map(str::trim).take_while(|line| *line != BY_HAND);
    let ticks = lines.filter_map(|line| line.strip_prefix("- [x] ").or_else(|| line.strip_prefix("- [X] ")));
    let units = ticks.filter_map(|rest| Some(rest.strip_prefix(UNIT)?.split_once(END)?.0.to_owned()));
    units.take(1_000).collect()
}

const UNIT: &str = "<!-- unit:";
const END: &str = " -->";
const BY_HAND: &str = "### To edit by hand";

impl Dashboard {
    /// Its body.
    pub(crate) fn body(&self) -> String {
        fitted(|text, limit| self.write(text, limit))
    }

    fn write(&self, text: &mut String, limit: usize) -> fmt::Result {
        writeln!(text, "{MARK}\n")?;
        let waiting = self.waiting.len() as u64;
        writeln!(
            text,
            "{} open, {} waiting for a place, {} closed by somebody, {} put off, {} to edit by hand.\n",
            counted(self.open.len() as u64, "pull request is", "pull requests are"),
            grouped(waiting),
            grouped(self.closed.len() as u64),
            grouped(self.snoozed.len() as u64),
            grouped(self.by_hand.len() as u64),
        )?;
        writeln!(
            text,
            "A ticked box is opened at the next run, whatever else is open. Whoever closes this issue is not told again."
        )?;
        for (title, entries, has_box) in [
            ("Open", &self.open, false),
            ("Waiting", &self.waiting, true),
            ("Closed, until the evidence changes", &self.closed, true),
            ("Put off", &self.snoozed, true),
        ] {
            if entries.is_empty() {
                continue;
            }
            writeln!(text, "\n### {title}\n")?;
            for entry in entries.iter().take(limit) {
                entry.write(text, has_box)?;
            }
            more(text, entries.len(), limit)?;
        }
        if !self.by_hand.is_empty() {
            writeln!(text, "\n{BY_HAND}\n")?;
            for (entry, places) in self.by_hand.iter().take(limit.min(10)) {
                entry.write(text, false)?;
                writeln!(text)?;
                suggestions(text, places, limit)?;
            }
            more(text, self.by_hand.len(), limit.min(10))?;
        }
        Ok(())
    }
}

impl Entry {
    fn write(&self, text: &mut String, has_box: bool) -> fmt::Result {
        let mark = if has_box { format!("[ ] {UNIT}{}{END} ", self.unit) } else { String::new() };
        let removed = match self.removed {
            0 => "permissions in part".to_owned(),
            removed => counted(removed, "permission", "permissions"),
        };
        let detail = if self.detail.is_empty() { String::new() } else { format!(" ({})", self.detail) };
        writeln!(text, "- {mark}{}: {removed}{detail}", name(&self.identity))
    }
}

fn more(text: &mut String, all: usize, limit: usize) -> fmt::Result {
    match all.checked_sub(limit) {
        Some(more @ 1..) => writeln!(text, "- and {} more", grouped(more as u64)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{LONGEST, is_same};

    fn entry(identity: &str) -> Entry {
        Entry { unit: Unit::of(identity), identity: identity.to_owned(), removed: 3, detail: String::new() }
    }

    #[test]
    fn ticks_are_found_where_the_boxes_are() {
        let dashboard = Dashboard {
            waiting: vec![entry("a"), entry("b")],
            closed: vec![entry("c")],
            ..Dashboard::default()
        };
        let body = dashboard.body();
        assert!(is_dashboard(&body) && is_dashboard(&body.replace('\n', "\r\n")));
        assert!(ticked(&body).is_empty());
        let tick = |identity: &str| {
            let mark = format!("[ ] {UNIT}{}", Unit::of(identity));
            body.replace(&mark, &mark.replace("[ ]", "[x]"))
        };
        assert_eq!(ticked(&tick("b")), BTreeSet::from([Unit::of("b").to_string()]));
        assert_eq!(ticked(&tick("c").replace('\n', "\r\n")), BTreeSet::from([Unit::of("c").to_string()]));
        assert!(is_same(&body, &body.trim_end().replace('\n', "\r\n")) && !is_same(&body, &tick("a")));
    }

    #[test]
    fn names_cannot_tick_or_mention() {
        let hostile = "x\n- [x] <!-- unit:evil --> @everyone #1 <script> [a](https://b.example)";
        let body =
            Dashboard { waiting: vec![entry(hostile)], open: vec![entry(hostile)], ..Dashboard::default() }
                .body();
        assert!(ticked(&body).is_empty());
        for sign in ["@everyone", "#1", "<script", "](https", "https://"] {
            assert!(!body.contains(sign), "{sign} in {body}");
        }
    }

    #[test]
    fn thousands_fit_and_are_counted() {
        let many: Vec<Entry> =
            (0..20_000).map(|number| entry(&format!("{number}{}", "<".repeat(200)))).collect();
        let all = Dashboard {
            open: many.clone(),
            waiting: many.clone(),
            closed: many.clone(),
            snoozed: many,
            ..Dashboard::default()
        };
        let body = all.body();
        assert!(body.chars().count() <= LONGEST && body.contains("20,000 waiting"));
    }
}
