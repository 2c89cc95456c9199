//! What a role or user of an account is there for.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{ActionId, Catalog};
use remit_policy::{ActionUse, Days, ProposeOptions, Verdict, Window, moment, templates};

use super::deed::{Deed, Used, deeds};
use super::demand::demand_of;
use super::deploying::deploying;
use super::news::{Known, news};
use super::sentence::sentence;
use super::unknown::{of_rhythm, unknown};
use super::{
    Calendar, CallerLine, Hours, Intent, LISTED, Observation, PermissionLine, ResourceLine, RhythmLine,
    StarterLine, StaysLine,
};
use crate::analysis::{Analysed, Analysis};
use crate::judged;
use crate::learn::{Kinds, Rhythm};
use crate::report::build::{name_of, report_window};

/// Resources listed of one permission.
const RESOURCES: usize = 100;

/// What a principal of an account is there for.
pub(crate) fn of_account(
    catalog: &Catalog,
    analysis: &Analysis,
    one: &Analysed,
    observation: &Observation,
    since: i64,
    options: ProposeOptions<'_>,
) -> Intent {
    let patterns = Patterns::of(catalog, analysis, one, options);
    let mut used: Vec<(ActionId, &ActionUse)> = one.usage.used().collect();
    used.sort_by_key(|(id, use_)| (std::cmp::Reverse(calls(use_)), *id));
    let learned: Vec<Used<'_>> = used
        .iter()
        .filter(|(id, _)| !one.suspect.contains_key(id))
        .filter_map(|(id, use_)| {
            Some(Used {
                action: catalog.action(*id)?,
                resources: patterns.shown(*id, use_),
                calls: calls(use_),
                days: days(use_),
                operations: use_.operations.clone(),
            })
        })
        .collect();
    let deeds = deeds(catalog, &learned);
    let today = Days::day_of(one.coverage.window.end);
    let deploys = one.deployed.days(today);
    let calendar = Calendar { deploys: &deploys, end: one.coverage.window.end };
    let alone = Alone::of(&deeds, observation);
    let rhythm = rhythm_line(&observation.hours, calendar);
    let permissions = used.iter().take(LISTED).map(|(id, use_)| PermissionLine {
        permission: name_of(catalog, *id),
        calls: calls(use_),
        rhythm: calendar.pace(&days(use_), None),
        last_seen: use_.seen.as_ref().map(|seen| moment(seen.last)).unwrap_or_default(),
        resources: patterns.lines(*id, use_),
        seen_resources: use_.resources.len(),
    });
    let known: Vec<Known<'_>> = used
        .iter()
        .filter_map(|(id, use_)| {
            Some(Known {
                name: name_of(catalog, *id),
                seen: use_.seen.as_ref()?,
                patterns: patterns.by_action.get(id).into_iter().flat_map(BTreeMap::keys).cloned().collect(),
                resources: use_.resources.iter().map(|(resource, seen)| (resource.as_str(), seen)).collect(),
            })
        })
        .collect();
    let stays = one.judgement.retained.iter().take(LISTED);
    Intent {
        principal: one.principal.arn.clone(),
        kind: one.principal.kind.as_str().to_owned(),
        sentence: sentence(
            &deeds,
            |deed| alone.pace(deed, calendar),
            &observation.callers,
            &observation.starters,
            (one.usage.calls.distinct(), one.usage.denied.distinct()),
        ),
        window: window_words(one.coverage.window),
        calls: one.usage.calls.distinct(),
        permissions: permissions.collect(),
        callers: caller_lines(observation, calendar),
        begun_by: starter_lines(observation),
        stays: stays
            .map(|(id, why)| StaysLine { permission: name_of(catalog, *id), why: why.explain() })
            .collect(),
        peers: Kinds::peers_of(&analysis.account, &one.principal.arn).take(LISTED).cloned().collect(),
        deploys: deploying(&one.deployed, (Days::day_of(one.coverage.since), today), &known, observation),
        news: news(since, &known, observation),
        unknown: unknown(judged::of_account(catalog, one)),
        notes: notes(catalog, analysis, one, &rhythm),
        on_demand: demand_of(&observation.hours, &observation.callers, &observation.starters, calendar),
        rhythm,
    }
}

fn calls(use_: &ActionUse) -> u64 {
    use_.seen.as_ref().map_or(0, |seen| seen.count.distinct())
}

fn days(use_: &ActionUse) -> Days {
    use_.seen.as_ref().map(|seen| seen.days).unwrap_or_default()
}

/// The window that verdicts speak of, in words.
pub(super) fn window_words(window: Window) -> String {
    report_window(window).words()
}

/// When calls are made.
pub(super) fn rhythm_line(hours: &Hours, calendar: Calendar<'_>) -> RhythmLine {
    let days = hours.days();
    let rhythm = Rhythm::of(&days);
    RhythmLine {
        is_on_deploy: calendar.after_deploys(&days).is_some(),
        words: match calendar.pace(&days, Some(hours)) {
            words if words.is_empty() => rhythm.words(),
            words => words,
        },
        days: rhythm,
        cycles: rhythm.cycles(),
        active_days: days.len(),
        hours: hours.counts(),
    }
}

/// What makes calls, most first.
pub(super) fn caller_lines(observation: &Observation, calendar: Calendar<'_>) -> Vec<CallerLine> {
    let callers = observation.callers.by_calls().into_iter().take(LISTED);
    let lines = callers.map(|(name, seen)| CallerLine {
        caller: name.words(),
        kind: name.kind,
        calls: seen.calls(),
        rhythm: calendar.pace(&seen.hours.days(), Some(&seen.hours)),
        first_seen: moment(seen.first),
        last_seen: moment(seen.last),
    });
    lines.collect()
}

fn starter_lines(observation: &Observation) -> Vec<StarterLine> {
    let mut starters: Vec<_> = observation.starters.iter().collect();
    starters.sort_by_key(|(starter, begun)| (std::cmp::Reverse(begun.sessions), *starter));
    let lines = starters.into_iter().take(LISTED).map(|(starter, begun)| StarterLine {
        who: starter.words(),
        kind: starter.kind,
        sessions: begun.sessions,
        last_seen: moment(begun.last),
    });
    lines.collect()
}

fn notes(catalog: &Catalog, analysis: &Analysis, one: &Analysed, rhythm: &RhythmLine) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(of_rhythm(rhythm, one.coverage.since, one.coverage.window));
    if one.coverage.lost > 0 {
        notes.push(format!("{} events of the window are known to be lost", one.coverage.lost));
    }
    for (id, burst) in &one.suspect {
        notes.push(format!("{} is left out of the sentence: {}", name_of(catalog, *id), burst.words()));
    }
    let via: BTreeSet<&str> =
        one.usage.actions.values().flat_map(|use_| &use_.via).map(String::as_str).collect();
    if !via.is_empty() {
        let via: Vec<String> = via.into_iter().take(RESOURCES).map(|name| format!("`{name}`")).collect();
        notes.push(format!("services call on its behalf: {}", super::listed(&via)));
    }
    if let Some((_, regions)) = analysis.regions.get(&one.account) {
        let dark: Vec<String> = regions
            .iter()
            .filter(|(_, region)| region.sources.is_empty())
            .filter_map(|(name, _)| name.as_ref().map(|name| format!("`{name}`")))
            .collect();
        if !dark.is_empty() {
            notes.push(format!("of {} the ledger has no events", super::listed(&dark)));
        }
    }
    let unresolved: Vec<String> = one
        .usage
        .unresolved
        .keys()
        .take(RESOURCES)
        .map(|(service, operation)| format!("`{service}:{operation}`"))
        .collect();
    if !unresolved.is_empty() {
        notes.push(format!("what {} needed is not known", super::listed(&unresolved)));
    }
    if one.usage.undecided.distinct() > 0 {
        let calls = crate::output::calls_seen(one.usage.undecided);
        notes.push(format!("of {calls} it is not known whether they were allowed"));
    }
    notes
}

/// The patterns on which used actions stay granted, or would.
struct Patterns {
    by_action: BTreeMap<ActionId, BTreeMap<String, Option<String>>>,
}

impl Patterns {
    fn of(catalog: &Catalog, analysis: &Analysis, one: &Analysed, options: ProposeOptions<'_>) -> Self {
        let kept = one.outcome.proven().map(|proven| proven.proposal().kept.as_slice()).unwrap_or_default();
        let mut by_action = BTreeMap::new();
        for (id, _) in one.usage.used() {
            let kept = kept.iter().find(|kept| kept.action == id && !kept.narrowed.is_empty());
            let ruled = kept.map(|kept| {
                let reason = |pattern: &String, rule: &str| match kept.opened.get(pattern) {
                    Some(why) => format!("{rule}: {why}"),
                    None => rule.to_owned(),
                };
                let ruled = kept.narrowed.iter();
                ruled.map(|(pattern, rule)| (pattern.clone(), Some(reason(pattern, rule)))).collect()
            });
            let is_granted = one.judgement.verdicts.get(&id) == Some(&Verdict::Used);
            let made = || {
                let patterns =
                    templates(catalog, &analysis.account, &one.judgement.granted, id, &one.usage, options);
                patterns.map(|patterns| patterns.into_iter().map(|pattern| (pattern, None)).collect())
            };
            let patterns: Option<BTreeMap<String, Option<String>>> =
                ruled.or_else(|| is_granted.then(made).flatten());
            by_action.extend(patterns.map(|patterns| (id, patterns)));
        }
        Self { by_action }
    }

    /// The patterns of an action; where there are none, the resources on which it was seen.
    fn shown(&self, id: ActionId, use_: &ActionUse) -> Vec<String> {
        match self.by_action.get(&id) {
            Some(patterns) => patterns.keys().cloned().collect(),
            None => use_.resources.keys().cloned().collect(),
        }
    }

    fn lines(&self, id: ActionId, use_: &ActionUse) -> Vec<ResourceLine> {
        let line = |pattern: &String, rule: Option<String>| ResourceLine { pattern: pattern.clone(), rule };
        match self.by_action.get(&id) {
            Some(patterns) => {
                patterns.iter().take(RESOURCES).map(|(pattern, rule)| line(pattern, rule.clone())).collect()
            }
            None => use_.resources.keys().take(RESOURCES).map(|resource| line(resource, None)).collect(),
        }
    }
}

/// Hours of operations that only one thing is done by: of others they tell of either.
struct Alone<'a> {
    shared: BTreeSet<&'a str>,
    observation: &'a Observation,
}

impl<'a> Alone<'a> {
    fn of(deeds: &'a [Deed], observation: &'a Observation) -> Self {
        let mut seen = BTreeSet::new();
        let all = deeds.iter().flat_map(|deed| &deed.operations);
        let shared = all.map(String::as_str).filter(|operation| !seen.insert(*operation)).collect();
        Self { shared, observation }
    }

    fn pace(&self, deed: &Deed, calendar: Calendar<'_>) -> String {
        let is_alone = deed.operations.iter().all(|operation| !self.shared.contains(operation.as_str()));
        let mut hours = Hours::default();
        for operation in &deed.operations {
            if let Some(own) = self.observation.by_operation.get(operation) {
                hours.join(own);
            }
        }
        let hours = Some(&hours).filter(|hours| is_alone && !hours.days().is_empty());
        // Whatever it is, it is done within the hours of all that is done, though not in each of them.
        let within = Some(&self.observation.hours).filter(|hours| !hours.is_hourly());
        calendar.pace(&deed.days, hours.or(within))
    }
}
