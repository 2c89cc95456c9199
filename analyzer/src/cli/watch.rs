//! `remit watch`

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::Catalog;
use remit_forge::Report;
use remit_forge::watch::{Merged, Refused, merged, roll_back};
use remit_ledger::Provider;
use remit_policy::rbac::{On, Permission, User};
use remit_policy::{Call, CallOutcome, Usage, Window, moment};

use super::Streams;
use super::analysing::{LedgerArguments, catalog};
use super::forge::{ForgeArguments, runtime};
use crate::cluster::{calls_of_group, request_call};
use crate::exit::Exit;
use crate::ledgers::Ledger;

/// Take back merged pull requests after which calls were refused
///
/// Where a ledger shows, within 14 days after a pull request of Remit's was merged, that a call was refused which needed what it took
/// away, a pull request that takes all of it back is opened.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    ledger: LedgerArguments,
    #[command(flatten)]
    forge: ForgeArguments,
}

/// An hour, of which a ledger has equal calls in one row.
const HOUR: i64 = 3_600_000_000;

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let ledger = Ledger::open(&arguments.ledger.ledger)?;
    let (forge, git) = arguments.forge.open()?;
    let settings = arguments.forge.settings();
    let catalog = catalog()?;
    let runtime = runtime()?;
    let all = runtime.block_on(merged(&forge, jiff::Timestamp::now()))?;
    let mut report = Report::default();
    for one in &all {
        let refused = refused(catalog, &ledger, one)?;
        if !refused.is_empty() {
            let outcome = runtime.block_on(roll_back(&forge, &git, one, &refused, &settings))?;
            report.outcomes.push(outcome);
        }
    }
    if report.outcomes.is_empty() {
        report.notes.push(match all.len() {
            0 => "no pull request of Remit's was merged lately".to_owned(),
            _ => "nothing was refused that merged pull requests took away".to_owned(),
        });
    }
    arguments.forge.print(&report, streams)
}

/// What was refused of what a merged pull request took away.
fn refused(catalog: &Catalog, ledger: &Ledger, merged: &Merged) -> anyhow::Result<Vec<Refused>> {
    let at = merged.at.as_microsecond();
    let hour = at.div_euclid(HOUR).saturating_mul(HOUR);
    let next = hour.saturating_add(HOUR);
    let is_arn = merged.identity.starts_with("arn:");
    let provider = if is_arn { Provider::Aws } else { Provider::Kubernetes };
    let group = User::group_of(&merged.identity).filter(|_| !is_arn);
    let within = |window| match group {
        Some(group) => {
            // A user may be called so as well.
            let mut calls = calls_of_group(ledger, group, window)?;
            calls.extend(ledger.calls_of(provider, &merged.identity, window)?);
            Ok(calls)
        }
        None => ledger.calls_of(provider, &merged.identity, window),
    };
    // The hour of the merge has calls from before it, too. What was refused already then is none that the merge refused.
    let mut calls = within(Window { start: hour, end: next })?;
    calls.retain(|call| call.seen.first >= at);
    let until = merged.until().as_microsecond();
    calls.extend(within(Window { start: next, end: until })?);
    // And its last hour has calls from after it.
    calls.retain(|call| call.seen.first < until);
    let mut sums: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.outcome == CallOutcome::Denied) {
        let needed = if is_arn { actions(catalog, call, merged) } else { requests(call, &merged.removed) };
        for permission in needed {
            let (calls, last) = sums.entry(permission).or_default();
            *calls = calls.saturating_add(call.seen.count.distinct());
            *last = (*last).max(call.seen.last);
        }
    }
    let refused =
        sums.into_iter().map(|(permission, (calls, last))| Refused { permission, calls, last: moment(last) });
    Ok(refused.collect())
}

/// Actions that a refused call needed, and that are gone.
fn actions(catalog: &Catalog, call: &Call, merged: &Merged) -> BTreeSet<String> {
    let usage = Usage::gather(catalog, [call]);
    let needed = usage.actions.into_iter().filter(|(_, action)| action.denied.distinct() > 0);
    let names = needed.filter_map(|(id, _)| catalog.action(id).map(remit_catalog::Action::full_name));
    names.filter(|name| merged.took(name)).collect()
}

/// The permission of a cluster that allowed a refused request, and that is gone.
fn requests(call: &Call, removed: &BTreeSet<String>) -> BTreeSet<String> {
    let Some(call) = request_call(call) else { return BTreeSet::new() };
    let permission = Permission::of_request(&call.request);
    // What took away more than can be told may have taken this.
    if removed.contains("*") {
        return BTreeSet::from([permission.to_string()]);
    }
    match &permission.on {
        On::Url(_) => removed.iter().filter(|name| is_path_of(name, &permission)).cloned().collect(),
        On::Resource { group, resource, name } => {
            let wider = wider(&permission, group, resource, name.as_ref());
            wider.into_iter().filter(|name| removed.contains(name)).collect()
        }
    }
}

/// Whether a name is that of a permission for paths which includes another: a `*` at its end is whatever follows. No resource begins with a
/// slash; `*` alone may be every path or every resource of the core, and is rather taken for one too many than overlooked.
fn is_path_of(name: &str, asked: &Permission) -> bool {
    let Some((verb, url)) = name.split_once(' ') else { return false };
    let on = On::Url(url.to_owned());
    (url.starts_with('/') || url == "*") && Permission::new(None, on, verb).covers(asked)
}

/// A permission for a resource and those that include it, by their names.
fn wider(permission: &Permission, group: &str, resource: &str, name: Option<&String>) -> BTreeSet<String> {
    let any = || "*".to_owned();
    let verbs = [permission.verb.clone(), any()];
    let namespaces = [permission.namespace.clone(), None];
    let subresource = resource.split_once('/').map(|(_, subresource)| format!("*/{subresource}"));
    let mut targets = Vec::new();
    for resource in [Some(resource.to_owned()), subresource, Some(any())].into_iter().flatten() {
        for group in [group.to_owned(), any()] {
            for name in [name.cloned(), None] {
                targets.push(On::Resource { group: group.clone(), resource: resource.clone(), name });
            }
        }
    }
    let mut names = BTreeSet::new();
    for verb in &verbs {
        for namespace in &namespaces {
            for on in &targets {
                let one = Permission::new(namespace.clone(), on.clone(), verb);
                names.insert(one.to_string());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests;
