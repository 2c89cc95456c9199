//! What the analysing verbs have in common: their arguments, and the way from a ledger and grants to an
//! analysis.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use remit_catalog::Catalog;
use remit_ingest::cloudtrail::selectors::{self, Selectors};
use remit_ledger::Provider;
use remit_policy::rbac::{self, State, User};
use remit_policy::{Days, Generalise, GivenUp, Window};

use super::{Streams, WrongUsage};
use crate::analysis::{Analysis, Settings, analyse, claim_pathless, first_counted};
use crate::cluster::{self, Asked, Cluster, ClusterArguments, ClusterUsage};
use crate::configuration::Configuration;
use crate::grants::{self, Grants};
use crate::learn::Tier;
use crate::ledgers::Ledger;
use crate::owners::{OwnerArguments, Owners};
use crate::rollup::{Caller, Filter, PrincipalCalls, Span, by_principal};
use crate::suspects::Suspects;
use crate::typo::similar;
use crate::visible::{DAY, Said, WindowSettings};
use crate::workloads::{WorkloadCalls, workloads};
use crate::written::Written;
use crate::{links, span};

/// Where the ledger is
#[derive(Clone, Debug, clap::Args)]
pub(super) struct LedgerArguments {
    /// The ledger: a folder or an object-store URL
    #[arg(long, value_name = "DIR", env = "REMIT_LEDGER", default_value = "remit-ledger")]
    pub(super) ledger: String,
}

/// What to analyse and how
#[derive(Clone, Debug, clap::Args)]
pub(super) struct AnalysingArguments {
    #[command(flatten)]
    pub(super) ledger: LedgerArguments,
    /// The grants: files or folders with the output of `aws iam get-account-authorization-details`, bare policy
    /// documents, or manifests of Kubernetes (YAML or JSON)
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub(super) grants: Vec<PathBuf>,
    /// Whose the bare policy documents are, where their file names do not say
    #[arg(long, value_name = "ARN")]
    pub(super) principal: Option<String>,
    /// The trail's event selectors (output of `aws cloudtrail get-event-selectors`), if they were the same
    /// during the whole window
    #[arg(long, value_name = "FILE")]
    pub(super) coverage: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) windows: WindowArguments,
    /// Give up unobservable permissions of this service, such as `sqs`; `unused-services` for those of every
    /// service in which nothing was seen. They are otherwise kept
    #[arg(long, value_name = "SERVICE")]
    pub(super) give_up: Vec<String>,
    /// How resources that were seen become resource patterns; each tier has its own way where this is not said
    #[arg(long, value_enum)]
    pub(super) resources: Option<Resources>,
    /// How much stays of what is not used; `standard` where this is not said
    #[arg(long, value_enum)]
    pub(super) tier: Option<Tier>,
    /// Keep for now what is not used of principals that were deployed within so long before the window's end, such as `14d`: new code
    /// may come to need it
    #[arg(long, value_name = "LENGTH", default_value = "0d", value_parser = span::microseconds)]
    pub(super) settle: i64,
    #[command(flatten)]
    pub(super) cluster: ClusterArguments,
    #[command(flatten)]
    pub(super) owners: OwnerArguments,
}

impl AnalysingArguments {
    /// How much stays of what is not used.
    pub(super) fn tier(&self) -> Tier {
        self.tier.unwrap_or_default()
    }

    /// How resources that were seen become patterns; none where each tier has its own way.
    pub(super) fn generalise(&self) -> Option<Generalise> {
        self.resources.map(|resources| match resources {
            Resources::Exact => Generalise::Exact,
            Resources::Names => Generalise::Templates,
            Resources::Containers => Generalise::Containers,
            Resources::Granted => Generalise::Granted,
            Resources::Tried => Generalise::Tried,
        })
    }
}

/// How resources that were seen become resource patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Resources {
    /// Exactly the resources seen
    Exact,
    /// Identifiers that the service assigns are opened, and so is what varies in names, as dates, or is too much to name
    Names,
    /// And names that begin alike, and objects of one bucket
    Containers,
    /// As they are granted today, but for secrets, roles and the like (tier `balanced`)
    Granted,
    /// The narrowest of these that would have held on dates gone by (tiers `strict` and `standard`)
    Tried,
}

/// Which window verdicts speak of
#[derive(Clone, Debug, clap::Args)]
pub(super) struct WindowArguments {
    /// The longest window that verdicts speak of, ending with the last recorded hour
    #[arg(long, value_name = "LENGTH", default_value = "90d", value_parser = span::microseconds)]
    pub(super) window: i64,
    /// How far back calls count as use, where that is longer than the window
    #[arg(long, value_name = "LENGTH", default_value = "400d", value_parser = span::microseconds)]
    pub(super) history: i64,
    /// The shortest window in which not seen counts as not used
    #[arg(long, value_name = "LENGTH", default_value = "30d", value_parser = span::microseconds)]
    pub(super) min_window: i64,
    /// The longest time without any event that still counts as recorded
    #[arg(long, value_name = "LENGTH", default_value = "48h", value_parser = span::microseconds)]
    pub(super) max_gap: i64,
}

impl WindowArguments {
    pub(super) fn settings(&self) -> WindowSettings {
        WindowSettings {
            longest: self.window,
            history: self.history,
            minimum: self.min_window,
            longest_gap: self.max_gap,
        }
    }
}

/// Everything an analysing verb needs.
pub(super) struct Analysed {
    pub(super) catalog: &'static Catalog,
    pub(super) analysis: Analysis,
    /// The cluster whose roles and bindings are among the grants.
    pub(super) cluster: Option<Cluster>,
    /// The calls of principals of an account, by ARN.
    pub(super) calls: BTreeMap<String, PrincipalCalls>,
    /// The calls of users of the cluster, by name, where they are wanted.
    pub(super) of_subjects: BTreeMap<String, Vec<rbac::Call>>,
    /// What could not be read.
    pub(super) problems: Vec<String>,
}

/// The same with what it was made of, for a verb that asks the ledger for more.
pub(super) struct Opened {
    pub(super) analysed: Analysed,
    pub(super) ledger: Ledger,
    pub(super) settings: Settings,
}

/// The catalog.
pub(super) fn catalog() -> anyhow::Result<&'static Catalog> {
    Catalog::embedded().context("cannot read the embedded catalog")
}

/// What a verb wants of an analysis: all principals, unless it says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    /// Only this principal, by ARN or name.
    pub(super) only: Option<&'a str>,
    /// Also when what runs as a principal was changed, for which the ledger itself is read.
    pub(super) deploys: bool,
    /// Also the calls of users of clusters, to replay the past.
    pub(super) past: bool,
    /// Folders in which grants are written.
    pub(super) repositories: &'a [PathBuf],
    /// After how many days without use what is watched goes; it stays where this is not said.
    pub(super) drop_watched: Option<i64>,
}

/// Reads ledger and grants, and analyses what is wanted.
pub(super) fn analysed(
    arguments: &AnalysingArguments,
    wanted: Wanted<'_>,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Analysed> {
    Ok(opened(arguments, wanted, streams)?.analysed)
}

/// The same, and the ledger stays open.
pub(super) fn opened(
    arguments: &AnalysingArguments,
    wanted: Wanted<'_>,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Opened> {
    let catalog = catalog()?;
    let mut settings = settings(arguments, catalog, streams)?;
    let ledger = Ledger::open(&arguments.ledger.ledger)?;
    settings.drop_watched = wanted.drop_watched;
    settings.unreadable = ledger.damaged(Provider::Aws);
    let mut problems = ledger.problems();
    let grants = grants::read(
        &arguments.grants,
        arguments.principal.as_deref(),
        &ledger.principals(Some(Provider::Aws))?,
    )?;
    if !grants.account.principals.is_empty() {
        settings.suspects = ledger.suspects()?;
    }
    // What settles is kept by deploys, whether or not the verb shows them.
    if wanted.deploys || settings.settle > 0 {
        settings.deploys = Arc::new(ledger.deploys()?);
    }
    let linked = links::of_grants(&grants);
    let Configuration { mutes, owners } = streams.configuration;
    let written = Written::read(wanted.repositories, &grants)?;
    problems.extend(written.problems.iter().cloned());
    let owners = Owners::of(&grants, owners, &arguments.owners, &written, streams.today)?;
    let Grants { account, rbac, problems: of_manifests, .. } = grants;
    let since = first_counted(
        account.principals.iter().map(|one| one.arn.as_str()),
        ledger.coverage(),
        settings.window,
    );
    let of_cluster = Asked::of(&arguments.cluster, rbac, &ledger)?;
    let starts = [since, of_cluster.as_ref().and_then(|asked| asked.since(settings.window))];
    let start = starts.into_iter().flatten().min();
    // The log ends with the window, and the wire may not.
    let window = start.map(|start| Window { start, end: i64::MAX });
    let last = Days::day_of(ledger.newest());
    let days = start.map(|start| Span::newest(Days::day_of(start), last));
    problems.extend(
        account
            .problems
            .iter()
            .chain(&of_manifests)
            .map(|problem| format!("{}:{}: {}", problem.file, problem.line, problem.message)),
    );
    for problem in problems.iter().chain(mutes.expired()) {
        streams.problem(problem);
    }
    if ledger.is_empty() && problems.is_empty() {
        streams.problem(&format!(
            "ledger `{}` has no records, so that nothing can be judged\nhint: `remit ingest cloudtrail` or `remit ingest \
             kubernetes-audit` fills it",
            arguments.ledger.ledger
        ));
    }
    let state = of_cluster.as_ref().map(|asked| asked.state);
    let groups = state.into_iter().flat_map(State::groups).map(|group| User::group(group).name);
    let groups: Vec<String> = groups.collect();
    let subjects = state.map(State::subjects).unwrap_or_default();
    let only = match wanted.only {
        None => None,
        Some(name) => {
            let arns = account.principals.iter().map(|principal| principal.arn.as_str());
            let subjects = subjects.iter().copied();
            // A group goes by its whole name, lest an account of the same is two.
            let groups = groups.iter().filter(|group| *group == name).map(String::as_str);
            Some(named(name, arns.chain(subjects).chain(groups))?)
        }
    };
    let Rolled { workloads, mut calls, mut seen } = ledger.roll_up_into(
        &Filter { window, days, ..Filter::default() },
        &|| Rolled {
            seen: of_cluster.as_ref().map(|asked| {
                ClusterUsage::of(&asked.input(), settings.window, only.as_deref()).keeping(wanted.past)
            }),
            ..Rolled::default()
        },
        &|rolled, callers| rolled.add(callers),
    )?;
    claim_pathless(&account, &mut calls);
    let mut analysis = analyse(catalog, account, &calls, ledger.coverage(), &settings, only.as_deref());
    analysis.workloads = workloads;
    analysis.mutes = mutes.clone();
    analysis.owners = owners;
    analysis.written = written;
    if let Some(only) = only.as_deref() {
        analysis.owners.retain(only);
    }
    if only.is_none() {
        links::judge(catalog, &ledger, arguments.cluster.cluster.as_deref(), linked, &mut analysis)?;
    }
    let of_subjects = seen.as_mut().and_then(|seen| seen.past.take()).unwrap_or_default();
    let cluster = of_cluster.as_ref().zip(seen).map(|(asked, seen)| {
        let settings = asked.settings(&settings, ledger.damaged(Provider::Kubernetes));
        cluster::analyse(&asked.input(), seen, &settings)
    });
    let analysed = Analysed { catalog, analysis, cluster, calls, of_subjects, problems };
    Ok(Opened { analysed, ledger, settings })
}

/// What an analysis takes of a roll-up.
#[derive(Default)]
struct Rolled<'a> {
    workloads: BTreeMap<Caller, WorkloadCalls>,
    /// Calls of principals of an account, by ARN.
    calls: BTreeMap<String, PrincipalCalls>,
    /// What the users of the cluster that is asked for were seen to need.
    seen: Option<ClusterUsage<'a>>,
}

impl Rolled<'_> {
    /// Adds the calls of some principals.
    fn add(&mut self, mut callers: BTreeMap<Caller, PrincipalCalls>) {
        self.workloads.extend(workloads(callers.iter()));
        self.calls.append(&mut by_principal(&mut callers, Provider::Aws));
        let Some(seen) = &mut self.seen else { return };
        for (user, made) in by_principal(&mut callers, Provider::Kubernetes) {
            seen.add(&user, &made);
        }
    }
}

fn settings(
    arguments: &AnalysingArguments,
    catalog: &Catalog,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Settings> {
    let said = said(&arguments.coverage, streams)?;
    let mut given_up = GivenUp::default();
    let mut unused_services = false;
    for service in &arguments.give_up {
        let service = service.to_lowercase();
        if service == "unused-services" {
            unused_services = true;
        } else if catalog.service_actions(&service).next().is_some() {
            given_up.services.insert(service);
        } else {
            let message = format!("`{service}` is no service\nhint: give an IAM prefix such as `sqs`");
            return Err(WrongUsage(message).into());
        }
    }
    Ok(Settings {
        window: arguments.windows.settings(),
        said,
        unreadable: 0,
        given_up,
        give_up_unused_services: unused_services,
        tier: arguments.tier(),
        suspects: Suspects::default(),
        deploys: Arc::default(),
        settle: arguments.settle.div_euclid(DAY),
        drop_watched: None,
        generalise: arguments.generalise().unwrap_or_else(|| arguments.tier().generalise()),
    })
}

/// What trails are said to record, by their event selectors.
pub(super) fn said(paths: &[PathBuf], streams: &mut Streams<'_>) -> anyhow::Result<Said> {
    let mut said = Said::default();
    for path in paths {
        let selectors = read_selectors(path, streams)?;
        said.classes.extend(selectors.classes);
        said.excluded_services.extend(selectors.excluded_services);
    }
    Ok(said)
}

/// Reads what `aws cloudtrail get-event-selectors` prints, and says what of it cannot be used.
pub(super) fn read_selectors(path: &Path, streams: &mut Streams<'_>) -> anyhow::Result<Selectors> {
    let selectors = selectors::parse(&crate::proposals::read_file(path)?).map_err(|error| {
        anyhow::anyhow!(
            "cannot read event selectors `{}`: {error}\nhint: give what `aws cloudtrail get-event-selectors \
             --trail-name NAME` prints",
            path.display()
        )
    })?;
    for note in &selectors.notes {
        streams.problem(&format!("`{}`: {note}", path.display()));
    }
    Ok(selectors)
}

/// The ARN that a person means by an ARN or a name.
pub(super) fn named<'a>(name: &str, arns: impl Iterator<Item = &'a str>) -> anyhow::Result<String> {
    let mut all = Vec::new();
    for arn in arns {
        if arn == name || is_account(arn, name) {
            return Ok(arn.to_owned());
        }
        all.push(arn);
    }
    let short = |arn: &str| arn.rsplit(['/', ':']).next().unwrap_or(arn).to_owned();
    let matching: Vec<_> = all
        .iter()
        .filter(|arn| short(arn).eq_ignore_ascii_case(name) || arn.ends_with(&format!(":{name}")))
        .collect();
    match matching.as_slice() {
        [one] => Ok((**one).to_owned()),
        [] => {
            let near = all.iter().filter(|arn| {
                arn.to_lowercase().contains(&name.to_lowercase()) || similar(&short(arn), name)
            });
            let near: Vec<_> = near.take(3).map(|arn| format!("`{arn}`")).collect();
            let hint = if near.is_empty() {
                "`remit usage` lists the principals that called".to_owned()
            } else {
                format!("similar: {}", near.join(", "))
            };
            Err(WrongUsage(format!("no principal `{name}`\nhint: {hint}")).into())
        }
        several => {
            let several: Vec<_> = several.iter().map(|arn| format!("`{arn}`")).collect();
            let message =
                format!("several principals are named `{name}`\nhint: give one of {}", several.join(", "));
            Err(WrongUsage(message).into())
        }
    }
}

/// Whether this is the user name of a ServiceAccount that is named `NAMESPACE/NAME`.
fn is_account(user: &str, name: &str) -> bool {
    let parts = user.strip_prefix("system:serviceaccount:").and_then(|parts| parts.split_once(':'));
    parts.is_some_and(|parts| name.split_once('/') == Some(parts))
}
