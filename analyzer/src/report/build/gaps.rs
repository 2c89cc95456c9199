//! Why permissions are unobservable.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::Catalog;
use remit_policy::{Reason, Verdict};

use crate::analysis::Analysis;
use crate::cluster::{self, Cluster};
use crate::judged::{self, Judged};
use crate::report::model::Gap;

/// Examples listed per gap.
const EXAMPLES: usize = 5;

/// Permissions by reason.
#[derive(Default)]
pub(super) struct Gaps {
    by_reason: BTreeMap<Reason, (Vec<String>, usize, BTreeSet<String>)>,
}

impl Gaps {
    pub(super) fn add(&mut self, reason: &Reason, name: String, principal: &str) {
        let entry = self.by_reason.entry(reason.clone()).or_default();
        entry.1 += 1;
        if entry.0.len() < EXAMPLES && !entry.0.contains(&name) {
            entry.0.push(name);
        }
        if !entry.2.contains(principal) {
            entry.2.insert(principal.to_owned());
        }
    }

    pub(super) fn finish(self) -> Vec<Gap> {
        let mut gaps: Vec<_> = self
            .by_reason
            .into_iter()
            .map(|(reason, (examples, permissions, principals))| Gap {
                code: reason.code().to_owned(),
                text: reason.explain(),
                remedy: reason.remedy(),
                permissions,
                principals: principals.len(),
                examples,
            })
            .collect();
        gaps.sort_by(|a, b| {
            (std::cmp::Reverse(a.permissions), &a.text).cmp(&(std::cmp::Reverse(b.permissions), &b.text))
        });
        gaps
    }
}

impl<'a> FromIterator<(&'a str, Judged<'a>)> for Gaps {
    fn from_iter<T: IntoIterator<Item = (&'a str, Judged<'a>)>>(all: T) -> Self {
        let mut gaps = Self::default();
        for (principal, Judged { name, verdict, .. }) in all {
            if let Verdict::Unobservable(reason) = verdict {
                gaps.add(reason, name, principal);
            }
        }
        gaps
    }
}

/// Those of all principals.
pub(super) fn all(catalog: &Catalog, analysis: &Analysis, cluster: Option<&Cluster>) -> Vec<Gap> {
    let of_account = analysis.principals.iter().flat_map(|analysed| {
        let judged = judged::of_account(catalog, analysed);
        judged.map(|judged| (analysed.principal.arn.as_str(), judged))
    });
    let of_cluster = cluster
        .into_iter()
        .flat_map(Cluster::all)
        .flat_map(|subject| cluster::judged(subject).map(|judged| (subject.user.name.as_str(), judged)));
    of_account.chain(of_cluster).collect::<Gaps>().finish()
}
