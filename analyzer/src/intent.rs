//! What a principal is there for, as far as the ledger shows: what it does, to what, when, for whom, and what is not known of
//! that.

mod account;
mod caller;
mod deed;
mod demand;
mod deploying;
mod hours;
mod name;
mod news;
mod pace;
mod place;
mod sentence;
mod starter;
mod subject;
mod text;
mod unknown;
mod verb;
mod words;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use self::account::of_account;
pub(crate) use self::caller::{CallerKind, CallerName, Callers};
pub(crate) use self::demand::{Demand, Granting, binding, demand_of};
pub(crate) use self::hours::Hours;
pub(crate) use self::pace::Calendar;
pub(crate) use self::starter::{Starter, StarterKind, Starters, add as add_starter};
pub(crate) use self::subject::of_subject;
pub(crate) use self::text::write;
pub(crate) use self::words::listed;
use crate::deploys::Marker;
use crate::learn::Rhythm;
use crate::ledgers::Ledger;
use crate::sightings::Asked;

/// What a principal is there for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Intent {
    /// The principal, as the ledger names it.
    pub(crate) principal: String,
    /// Its kind.
    pub(crate) kind: String,
    /// What it does, in one sentence.
    pub(crate) sentence: String,
    /// The window that verdicts speak of.
    pub(crate) window: String,
    /// How many calls were allowed at least.
    pub(crate) calls: u64,
    /// When it calls.
    pub(crate) rhythm: RhythmLine,
    /// What it uses, most calls first.
    pub(crate) permissions: Vec<PermissionLine>,
    /// What makes its calls, most first.
    pub(crate) callers: Vec<CallerLine>,
    /// Who begins its sessions, most first.
    pub(crate) begun_by: Vec<StarterLine>,
    /// What stays since something else is used.
    pub(crate) stays: Vec<StaysLine>,
    /// Identities of its kind.
    pub(crate) peers: Vec<String>,
    /// When what runs as it was changed.
    pub(crate) deploys: DeploysLine,
    /// What was seen for the first time of late.
    pub(crate) news: News,
    /// What cannot be told, by reason.
    pub(crate) unknown: Vec<UnknownLine>,
    /// What else is to be known before relying on this.
    pub(crate) notes: Vec<String>,
    /// How its use falls in windows for which alone it could be granted.
    pub(crate) on_demand: Option<Demand>,
}

/// When calls are made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RhythmLine {
    /// In words.
    pub(crate) words: String,
    /// By days.
    pub(crate) days: Rhythm,
    /// Whether they come only after deploys.
    pub(crate) is_on_deploy: bool,
    /// How often it was seen.
    pub(crate) cycles: usize,
    /// On how many days there were calls.
    pub(crate) active_days: u32,
    /// On how many days each hour of the day had calls, by UTC.
    pub(crate) hours: [u32; 24],
}

/// When what runs as a principal was changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DeploysLine {
    /// In words.
    pub(crate) words: String,
    /// Whether there would be a marker of each deploy.
    pub(crate) is_shown: bool,
    /// On how many days there were any.
    pub(crate) days: usize,
    /// The last of them, with its day.
    pub(crate) last: Option<LastDeploy>,
    /// What was seen for the first time since the last of them.
    pub(crate) news: Option<News>,
}

/// A deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LastDeploy {
    /// Its day.
    pub(crate) day: String,
    /// What it was.
    #[serde(flatten)]
    pub(crate) marker: Marker,
}

/// A permission that is used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PermissionLine {
    /// Its name.
    pub(crate) permission: String,
    /// How many calls needed it at least.
    pub(crate) calls: u64,
    /// When, in words.
    pub(crate) rhythm: String,
    /// When last.
    pub(crate) last_seen: String,
    /// On what.
    pub(crate) resources: Vec<ResourceLine>,
    /// Resources of which this says something.
    pub(crate) seen_resources: usize,
}

/// Resources on which something is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ResourceLine {
    /// A pattern, or one resource.
    pub(crate) pattern: String,
    /// The rule that opened a position of it, if any did.
    pub(crate) rule: Option<String>,
}

/// What makes calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CallerLine {
    /// In words.
    pub(crate) caller: String,
    /// What sort of thing.
    pub(crate) kind: CallerKind,
    /// How many calls at least.
    pub(crate) calls: u64,
    /// When, in words.
    pub(crate) rhythm: String,
    /// The first call.
    pub(crate) first_seen: String,
    /// The last.
    pub(crate) last_seen: String,
}

/// Who begins sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct StarterLine {
    /// In words.
    pub(crate) who: String,
    /// What sort.
    pub(crate) kind: StarterKind,
    /// How many sessions.
    pub(crate) sessions: u64,
    /// The last.
    pub(crate) last_seen: String,
}

/// A permission that stays though nothing was seen to need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct StaysLine {
    /// Its name.
    pub(crate) permission: String,
    /// Why.
    pub(crate) why: String,
}

/// What was seen for the first time of late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct News {
    /// Since when.
    pub(crate) since: String,
    /// Permissions.
    pub(crate) permissions: Vec<String>,
    /// Resources, or patterns of them, of permissions that are not new.
    pub(crate) resources: Vec<String>,
    /// Callers, and who begins sessions.
    pub(crate) callers: Vec<String>,
}

/// Permissions of which it cannot be told whether they are used, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct UnknownLine {
    /// The reason's short name.
    pub(crate) code: String,
    /// The reason in words.
    pub(crate) why: String,
    /// How many permissions.
    pub(crate) permissions: usize,
    /// Some of them.
    pub(crate) for_example: Vec<String>,
    /// What would show them.
    pub(crate) remedy: Option<String>,
}

/// What is listed of anything at most.
pub(crate) const LISTED: usize = 1_000;

/// When and for whom a principal called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observation {
    /// What makes its calls.
    pub(crate) callers: Callers,
    /// When.
    pub(crate) hours: Hours,
    /// When, by `service:operation` as the ledger names them.
    pub(crate) by_operation: BTreeMap<String, Hours>,
    /// Who begins its sessions.
    pub(crate) starters: Starters,
}

/// Operations that are told apart by their hours.
const OPERATIONS: usize = 5_000;

impl Observation {
    /// What the ledger shows of a principal, by any of its names.
    pub(crate) fn of(ledger: &Ledger, asked: &Asked, names: &[String]) -> anyhow::Result<Self> {
        let mut observation = Self::callers(ledger, asked, names)?;
        ledger.beginnings(asked, |beginning| {
            if beginning.roles.iter().any(|role| names.contains(role)) {
                add_starter(&mut observation.starters, &beginning);
            }
        })?;
        Ok(observation)
    }

    /// The same without who begins its sessions.
    pub(crate) fn callers(ledger: &Ledger, asked: &Asked, names: &[String]) -> anyhow::Result<Self> {
        let callers = Callers::with(ledger.sessions_on_wire(names)?);
        let mut observation = Self { callers, ..Self::default() };
        ledger.sightings(asked, names, |sighting| {
            observation.callers.add(&sighting);
            observation.hours.add(sighting.hour, &sighting.days);
            let operation = format!("{}:{}", sighting.service, sighting.operation);
            observation.by_operation.entry(operation).or_default().add(sighting.hour, &sighting.days);
            while observation.by_operation.len() > OPERATIONS {
                observation.by_operation.pop_last();
            }
        })?;
        Ok(observation)
    }
}
