//! What a person reads of a proposal before agreeing: what becomes of each permission and why, and what came of such
//! proposals in the past.

mod text;
mod written;

use std::collections::BTreeMap;

use remit_catalog::Catalog;
use remit_policy::{Days, EmittedFile, Generalise, Window, day};
use serde::{Serialize, Serializer};

use self::text::markdown;
pub(crate) use self::written::WrittenReview;
use crate::analysis::Analysed;
use crate::backtest::{FEWEST, Line, Past, Plan, Policy, Realm, Record, Share, Train};
use crate::cluster::{AnalysedSubject, Cluster};
use crate::deploys::{Deployed, Marker, SETTLING};
use crate::learn::{Disposed, Disposition, Stratum, Tier, dispositions, of_subject};
use crate::output::{counted, grouped, in_days, percent};
use crate::report::markdown::prose;

/// What came of such proposals in the past, by stratum.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Forecasts {
    /// How much stays of what is not used.
    pub(crate) tier: Tier,
    /// What sort a principal is of, by its name.
    pub(crate) strata: BTreeMap<String, (Realm, Stratum)>,
    /// What came of the tier's proposals.
    pub(crate) lines: BTreeMap<(Realm, Stratum), Line>,
    /// Of each principal, what came of those for itself, and the chance, from 0 to 1, that is foretold of the next.
    pub(crate) foretold: BTreeMap<String, (Record, f64)>,
    /// Who was never seen at work, of whom no replay speaks, and whether there were calls at all.
    pub(crate) unseen: BTreeMap<String, bool>,
}

/// By what proposals are made, so that they are replayed as they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// How much stays of what is not used.
    pub(crate) tier: Tier,
    /// How resources that were seen become patterns; none where the tier has its own way.
    pub(crate) generalise: Option<Generalise>,
    /// For how many days use counts.
    pub(crate) history: i64,
    /// For how many days after a deploy what is not used stays.
    pub(crate) settle: i64,
    /// After how many days without use what is watched goes; none where it stays.
    pub(crate) drop_watched: Option<i64>,
}

/// Days of history that a proposal is made from at least, where it is made from as many.
const LEAST: i64 = 90;

/// Days after a past date that are looked at, and from one such date to the next.
const HORIZON: i64 = 30;
const STEP: i64 = 30;

/// Version of the format of `review.json`.
const SCHEMA: &str = "remit.review/v1";

/// Days that tell how often something is deployed.
const QUIET: i64 = 90;

#[derive(Serialize)]
struct Review<'a> {
    schema: &'static str,
    principal: &'a str,
    tier: Tier,
    stratum: Option<Stratum>,
    /// What came of such proposals, in a sentence.
    says: String,
    /// What to wait for before it is agreed to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waits: Vec<String>,
    /// None where there is not enough history, and of who was never seen.
    replay: Option<&'a Line>,
    /// Of who was never seen, what came of proposals for others of the sort that had used nothing; none where there is not enough history.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<Share>,
    /// None where there is not enough history.
    foretold: Option<Foretold>,
    /// The last deploy, where one was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    deployed: Option<LastDeploy<'a>>,
    permissions: Vec<Group>,
}

/// What came of proposals for the principal itself.
#[derive(Serialize)]
struct Foretold {
    #[serde(flatten)]
    own: Record,
    /// The chance, from 0 to 1, that a permission is missed, from its own record, that of its sort and that of all.
    chance: f64,
}

/// The last deploy of what runs as a principal.
#[derive(Serialize)]
struct LastDeploy<'a> {
    day: String,
    #[serde(flatten)]
    marker: &'a Marker,
}

/// Permissions of which the same is said.
#[derive(Serialize)]
struct Group {
    disposition: Disposition,
    why: String,
    permissions: Vec<Named>,
}

/// A permission, and the service that it is of.
struct Named {
    permission: String,
    service: String,
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.permission)
    }
}

impl Forecasts {
    /// Replays the rules, from as much history as they would have had.
    pub(crate) fn replay(past: &Past<'_>, rules: Rules) -> Self {
        let Rules { tier, generalise, history, settle, drop_watched } = rules;
        let plan = Plan {
            train: vec![Train { longest: history, least: history.min(LEAST) }],
            horizons: vec![HORIZON],
            step: STEP,
            policies: vec![Policy::Tier(tier)],
            settle,
            generalise,
            drop_watched,
        };
        let (replayed, strata) = (past.replay(&plan), past.strata());
        let records = [Realm::Account, Realm::Cluster].map(|realm| (realm, replayed.outcomes.records(realm)));
        let records = BTreeMap::from(records);
        let unseen = past.unseen();
        let seen = strata.iter().filter(|(principal, _)| !unseen.contains_key(*principal));
        let foretold = seen.filter_map(|(principal, (realm, stratum))| {
            let records = records.get(realm)?;
            let chance = records.foretold(principal, *stratum)?;
            Some((principal.clone(), (records.own(principal), chance)))
        });
        let foretold = foretold.collect();
        let lines = replayed.lines.into_iter();
        let lines = lines.filter_map(|line| Some(((line.realm, line.stratum?), line))).collect();
        Self { tier, strata, lines, foretold, unseen }
    }

    /// What came of such proposals, where there is enough history to tell. Of who was never seen that is nothing: the figure is of those
    /// that were.
    fn of(&self, principal: &str) -> (Option<(Realm, Stratum)>, Option<&Line>) {
        let sort = self.strata.get(principal).copied();
        let line = sort.and_then(|sort| self.lines.get(&sort)).filter(|line| line.broken.is_telling());
        (sort, line.filter(|_| !self.unseen.contains_key(principal)))
    }

    /// What came of proposals for others of the sort that had used nothing, of who was never seen, where there is enough history to tell.
    fn of_idle(&self, principal: &str) -> Option<(Stratum, Share)> {
        let sort = self.strata.get(principal).filter(|_| self.unseen.contains_key(principal))?;
        let idle = self.lines.get(sort).map(|line| line.idle).filter(Share::is_telling);
        idle.map(|idle| (sort.1, idle))
    }

    /// The share that would have broken, in short.
    pub(crate) fn short(&self, principal: &str) -> String {
        match (self.unseen.get(principal), self.of(principal).1) {
            (Some(false), _) => "never seen".to_owned(),
            (Some(true), _) => "never seen at work".to_owned(),
            (None, Some(line)) => percent(line.broken.share),
            (None, None) => "not enough history".to_owned(),
        }
    }

    /// It in a sentence.
    fn sentence(&self, principal: &str) -> String {
        if let Some(has_called) = self.unseen.get(principal) {
            return self.of_unseen(principal, *has_called);
        }
        let (sort, line) = self.of(principal);
        let Some(((_, stratum), line)) = sort.zip(line) else {
            let windows = sort.and_then(|sort| self.lines.get(&sort)).map_or(0, |line| line.broken.of);
            return format!(
                "Not enough history to say what would have come of such proposals: {}, and {FEWEST} are needed.",
                counted(
                    windows,
                    "identity at a past date can be replayed",
                    "identities at past dates can be replayed"
                )
            );
        };
        let broken = line.broken;
        let own = self.foretold.get(principal).map(|(own, chance)| {
            let foretold = match percent(*chance) {
                // That nothing broke so far is not that nothing will.
                none if none == percent(0.0) => {
                    "less than 0.1 % of it, and rules out no more than the interval does".to_owned()
                }
                some => format!("{some} of it"),
            };
            format!(
                " This identity was among them at {} of {}; weighed together, that foretells {foretold}.",
                grouped(own.broken),
                counted(own.windows, "date", "dates"),
            )
        });
        format!(
            "When these rules were replayed at {} on {} of the same sort ({stratum}), {} would have missed a permission within \
             {} days ({}, 95 % interval {} to {}).{}",
            counted(line.cut_offs as u64, "past date", "past dates"),
            counted(broken.of, "identity at a date", "identities at dates"),
            grouped(broken.hits),
            line.horizon,
            percent(broken.share),
            percent(broken.low),
            percent(broken.high),
            own.unwrap_or_default(),
        )
    }

    /// What can be said of who was never seen at work.
    fn of_unseen(&self, principal: &str, has_called: bool) -> String {
        let own = if has_called {
            "None of its calls in the history is known to have been allowed, so no replay speaks of it."
        } else {
            "It was never seen in the history, so no replay speaks of it."
        };
        let Some((stratum, idle)) = self.of_idle(principal) else { return own.to_owned() };
        format!(
            "{own} Of {} of the same sort ({stratum}) that had used nothing either, {} would have missed a permission within {HORIZON} \
             days ({}, 95 % interval {} to {}).",
            counted(idle.of, "identity at a past date", "identities at past dates"),
            grouped(idle.hits),
            percent(idle.share),
            percent(idle.low),
            percent(idle.high),
        )
    }
}

/// The review of a principal of AWS.
pub(crate) fn of_principal(
    catalog: &Catalog,
    analysed: &Analysed,
    forecasts: &Forecasts,
) -> anyhow::Result<Vec<EmittedFile>> {
    let (principal, window) = (&analysed.principal.arn, analysed.coverage.window);
    let waits = vec![young(analysed), deployed(&analysed.deployed, window)];
    let last = last_of(&analysed.deployed, window);
    files(principal, dispositions(catalog, analysed), last, waits, forecasts)
}

/// The review of a subject of a cluster.
pub(crate) fn of_user(
    cluster: &Cluster,
    subject: &AnalysedSubject,
    forecasts: &Forecasts,
) -> anyhow::Result<Vec<EmittedFile>> {
    let (user, window) = (&subject.user.name, cluster.coverage.window);
    let waits = vec![deployed(&subject.deployed, window)];
    files(user, of_subject(subject), last_of(&subject.deployed, window), waits, forecasts)
}

/// The files of a review.
fn files(
    principal: &str,
    disposed: Vec<Disposed>,
    last: Option<(i64, &Marker)>,
    waits: Vec<Option<String>>,
    forecasts: &Forecasts,
) -> anyhow::Result<Vec<EmittedFile>> {
    let waits: Vec<String> = waits.into_iter().flatten().collect();
    let mut groups: BTreeMap<(Disposition, String), Vec<Named>> = BTreeMap::new();
    for Disposed { permission, service, disposition, why } in disposed {
        groups.entry((disposition, why)).or_default().push(Named { permission, service });
    }
    let group = |((disposition, why), permissions)| Group { disposition, why, permissions };
    let groups: Vec<Group> = groups.into_iter().map(group).collect();
    let (sort, replay) = forecasts.of(principal);
    let says = forecasts.sentence(principal);
    let text = markdown(principal, forecasts.tier.as_str(), &says, &waits, &groups)?;
    let review = Review {
        schema: SCHEMA,
        principal,
        tier: forecasts.tier,
        stratum: sort.map(|(_, stratum)| stratum),
        says,
        waits,
        replay,
        idle: forecasts.of_idle(principal).map(|(_, idle)| idle),
        foretold: forecasts.foretold.get(principal).map(|&(own, chance)| Foretold { own, chance }),
        deployed: last.map(|(on, marker)| LastDeploy { day: day(Days::moment_of(on)), marker }),
        permissions: groups,
    };
    let json = format!("{}\n", serde_json::to_string_pretty(&review)?);
    let file = |path: &str, text| EmittedFile { path: path.to_owned(), text };
    Ok(vec![file("review.md", text), file("review.json", json)])
}

/// What to wait for before this is merged, where the identity has not been there for long.
fn young(analysed: &Analysed) -> Option<String> {
    let coverage = &analysed.coverage;
    let created = analysed.principal.created?;
    if coverage.window.start >= coverage.window.end {
        // Nothing was logged, so that there is no window to be younger than.
        return None;
    }
    let young = created.checked_sub(coverage.window.start).filter(|younger| *younger > 0)?;
    let days = Days::day_of(young) + 1;
    Some(format!("The identity is younger than the window: observe it {} more.", in_days(days)))
}

/// The last deploy by a window's end.
fn last_of(deployed: &Deployed, window: Window) -> Option<(i64, &Marker)> {
    deployed.last(Days::day_of(window.end))
}

/// What to wait for where what runs as the identity was changed of late.
fn deployed(deployed: &Deployed, window: Window) -> Option<String> {
    let today = Days::day_of(window.end);
    let (on, marker) = deployed.last(today).filter(|(on, _)| today - on < SETTLING)?;
    let days = deployed.markers.range(today - QUIET..=today).map(|(day, _)| *day);
    let marker = prose(&marker.words(on));
    let ago = if on == today {
        "on the window's last day".to_owned()
    } else {
        format!("{} before the window's end", in_days(today - on))
    };
    // Who is deployed every few days has no quiet time to wait for.
    let often = days.clone().zip(days.skip(1)).map(|(a, b)| b - a).collect::<Vec<_>>();
    let is_often = often.len() >= 3 && often.iter().all(|gap| *gap < SETTLING);
    let wait = if is_often {
        format!(
            "It is deployed every few days ({} of the last {QUIET}), so there is no quiet time to wait for.",
            often.len() + 1
        )
    } else {
        format!("Observe it {} more, or read what changed.", in_days(SETTLING - (today - on)))
    };
    Some(format!(
        "What runs as the identity was deployed {marker}, {ago}: what is not used since may be what the new code needs. {wait} \
         `--settle {SETTLING}d` keeps it for now."
    ))
}

#[cfg(test)]
mod tests;
