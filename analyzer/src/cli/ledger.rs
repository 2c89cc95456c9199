//! `remit ledger`

use std::path::{Path, PathBuf};

use remit_ledger::{Address, Bucket};
use remit_policy::moment;
use serde::Serialize;

use super::analysing::LedgerArguments;
use super::{Streams, WrongUsage};
use crate::exit::Exit;
use crate::ledgers::Ledger;
use crate::output::{Cell, Format, counted, grouped, plain};

/// Look after a ledger
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Say what a ledger holds, in numbers
    Info(InfoArguments),
    /// Merge small files
    Compact(CompactArguments),
    /// Add up what was called in each month, so that other commands need not read it again
    RollUp(RollUpArguments),
}

/// Say what a ledger holds, in numbers
#[derive(Debug, clap::Args)]
pub(super) struct InfoArguments {
    #[command(flatten)]
    ledger: LedgerArguments,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Merge small files
///
/// In an object store others may write meanwhile. Files that were merged stay there for a day, for whoever still reads them, and go
/// with the next compaction.
#[derive(Debug, clap::Args)]
pub(super) struct CompactArguments {
    #[command(flatten)]
    ledger: LedgerArguments,
    /// Where files of an object store are merged; the system's folder for temporary files where this is not said
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

/// Add up what was called in each month, so that other commands need not read it again
///
/// A state for each month is kept beside the records, and brought up to date by what they lack when this is run again. What other
/// commands say is the same with states and without, whether these are up to date or not.
#[derive(Debug, clap::Args)]
pub(super) struct RollUpArguments {
    #[command(flatten)]
    ledger: LedgerArguments,
}

pub(super) fn run(verb: &Verb, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    match verb {
        Verb::Info(arguments) => info(arguments, streams),
        Verb::Compact(arguments) => compact(arguments, streams),
        Verb::RollUp(arguments) => roll_up(arguments, streams),
    }
}

/// What `remit ledger info --format json` prints.
#[derive(Serialize)]
struct Info {
    usage_files: usize,
    coverage_files: usize,
    states: usize,
    usage_files_in_states: usize,
    rows: u64,
    bytes: u64,
    sources: usize,
    first_event: Option<String>,
    last_event: Option<String>,
    read: u64,
    recorded: u64,
    skipped: std::collections::BTreeMap<String, u64>,
    lost: std::collections::BTreeMap<String, u64>,
    lossy_sources: Vec<String>,
    uncommitted_files: usize,
    replaced_files: usize,
}

fn info(arguments: &InfoArguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let ledger = Ledger::open(&arguments.ledger.ledger)?;
    let problems = ledger.problems();
    for problem in &problems {
        streams.problem(problem);
    }
    let numbers = ledger.info();
    let (states, usage_files_in_states) = ledger.states();
    let info = Info {
        usage_files: numbers.usage_files,
        coverage_files: numbers.coverage_files,
        states,
        usage_files_in_states,
        rows: numbers.rows,
        bytes: numbers.bytes,
        sources: numbers.sources,
        first_event: numbers.span.map(|(first, _)| moment(first)),
        last_event: numbers.span.map(|(_, last)| moment(last)),
        read: numbers.counts.read,
        recorded: numbers.counts.recorded,
        skipped: numbers.counts.skipped,
        lost: numbers.counts.lost,
        lossy_sources: ledger.lossy_sources().iter().map(|source| source.name.to_owned()).collect(),
        uncommitted_files: numbers.uncommitted,
        replaced_files: numbers.replaced,
    };
    print_info(&info, arguments.format, streams)?;
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn print_info(info: &Info, format: Format, streams: &mut Streams<'_>) -> anyhow::Result<()> {
    let text = |text: &Option<String>| Cell::Text(text.clone().unwrap_or_default());
    let mut pairs = vec![
        ("usage files", Cell::count(info.usage_files)),
        ("coverage files", Cell::count(info.coverage_files)),
        ("states", Cell::count(info.states)),
        ("usage files in states", Cell::count(info.usage_files_in_states)),
        ("rows", Cell::Number(info.rows)),
        ("bytes", Cell::Number(info.bytes)),
        ("sources", Cell::count(info.sources)),
        ("first event", text(&info.first_event)),
        ("last event", text(&info.last_event)),
        ("events read", Cell::Number(info.read)),
        ("events recorded", Cell::Number(info.recorded)),
    ];
    let reasons = |what: &str, counts: &std::collections::BTreeMap<String, u64>| {
        counts.iter().map(|(reason, count)| (format!("{what} ({reason})"), *count)).collect::<Vec<_>>()
    };
    let skipped = reasons("events skipped", &info.skipped);
    let lost = reasons("events lost", &info.lost);
    pairs.extend(skipped.iter().chain(&lost).map(|(what, count)| (what.as_str(), Cell::Number(*count))));
    let lossy = info
        .lossy_sources
        .iter()
        .map(|name| ("lost events, or not read to the end", Cell::Text(plain(name))));
    pairs.extend(lossy);
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *streams.out, info)?;
            writeln!(streams.out)?;
        }
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(&mut *streams.out);
            writer.write_record(["what", "value"])?;
            for (what, value) in pairs {
                writer.write_record([what, &value.bare()])?;
            }
            writer.flush()?;
        }
        Format::Table => {
            let width = pairs.iter().map(|(what, _)| what.len()).max().unwrap_or(0);
            for (what, value) in pairs {
                writeln!(streams.out, "{what:width$}  {}", value.shown())?;
            }
        }
    }
    Ok(())
}

fn compact(arguments: &CompactArguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let location = &arguments.ledger.ledger;
    let done = match Address::parse(location)? {
        Some(address) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let scratch = arguments.scratch.clone().unwrap_or_else(std::env::temp_dir);
            runtime.block_on(remit_ledger::compact_stored(&Bucket::open(&address)?, &scratch))?
        }
        None if !Path::new(location).is_dir() => anyhow::bail!(
            "no ledger at `{location}`\nhint: `remit ingest cloudtrail PATH --ledger {location}` makes one"
        ),
        None if arguments.scratch.is_some() => {
            return Err(WrongUsage(format!(
                "`--scratch` is for a ledger in an object store, and `{location}` is a folder\nhint: leave it out"
            ))
            .into());
        }
        None => remit_ledger::compact(Path::new(location), remit_ledger::WriterOptions::default())?,
    };
    streams.say(&format!(
        "{} became {}, {} became {}, {} became {}",
        counted(done.files_before as u64, "file", "files"),
        grouped(done.files_after as u64),
        counted(done.rows_before, "row", "rows"),
        grouped(done.rows_after),
        counted(done.bytes_before, "byte", "bytes"),
        grouped(done.bytes_after)
    ));
    Ok(Exit::Done)
}

fn roll_up(arguments: &RollUpArguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let renewed = Ledger::renew(&arguments.ledger.ledger)?;
    for problem in &renewed.problems {
        streams.problem(problem);
    }
    let done = match renewed.written {
        0 => "every state is up to date".to_owned(),
        written => format!(
            "{} written, of {}, with {} of {} added; {} up to date",
            counted(written as u64, "state", "states"),
            counted(renewed.rows, "row", "rows"),
            counted(renewed.added, "row", "rows"),
            counted(renewed.files as u64, "file", "files"),
            grouped(renewed.kept as u64)
        ),
    };
    streams.say(&done);
    Ok(if renewed.problems.is_empty() { Exit::Done } else { Exit::Failed })
}
