//! `remit-agent trace`: calls as they are made, for a person at a terminal.

use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use remit_abi::Counter;
use remit_agent::capture::{Capture, Known};
use remit_agent::kernel::Counts;
use remit_agent::recording::Call;
use remit_agent::wire::{self, Limits, Responses};

use crate::observe::{Observation, identities, now};

/// What `remit-agent trace` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only calls of this process
    #[arg(long)]
    pid: Option<u32>,
    /// Which responses to wait for, and print the outcomes of, which costs the processes more
    #[arg(long, value_enum, default_value_t)]
    responses: Responses,
}

/// Calls whose responses do not come are printed after two of these.
const SWEEP: Duration = Duration::from_secs(2);

/// Runs until it is told to stop.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(trace(arguments))
}

async fn trace(arguments: &Arguments) -> anyhow::Result<()> {
    let mut observation = Observation::begin(arguments.responses)?;
    let limits = Limits { responses: arguments.responses, ..Limits::default() };
    let mut capture = Capture::new(limits, identities(None), Known::default());
    let mut output = BufWriter::new(std::io::stdout().lock());
    let mut written = Ok(());
    let mut print = |sent: &wire::Call, call: Call| {
        if arguments.pid.is_none_or(|only| only == sent.key.process) && written.is_ok() {
            written = writeln!(output, "{}", line(sent, &call)).and_then(|()| output.flush());
        }
    };
    let mut next_sweep = Instant::now() + SWEEP;
    loop {
        let is_over = observation.wait().await?;
        observation.take(|header, bytes| capture.event(header, bytes, now(), &mut print));
        if is_over {
            break;
        }
        observation.follow()?;
        if next_sweep <= Instant::now() {
            next_sweep = Instant::now() + SWEEP;
            capture.sweep(now(), &mut print);
        }
    }
    // Nothing may be on its way when the counts are compared.
    observation.detach();
    while observation.take(|header, bytes| capture.event(header, bytes, now(), &mut print)) > 0 {}
    capture.close(now(), &mut print);
    written?;
    summary(&observation.counts()?, observation.pieces, capture.counts());
    Ok(())
}

/// What a person sees of a call: the process, the request, and what it is called.
fn line(sent: &wire::Call, call: &Call) -> String {
    let head = &sent.head;
    let status = sent.response.as_ref().map_or_else(String::new, |response| format!(" {}", response.status));
    let text = format!(
        "{} {} {} {}{status} {}: {} {} {}",
        sent.key.process,
        if head.method.is_empty() { "?" } else { &head.method },
        if head.path.is_empty() { "?" } else { &head.path },
        head.host.as_deref().unwrap_or("?"),
        call.provider.as_str(),
        call.service,
        call.operation,
        call.resources.join(" "),
    );
    // What a process sends must not steer the terminal.
    text.trim_end().escape_debug().to_string()
}

/// Says what was seen, and what was not.
fn summary(counts: &Counts, pieces: u64, heads: &wire::Counts) {
    let counted = Counter::ALL.map(|counter| format!("{} {}", counts.of(counter), counter.name()));
    eprintln!(
        "{}; {pieces} pieces read; {} heads seen, {} delivered, {} dropped",
        counted.join(", "),
        heads.seen,
        heads.delivered,
        heads.all_dropped()
    );
}
