//! A cluster: joins what the ledger saw of its API server with what roles and bindings grant.

mod asked;
mod calls;
mod coverage;
mod findings;
mod gathered;
mod groups;
mod judged;
mod level;
mod policy;
mod proposals;
mod section;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use remit_ledger::CoverageRecord;
use remit_policy::rbac::{
    AuditPolicy, Closure, Coverage, Granted, Judgement, NoProposal, Permission, Proven, State, Usage, User,
    Violation, judge, needed, propose, prove,
};
use remit_policy::{Count, Days, Generalise, Window};

use crate::deploys::{Deployed, Deploys};
use crate::learn::{Community, Doing, Kinds, Known, Peers, Tier, retained_of_subject, used_by_subject};
use crate::visible::{DAY, WindowSettings};

pub(crate) use self::asked::{Asked, ClusterArguments};
pub(crate) use self::calls::{request_call, usage_of};
pub(crate) use self::coverage::{ClusterRecords, clusters, is_log, may_be_of, records_of};
pub(crate) use self::findings::findings;
pub(crate) use self::gathered::ClusterUsage;
pub(crate) use self::groups::calls_of_group;
use self::groups::{ByGroups, by_groups};
pub(crate) use self::judged::{judged, removed};
pub(crate) use self::level::level;
pub(crate) use self::policy::{audit_policy, delivered, delivery, handed_on};
pub(crate) use self::proposals::{files_of, folder_of};
pub(crate) use self::section::{coverage_lines, section, ungranted};

/// Settings of an analysis.
#[derive(Clone, Debug)]
pub(crate) struct ClusterSettings {
    /// Which window verdicts speak of.
    pub(crate) window: WindowSettings,
    /// Files of the ledger that cannot be read, any of which may hold any call.
    pub(crate) unreadable: u64,
    /// When what runs as whom was changed.
    pub(crate) deploys: Arc<Deploys>,
    /// For how many days after a deploy what is not used stays.
    pub(crate) settle: i64,
    /// After how many days without use what is watched goes; none where it stays.
    pub(crate) drop_watched: Option<i64>,
    /// Rules by which more stays than was seen, that are switched off.
    pub(crate) off: BTreeSet<Closure>,
    /// How much stays of what is not used.
    pub(crate) tier: Tier,
    /// How far names and namespaces that were seen are opened.
    pub(crate) generalise: Generalise,
}

/// What is proposed for a subject.
pub(crate) type Outcome = crate::outcome::Outcome<Proven<'static>, NoProposal, Violation>;

/// One subject with everything concluded about it.
#[derive(Clone, Debug)]
pub(crate) struct AnalysedSubject {
    /// The subject, with the groups that it certainly has.
    pub(crate) user: User,
    /// What it is granted.
    pub(crate) granted: Arc<Granted<'static>>,
    /// What it was seen to need.
    pub(crate) usage: Arc<Usage>,
    /// When what runs as it was changed.
    pub(crate) deployed: Deployed,
    /// Its verdicts.
    pub(crate) judgement: Judgement,
    /// What is proposed.
    pub(crate) outcome: Outcome,
}

/// A user that called and that no binding names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unbound {
    /// Allowed calls.
    pub(crate) calls: Count,
    /// Last allowed call.
    pub(crate) last: Option<i64>,
    /// What it may by its groups.
    pub(crate) by_groups: ByGroups,
}

/// The analysis of one cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// Its name, where a log tells it.
    pub(crate) name: Option<String>,
    /// Its roles and bindings.
    pub(crate) state: &'static State,
    /// Rules by which more stays than was seen, that are switched off.
    pub(crate) off: BTreeSet<Closure>,
    /// What the ledger holds of its log.
    pub(crate) records: ClusterRecords,
    /// What the ledger could have shown.
    pub(crate) coverage: Coverage,
    /// What tells what its log shows, where that is known: a file or a provider's profile.
    pub(crate) policy: Option<String>,
    /// Subjects whose bindings can be changed, by user name.
    pub(crate) subjects: Vec<AnalysedSubject>,
    /// Users that called and that no binding names.
    pub(crate) unbound: BTreeMap<String, Unbound>,
    /// Groups whose bindings can be changed, by name: what is granted and needed is whoever's who is in them.
    pub(crate) groups: Vec<AnalysedSubject>,
    /// Calls whose request cannot be told, by user.
    pub(crate) unnamed: BTreeMap<String, u64>,
}

impl Cluster {
    /// Subjects, and groups behind them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &AnalysedSubject> {
        self.subjects.iter().chain(&self.groups)
    }
}

/// What an analysis is made of.
pub(crate) struct ClusterInput<'a> {
    /// The cluster's name, where a log tells it.
    pub(crate) name: Option<&'a str>,
    /// Its roles and bindings, which outlive everything that is concluded of them.
    pub(crate) state: &'static State,
    /// The ledger's coverage records.
    pub(crate) records: &'a [CoverageRecord],
    /// What its log shows, where that is known, and its name.
    pub(crate) policy: Option<(&'a str, &'a AuditPolicy)>,
}

/// Analyses every subject of a cluster, or only the one that is asked for alone, by what its users were seen to need.
pub(crate) fn analyse(
    input: &ClusterInput<'_>,
    seen: ClusterUsage<'_>,
    settings: &ClusterSettings,
) -> Cluster {
    let policy = input.policy.map(|(_, policy)| policy);
    let ClusterUsage { records, usage, reversed, unnamed, shows_bodies, since, only, .. } = seen;
    let window = records.window.unwrap_or(Window { start: 0, end: 0 });
    let shows_reviews = coverage::shows_reviews(policy, usage.keys().map(String::as_str), shows_bodies);
    let coverage = Coverage {
        window,
        since,
        minimum: settings.window.minimum.max(1),
        has_gaps: false,
        lost: records.lost,
        unreadable: settings.unreadable,
        shows_reviews,
        served: coverage::served(usage.values().map(Arc::as_ref)),
    };
    let none = Arc::default();
    let of_one = |name: &str| {
        let usage = usage.get(name).unwrap_or(&none);
        let user = usage.user(name);
        // A call of which it is not known what it asked for may have needed anything.
        let lost = unnamed.get(name).copied().unwrap_or(0);
        Observed {
            coverage: Coverage { lost: coverage.lost.saturating_add(lost), ..coverage.clone() },
            usage: Arc::clone(usage),
            reversed: reversed.get(name).cloned(),
            granted: Arc::new(Granted::of(input.state, &user)),
        }
    };
    let names: Vec<&str> = input.state.subjects().into_iter().collect();
    // What others do tells of each, also of one that is asked for alone.
    let observed: Vec<Observed> = names.par_iter().map(|name| of_one(name)).collect();
    let granted = || observed.iter().map(|one| one.granted.as_ref());
    let (kinds, known) =
        (Kinds::of_subjects(granted()), Known::of(observed.iter().map(|one| one.usage.as_ref()), granted()));
    let used = observed.par_iter().map(|one| used_by_subject(&one.granted, &one.usage));
    let community = Community::of(&kinds, used.collect());
    let is_wanted = |name: &str| only.is_none_or(|only| only == name);
    let wanted = observed.par_iter().enumerate().filter(|(_, one)| is_wanted(&one.granted.user.name));
    let analysed: Vec<_> =
        wanted.map(|(at, one)| subject(input, settings, one, &known, Some(&community.peers(at)))).collect();
    let groups = input.state.groups().into_iter().map(User::group);
    let groups: Vec<User> = groups.filter(|group| is_wanted(&group.name)).collect();
    let observed_of = groups::observed(input.state, &groups, &usage, &unnamed, &coverage);
    let of_groups = observed_of.par_iter().map(|one| {
        let mut group = subject(input, settings, one, &known, None);
        // Folders, pull requests and reports go by the name.
        if usage.contains_key(&group.user.name) || names.contains(&group.user.name.as_str()) {
            group.outcome = Outcome::Impossible(NoProposal::Ambiguous(group.user.name.clone()));
        }
        group
    });
    let of_groups: Vec<AnalysedSubject> = of_groups.collect();
    let bound: BTreeSet<&str> = analysed.iter().map(|subject| subject.user.name.as_str()).collect();
    let unbound = usage.iter().filter(|(name, _)| !bound.contains(name.as_str()));
    let unbound = unbound.map(|(name, usage)| {
        let by_groups = by_groups(input.state, name, usage);
        (name.clone(), Unbound { calls: usage.calls, last: usage.last, by_groups })
    });
    Cluster {
        name: input.name.map(str::to_owned),
        state: input.state,
        off: settings.off.clone(),
        policy: input.policy.map(|(name, _)| name.to_owned()),
        unbound: unbound.collect(),
        groups: of_groups,
        subjects: analysed,
        records,
        coverage,
        unnamed,
    }
}

/// What was seen of a subject.
struct Observed {
    coverage: Coverage,
    usage: Arc<Usage>,
    /// What the calls add up to in reverse order, where that is something else.
    reversed: Option<Usage>,
    granted: Arc<Granted<'static>>,
}

fn subject(
    input: &ClusterInput<'_>,
    settings: &ClusterSettings,
    observed: &Observed,
    known: &Known,
    peers: Option<&Peers<'_, Permission>>,
) -> AnalysedSubject {
    let Observed { coverage, usage, reversed, granted } = observed;
    let deployed = &match granted.user.as_group() {
        Some(group) => settings.deploys.of_group(group),
        None => settings.deploys.of_subject(&granted.user.name),
    };
    let policy = input.policy.map(|(_, policy)| policy);
    let judged = |usage: &Usage| {
        let mut judgement = judge(granted, usage, coverage, policy, &settings.off);
        let needed = &needed(usage, granted.permissions.keys(), &settings.off);
        let today = Days::day_of(coverage.window.end);
        let settling = deployed.settling(today, settings.settle);
        let doing = Doing {
            granted,
            usage,
            needed,
            generalise: settings.generalise,
            today,
            settling,
            drop_watched: settings.drop_watched,
            history: coverage.window.end.saturating_sub(coverage.since).div_euclid(DAY),
        };
        judgement.retain(retained_of_subject(doing, known, peers, settings.tier));
        judgement
    };
    let judgement = judged(usage);
    let made = |usage: &Usage, judgement: &Judgement| {
        propose(input.state, granted, usage, judgement, coverage, &settings.off)
    };
    let outcome = match made(usage, &judgement) {
        Err(why) => Outcome::Impossible(why),
        Ok(proposal) => {
            // All that is made of calls is made of what they add up to, so it is made once more where that is not the same.
            let again = match reversed {
                None => Ok(proposal.clone()),
                Some(reversed) => made(reversed, &judged(reversed)),
            };
            Outcome::of(again.map(|again| prove(proposal, &again)), Violation::NotDeterministic)
        }
    };
    AnalysedSubject {
        user: granted.user.clone(),
        granted: Arc::clone(granted),
        usage: Arc::clone(usage),
        deployed: deployed.clone(),
        judgement,
        outcome,
    }
}
