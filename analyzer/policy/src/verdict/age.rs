//! Whether what is granted was granted during the whole window.

use std::collections::BTreeMap;

use super::granted::GrantRef;
use crate::coverage::Reason;
use crate::grant::{Account, Principal};
use crate::part::{Clause, Part};

/// The age of a principal's grants, which many actions have in common.
pub(super) struct Ages<'a> {
    account: &'a Account,
    principal: &'a Principal,
    /// Start of the window.
    start: i64,
    known: BTreeMap<Vec<GrantRef>, bool>,
}

impl<'a> Ages<'a> {
    pub(super) fn new(account: &'a Account, principal: &'a Principal, start: i64) -> Self {
        Self { account, principal, start, known: BTreeMap::new() }
    }

    /// Set when one of the statements that grant an action is younger than the window's start, and allows something
    /// that the older ones do not: there was no time to use that.
    pub(super) fn younger(&mut self, statements: Vec<GrantRef>) -> Option<Reason> {
        if !statements.iter().any(|at| self.is_young(*at)) {
            return None;
        }
        let is_younger = match self.known.get(&statements) {
            Some(known) => *known,
            None => self.adds(&statements),
        };
        self.known.insert(statements, is_younger);
        is_younger.then_some(Reason::GrantYounger)
    }

    fn adds(&self, statements: &[GrantRef]) -> bool {
        let parts = |is_young: bool| -> Vec<Part<'_>> {
            let chosen = statements.iter().filter(|at| self.is_young(**at) == is_young);
            chosen.filter_map(|at| self.account.clause(*at)).flat_map(Clause::parts).collect()
        };
        let old = parts(false);
        parts(true).iter().any(|part| !part.is_covered_by(&old))
    }

    /// A grant is no older than its principal, its group and the version of its policy. When a policy was attached is
    /// not in the account details.
    fn is_young(&self, at: GrantRef) -> bool {
        let own = self.principal.attachments.iter().filter(|attachment| attachment.policy == at.policy);
        let attached = own.map(|attachment| attachment.since).min().flatten();
        let version = self.account.policies.get(at.policy).and_then(|policy| policy.since);
        version.max(attached).max(self.principal.created).is_some_and(|since| since > self.start)
    }
}
