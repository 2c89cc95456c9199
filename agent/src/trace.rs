//! `remit-agent trace`: calls as they are made, for a person at a terminal.

use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use anyhow::Context;
use remit_abi::{Counter, Header, Kind, flag};
use remit_agent::kernel::{Counts, Events, Kernel, Share};
use remit_agent::probe::{Watch, Watched};
use tokio::signal::unix::{SignalKind, signal};

/// What `remit-agent trace` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only calls of this process
    #[arg(long)]
    pid: Option<u32>,
    /// Print responses, too, which costs the processes more
    #[arg(long)]
    responses: bool,
}

/// After a program started, its libraries are not mapped yet. Then it is looked at so much later.
const LATER: [Duration; 4] =
    [Duration::from_millis(20), Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5)];

/// Processes that are to be looked at; what is beyond is found by the next look at all of them.
const WAITING: usize = 16_384;

/// All processes are looked at so often, for libraries that they loaded long after they started.
const ROUND: Duration = Duration::from_secs(10);

/// Runs until it is told to stop.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(trace(arguments))
}

async fn trace(arguments: &Arguments) -> anyhow::Result<()> {
    let mut kernel = Kernel::load(Share::default())
        .context("calls cannot be seen here\nhint: run as root, on Linux 5.8 or later with uprobes")?;
    let mut events = kernel.events()?;
    let mut watch = Watch::new(arguments.responses);
    announce(&watch.round(&mut kernel)?);
    eprintln!("watching {} functions; calls follow", watch.probes());
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut waiting: Vec<(Instant, u32)> = Vec::new();
    let mut next_round = Instant::now() + ROUND;
    let mut pieces = 0;
    let mut output = BufWriter::new(std::io::stdout().lock());
    loop {
        let is_over = tokio::select! {
            waited = events.wait() => { waited?; false }
            _ = interrupt.recv() => true,
            _ = terminate.recv() => true,
        };
        drain(&mut events, &mut pieces, &mut waiting, arguments.pid, &mut output)?;
        if is_over {
            break;
        }
        let now = Instant::now();
        for (_, process) in waiting.extract_if(.., |(when, _)| *when <= now) {
            announce(&watch.process(&mut kernel, process));
        }
        if next_round <= now {
            next_round = now + ROUND;
            announce(&watch.round(&mut kernel)?);
        }
    }
    // Detach first, so that nothing is on its way when the counts are compared.
    drop(watch);
    while drain(&mut events, &mut pieces, &mut waiting, arguments.pid, &mut output)? > 0 {}
    summary(&kernel.counts()?, pieces);
    Ok(())
}

/// Handles what the kernel has to say, and prints heads.
fn drain(
    events: &mut Events,
    pieces: &mut u64,
    waiting: &mut Vec<(Instant, u32)>,
    only: Option<u32>,
    output: &mut impl Write,
) -> anyhow::Result<usize> {
    let mut written = Ok(());
    let taken = events.take(|header, text| {
        if header.kind == Kind::Start as u8 {
            if waiting.len() + LATER.len() <= WAITING {
                let now = Instant::now();
                waiting.extend(
                    [Duration::ZERO].iter().chain(&LATER).map(|later| (now + *later, header.process)),
                );
            }
            return;
        }
        *pieces += 1;
        if header.flags & flag::FIRST != 0
            && only.is_none_or(|only| only == header.process)
            && written.is_ok()
        {
            written = writeln!(output, "{} {}", header.process, line(header, text));
        }
    });
    written?;
    output.flush()?;
    Ok(taken)
}

/// What a person sees of a head: its first line without the query, which may hold secrets.
fn line(header: &Header, text: &[u8]) -> String {
    if header.kind == Kind::Frame as u8 {
        return format!("HTTP/2 headers, {} bytes", text.len());
    }
    let line = text.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default();
    let shown = line.split(|byte| *byte == b'?').next().unwrap_or_default();
    String::from_utf8_lossy(shown).escape_debug().to_string()
}

/// Says what is probed from now on.
fn announce(watched: &[Watched]) {
    for file in watched {
        let points = file.points.iter().map(|point| {
            let how = if point.site.is_emulated { "emulated" } else { "stepped" };
            format!("{}+{:#x} ({how})", point.hook.symbol(), point.site.offset)
        });
        let points = points.collect::<Vec<_>>().join(", ");
        eprintln!("watching {}: {points}", file.path.display().to_string().escape_debug());
    }
}

/// Says what was seen, and what was not.
fn summary(counts: &Counts, pieces: u64) {
    let counted = Counter::ALL.map(|counter| format!("{} {}", counts.of(counter), counter.name()));
    eprintln!("{}; {pieces} pieces read", counted.join(", "));
}
