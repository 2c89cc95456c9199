//! What a history's identities truly needed, and on which days.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::workload::NEVER;
use super::world::World;
use crate::moment;

/// What kind of thing is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Note {
    /// A legitimate call needed it.
    Need,
    /// A call was refused it.
    Denied,
    /// A stranger asked for it.
    Intruder {
        /// Whether with success.
        allowed: bool,
    },
}

/// What is noted, apart from the days.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key<'w> {
    /// Index of the identity.
    pub(super) member: usize,
    /// What kind.
    pub(super) note: Note,
    /// The permission.
    pub(super) permission: Cow<'w, str>,
    /// The resource.
    pub(super) resource: String,
    /// Why the call was made.
    pub(super) cause: &'w str,
    /// Whether a change of the workload brought the call.
    pub(super) changed: bool,
    /// Whether that change came with a deploy that the log shows.
    pub(super) after_deploy: bool,
    /// Whether the call changes anything.
    pub(super) write: bool,
}

/// All notes: for each key its days, sorted, and whether a log shows them.
pub(super) type Notes<'w> = BTreeMap<Key<'w>, Vec<(u32, bool)>>;

/// The truth of a history, as `truth.json` has it.
#[derive(Debug, Serialize)]
pub struct HistoryTruth {
    /// Version of this format.
    pub version: u32,
    /// The seed.
    pub seed: u64,
    /// The drift that was asked for.
    pub drift: u32,
    /// Whether names and tags of roles were dealt out again.
    pub shuffled_siblings: bool,
    /// First day of the history, `YYYY-MM-DD`: day 0 of all day numbers.
    pub first_day: String,
    /// Days of the history.
    pub days: u32,
    /// The account.
    pub account: String,
    /// The identities.
    pub identities: Vec<IdentityTruth>,
    /// Deploys that a log shows, sorted by day.
    pub deploys: Vec<DeployTruth>,
    /// Gaps of the logs.
    pub gaps: Vec<GapTruth>,
    /// Calls of strangers.
    pub intruder: Vec<IntruderTruth>,
    /// What identities were refused.
    pub denied: Vec<DeniedTruth>,
}

/// One identity.
#[derive(Debug, Serialize)]
pub struct IdentityTruth {
    /// ARN of the role or user, or user name of the ServiceAccount.
    pub arn: String,
    /// `workload`, `ci`, `human` or `agent`.
    pub stratum: String,
    /// What kind of work it does.
    pub archetype: String,
    /// The module that its tag names.
    pub module: String,
    /// The module that it is made from: another one where siblings are shuffled.
    pub made_from: String,
    /// Whether a log shows deploys of it.
    pub has_deploys: bool,
    /// Day of creation; negative before the history.
    pub created_day: i64,
    /// Day from which it does nothing more, where there is one.
    pub retired_day: Option<u32>,
    /// Session names of its workloads: more than one for a shared role.
    pub sessions: Vec<String>,
    /// What it needed.
    pub needs: Vec<HistoryNeed>,
}

/// One permission on one resource for one cause.
#[derive(Debug, Serialize)]
pub struct HistoryNeed {
    /// IAM action, or `verb group/resource in namespace`.
    pub permission: String,
    /// ARN, name of the object, or `*`.
    pub resource: String,
    /// Whether it changes anything.
    pub write: bool,
    /// Days on which a call needed it: ranges of first and last day.
    pub days: Vec<(u32, u32)>,
    /// Those of them that a log shows; left out where it shows all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<Vec<(u32, u32)>>,
    /// `steady`, `office`, `mix`, `occasional`, `oncall`, `rare`, `destroy`, `deploy` or `cron:` with a number of days.
    pub cause: String,
    /// Whether a deploy brought it: a call that the workload did not make before, or a resource that it did not use.
    pub first_after_deploy: bool,
    /// The same, also for changes that no deploy announces, such as new duties of people.
    pub by_drift: bool,
}

/// A deploy.
#[derive(Debug, Serialize)]
pub struct DeployTruth {
    /// Whose.
    pub arn: String,
    /// The day.
    pub day: u32,
    /// `ecs`, `lambda`, `terraform` or `rollout`.
    pub kind: String,
}

/// A gap of a log.
#[derive(Debug, Serialize)]
pub struct GapTruth {
    /// `cloudtrail` or `kubernetes`.
    pub log: String,
    /// First second, in RFC 3339.
    pub from: String,
    /// The second after the last.
    pub to: String,
}

/// What a stranger asked for with somebody's credentials.
#[derive(Debug, Serialize)]
pub struct IntruderTruth {
    /// Whose credentials.
    pub arn: String,
    /// The permission.
    pub permission: String,
    /// The resource.
    pub resource: String,
    /// The day.
    pub day: u32,
    /// Whether with success.
    pub allowed: bool,
    /// Whether the log shows it.
    pub observed: bool,
}

/// What an identity was refused.
#[derive(Debug, Serialize)]
pub struct DeniedTruth {
    /// Who.
    pub arn: String,
    /// The permission.
    pub permission: String,
    /// The resource.
    pub resource: String,
    /// The days: ranges of first and last day.
    pub days: Vec<(u32, u32)>,
}

impl HistoryTruth {
    /// Puts the truth together.
    pub(super) fn new(world: &World, notes: &Notes<'_>) -> Self {
        let calendar = world.calendar;
        let mut needs: BTreeMap<usize, Vec<HistoryNeed>> = BTreeMap::new();
        let (mut intruder, mut denied) = (Vec::new(), Vec::new());
        for (key, days) in notes {
            let (permission, resource) = (key.permission.clone().into_owned(), key.resource.clone());
            let arn =
                || world.members.get(key.member).map(|member| member.arn().to_owned()).unwrap_or_default();
            match key.note {
                Note::Need => needs.entry(key.member).or_default().push(HistoryNeed {
                    permission,
                    resource,
                    write: key.write,
                    days: ranges(days.iter().map(|(day, _)| *day)),
                    observed: days
                        .iter()
                        .any(|(_, observed)| !observed)
                        .then(|| ranges(days.iter().filter(|(_, seen)| *seen).map(|(day, _)| *day))),
                    cause: key.cause.to_owned(),
                    first_after_deploy: key.after_deploy,
                    by_drift: key.changed,
                }),
                Note::Denied => denied.push(DeniedTruth {
                    arn: arn(),
                    permission,
                    resource,
                    days: ranges(days.iter().map(|(day, _)| *day)),
                }),
                Note::Intruder { allowed } => {
                    intruder.extend(days.iter().map(|(day, observed)| IntruderTruth {
                        arn: arn(),
                        permission: permission.clone(),
                        resource: resource.clone(),
                        day: *day,
                        allowed,
                        observed: *observed,
                    }));
                }
            }
        }
        let identities = world.members.iter().enumerate().map(|(index, member)| IdentityTruth {
            arn: member.arn().to_owned(),
            stratum: member.stratum.clone(),
            archetype: member.archetype.clone(),
            module: member.module.clone(),
            made_from: member.made_from.clone(),
            has_deploys: member.workloads.iter().any(|workload| !workload.deploys.is_empty()),
            created_day: member.created,
            retired_day: (member.until != NEVER).then_some(member.until),
            sessions: member.workloads.iter().map(|workload| workload.seat.clone()).collect(),
            needs: needs.remove(&index).unwrap_or_default(),
        });
        let text = |time: i64| moment::format(time, "%Y-%m-%dT%H:%M:%SZ");
        let gaps = world.gaps.iter().map(|gap| GapTruth {
            log: if gap.in_cluster { "kubernetes" } else { "cloudtrail" }.to_owned(),
            from: text(gap.from),
            to: text(gap.to),
        });
        Self {
            version: 1,
            seed: world.history.seed,
            drift: world.history.drift,
            shuffled_siblings: world.history.shuffle_siblings,
            first_day: moment::format(calendar.start, "%Y-%m-%d"),
            days: calendar.days,
            account: super::ACCOUNT.to_owned(),
            identities: identities.collect(),
            deploys: deploys(world),
            gaps: gaps.collect(),
            intruder,
            denied,
        }
    }
}

fn deploys(world: &World) -> Vec<DeployTruth> {
    let mut deploys = Vec::new();
    for member in &world.members {
        for workload in &member.workloads {
            let alive = workload.deploys.iter().filter(|day| member.is_alive(**day));
            deploys.extend(alive.map(|day| DeployTruth {
                arn: member.arn().to_owned(),
                day: *day,
                kind: workload.delivery.clone(),
            }));
        }
    }
    deploys.sort_by(|left, right| (left.day, &left.arn).cmp(&(right.day, &right.arn)));
    deploys
}

/// Sorted days as ranges of first and last day.
fn ranges(days: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for day in days {
        match ranges.last_mut() {
            Some((_, last)) if day <= last.saturating_add(1) => *last = day.max(*last),
            _ => ranges.push((day, day)),
        }
    }
    ranges
}
