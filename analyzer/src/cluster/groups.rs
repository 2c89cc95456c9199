//! Groups that bindings name: what whoever is in them did, and who comes by them to more than roles give.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use remit_ledger::Provider;
use remit_policy::rbac::{Coverage, Granted, Member, Members, Privilege, State, Usage, User, privileges};
use remit_policy::{Call, Window};

use super::{Observed, request_call};
use crate::ledgers::Ledger;
use crate::rollup::{Filter, by_principal};

/// What a subject has to itself that no binding names: by its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ByGroups {
    /// Groups of it that bindings name.
    pub(crate) groups: Vec<String>,
    /// The ways to more than roles give that it went.
    pub(crate) taken: Vec<Privilege>,
}

/// What a user that no binding names has by its groups. The ways to more that it did not go are those of its groups.
pub(crate) fn by_groups(state: &'static State, name: &str, usage: &Usage) -> ByGroups {
    let granted = Granted::of(state, &usage.user(name));
    let mut taken = privileges(&granted, usage);
    taken.retain(|privilege| privilege.used.is_some());
    ByGroups { groups: granted.groups().into_iter().map(str::to_owned).collect(), taken }
}

/// What was seen of whoever is in each of these groups. Those of the system that the server's own bindings name alone are left out.
pub(super) fn observed(
    state: &'static State,
    groups: &[User],
    usage: &BTreeMap<String, Arc<Usage>>,
    unnamed: &BTreeMap<String, u64>,
    coverage: &Coverage,
) -> Vec<Observed> {
    let users: Vec<Member<'_>> = usage.iter().map(|(name, usage)| Member::of(name, usage)).collect();
    let members = Members::of(&users);
    // Whoever made calls of which it is not known what they asked for may have been in any.
    let lost: u64 = unnamed.values().sum();
    let one = |group: &User| {
        let granted = Granted::of(state, group);
        let name = group.as_group()?;
        if granted.own.is_empty() && granted.unknown.is_empty() && name.starts_with("system:") {
            return None;
        }
        let users = members.in_group(name);
        let usage = Usage::of_group(name, users.iter().copied());
        let reversed = Usage::of_group(name, users.into_iter().rev());
        Some(Observed {
            coverage: Coverage { lost: coverage.lost.saturating_add(lost), ..coverage.clone() },
            reversed: (reversed != usage).then_some(reversed),
            usage: Arc::new(usage),
            granted: Arc::new(granted),
        })
    };
    groups.par_iter().filter_map(one).collect()
}

/// Calls of a window that were made by who was in a group.
pub(crate) fn calls_of_group(ledger: &Ledger, group: &str, window: Window) -> anyhow::Result<Vec<Call>> {
    let provider = Provider::Kubernetes;
    let filter = Filter { window: Some(window), provider: Some(provider), ..Filter::default() };
    let mut calls = Vec::new();
    for (name, made) in by_principal(&mut ledger.roll_up(&filter)?, provider) {
        let user = User::named(&name, []);
        let is_of_group = |call: &Call| request_call(call).is_some_and(|call| call.is_of_group(&user, group));
        calls.extend(made.calls.into_iter().filter(is_of_group));
    }
    Ok(calls)
}
