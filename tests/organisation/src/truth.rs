//! What the principals truly need, known because the generator made it so.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// The truth behind an organisation's log.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Truth {
    /// The account.
    pub account: String,
    /// First second of the log.
    pub start: String,
    /// The second after its last.
    pub end: String,
    /// What the log holds.
    pub log: LogTruth,
    /// Roles and users, in the order of the profile.
    pub principals: Vec<PrincipalTruth>,
}

/// What the log holds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LogTruth {
    /// Different events that are API calls.
    pub calls: u64,
    /// Of these, calls with an error code.
    pub errors: u64,
    /// Of the calls, those that were refused.
    pub denied: u64,
    /// Of the calls, those that a service made on a principal's behalf.
    pub via: u64,
    /// Of the calls, data events.
    pub data: u64,
    /// Events that services report of themselves.
    pub service_events: u64,
    /// Console sign-ins.
    pub sign_ins: u64,
    /// Events delivered a second time.
    pub duplicates: u64,
    /// Files with events.
    pub files: u64,
}

/// One principal.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PrincipalTruth {
    /// ARN of the role or user.
    pub arn: String,
    /// `role` or `user`.
    pub kind: String,
    /// What it is.
    pub character: String,
    /// Day of creation.
    pub created: String,
    /// Logged calls that succeeded.
    pub allowed: u64,
    /// Logged calls that failed for another reason than authorisation.
    pub failed: u64,
    /// Logged calls that were refused.
    pub denied: u64,
    /// Calls that the trail does not log.
    pub unlogged: u64,
    /// When it last called anything, logged or not.
    pub last_used: Option<String>,
    /// Region of that call.
    pub last_region: Option<String>,
    /// What it needs, by action and visibility.
    pub needs: Vec<NeedTruth>,
    /// What it was refused.
    pub refused: Vec<RefusedTruth>,
}

/// Why the log shows a need, or why it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The call is a management event.
    Management,
    /// The call is a data event that the trail logs.
    Data,
    /// The call is a data event that the trail does not log.
    DataOff,
    /// The service never logs the call.
    Never,
    /// The job does not run within the log.
    BeyondWindow,
}

/// One action that a principal needs, as far as one kind of visibility goes.
#[derive(Clone, Debug, Serialize)]
pub struct NeedTruth {
    /// The action.
    pub action: String,
    /// Why the log shows it or not.
    pub visibility: Visibility,
    /// Whether another action is the call's own and this one is checked along with it, as `iam:PassRole` is.
    pub dependent: bool,
    /// Resources; `*` stands for what changes from call to call.
    pub resources: BTreeSet<String>,
    /// When.
    pub rhythms: BTreeSet<String>,
    /// Services that call on the principal's behalf; empty text for its own calls.
    pub via: BTreeSet<String>,
    /// Regions.
    pub regions: BTreeSet<String>,
    /// Calls that needed it, not counting refused ones.
    pub calls: u64,
}

/// One action that a principal was refused.
#[derive(Clone, Debug, Serialize)]
pub struct RefusedTruth {
    /// The action.
    pub action: String,
    /// Resources.
    pub resources: BTreeSet<String>,
    /// How often.
    pub calls: u64,
}

/// The truth of one principal under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) allowed: u64,
    pub(crate) failed: u64,
    pub(crate) denied: u64,
    pub(crate) unlogged: u64,
    pub(crate) last: Option<(i64, String)>,
    pub(crate) needs: BTreeMap<(String, Visibility), NeedTruth>,
    pub(crate) refused: BTreeMap<String, RefusedTruth>,
}

/// What one call adds to a tally.
pub(crate) struct Entry<'a> {
    pub(crate) action: &'a str,
    pub(crate) resource: String,
    pub(crate) dependent: bool,
    pub(crate) visibility: Visibility,
    pub(crate) rhythm: &'a str,
    pub(crate) via: &'a str,
    pub(crate) region: &'a str,
    pub(crate) calls: u64,
}

impl Tally {
    pub(crate) fn need(&mut self, entry: Entry<'_>) {
        let key = (entry.action.to_owned(), entry.visibility);
        let need = self.needs.entry(key).or_insert_with(|| NeedTruth {
            action: entry.action.to_owned(),
            visibility: entry.visibility,
            dependent: entry.dependent,
            resources: BTreeSet::new(),
            rhythms: BTreeSet::new(),
            via: BTreeSet::new(),
            regions: BTreeSet::new(),
            calls: 0,
        });
        need.dependent &= entry.dependent;
        need.resources.insert(entry.resource);
        need.rhythms.insert(entry.rhythm.to_owned());
        need.via.insert(entry.via.to_owned());
        need.regions.insert(entry.region.to_owned());
        need.calls += entry.calls;
    }

    pub(crate) fn refuse(&mut self, action: &str, resource: String) {
        let refused = self.refused.entry(action.to_owned()).or_insert_with(|| RefusedTruth {
            action: action.to_owned(),
            resources: BTreeSet::new(),
            calls: 0,
        });
        refused.resources.insert(resource);
        refused.calls += 1;
    }

    pub(crate) fn used(&mut self, moment: i64, region: &str) {
        if self.last.as_ref().is_none_or(|(last, _)| *last < moment) {
            self.last = Some((moment, region.to_owned()));
        }
    }
}
