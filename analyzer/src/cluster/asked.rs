//! What the user says of a cluster, and what the ledger says of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::bail;
use remit_ledger::CoverageRecord;
use remit_policy::rbac::{AuditPolicy, Closure, State};

use super::policy::shown;
use super::{ClusterInput, ClusterSettings, clusters, records_of};
use crate::analysis::Settings;
use crate::ledgers::Ledger;
use crate::visible::WindowSettings;

/// Which cluster to analyse, and what its log shows
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ClusterArguments {
    /// The cluster whose roles and bindings are among the grants, where the ledger has several
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,
    /// What the cluster's audit log shows: the API server's audit policy file, or `eks`, `gke`, `gke-data-access`, `aks` or
    /// `aks-admin` for a provider's
    #[arg(long, value_name = "FILE|PROFILE")]
    pub(crate) audit_policy: Option<String>,
    /// Switch off a rule by which more stays than was seen, such as `informer`; evidence names them
    #[arg(long, value_name = "RULE", value_parser = closure)]
    pub(crate) no_closure: Vec<Closure>,
}

fn closure(name: &str) -> Result<Closure, String> {
    let names: Vec<_> = Closure::ALL.iter().map(|closure| format!("`{}`", closure.as_str())).collect();
    Closure::named(name).ok_or_else(|| format!("give one of {}", names.join(", ")))
}

/// A cluster that is to be analysed.
pub(crate) struct Asked<'a> {
    /// Its name, where a log tells it.
    name: Option<String>,
    /// Its roles and bindings. They stay in memory to the program's end, as what is concluded of them does.
    pub(crate) state: &'static State,
    /// What its log shows, where that is known, and what tells it.
    policy: Option<(String, AuditPolicy)>,
    off: BTreeSet<Closure>,
    records: &'a [CoverageRecord],
}

impl<'a> Asked<'a> {
    /// None where the grants have no bindings of a cluster.
    pub(crate) fn of(
        arguments: &ClusterArguments,
        state: State,
        ledger: &'a Ledger,
    ) -> anyhow::Result<Option<Self>> {
        if state.bindings().next().is_none() {
            return Ok(None);
        }
        let records = ledger.coverage();
        let name = cluster(arguments.cluster.as_deref(), records)?;
        let policy = shown(arguments.audit_policy.as_deref(), &deliveries(records, name.as_deref()))?;
        let off = arguments.no_closure.iter().copied().collect();
        Ok(Some(Self { name, state: Box::leak(Box::new(state)), policy, off, records }))
    }

    /// From when on calls count as use.
    pub(crate) fn since(&self, settings: WindowSettings) -> Option<i64> {
        records_of(self.records, self.name.as_deref(), settings).since(settings)
    }

    /// How to analyse it.
    pub(crate) fn settings(&self, settings: &Settings, unreadable: u64) -> ClusterSettings {
        ClusterSettings {
            window: settings.window,
            unreadable,
            deploys: Arc::clone(&settings.deploys),
            settle: settings.settle,
            drop_watched: settings.drop_watched,
            off: self.off.clone(),
            tier: settings.tier,
            generalise: settings.generalise,
        }
    }

    /// What to analyse.
    pub(crate) fn input(&self) -> ClusterInput<'_> {
        ClusterInput {
            name: self.name.as_deref(),
            state: self.state,
            records: self.records,
            policy: self.policy.as_ref().map(|(name, policy)| (name.as_str(), policy)),
        }
    }
}

/// The cluster that is meant.
fn cluster(asked: Option<&str>, records: &[CoverageRecord]) -> anyhow::Result<Option<String>> {
    let known = clusters(records);
    let names: Vec<_> = known
        .iter()
        .map(|name| name.map_or("(without a name)".to_owned(), |name| format!("`{name}`")))
        .collect();
    match asked {
        Some(asked) if known.is_empty() || known.contains(&Some(asked)) => Ok(Some(asked.to_owned())),
        Some(asked) => {
            bail!("no cluster `{asked}` in the ledger\nhint: its audit logs are of {}", names.join(", "))
        }
        None if known.len() > 1 => bail!(
            "the ledger has audit logs of several clusters: {}\nhint: say with `--cluster NAME` whose roles and bindings \
             the grants are",
            names.join(", ")
        ),
        None => Ok(known.into_iter().next().flatten().map(str::to_owned)),
    }
}

/// How a cluster's log was delivered, at any time.
fn deliveries(records: &[CoverageRecord], cluster: Option<&str>) -> BTreeSet<String> {
    let all = WindowSettings { longest: i64::MAX, history: 0, minimum: 0, longest_gap: i64::MAX };
    records_of(records, cluster, all).deliveries
}
