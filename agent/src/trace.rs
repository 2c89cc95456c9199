//! `remit-agent trace`: calls as they are made, for a person at a terminal.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Context;
use remit_abi::{Counter, Kind};
use remit_agent::capture::{Capture, Known};
use remit_agent::identity::Group;
use remit_agent::kernel::Counts;
use remit_agent::recording::Call;
use remit_agent::sockets::Connection;
use remit_agent::wire::{self, Limits, Responses};

use crate::observe::{Observation, cgroups, identities, now};

/// What `remit-agent trace` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only calls of this process
    #[arg(long)]
    pid: Option<u32>,
    /// Only calls of this cgroup and those below it, by path or number
    #[arg(long)]
    cgroup: Option<String>,
    /// Which responses to wait for, and print the outcomes of, which costs the processes more
    #[arg(long, value_enum, default_value_t)]
    responses: Responses,
    /// How many seconds a call waits for its outcome before it is printed without one
    #[arg(long, default_value_t = 4)]
    patience: u32,
    /// Do not look at what sockets send first: connections that cannot be read are not printed
    #[arg(long)]
    no_sockets: bool,
    /// Print the path of each request as it was sent, too, which may have names, tokens and keys in it
    #[arg(long)]
    paths: bool,
}

/// It is looked so often for calls that nobody waits for any more.
const SWEEP: Duration = Duration::from_secs(1);

/// Runs until it is told to stop.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(trace(arguments))
}

async fn trace(arguments: &Arguments) -> anyhow::Result<()> {
    let group = match &arguments.cgroup {
        Some(name) => Some(Group::find(cgroups(), name).with_context(|| {
            format!("there is no cgroup `{name}`\nhint: give a path below `/sys/fs/cgroup`, or a number")
        })?),
        None => None,
    };
    let observation = Observation::begin(arguments.responses, !arguments.no_sockets, false)?;
    let patience = i64::from(arguments.patience) * 1_000_000;
    let limits = Limits { responses: arguments.responses, patience, ..Limits::default() };
    let capture = Capture::new(limits, identities(None), Known::default());
    let output = std::io::stdout().lock();
    let printer = Printer { only: arguments.pid, has_paths: arguments.paths, output, printed: Ok(()) };
    let mut tracer = Tracer { observation, capture, group, printer };
    let mut next_sweep = Instant::now() + SWEEP;
    loop {
        let is_over = tracer.observation.wait().await?;
        tracer.take();
        if is_over {
            break;
        }
        tracer.observation.follow()?;
        if next_sweep <= Instant::now() {
            next_sweep = Instant::now() + SWEEP;
            tracer.sweep(now());
        }
    }
    tracer.end()
}

/// A trace at work.
struct Tracer<W> {
    observation: Observation,
    capture: Capture,
    /// Only calls of these cgroups; all where there is none.
    group: Option<Group>,
    printer: Printer<W>,
}

impl<W: Write> Tracer<W> {
    /// Takes what the kernel has to say.
    fn take(&mut self) -> usize {
        let Self { observation, capture, group, printer } = self;
        observation.take(|header, bytes, at| {
            let is_of_process = header.kind == Kind::Start as u8 || header.kind == Kind::Exit as u8;
            if is_of_process || group.as_mut().is_none_or(|group| group.contains(header.cgroup)) {
                capture.event(header, bytes, at, &mut |sent, call| printer.call(sent, &call));
            }
        })
    }

    /// Prints what nobody waits for any more.
    fn sweep(&mut self, now: i64) {
        let Self { observation, capture, printer, .. } = self;
        capture.sweep(now, &mut |sent, call| printer.call(sent, &call));
        printer.show(&capture.connections(observation.reached()));
    }

    /// Prints what is left, and says what was seen.
    fn end(mut self) -> anyhow::Result<()> {
        // Nothing may be on its way when the counts are compared.
        self.observation.detach();
        while self.take() > 0 {}
        let Self { observation, mut capture, mut printer, .. } = self;
        capture.close(&mut |sent, call| printer.call(sent, &call));
        printer.show(&capture.close_connections());
        printer.printed?;
        summary(&observation.counts()?, observation.pieces, capture.counts());
        Ok(())
    }
}

/// Prints lines of processes that are asked for.
struct Printer<W> {
    only: Option<u32>,
    /// Whether paths are printed as they were sent.
    has_paths: bool,
    output: W,
    printed: std::io::Result<()>,
}

impl<W: Write> Printer<W> {
    fn print(&mut self, process: u32, line: impl FnOnce() -> String) {
        if self.only.is_none_or(|only| only == process) && self.printed.is_ok() {
            self.printed = writeln!(self.output, "{}", line()).and_then(|()| self.output.flush());
        }
    }

    fn call(&mut self, sent: &wire::Call, call: &Call) {
        let has_paths = self.has_paths;
        self.print(sent.key.process, || line(sent, call, has_paths));
    }

    /// Prints the connections that could not be read.
    fn show(&mut self, connections: &[Connection]) {
        for connection in connections.iter().filter(|connection| !connection.is_readable) {
            self.print(connection.process, || unread(connection));
        }
    }
}

/// What a person sees of a connection that could not be read.
fn unread(connection: &Connection) -> String {
    let identity = connection.subject.identity();
    let workload = &identity.workload;
    let name = workload.owner_name.as_deref().or(workload.container.as_deref()).unwrap_or("?");
    let server = connection.server();
    let server = server.strip_suffix(":443").unwrap_or(&server);
    let text = format!("{} {name} -> {server} (TLS, not readable)", connection.process);
    text.escape_debug().to_string()
}

/// What a person sees of a call: the process, the request, and what it is called. A path may be a secret, so it is part of
/// the request only where that is asked for, and otherwise as the ledger has it.
fn line(sent: &wire::Call, call: &Call, has_path: bool) -> String {
    let head = &sent.head;
    let status = sent.response.as_ref().map_or_else(String::new, |response| format!(" {}", response.status));
    let path = match head.path.as_str() {
        _ if !has_path => String::new(),
        "" => " ?".to_owned(),
        path => format!(" {path}"),
    };
    let text = format!(
        "{} {}{path} {}{status} {}: {} {} {}",
        sent.key.process,
        if head.method.is_empty() { "?" } else { &head.method },
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use remit_agent::head::Head;
    use remit_agent::recording::EVIDENCE;
    use remit_agent::wire::Key;
    use remit_ledger::{Outcome, Provider};

    use super::*;

    #[test]
    fn a_path_is_printed_only_where_it_is_asked_for() {
        let head = Head {
            method: "GET".to_owned(),
            host: Some("api.example.com".to_owned()),
            path: "/bot1:hunter2/getMe".to_owned(),
            ..Head::default()
        };
        let key = Key { process: 7, object: 1 };
        let sent = wire::Call { key, head: Box::new(head), unknown: 0, response: None, time: 5 };
        let call = Call {
            subject: std::sync::Arc::default(),
            evidence: EVIDENCE,
            provider: Provider::Http,
            principal: None,
            account: None,
            region: None,
            credential: None,
            service: "api.example.com".to_owned(),
            operation: "GET /{}/getMe".to_owned(),
            resources: Vec::new(),
            parameters: BTreeMap::new(),
            outcome: Outcome::Unknown,
            error_code: None,
            sample_id: None,
            count: 1,
            first: 5,
            last: 5,
        };
        assert_eq!(line(&sent, &call, false), "7 GET api.example.com http: api.example.com GET /{}/getMe");
        assert_eq!(
            line(&sent, &call, true),
            "7 GET /bot1:hunter2/getMe api.example.com http: api.example.com GET /{}/getMe"
        );
    }
}
