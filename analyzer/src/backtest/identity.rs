//! An identity as it is replayed.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{ActionId, Catalog};
use remit_policy::{Account, Call, Days, Granted, Principal, Usage, Verdict};

use super::Cut;
use crate::analysis::{Analysed, Analysis};
use crate::deploys::Deployed;
use crate::learn::{Stratum, stratum_of};
use crate::rollup::PrincipalCalls;
use crate::suspects::Burst;

/// An identity as it is replayed: what it may do today, and all that it was seen to do.
pub(crate) struct Identity<'a> {
    /// It.
    pub(super) principal: &'a Principal,
    /// What sort it is of.
    pub(crate) stratum: Stratum,
    /// What it is granted today.
    pub(crate) granted: &'a Granted,
    /// What cannot be judged of that, which stays in whatever is proposed.
    pub(crate) unobservable: BTreeSet<ActionId>,
    /// What cannot be narrowed to resources.
    pub(crate) partly_hidden: BTreeSet<ActionId>,
    /// Its calls, with their days.
    pub(crate) calls: Vec<&'a Call>,
    /// What they needed.
    pub(crate) usage: Usage,
    /// What a stranger alone may have used.
    pub(super) suspect: &'a BTreeMap<ActionId, Burst>,
    /// When what runs as it was changed.
    pub(super) deployed: &'a Deployed,
    /// The first day on which it could call.
    pub(crate) first: i64,
}

impl<'a> Identity<'a> {
    /// Those of an analysis that have grants. Who never called is one of them: something is proposed for it too.
    pub(crate) fn all(
        catalog: &Catalog,
        analysis: &'a Analysis,
        calls: &'a BTreeMap<String, PrincipalCalls>,
    ) -> Vec<Self> {
        let of = |one: &'a Analysed| {
            let calls = calls.get(&one.principal.arn).map(|of| of.calls.as_slice()).unwrap_or_default();
            Self::of(catalog, &analysis.account, one, calls)
        };
        analysis.principals.iter().map(of).collect()
    }

    /// A principal that was analysed, with its calls of all times.
    fn of(catalog: &Catalog, account: &Account, analysed: &'a Analysed, calls: &'a [Call]) -> Self {
        let calls: Vec<&Call> = calls.iter().filter(|call| !call.seen.days.is_empty()).collect();
        let usage = without(Usage::gather(catalog, calls.iter().copied()), &analysed.suspect);
        let seen = calls.iter().filter_map(|call| call.seen.days.first()).min();
        let created = analysed.principal.created.map(Days::day_of);
        let unobservable = analysed.judgement.verdicts.iter();
        let unobservable = unobservable.filter(|(_, verdict)| matches!(verdict, Verdict::Unobservable(_)));
        Self {
            principal: &analysed.principal,
            stratum: stratum_of(account, &analysed.principal),
            granted: &analysed.judgement.granted,
            // What is used today and partly hidden would have stayed before it was seen.
            unobservable: unobservable
                .map(|(id, _)| *id)
                .chain(analysed.judgement.partly_hidden.keys().copied())
                .collect(),
            partly_hidden: analysed.judgement.partly_hidden.keys().copied().collect(),
            // Of who never called, and of whom nobody knows how old it is, no day is known on which it was there.
            first: created.into_iter().chain(seen).min().unwrap_or(i64::MAX),
            calls,
            usage,
            suspect: &analysed.suspect,
            deployed: &analysed.deployed,
        }
    }

    /// What it was known to do by a cut-off.
    pub(super) fn before(&self, catalog: &Catalog, cut: Cut) -> Usage {
        let calls: Vec<Call> =
            self.calls.iter().filter_map(|call| call.between(cut.since, cut.day)).collect();
        without(Usage::gather(catalog, &calls), self.suspect)
    }

    /// Whether something would have been proposed for it: it had been there for as long as has to be learned from.
    pub(super) fn is_eligible(&self, cut: Cut) -> bool {
        cut.day.saturating_sub(self.first) >= cut.train.least.min(90)
    }
}

/// Use without what strangers may have used: nobody needs that.
fn without(mut usage: Usage, suspect: &BTreeMap<ActionId, Burst>) -> Usage {
    usage.actions.retain(|id, _| !suspect.contains_key(id));
    usage
}
