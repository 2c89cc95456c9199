//! What a part of a split uses, what it keeps beyond that and why, and what it loses, by name.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use remit_catalog::Catalog;
use remit_policy::{Kept, Reason};
use serde::Serialize;

use super::Part;
use crate::output::{counted, grouped, plain};
use crate::report::build::name_of;

/// The permissions of a part, by what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Listing {
    /// What it uses, with the calls at least.
    uses: BTreeMap<String, u64>,
    /// What it does not use and keeps, or uses and keeps on more resources than it was seen on: why, by rule.
    keeps: Vec<Keeping>,
    /// What it loses, by service.
    loses: BTreeMap<String, Vec<String>>,
    /// Whether something stays although nothing was seen to need it and everything that needs it would have been seen.
    #[serde(skip)]
    keeps_what_is_not_needed: bool,
}

/// What is kept for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Keeping {
    /// The rule's name.
    rule: &'static str,
    /// It in words.
    why: String,
    /// The permissions.
    permissions: Vec<String>,
}

/// Permissions that a summary names of those that share a reason or a service; `split.json` names all.
const NAMED: usize = 12;

impl Listing {
    /// That of a part.
    pub(super) fn of(catalog: &Catalog, part: &Part) -> Self {
        let used = part.analysed.usage.used().map(|(id, use_)| {
            (name_of(catalog, id), use_.seen.as_ref().map_or(0, |seen| seen.count.distinct()))
        });
        let mut listing = Self { uses: used.collect(), ..Self::default() };
        let Some(proven) = part.analysed.outcome.proven() else { return listing };
        let mut reasons: BTreeMap<&Reason, Vec<String>> = BTreeMap::new();
        for Kept { name, reason, .. } in &proven.proposal().kept {
            let Some(reason) = reason else { continue };
            listing.keeps_what_is_not_needed |= matches!(reason, Reason::Retained(_));
            reasons.entry(reason).or_default().push(name.clone());
        }
        let keeping = |(reason, permissions): (&Reason, Vec<String>)| Keeping {
            rule: reason.code(),
            why: reason.explain(),
            permissions,
        };
        listing.keeps = reasons.into_iter().map(keeping).collect();
        for removed in &proven.proposal().removed {
            let service = removed.name.split_once(':').map_or("", |(service, _)| service);
            listing.loses.entry(service.to_owned()).or_default().push(removed.name.clone());
        }
        listing
    }

    /// Whether something stays that a rule keeps, and no call.
    pub(super) fn keeps_what_is_not_needed(&self) -> bool {
        self.keeps_what_is_not_needed
    }

    /// Writes what is used.
    pub(super) fn uses(&self, text: &mut String) {
        let _ = writeln!(text, "\n## What it uses\n");
        for (name, calls) in &self.uses {
            let _ = writeln!(text, "- `{name}`: {}", counted(*calls, "call", "calls"));
        }
    }

    /// Writes what is kept beyond that, and what is lost.
    pub(super) fn rest(&self, text: &mut String) {
        if !self.keeps.is_empty() {
            let _ = writeln!(
                text,
                "\n## What it keeps beyond that\n\nAll of it on the resources that it is granted on today.\n"
            );
        }
        for Keeping { why, permissions, .. } in &self.keeps {
            let _ = writeln!(text, "- {}: {}", named(permissions), plain(why));
        }
        if !self.loses.is_empty() {
            let _ = writeln!(text, "\n## What it loses\n");
        }
        for (service, permissions) in &self.loses {
            let _ = writeln!(text, "- {}: {}", plain(service), named(permissions));
        }
    }
}

/// The first of some permissions, and how many more there are.
fn named(permissions: &[String]) -> String {
    let shown: Vec<String> =
        permissions.iter().take(NAMED).map(|name| format!("`{}`", plain(name))).collect();
    let more = match permissions.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {} more (`split.json` names all)", grouped(more as u64)),
    };
    format!("{}{more}", shown.join(", "))
}
