//! What each of several workloads needs that share one identity: a proven set of policies for each, and whether all of them
//! together cover what the one was seen to use.

mod cover;
mod files;
mod listing;

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::Catalog;
use remit_ledger::CoverageRecord;
use remit_policy::{Account, Days, Verdict};

pub(crate) use self::cover::{Cover, cover};
pub(crate) use self::files::{SPLIT_FILE, prepare, write};
pub(crate) use self::listing::Listing;
use crate::analysis::{Analysed, Settings, analyse_among, inventory};
use crate::intent::{CallerName, Callers};
use crate::learn::{Kinds, with_verdict};
use crate::rollup::PrincipalCalls;

/// One workload of an identity, with what is concluded of its calls alone.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// What makes its calls.
    pub(crate) name: CallerName,
    /// Its folder, and the end of its role's name.
    pub(crate) stem: String,
    /// How many calls at least.
    pub(crate) calls: u64,
    /// The days on which it called.
    pub(crate) days: Days,
    /// The identity, as if nothing else called as it.
    pub(crate) analysed: Analysed,
}

impl Part {
    /// Permissions that it used.
    pub(crate) fn used(&self) -> usize {
        self.analysed.judgement.counts().used
    }

    /// Permissions that it loses, of how many.
    pub(crate) fn loses(&self) -> (usize, usize) {
        let granted = self.analysed.judgement.counts().granted();
        let removed = self.analysed.outcome.changing().map_or(0, |proven| proven.proposal().removed.len());
        (removed, granted)
    }

    /// Why no policies are written for it; none where some are.
    pub(crate) fn why_none(&self) -> Option<String> {
        self.analysed.outcome.why_none()
    }

    /// Permissions that the identity uses and this part does not.
    pub(crate) fn leaves_to_others(&self, whole: &Analysed) -> usize {
        let own = with_verdict(&self.analysed.judgement, &Verdict::Used);
        with_verdict(&whole.judgement, &Verdict::Used).difference(&own).count()
    }
}

/// Parts of one identity that can be told apart and still be looked after.
pub(crate) const MOST: usize = 64;

/// The key under which a caller's calls are rolled up.
pub(crate) fn key_of(name: &CallerName) -> String {
    format!("{:?}/{}", name.kind, name.name)
}

/// What an analysis of the parts is made of.
pub(crate) struct Input<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) account: &'a Account,
    /// The calls of all principals.
    pub(crate) calls: &'a BTreeMap<String, PrincipalCalls>,
    /// The ledger's coverage records.
    pub(crate) records: &'a [CoverageRecord],
    pub(crate) settings: &'a Settings,
    /// The identity that is shared.
    pub(crate) whole: &'a Analysed,
    /// What makes its calls.
    pub(crate) callers: &'a Callers,
}

/// The parts, most calls first.
pub(crate) fn parts(input: &Input<'_>, by_key: &BTreeMap<String, PrincipalCalls>) -> Vec<Part> {
    let arn = &input.whole.principal.arn;
    let peers = Kinds::peers_of(input.account, arn);
    let mut calls: BTreeMap<String, PrincipalCalls> =
        peers.filter_map(|peer| Some((peer.clone(), input.calls.get(peer)?.clone()))).collect();
    let mut stems = BTreeSet::new();
    let mut parts = Vec::new();
    for (name, seen) in input.callers.by_calls() {
        let Some(own) = by_key.get(&key_of(name)) else { continue };
        calls.insert(arn.clone(), own.clone());
        let account = input.account.clone();
        // Wildcards of one part may admit what others use: that is known to exist, whoever uses it.
        let touched = input.calls.values().flat_map(|calls| &calls.calls);
        let inventory = inventory(touched.chain(&own.calls));
        let (records, settings) = (input.records, input.settings);
        let analysis = analyse_among(input.catalog, account, &calls, inventory, records, settings, Some(arn));
        let Some(analysed) = analysis.principals.into_iter().next() else { continue };
        parts.push(Part {
            name: name.clone(),
            stem: free_stem(&mut stems, name),
            calls: seen.calls(),
            days: seen.hours.days(),
            analysed,
        });
    }
    parts
}

/// A name for a folder and the end of a role's, that no other part has.
fn free_stem(taken: &mut BTreeSet<String>, name: &CallerName) -> String {
    const LONGEST: usize = 32;
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
    let words = name.words();
    let plain = words.split('`').nth(1).unwrap_or(&words);
    let safe: String = plain.chars().map(|letter| if is_part(letter) { letter } else { '-' }).collect();
    let safe: String = safe.trim_matches(['-', '.', '*']).chars().take(LONGEST).collect();
    let stem = if safe.is_empty() { "part".to_owned() } else { safe };
    let mut free = stem.clone();
    let mut number = 2;
    // Some file systems take names for one that differ in case alone.
    while !taken.insert(free.to_lowercase()) {
        free = format!("{stem}-{number}");
        number += 1;
    }
    free
}

#[cfg(test)]
mod tests;
