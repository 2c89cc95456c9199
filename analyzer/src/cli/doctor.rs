//! `remit doctor`

use std::path::PathBuf;

use super::Streams;
use super::analysing::{LedgerArguments, WindowArguments, catalog, said};
use crate::cluster::audit_policy;
use crate::exit::Exit;
use crate::holes::{Hole, Sight, holes};
use crate::ledgers::Ledger;
use crate::output::{Cell, Format, Row, counted, plain, print};

/// Name what a ledger cannot show, and the command that closes each hole
///
/// What cannot be seen is never taken for unused: it stays granted. Each hole costs removals, and nothing else.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    ledger: LedgerArguments,
    /// The trail's event selectors (output of `aws cloudtrail get-event-selectors`), if they were the same during the whole
    /// window
    #[arg(long, value_name = "FILE")]
    coverage: Vec<PathBuf>,
    /// What clusters' audit logs show: the API server's audit policy file, or `eks`, `gke`, `gke-data-access`, `aks` or
    /// `aks-admin` for a provider's
    #[arg(long, value_name = "FILE|PROFILE")]
    audit_policy: Option<String>,
    #[command(flatten)]
    windows: WindowArguments,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Exit with 1 when there are holes
    #[arg(long)]
    check: bool,
}

impl Row for Hole {
    const TITLES: &'static [&'static str] = &["OF", "PLACE", "CODE", "DETAIL", "CLOSE"];

    fn cells(&self) -> Vec<Cell> {
        [self.of, &self.place, self.code, &self.detail, &self.close]
            .map(|text| Cell::Text(plain(text)))
            .to_vec()
    }
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let ledger = Ledger::open(&arguments.ledger.ledger)?;
    let said = said(&arguments.coverage, streams)?;
    let policy =
        arguments.audit_policy.as_deref().map(|name| Ok::<_, anyhow::Error>((name, audit_policy(name)?)));
    let policy = policy.transpose()?;
    let unreadable = ledger.problems();
    let holes = holes(&Sight {
        location: &arguments.ledger.ledger,
        catalog: catalog()?,
        records: ledger.coverage(),
        called: &ledger.called()?,
        info: &ledger.info(),
        lossy: &ledger.lossy_sources(),
        unreadable: &unreadable,
        settings: arguments.windows.settings(),
        said: &said,
        policy: policy.as_ref().map(|(name, policy)| (*name, policy)),
    });
    if arguments.format == Format::Table {
        write(&holes, streams)?;
    } else {
        print(&holes, arguments.format, streams.out)?;
    }
    Ok(match (unreadable.is_empty(), arguments.check && !holes.is_empty()) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Findings,
        (true, false) => Exit::Done,
    })
}

/// For a person: sentences and commands do not fit into the columns of a table.
fn write(holes: &[Hole], streams: &mut Streams<'_>) -> anyhow::Result<()> {
    let mut place = None;
    for hole in holes {
        let here = (hole.of, &hole.place);
        if place != Some(here) {
            let gap = if place.is_some() { "\n" } else { "" };
            writeln!(streams.out, "{gap}{} {}", hole.of, plain(&hole.place))?;
            place = Some(here);
        }
        writeln!(streams.out, "  {}: {}", hole.code, plain(&hole.detail))?;
        writeln!(streams.out, "    close: {}", plain(&hole.close))?;
    }
    streams.say(&match holes.len() {
        0 => "no holes".to_owned(),
        count => counted(count as u64, "hole", "holes"),
    });
    Ok(())
}
