//! `remit intent`

mod on_demand;

use remit_ledger::Provider;
use remit_policy::{Days, Generalise, ProposeOptions, Window};

use super::analysing::{Analysed, AnalysingArguments, Opened, Wanted, opened};
use super::{Streams, WrongUsage};
use crate::analysis::pathless;
use crate::cluster::Cluster;
use crate::exit::Exit;
use crate::intent::{Intent, Observation, of_account, of_subject, write};
use crate::ledgers::Ledger;
use crate::output::Format;
use crate::rollup::Span;
use crate::sightings::Asked;
use crate::span::{Since, since};

/// Say what a principal is there for, or whose use falls in short, regular windows
///
/// In one sentence, then: what it uses and on what, when, what calls and who begins its sessions, what stays with it, what is new, and
/// what is not known.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    analysing: AnalysingArguments,
    /// The principal, by ARN or name; of a cluster by user name, or by `NAMESPACE/NAME` of a ServiceAccount
    #[arg(value_name = "PRINCIPAL", required_unless_present = "on_demand")]
    who: Option<String>,
    /// List principals that could be granted on demand: all use falls in short windows that come regularly
    #[arg(long, conflicts_with = "who")]
    on_demand: bool,
    /// Call new what was first seen since this date or time, in UTC where it names no zone, or for so long before the newest record
    #[arg(long, value_name = "TIME", value_parser = since, default_value = "7d")]
    since: Since,
    /// How to print; of one principal CSV is not known
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let Some(who) = &arguments.who else {
        return on_demand::run(&arguments.analysing, arguments.format, streams);
    };
    if arguments.format == Format::Csv {
        let message = "an intent is no table\nhint: use `--format json`, or `--on-demand` for a table";
        return Err(WrongUsage(message.to_owned()).into());
    }
    let Opened { analysed, ledger, .. } = opened(
        &arguments.analysing,
        Wanted { only: Some(who), deploys: true, ..Wanted::default() },
        streams,
    )?;
    let intent = intent(arguments, &analysed, &ledger)?;
    if arguments.format == Format::Json {
        serde_json::to_writer_pretty(&mut *streams.out, &intent)?;
        writeln!(streams.out)?;
    } else {
        write(&intent, streams.out)?;
    }
    Ok(if analysed.problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn intent(arguments: &Arguments, analysed: &Analysed, ledger: &Ledger) -> anyhow::Result<Intent> {
    let since = match arguments.since {
        Since::At(time) => time,
        Since::Before(length) => ledger.newest().saturating_sub(length),
    };
    if let Some(one) = analysed.analysis.principals.first() {
        let asked = asked_of_account(one.coverage.since, one.coverage.window, ledger);
        let observation = Observation::of(ledger, &asked, &names(&one.principal.arn))?;
        // An intent tells what names have in common, whether or not a policy should be narrowed to it.
        let options = ProposeOptions {
            generalise: Generalise::Templates,
            today: Days::day_of(one.coverage.window.end),
            inventory: &analysed.analysis.inventory,
        };
        let mut intent = of_account(analysed.catalog, &analysed.analysis, one, &observation, since, options);
        intent.on_demand = intent.on_demand.map(crate::intent::Demand::with_condition);
        return Ok(intent);
    }
    let of_cluster = analysed.cluster.as_ref().and_then(|cluster| Some((cluster, cluster.subjects.first()?)));
    let Some((cluster, subject)) = of_cluster else {
        let who = arguments.who.as_deref().unwrap_or_default();
        if let Some(group) = analysed.cluster.as_ref().and_then(|cluster| cluster.groups.first()) {
            let message = format!(
                "`{}` is a group, which has no intent of its own\nhint: ask of who is in it, or `remit explain` what it is granted",
                group.user.name
            );
            return Err(WrongUsage(message).into());
        }
        return Err(WrongUsage(format!("no principal `{who}`")).into());
    };
    let asked = asked_of_cluster(cluster, ledger);
    // Sessions are begun of roles alone.
    let observation = Observation::callers(ledger, &asked, std::slice::from_ref(&subject.user.name))?;
    Ok(of_subject(cluster, subject, &observation, since))
}

/// The names by which a principal stands in a ledger.
pub(super) fn names(arn: &str) -> Vec<String> {
    let mut names = vec![arn.to_owned()];
    names.extend(pathless(arn).filter(|pathless| pathless != arn));
    names
}

/// What is asked of the ledger of principals of an account.
pub(super) fn asked_of_account(since: i64, window: Window, ledger: &Ledger) -> Asked {
    asked(Provider::Aws, None, since, window, ledger)
}

/// What is asked of the ledger of subjects of a cluster.
pub(super) fn asked_of_cluster(cluster: &Cluster, ledger: &Ledger) -> Asked {
    let coverage = &cluster.coverage;
    asked(Provider::Kubernetes, cluster.name.clone(), coverage.since, coverage.window, ledger)
}

/// What is asked of the ledger: what was called since a moment. Days are told one by one up to a month after the window's end, where
/// the wire may have seen more, and as far back as they can be.
fn asked(provider: Provider, cluster: Option<String>, since: i64, window: Window, ledger: &Ledger) -> Asked {
    let last = Days::day_of(ledger.newest()).min(Days::day_of(window.end) + 31);
    let days = Span::newest(Days::day_of(since), last);
    Asked { provider, cluster, start: since.max(Days::moment_of(days.first)), days }
}
