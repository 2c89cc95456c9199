//! What users of a cluster were seen to need, added up user after user, so that the calls of one can go before those of the
//! next are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use remit_policy::rbac::{AuditPolicy, Usage};

use super::calls::{Groups, of_user};
use super::{ClusterInput, coverage, records_of};
use crate::rollup::PrincipalCalls;
use crate::visible::WindowSettings;

/// What one user was seen to need.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) usage: Arc<Usage>,
    /// What the calls add up to in reverse order, where that is something else: the bytes of a proposal must be the same of it.
    /// None as well where somebody else is asked for alone.
    pub(super) reversed: Option<Usage>,
}

/// What the users of one cluster were seen to need.
pub(crate) struct ClusterUsage<'a> {
    cluster: Option<&'a str>,
    policy: Option<&'a AuditPolicy>,
    /// When calls begin to count.
    pub(super) since: i64,
    /// Who is asked for alone.
    pub(super) only: Option<&'a str>,
    groups: Groups,
    pub(super) users: BTreeMap<String, Gathered>,
    /// Calls whose request cannot be told, by user.
    pub(super) unnamed: BTreeMap<String, u64>,
    /// Whether the log showed what each review asked that it showed.
    pub(super) shows_bodies: bool,
}

impl<'a> ClusterUsage<'a> {
    /// Of nobody so far.
    pub(crate) fn of(input: &ClusterInput<'a>, window: WindowSettings, only: Option<&'a str>) -> Self {
        let records = records_of(input.records, input.name, window);
        let start = records.window.map_or(0, |window| window.start);
        Self {
            cluster: input.name,
            policy: input.policy.map(|(_, policy)| policy),
            since: records.since(window).unwrap_or(start),
            only,
            groups: Groups::default(),
            users: BTreeMap::new(),
            unnamed: BTreeMap::new(),
            shows_bodies: true,
        }
    }

    /// Adds all calls of a user.
    pub(crate) fn add(&mut self, user: &str, made: &PrincipalCalls) {
        let (mut calls, unnamed) = of_user(self.cluster, &made.calls, &mut self.groups);
        if unnamed > 0 {
            self.unnamed.insert(user.to_owned(), unnamed);
        }
        if calls.is_empty() {
            return;
        }
        // The window ends where the audit log does, and what was seen on the wire since is use all the same.
        calls.retain(|call| call.seen.last >= self.since);
        if let Some(policy) = self.policy {
            self.shows_bodies &= coverage::shows_bodies(policy, user, &calls);
        }
        let usage = Usage::gather(&calls);
        let reversed = match self.only.is_none_or(|only| only == user) {
            true => Some(Usage::gather(calls.iter().rev())).filter(|reversed| *reversed != usage),
            false => None,
        };
        self.users.insert(user.to_owned(), Gathered { usage: Arc::new(usage), reversed });
    }
}
