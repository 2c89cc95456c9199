//! What a probe costs the workload: at a function's entry, and at the site that was chosen; with a program that does
//! nothing, and with the agent's. Run as root: `cargo bench -p remit-agent --bench sites`.
#![expect(clippy::print_stdout, reason = "a benchmark that prints what it measured")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context;
use remit_agent::kernel::{Events, Kernel, Share};
use remit_agent::probe::{Hook, Point, Site, executables, points};
use remit_agent::wire::Responses;

/// Each way is measured so often, in turn with the others; the least counts, since all else is other programs' doing.
const ROUNDS: usize = 60;

/// The process that calls.
struct Caller {
    child: Child,
    input: ChildStdin,
    output: std::io::Lines<BufReader<ChildStdout>>,
}

impl Caller {
    fn start() -> anyhow::Result<Caller> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/sites/caller.py");
        let mut command = Command::new("python3");
        let mut child = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("no input")?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?).lines();
        output.next().context("the caller ended")??;
        Ok(Caller { child, input, output })
    }

    /// Nanoseconds a call.
    fn measure(&mut self, hook: Hook, kind: &str) -> anyhow::Result<f64> {
        writeln!(self.input, "{} {kind}", hook.symbol())?;
        Ok(self.output.next().context("the caller ended")??.parse()?)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The library that the caller has mapped.
fn library(process: u32) -> anyhow::Result<File> {
    let mapped = executables(process);
    let is_library = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("libssl");
    let found = mapped.iter().find(|mapping| mapping.path.file_name().is_some_and(is_library));
    Ok(File::open(&found.context("the caller has no libssl")?.path)?)
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { measure() })
}

fn measure() -> anyhow::Result<()> {
    let mut kernel = Kernel::load(Share { calls: 100_000_000, ..Share::default() }, Responses::Full)?;
    let mut events = kernel.events()?;
    let mut caller = Caller::start()?;
    let file = library(caller.child.id())?;
    println!("| function | probe | program | written | µs a call | above none |");
    println!("| --- | --- | --- | --- | ---: | ---: |");
    for point in
        points(&file)?.into_iter().filter(|point| matches!(point.hook, Hook::SslWrite | Hook::SslWriteEx))
    {
        let entry = Site { offset: 0, is_emulated: false };
        let (floor_entry, floor) =
            (Point { hook: Hook::Floor, site: entry, ..point }, Point { hook: Hook::Floor, ..point });
        let ways: [(&str, &str, &str, Option<Point>); 7] = [
            ("none", "", "head", None),
            ("entry", "empty", "head", Some(floor_entry)),
            ("site", "empty", "head", Some(floor)),
            ("site", "remit", "body", Some(point)),
            ("site", "remit", "head", Some(point)),
            ("site", "remit", "post", Some(point)),
            ("entry", "remit", "head", Some(Point { site: entry, ..point })),
        ];
        let mut least = [f64::INFINITY; 7];
        for _ in 0..ROUNDS {
            for ((_, _, kind, probe), least) in ways.iter().zip(&mut least) {
                let link = probe.map(|probe| kernel.attach(&file, &probe)).transpose()?;
                *least = least.min(caller.measure(point.hook, kind)?);
                drop(link);
                drain(&mut events);
            }
        }
        for ((probe, program, kind, _), time) in ways.iter().zip(least) {
            let (time, above) = (time / 1000.0, (time - least[0]) / 1000.0);
            println!("| `{}` | {probe} | {program} | {kind} | {time:.2} | {above:.2} |", point.hook.symbol());
        }
    }
    Ok(())
}

fn drain(events: &mut Events) {
    while events.take(|_, _| {}) > 0 {}
}
