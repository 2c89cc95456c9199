//! What was needed after a cut-off, added up.

use std::collections::BTreeMap;

use remit_catalog::AccessLevel;
use remit_policy::Days;

use super::replay::{Cause, Window};
use super::{Cut, Policy, Realm};
use crate::deploys::{Deployed, Deploying};
use crate::learn::Stratum;

/// One permission that was needed in the days after a cut-off.
pub(super) struct Need<'a> {
    /// Its name.
    pub(super) permission: String,
    pub(super) level: AccessLevel,
    /// The days on which it was needed.
    pub(super) needed: Days,
    /// Those of them on which it was not there.
    pub(super) unmet: Days,
    /// Why, where it was not.
    pub(super) cause: Cause,
    /// Whether what was missed first, the permission or the resource, had never been used before the cut-off.
    pub(super) is_new: bool,
    /// A resource, where that is why.
    pub(super) resource: Option<&'a str>,
    /// The rule that alone keeps it.
    pub(super) saved: Option<&'static str>,
}

impl Window {
    /// Where nothing was needed.
    pub(super) fn quiet(
        identity: &str,
        of: (Realm, Stratum, Deploying),
        policy: Policy,
        horizon: i64,
    ) -> Self {
        let (realm, stratum, deploying) = of;
        Self {
            identity: identity.to_owned(),
            realm,
            stratum,
            policy,
            horizon,
            deploying,
            is_idle: false,
            broken_after: None,
            broken_write: false,
            causes: BTreeMap::new(),
            missed: Vec::new(),
            saved: BTreeMap::new(),
            needed: 0,
            met: 0,
            calls: 0,
            calls_met: 0,
            granted: 0,
            kept: 0,
            reached: 0.0,
        }
    }

    /// Adds a need.
    pub(super) fn need(&mut self, cut: Cut, deployed: &Deployed, need: Need<'_>) {
        if let Some(rule) = need.saved {
            *self.saved.entry(rule).or_default() += 1;
        }
        self.needed += 1;
        self.calls += u64::from(need.needed.len());
        self.calls_met += u64::from(need.needed.len() - need.unmet.len());
        let Some(first) = need.unmet.first() else {
            self.met += 1;
            return;
        };
        let cause =
            if need.is_new && deployed.follows(cut.day, first) { Cause::AfterDeploy } else { need.cause };
        *self.causes.entry(cause).or_default() += 1;
        self.missed.push((need.permission, need.resource.map(str::to_owned)));
        let after = first - cut.day;
        self.broken_after = Some(self.broken_after.map_or(after, |earlier| earlier.min(after)));
        self.broken_write |= matches!(
            need.level,
            AccessLevel::Write | AccessLevel::Tagging | AccessLevel::PermissionsManagement
        );
    }
}
