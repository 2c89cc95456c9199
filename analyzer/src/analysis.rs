//! Joins what the ledger saw with what an account grants: verdicts and proven proposals per principal.

#[cfg(test)]
pub(crate) mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use remit_catalog::{ActionId, Catalog};
use remit_ledger::CoverageRecord;
pub(crate) use remit_policy::account_of;
use remit_policy::link::OpenTrust;
use remit_policy::{
    Account, Call, CallOutcome, Count, Coverage, Days, Expander, Generalise, GivenUp, Inventory, Judgement,
    NoProposal, Principal, ProposeOptions, Proven, Seen, Usage, Verdict, Violation, Window, judge, propose,
    prove,
};

use crate::deploys::{Deployed, Deploys};
use crate::learn::{Community, Deeds, Kinds, Peers, Tier, retained, with_verdict};
use crate::mutes::Mutes;
use crate::owners::Owners;
use crate::regions::{RegionCoverage, regions};
use crate::report::model::LinkLine;
use crate::rollup::{Caller, PrincipalCalls};
use crate::suspects::{Burst, Suspects};
use crate::visible::{DAY, Said, WindowSettings, coverage_of, no_coverage};
use crate::workloads::WorkloadCalls;
use crate::written::Written;

/// Settings of an analysis.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Which window verdicts speak of.
    pub(crate) window: WindowSettings,
    /// What the user says that the trail recorded all the time.
    pub(crate) said: Said,
    /// Files of the ledger that cannot be read, any of which may hold any call.
    pub(crate) unreadable: u64,
    /// Services whose unobservable permissions are given up.
    pub(crate) given_up: GivenUp,
    /// Whether unobservable permissions of services without any use are given up too.
    pub(crate) give_up_unused_services: bool,
    /// How observed resources are generalised.
    pub(crate) generalise: Generalise,
    /// How much stays of what is not used.
    pub(crate) tier: Tier,
    /// Calls that strangers may have made, of which nothing is learned.
    pub(crate) suspects: Suspects,
    /// When what runs as whom was changed.
    pub(crate) deploys: Arc<Deploys>,
    /// For how many days after a deploy what is not used stays.
    pub(crate) settle: i64,
    /// After how many days without use what is watched goes; none where it stays.
    pub(crate) drop_watched: Option<i64>,
}

/// The first moment from which on calls of any of these principals count.
pub(crate) fn first_counted<'a>(
    principals: impl Iterator<Item = &'a str>,
    coverage: &[CoverageRecord],
    settings: WindowSettings,
) -> Option<i64> {
    let accounts: BTreeSet<_> = principals.map(account_of).collect();
    accounts
        .into_iter()
        .filter_map(|account| coverage_of(coverage, account, &Said::default(), settings))
        .map(|coverage| coverage.since)
        .min()
}

/// What is proposed for a principal.
pub(crate) type Outcome = crate::outcome::Outcome<Proven, NoProposal, Violation>;

/// One principal with everything concluded about it.
#[derive(Clone, Debug)]
pub(crate) struct Analysed {
    /// The principal and its grants.
    pub(crate) principal: Principal,
    /// Its account id.
    pub(crate) account: String,
    /// What was visible of its account.
    pub(crate) coverage: Coverage,
    /// What it was seen to do.
    pub(crate) usage: Usage,
    /// What a stranger alone may have used.
    pub(crate) suspect: BTreeMap<ActionId, Burst>,
    /// When what runs as it was changed.
    pub(crate) deployed: Deployed,
    /// Its verdicts.
    pub(crate) judgement: Judgement,
    /// What is proposed.
    pub(crate) outcome: Outcome,
}

/// A principal that called and whose grants are not in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ungranted {
    /// Its kind, as the ledger names it.
    pub(crate) kind: String,
    /// Allowed calls.
    pub(crate) calls: Count,
    /// Last allowed call.
    pub(crate) last: Option<i64>,
}

/// The whole analysis.
pub(crate) struct Analysis {
    /// The grants.
    pub(crate) account: Account,
    /// What is known to exist.
    pub(crate) inventory: Inventory,
    /// Principals with grants, by ARN.
    pub(crate) principals: Vec<Analysed>,
    /// Principals without, by name.
    pub(crate) without_grants: BTreeMap<String, Ungranted>,
    /// Calls that were not denied and whose operation the catalog does not know: calls, and by how many principals.
    pub(crate) unresolved: BTreeMap<String, (Seen, usize)>,
    /// What was seen on the wire.
    pub(crate) workloads: BTreeMap<Caller, WorkloadCalls>,
    /// From the first window's start to the last one's end.
    pub(crate) window: Option<Window>,
    /// Per account with principals its window, and what the ledger holds of its regions.
    pub(crate) regions: BTreeMap<String, (Window, BTreeMap<Option<String>, RegionCoverage>)>,
    /// What service accounts of a cluster can become, and whether they did.
    pub(crate) links: Vec<LinkLine>,
    /// Roles that trust more than single service accounts.
    pub(crate) open_trusts: Vec<OpenTrust>,
    /// Longest time without any event that counts as covered.
    pub(crate) longest_gap: i64,
    /// Who looks after what.
    pub(crate) owners: Owners,
    /// What is not to be listed.
    pub(crate) mutes: Mutes,
    /// Where repositories say what is granted, as far as any were named.
    pub(crate) written: Written,
}

/// The ARN of a role without its path, where it has one.
pub(crate) fn pathless(arn: &str) -> Option<String> {
    let (head, path) = arn.split_once(":role/")?;
    let (_, name) = path.rsplit_once('/')?;
    Some(format!("{head}:role/{name}"))
}

/// Gives calls to the role that made them where the log does not tell its path: a session without an issuer names the
/// role alone, and no two roles of an account share a name (`IAM and STS quotas`, "names").
pub(crate) fn claim_pathless(account: &Account, calls: &mut BTreeMap<String, PrincipalCalls>) {
    let known = arns(account);
    let roles = account
        .principals
        .iter()
        .filter_map(|principal| Some((pathless(&principal.arn)?, principal.arn.clone())));
    for (pathless, arn) in roles.filter(|(pathless, _)| !known.contains(pathless.as_str())) {
        if let Some(made) = calls.remove(&pathless) {
            let all = calls.entry(arn).or_default();
            all.kind = if all.kind.is_empty() { made.kind } else { std::mem::take(&mut all.kind) };
            all.calls.extend(made.calls);
        }
    }
}

fn arns(account: &Account) -> BTreeSet<&str> {
    account.principals.iter().map(|principal| principal.arn.as_str()).collect()
}

/// Analyses every principal of the account, or only the named one.
pub(crate) fn analyse(
    catalog: &Catalog,
    account: Account,
    calls: &BTreeMap<String, PrincipalCalls>,
    coverage: &[CoverageRecord],
    settings: &Settings,
    only: Option<&str>,
) -> Analysis {
    let inventory = inventory(calls.values().flat_map(|calls| &calls.calls));
    analyse_among(catalog, account, calls, inventory, coverage, settings, only)
}

/// The same where more is known to exist than what these calls touched.
pub(crate) fn analyse_among(
    catalog: &Catalog,
    account: Account,
    calls: &BTreeMap<String, PrincipalCalls>,
    inventory: Inventory,
    coverage: &[CoverageRecord],
    settings: &Settings,
    only: Option<&str>,
) -> Analysis {
    let mut analysis = Analysis {
        principals: Vec::new(),
        without_grants: BTreeMap::new(),
        unresolved: BTreeMap::new(),
        workloads: BTreeMap::new(),
        window: None,
        regions: BTreeMap::new(),
        links: Vec::new(),
        open_trusts: Vec::new(),
        longest_gap: settings.window.longest_gap,
        owners: Owners::default(),
        mutes: Mutes::default(),
        written: Written::default(),
        inventory,
        account,
    };
    let none = PrincipalCalls::default();
    let all = &analysis.account.principals;
    let kinds = Kinds::of(&analysis.account, all.iter());
    let of_one = |principal: &Principal| {
        let calls = calls.get(&principal.arn).unwrap_or(&none);
        Observed::of(catalog, &analysis.account, principal, calls, coverage, settings)
    };
    // What others do tells of each, also of one that is asked for alone.
    let observed: Vec<Observed<'_>> = all.par_iter().map(of_one).collect();
    let community = Community::of(&kinds, observed.par_iter().map(Observed::learned).collect());
    // In the order of the account, however many threads there are.
    let analysed: Vec<_> = all
        .par_iter()
        .zip(&observed)
        .enumerate()
        .filter(|(_, (principal, _))| only.is_none_or(|only| principal.arn == only))
        .map_init(
            || Expander::new(catalog),
            |expander, (at, (principal, observed_of_it))| {
                let context = Learned { peers: community.peers(at), inventory: &analysis.inventory };
                one(expander, &analysis.account, principal, observed_of_it, context, settings)
            },
        )
        .collect();
    for analysed in analysed {
        let window = analysed.coverage.window;
        analysis.window = Some(join(analysis.window, window));
        analysis.regions.entry(analysed.account.clone()).or_insert_with_key(|account| {
            let longest_gap = settings.window.longest_gap;
            (window, regions(coverage, &analysis.account, account, window, longest_gap))
        });
        analysis.principals.push(analysed);
    }
    let counted: Vec<_> = calls
        .par_iter()
        .map(|(principal, calls)| (principal, calls, Usage::count(catalog, &calls.calls)))
        .collect();
    let granted = arns(&analysis.account);
    for (principal, calls, usage) in counted {
        for ((service, operation), seen) in &usage.unresolved {
            let name = format!("{service}:{operation}");
            let entry = analysis.unresolved.entry(name).or_insert_with(|| (nothing(seen), 0));
            entry.0.add(seen);
            entry.1 += 1;
        }
        if !granted.contains(principal.as_str()) {
            let ungranted = Ungranted { kind: calls.kind.clone(), calls: usage.calls, last: usage.last };
            analysis.without_grants.insert(principal.clone(), ungranted);
        }
    }
    analysis
}

fn nothing(like: &Seen) -> Seen {
    Seen { count: Count::default(), ..like.clone() }
}

/// A window that begins and ends with those of both.
pub(crate) fn join(all: Option<Window>, one: Window) -> Window {
    match all {
        // A principal whose account has no coverage has an empty window, which says nothing about time.
        Some(all) if one.length() <= 0 => all,
        Some(all) if all.length() > 0 => {
            Window { start: all.start.min(one.start), end: all.end.max(one.end) }
        }
        _ => one,
    }
}

/// What was seen of a principal.
struct Observed<'a> {
    account: String,
    coverage: Coverage,
    calls: Vec<&'a Call>,
    usage: Usage,
    suspect: BTreeMap<ActionId, Burst>,
    deployed: Deployed,
}

impl<'a> Observed<'a> {
    fn of(
        catalog: &Catalog,
        of: &Account,
        principal: &Principal,
        calls: &'a PrincipalCalls,
        coverage: &[CoverageRecord],
        settings: &Settings,
    ) -> Self {
        let account = account_of(&principal.arn).to_owned();
        let mut coverage = coverage_of(coverage, &account, &settings.said, settings.window)
            .unwrap_or_else(|| no_coverage(settings.window));
        coverage.unreadable = settings.unreadable;
        // The ledger names services as the provider's log does, and permissions have other names.
        let prefixes = coverage.excluded_services.iter().flat_map(|service| catalog.prefixes(service));
        let prefixes: Vec<String> = prefixes.map(|prefix| (*prefix).to_owned()).collect();
        coverage.excluded_services.extend(prefixes);
        // The window ends where the audit log does, and what was seen on the wire since is use all the same.
        let calls: Vec<_> = calls.calls.iter().filter(|call| call.seen.last >= coverage.since).collect();
        let usage = Usage::gather(catalog, calls.iter().copied());
        let suspect = settings.suspects.of(&principal.arn);
        let suspect = suspect.or_else(|| settings.suspects.of(&pathless(&principal.arn)?));
        let suspect = suspect.map(|suspect| suspect.bursts(&usage)).unwrap_or_default();
        let deployed = settings.deploys.of_account(of, principal, coverage.management_writes);
        Self { account, coverage, calls, usage, suspect, deployed }
    }
}

/// What others tell of a principal.
#[derive(Clone, Copy)]
struct Learned<'a> {
    peers: Peers<'a, ActionId>,
    inventory: &'a Inventory,
}

/// The resources that calls touched.
pub(crate) fn inventory<'a>(calls: impl Iterator<Item = &'a Call>) -> Inventory {
    let calls = calls.filter(|call| call.outcome != CallOutcome::Denied);
    let resources = calls.flat_map(|call| &call.resources).filter(|resource| resource.starts_with("arn:"));
    resources.cloned().collect()
}

impl Observed<'_> {
    /// What is learned from: what was used, but by strangers.
    fn learned(&self) -> BTreeSet<ActionId> {
        self.usage.used().map(|(id, _)| id).filter(|id| !self.suspect.contains_key(id)).collect()
    }
}

fn one(
    expander: &mut Expander<'_>,
    account: &Account,
    principal: &Principal,
    observed: &Observed<'_>,
    Learned { peers, inventory }: Learned<'_>,
    settings: &Settings,
) -> Analysed {
    let catalog = expander.catalog();
    let Observed { account: account_id, coverage, calls, usage, suspect, deployed } = observed;
    let given_up = given_up(expander, account, principal, usage, coverage, settings);
    let judged = |expander: &mut Expander<'_>, usage: &Usage| {
        let mut judgement = judge(expander, account, principal, usage, coverage, &given_up);
        let mut used = with_verdict(&judgement, &Verdict::Used);
        used.retain(|id| !suspect.contains_key(id));
        let unused = with_verdict(&judgement, &Verdict::Unused);
        let deeds = Deeds {
            used: &used,
            idle: (usage.calls.distinct() == 0).then_some((account, &judgement.granted)),
            history: coverage.window.end.saturating_sub(coverage.since).div_euclid(DAY),
            settling: deployed.settling(Days::day_of(coverage.window.end), settings.settle),
            drop_watched: settings.drop_watched,
        };
        let retained = retained(catalog, deeds, unused, Some(&peers), settings.tier);
        judgement.retain(retained);
        judgement
    };
    let judgement = judged(expander, usage);
    let options = ProposeOptions {
        generalise: settings.generalise,
        today: Days::day_of(coverage.window.end),
        inventory,
    };
    let outcome = match propose(expander, account, principal, usage, coverage, &judgement, options) {
        Err(why) => Outcome::Impossible(why),
        Ok(proposal) => {
            // The bytes must be the same from the calls in reverse order. All that is made of calls is made of what they add up
            // to, so it is made once more where that is not the same.
            let reversed = Usage::gather(catalog, calls.iter().rev().copied());
            let again = if reversed == *usage {
                Ok(proposal.clone())
            } else {
                let judgement = judged(expander, &reversed);
                propose(expander, account, principal, &reversed, coverage, &judgement, options)
            };
            let boundary = principal.boundary.and_then(|at| account.policies.get(at));
            let boundary = boundary.map(|policy| &policy.document);
            let proved = again.map(|again| prove(expander, proposal, &again, boundary));
            Outcome::of(proved, Violation::NotDeterministic)
        }
    };
    Analysed {
        principal: principal.clone(),
        account: account_id.clone(),
        coverage: coverage.clone(),
        usage: usage.clone(),
        suspect: suspect.clone(),
        deployed: deployed.clone(),
        judgement,
        outcome,
    }
}

/// The services that the user gives up, with those that were never used if asked for.
fn given_up(
    expander: &mut Expander<'_>,
    account: &Account,
    principal: &Principal,
    usage: &Usage,
    coverage: &Coverage,
    settings: &Settings,
) -> GivenUp {
    let mut given_up = settings.given_up.clone();
    if settings.give_up_unused_services {
        let judgement = judge(expander, account, principal, usage, coverage, &given_up);
        let catalog = expander.catalog();
        let service_of = |id| catalog.action(id).map(|action| action.service.to_string());
        given_up.services.extend(judgement.granted.effective.iter().filter_map(service_of));
        // What was used, and what recorded calls may have needed, is never given up.
        for id in usage.actions.keys() {
            if let Some(service) = service_of(*id) {
                given_up.services.remove(&service);
            }
        }
        for (service, _) in usage.unresolved.keys() {
            let prefixes = catalog.prefixes(service);
            if prefixes.is_empty() {
                return settings.given_up.clone();
            }
            for prefix in prefixes {
                given_up.services.remove(prefix);
            }
        }
    }
    given_up
}

#[cfg(test)]
mod tests;
