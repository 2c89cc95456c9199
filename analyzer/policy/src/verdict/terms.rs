//! On what terms statements grant an action: what matters of it besides the action itself.

use super::granted::{GrantRef, unsupported};
use crate::coverage::Reason;
use crate::grant::{Account, Principal};
use crate::part::{Clause, Part};
use crate::{Glob, Matcher};

/// The terms on which some statements grant the same action. Most actions share theirs with many others.
pub(super) struct Terms {
    /// The resource patterns on which it is granted; none where some statement does not list them.
    pub(super) scopes: Option<Vec<Glob>>,
    /// Why it cannot be judged, wherever its calls are recorded.
    pub(super) reason: Option<Reason>,
}

impl Terms {
    /// The terms of these statements, for a window that starts then.
    pub(super) fn of(account: &Account, principal: &Principal, start: i64, statements: &[GrantRef]) -> Self {
        let age = Age { account, principal, start };
        let clauses = || statements.iter().filter_map(|at| account.clause(*at));
        let younger = age.adds(statements).then_some(Reason::GrantYounger);
        let reason = younger.or_else(|| clauses().find_map(unsupported).map(Reason::Unsupported));
        Self {
            scopes: clauses().map(scope).collect::<Option<Vec<_>>>().map(|scopes| scopes.concat()),
            reason,
        }
    }
}

fn scope(clause: Clause<'_>) -> Option<Vec<Glob>> {
    match &clause.statement.resources {
        Some(Matcher { negated: false, patterns, .. }) => {
            Some(patterns.iter().map(|pattern| clause.glob(pattern)).collect())
        }
        _ => None,
    }
}

/// Whether what is granted was granted during the whole window.
struct Age<'a> {
    account: &'a Account,
    principal: &'a Principal,
    /// Start of the window.
    start: i64,
}

impl Age<'_> {
    /// Whether one of the statements is younger than the window's start, and allows something that the older ones do
    /// not: there was no time to use that.
    fn adds(&self, statements: &[GrantRef]) -> bool {
        let parts = |is_young: bool| -> Vec<Part<'_>> {
            let chosen = statements.iter().filter(|at| self.is_young(**at) == is_young);
            chosen.filter_map(|at| self.account.clause(*at)).flat_map(Clause::parts).collect()
        };
        let old = parts(false);
        parts(true).iter().any(|part| !part.is_covered_by(&old, None))
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
