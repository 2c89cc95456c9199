//! What users of a cluster were seen to need, added up user after user, so that the calls of one can go before those of the
//! next are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use remit_policy::rbac::{AuditPolicy, Call, Usage};

use super::calls::{Groups, of_user};
use super::{ClusterInput, ClusterRecords, coverage, records_of};
use crate::rollup::PrincipalCalls;
use crate::visible::WindowSettings;

/// What the users of one cluster were seen to need.
pub(crate) struct ClusterUsage<'a> {
    cluster: Option<&'a str>,
    policy: Option<&'a AuditPolicy>,
    /// What the ledger holds of its log.
    pub(super) records: ClusterRecords,
    /// When calls begin to count.
    pub(super) since: i64,
    /// Who is asked for alone.
    pub(super) only: Option<&'a str>,
    groups: Groups,
    /// By user.
    pub(super) usage: BTreeMap<String, Arc<Usage>>,
    /// What the calls of who is asked for add up to in reverse order, where that is something else: the bytes of a proposal must
    /// be the same of it.
    pub(super) reversed: BTreeMap<String, Usage>,
    /// Calls whose request cannot be told, by user.
    pub(super) unnamed: BTreeMap<String, u64>,
    /// All calls by user, in all of the time that was asked for, where they are wanted to replay the past.
    pub(crate) past: Option<BTreeMap<String, Vec<Call>>>,
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
            records,
            only,
            groups: Groups::default(),
            usage: BTreeMap::new(),
            reversed: BTreeMap::new(),
            unnamed: BTreeMap::new(),
            past: None,
            shows_bodies: true,
        }
    }

    /// The same, and keeps all calls where that is wanted.
    pub(crate) fn keeping(mut self, is_wanted: bool) -> Self {
        self.past = is_wanted.then(BTreeMap::new);
        self
    }

    /// Adds all calls of a user.
    pub(crate) fn add(&mut self, user: &str, made: &PrincipalCalls) {
        let (calls, unnamed) = of_user(self.cluster, &made.calls, &mut self.groups);
        if unnamed > 0 {
            self.unnamed.insert(user.to_owned(), unnamed);
        }
        if calls.is_empty() {
            return;
        }
        // The window ends where the audit log does, and what was seen on the wire since is use all the same.
        let counted = || calls.iter().filter(|call| call.seen.last >= self.since);
        if let Some(policy) = self.policy {
            self.shows_bodies &= coverage::shows_bodies(policy, user, counted());
        }
        let usage = Usage::gather(counted());
        if self.only.is_none_or(|only| only == user) {
            let reversed = Usage::gather(counted().rev());
            if reversed != usage {
                self.reversed.insert(user.to_owned(), reversed);
            }
        }
        self.usage.insert(user.to_owned(), Arc::new(usage));
        if let Some(past) = &mut self.past {
            past.insert(user.to_owned(), calls);
        }
    }
}
