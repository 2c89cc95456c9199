//! What was wrong with the input, for people.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use remit_ledger::HOUR;

use crate::grammar::Place;

/// So many diagnostics are kept one by one; the others are counted.
const LIMIT: usize = 200;

/// Of one source, so many are kept: a broken file of a million lines has one message, repeated.
const LIMIT_PER_SOURCE: usize = 5;

/// Something that was wrong with a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Path or address of the source.
    pub source: String,
    /// Byte offset in the source, decompressed; none when the source as a whole is meant.
    pub offset: Option<u64>,
    /// Number of the record in the source, from 1.
    pub record: Option<u64>,
    /// What is wrong, in a few words.
    pub message: String,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}`", self.source)?;
        if let Some(record) = self.record {
            write!(formatter, ", record {record}")?;
        }
        if let Some(offset) = self.offset {
            write!(formatter, " at byte {offset}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

/// Events that are dated more than a day after they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// How many there are.
    pub events: u64,
    /// The hour of the newest, in microseconds since the Unix epoch.
    pub newest: i64,
    /// Path or address of the first source that holds any.
    pub source: String,
}

/// Collects diagnostics from all workers.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    kept: Mutex<Kept>,
    ahead: Mutex<Option<Ahead>>,
}

#[derive(Debug, Default)]
struct Kept {
    by_source: BTreeMap<String, Vec<Diagnostic>>,
    count: usize,
    omitted: u64,
}

impl Diagnostics {
    /// An event that could not be read.
    pub(crate) fn lost_event(&self, source: &str, reason: &str, place: Place) {
        self.add(Diagnostic {
            source: source.to_owned(),
            offset: Some(place.offset),
            record: Some(place.record),
            message: wording(reason).to_owned(),
        });
    }

    /// A source that could not be read as a whole.
    pub(crate) fn source(&self, source: &str, message: impl Into<String>) {
        self.add(Diagnostic {
            source: source.to_owned(),
            offset: None,
            record: None,
            message: message.into(),
        });
    }

    fn add(&self, diagnostic: Diagnostic) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let full = kept.count >= LIMIT;
        if full && !kept.by_source.contains_key(&diagnostic.source) {
            kept.omitted += 1;
            return;
        }
        let of_source = kept.by_source.entry(diagnostic.source.clone()).or_default();
        if of_source.len() < LIMIT_PER_SOURCE {
            of_source.push(diagnostic);
            kept.count += 1;
        } else {
            kept.omitted += 1;
        }
    }

    /// An event of an hour that is still to come.
    pub(crate) fn ahead(&self, source: &str, hour: i32) {
        let newest = i64::from(hour).saturating_mul(HOUR);
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = ahead.get_or_insert_with(|| Ahead { events: 0, newest, source: source.to_owned() });
        ahead.events += 1;
        ahead.newest = ahead.newest.max(newest);
        // Workers read sources in any order.
        if source < ahead.source.as_str() {
            source.clone_into(&mut ahead.source);
        }
    }

    /// The events of hours that are still to come.
    pub(crate) fn take_ahead(&self) -> Option<Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Everything so far, by source and position, and how many were left out.
    pub(crate) fn take(&self) -> (Vec<Diagnostic>, u64) {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        let mut all: Vec<_> = kept.by_source.into_values().flatten().collect();
        all.sort();
        (all, kept.omitted)
    }
}

fn wording(reason: &str) -> &str {
    match reason {
        "truncated" => "the data ends in the middle of an event",
        "malformed" => "not valid JSON",
        "too_large" => "larger than any event; left out",
        "not_utf8" => "text that is not valid UTF-8",
        "incomplete" => "an event that lacks its time, or who did what",
        "impersonates_too_much" => "an event of an impersonation with more extra fields than are told",
        "unreadable" => "cannot be read",
        other => other,
    }
}
