//! Permissions in a table: those of one service, or resource, for the same reason are one row.

use std::collections::BTreeMap;

use super::name;
use crate::facts::{Line, Standing};
use crate::number::grouped;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) group: String,
    pub(super) why: String,
    permissions: Vec<String>,
    denied: u64,
}

/// Names in a cell.
const NAMED: usize = 8;

/// The rows of permissions, in the order of what was used, what stays besides, what cannot be told, what goes, and what goes in part; larger ones first.
pub(super) fn rows<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<Row> {
    let mut rows: BTreeMap<(Standing, &str, &str), Row> = BTreeMap::new();
    for line in lines {
        // What was used is used in its own way.
        let group = if line.standing == Standing::Used { &line.permission } else { &line.group };
        let row = rows.entry((line.standing, group, &line.why)).or_insert_with(|| Row {
            group: line.group.clone(),
            why: line.why.clone(),
            permissions: Vec::new(),
            denied: 0,
        });
        let action = line.permission.strip_prefix(&line.group).and_then(|rest| rest.strip_prefix(':'));
        row.permissions.push(action.unwrap_or(&line.permission).to_owned());
        row.denied = row.denied.saturating_add(line.denied);
    }
    let mut rows: Vec<(Standing, Row)> =
        rows.into_iter().map(|((standing, ..), row)| (standing, row)).collect();
    rows.sort_by_key(|(standing, row)| (*standing, std::cmp::Reverse(row.permissions.len())));
    rows.into_iter().map(|(_, row)| row).collect()
}

impl Row {
    /// Its permissions, as far as there is room for them.
    pub(super) fn names(&self) -> String {
        let mut text = named(self.permissions.iter());
        if self.denied > 0 {
            text.push_str(&format!(" ({} refused calls, which are no use)", grouped(self.denied)));
        }
        text
    }
}

/// Names, as far as there is room for them.
pub(super) fn named<'a>(all: impl ExactSizeIterator<Item = &'a String>) -> String {
    let count = all.len();
    let mut text = all.take(NAMED).map(|one| name(one)).collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = count.checked_sub(NAMED) {
        text.push_str(&format!(" and {} more", grouped(more as u64)));
    }
    text
}
