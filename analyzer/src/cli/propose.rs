//! `remit propose`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::Streams;
use super::analysing::{Analysed, AnalysingArguments, Wanted, analysed, named};
use crate::backtest::Past;
use crate::cluster;
use crate::exit::Exit;
use crate::learn::{watched, watched_of_subject};
use crate::outcome::{Edits, Told};
use crate::output::{Cell, Format, Row, plain, print};
use crate::proposals;
use crate::review::{Forecasts, Rules};
use crate::span;
use crate::visible::DAY;

/// Write proven policy proposals into a folder
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    analysing: AnalysingArguments,
    /// Only for this principal, by ARN or name
    #[arg(value_name = "PRINCIPAL")]
    only: Option<String>,
    /// The folder to write; proposals that are already there are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Take away what is watched, too, where it was not used for so long, such as `180d`: not once in a history of at least that length.
    /// It stays otherwise. What was used in one stretch of days stays as long as that is in the history
    #[arg(long, value_name = "AGE", value_parser = span::microseconds)]
    drop_watched: Option<i64>,
    /// How to print the list of proposals
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One principal in the list.
#[derive(Serialize)]
struct Line {
    principal: String,
    state: &'static str,
    kept: usize,
    removed: usize,
    narrowed: usize,
    watched: usize,
    would_have_broken: String,
    detail: String,
}

impl Row for Line {
    const TITLES: &'static [&'static str] =
        &["PRINCIPAL", "PROPOSAL", "KEPT", "REMOVED", "NARROWED", "WATCHED", "WOULD HAVE BROKEN", "DETAIL"];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::Text(plain(&self.principal)),
            Cell::Text(self.state.to_owned()),
            Cell::count(self.kept),
            Cell::count(self.removed),
            Cell::count(self.narrowed),
            Cell::count(self.watched),
            Cell::Text(self.would_have_broken.clone()),
            Cell::Text(plain(&self.detail)),
        ]
    }
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    prepare(&arguments.out)?;
    // What came of such proposals in the past is told by all identities of a sort.
    let drop_watched = arguments.drop_watched.map(days);
    let wanted = Wanted { deploys: true, past: true, drop_watched, ..Wanted::default() };
    let analysed = analysed(&arguments.analysing, wanted, streams)?;
    let only = arguments.only.as_deref().map(|name| named(name, names(&analysed))).transpose()?;
    let forecasts = forecasts(&analysed, &arguments.analysing, drop_watched);
    let cluster = analysed.cluster.as_ref();
    let only = only.as_deref();
    proposals::write(analysed.catalog, &analysed.analysis, cluster, &forecasts, only, &arguments.out)?;
    let mut lines = lines(&analysed, &forecasts);
    lines.retain(|line| only.is_none_or(|only| line.principal == only));
    print(&lines, arguments.format, streams.out)?;
    let unproven = lines.iter().any(|line| line.state == "withheld");
    Ok(if unproven || !analysed.problems.is_empty() { Exit::Failed } else { Exit::Done })
}

/// The days of a length of time, begun ones included.
fn days(length: i64) -> i64 {
    length.saturating_add(DAY - 1).div_euclid(DAY)
}

/// What came of such proposals in the past.
pub(super) fn forecasts(
    analysed: &Analysed,
    arguments: &AnalysingArguments,
    drop_watched: Option<i64>,
) -> Forecasts {
    let windows = &arguments.windows;
    let rules = Rules {
        tier: arguments.tier(),
        generalise: arguments.generalise(),
        history: days(windows.history.max(windows.window)),
        settle: arguments.settle.div_euclid(DAY),
        drop_watched,
    };
    let Analysed { catalog, analysis, cluster, calls, of_subjects, .. } = analysed;
    let past = Past::of(catalog, analysis, calls, cluster.as_ref(), of_subjects);
    Forecasts::replay(&past, rules)
}

/// Principals with grants, and subjects of the cluster.
fn names(analysed: &Analysed) -> impl Iterator<Item = &str> {
    let of_account = analysed.analysis.account.principals.iter().map(|one| one.arn.as_str());
    let of_cluster = analysed.cluster.iter().flat_map(|cluster| {
        let groups = cluster.groups.iter().map(|group| group.user.name.as_str());
        cluster.state.subjects().into_iter().chain(groups)
    });
    of_account.chain(of_cluster)
}

/// Makes the folder ready: an old set of proposals goes away whole, and anything else is not touched.
pub(super) fn prepare(folder: &Path) -> anyhow::Result<()> {
    if !proposals::holds(folder, "index.json", "proposals")? {
        return Ok(());
    }
    for old in proposals::folders(folder)? {
        std::fs::remove_dir_all(&old).with_context(|| format!("cannot remove `{}`", old.display()))?;
    }
    Ok(())
}

fn lines(analysed: &Analysed, forecasts: &Forecasts) -> Vec<Line> {
    let of_account = analysed.analysis.principals.iter().map(|one| {
        let (name, granted) = (&one.principal.arn, one.judgement.counts().granted());
        let mut line = line(name, granted, &one.outcome.told(), || proposals::folder_of(&one.principal));
        line.watched = watched(one);
        line
    });
    let of_cluster = analysed.cluster.iter().flat_map(|cluster| {
        cluster.all().map(move |one| {
            let (name, granted) = (&one.user.name, one.judgement.counts().granted());
            let mut line =
                line(name, granted, &one.outcome.told(), || cluster::folder_of(cluster, &one.user));
            line.watched = watched_of_subject(one);
            line
        })
    });
    let mut lines: Vec<Line> = of_account.chain(of_cluster).collect();
    for line in lines.iter_mut().filter(|line| line.state == "proven") {
        line.would_have_broken = forecasts.short(&line.principal);
    }
    lines
}

fn line(
    principal: &str,
    granted: usize,
    told: &Told<'_, impl Edits>,
    folder: impl FnOnce() -> String,
) -> Line {
    let (state, kept, [removed, narrowed], detail) = match told {
        Told::Changes(proven) => ("proven", proven.kept(), [proven.removed(), proven.on_less()], folder()),
        Told::Nothing => ("nothing to change", granted, [0; 2], String::new()),
        Told::Impossible(why) => ("none", granted, [0; 2], why.clone()),
        Told::Withheld(why) => ("withheld", granted, [0; 2], why.clone()),
    };
    Line {
        principal: principal.to_owned(),
        state,
        kept,
        removed,
        narrowed,
        watched: 0,
        would_have_broken: String::new(),
        detail,
    }
}
