//! `remit demo`

mod sample;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use remit_policy::NoProposal;

use super::analysing::{
    Analysed, AnalysingArguments, LedgerArguments, Opened, Wanted, WindowArguments, opened,
};
use super::{Streams, ingest, propose, report};
use crate::analysis::Outcome;
use crate::cluster::ClusterArguments;
use crate::exit::Exit;
use crate::output::{counted, grouped};
use crate::owners::OwnerArguments;
use crate::proposals;
use crate::report::build::Beside;
use crate::report::model::{PrincipalSection, ProposalSection, Report};
use crate::visible::DAY;

/// Run everything on an embedded sample organisation
///
/// Larkspur Outfitters does not exist. Its 90 days of CloudTrail files and of its cluster's audit log, its grants and what its logs
/// record are part of this program.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder to write
    #[arg(long, value_name = "DIR", default_value = "remit-demo")]
    out: PathBuf,
}

/// A file that says that a folder is a demo's, which the next demo may replace.
const MARK: &str = ".remit-demo";
/// The cluster's name.
const CLUSTER: &str = "larkspur-prod";
/// Principals of the account that are listed.
const SHOWN: usize = 7;
/// Subjects of the cluster that are listed.
const SUBJECTS: usize = 3;
/// Letters of a name that is shown.
const NAME: usize = 24;

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let folder = &arguments.out;
    make_way(folder)?;
    let sample = folder.join("sample");
    sample::unpack(&sample)?;
    let ledger = folder.join("ledger");
    let selectors = sample.join("event-selectors.json");
    let of_account = ingest::ingest_cloudtrail(
        &ingest::CloudtrailArguments::of(&sample.join("AWSLogs"), &ledger, &selectors),
        streams,
    )?;
    let of_cluster = ingest::ingest_kubernetes(
        &ingest::KubernetesArguments::of(&sample.join("cluster/audit"), &ledger, CLUSTER),
        streams,
    )?;
    let analysing = AnalysingArguments {
        ledger: LedgerArguments { ledger: ledger.to_string_lossy().into_owned() },
        grants: vec![
            sample.join("account-authorization-details.json"),
            sample.join("cluster/manifests.json"),
        ],
        principal: None,
        coverage: Vec::new(),
        windows: WindowArguments {
            window: 90 * DAY,
            history: 400 * DAY,
            min_window: 30 * DAY,
            max_gap: 2 * DAY,
        },
        give_up: Vec::new(),
        tier: None,
        settle: 0,
        resources: None,
        cluster: ClusterArguments {
            audit_policy: Some(sample.join("cluster/audit-policy.json").to_string_lossy().into_owned()),
            ..ClusterArguments::default()
        },
        owners: OwnerArguments::default(),
    };
    let Opened { mut analysed, ledger: opened, .. } =
        opened(&analysing, Wanted { deploys: true, past: true, ..Wanted::default() }, streams)?;
    let out = folder.join("proposals");
    propose::prepare(&out)?;
    let forecasts = propose::forecasts(&analysed, &analysing, None);
    proposals::write(
        analysed.catalog,
        &analysed.analysis,
        analysed.cluster.as_ref(),
        &forecasts,
        None,
        &out,
    )?;
    let hours = report::hours(&analysed, &opened)?;
    let beside = Beside { problems: analysed.problems.clone(), hours, ..Beside::default() };
    let too_large = too_large(&analysed);
    let report = report::write(&mut analysed, beside, folder)?;
    tell(folder, &too_large, &report, streams)?;
    Ok(of_account.max(of_cluster))
}

/// Makes an empty folder, or empties one that an earlier demo wrote.
fn make_way(folder: &Path) -> anyhow::Result<()> {
    let is_empty = fs::read_dir(folder).map(|mut entries| entries.next().is_none()).unwrap_or(true);
    if !is_empty {
        if !folder.join(MARK).is_file() {
            bail!(
                "folder `{}` is not empty and not a demo's\nhint: name another with `--out DIR`",
                folder.display()
            );
        }
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    proposals::write_file(&folder.join(MARK), "")
}

/// Principals of which too much stays to fit into policies, by ARN.
fn too_large(analysed: &Analysed) -> Vec<String> {
    let is_too_large = |one: &&crate::analysis::Analysed| {
        matches!(one.outcome, Outcome::Impossible(NoProposal::TooLarge(_)))
    };
    let principals = analysed.analysis.principals.iter().filter(is_too_large);
    principals.map(|one| one.principal.arn.clone()).collect()
}

fn tell(
    folder: &Path,
    too_large: &[String],
    report: &Report,
    streams: &mut Streams<'_>,
) -> anyhow::Result<()> {
    let totals = report.totals;
    let permissions = totals.permissions;
    let out = &mut *streams.out;
    writeln!(out)?;
    writeln!(
        out,
        "{} made {} in {}; {} made none.",
        counted(totals.principals as u64, "principal", "principals"),
        counted(totals.calls, "allowed call", "allowed calls"),
        report.window.length,
        totals.idle
    )?;
    let share = |part: usize| {
        let percent = part.saturating_mul(1000).checked_div(permissions.granted).unwrap_or(0);
        format!("{:>7}  {:>3}.{} %", grouped(part as u64), percent / 10, percent % 10)
    };
    writeln!(out, "They are granted {} permissions:", grouped(permissions.granted as u64))?;
    writeln!(out, "  used         {}", share(permissions.used))?;
    writeln!(out, "  unused       {}", share(permissions.unused))?;
    writeln!(
        out,
        "  unobservable {}  (kept; the report says what would show them)",
        share(permissions.unobservable)
    )?;
    writeln!(out)?;
    let (of_account, of_cluster): (Vec<_>, Vec<_>) =
        report.principals.iter().partition(|section| section.arn.starts_with("arn:"));
    writeln!(out, "The widest, worst first:")?;
    for section in of_account.into_iter().take(SHOWN) {
        writeln!(out, "  {}", line(section, too_large.contains(&section.arn)))?;
    }
    writeln!(out, "and of the cluster `{CLUSTER}`:")?;
    for section in of_cluster.into_iter().take(SUBJECTS) {
        writeln!(out, "  {}", line(section, false))?;
    }
    writeln!(out)?;
    let is_impossible =
        |section: &&PrincipalSection| matches!(section.proposal, ProposalSection::Impossible { .. });
    let impossible = report.principals.iter().filter(is_impossible).count();
    writeln!(
        out,
        "{} proven and {} {} and narrow {} more; {} left alone.",
        counted(totals.proposals as u64, "proposal is", "proposals are"),
        if totals.proposals == 1 { "removes" } else { "remove" },
        counted(totals.removed as u64, "permission", "permissions"),
        totals.narrowed,
        counted(impossible as u64, "principal is", "principals are"),
    )?;
    if !too_large.is_empty() {
        let too_large = too_large.len();
        writeln!(
            out,
            "Of {too_large} too much is unobservable to fit into policies: `--give-up unused-services` gives up"
        )?;
        writeln!(out, "what is unobservable in services of which they used nothing.")?;
    }
    writeln!(out)?;
    writeln!(out, "Look at  {}, or report.md beside it", folder.join("report.html").display())?;
    writeln!(out, "         {}", folder.join("proposals").display())?;
    let grants = folder.join("sample/account-authorization-details.json");
    let example = report.principals.iter().find(|one| !one.used.is_empty());
    if let Some((principal, used)) = example.and_then(|one| one.used.first().map(|used| (one, used))) {
        writeln!(out, "Ask why  remit explain {} {} \\", principal.name, used.permission)?;
        writeln!(
            out,
            "           --ledger {} --grants {}",
            folder.join("ledger").display(),
            grants.display()
        )?;
    }
    writeln!(out, "Check    remit verify {}", folder.join("proposals").display())?;
    Ok(())
}

fn line(principal: &PrincipalSection, is_too_large: bool) -> String {
    let permissions = principal.permissions;
    let proposal = match principal.proposal {
        ProposalSection::Proven { removed, narrowed, .. } => match narrowed as u64 {
            0 => format!("{} go", grouped(removed as u64)),
            narrowed => format!("{} go, {} in part", grouped(removed as u64), grouped(narrowed)),
        },
        ProposalSection::Nothing => "nothing to change".to_owned(),
        ProposalSection::Impossible { .. } if is_too_large => "unobservable ones do not fit".to_owned(),
        ProposalSection::Impossible { .. } => "left alone".to_owned(),
    };
    let name: String = principal.name.chars().take(NAME).collect();
    format!(
        "{name:<NAME$} {:>6} granted {:>5} used {:>6} unused  {proposal}",
        grouped(permissions.granted as u64),
        grouped(permissions.used as u64),
        grouped(permissions.unused as u64),
    )
}
