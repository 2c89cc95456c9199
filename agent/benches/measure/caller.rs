//! A process that calls functions of OpenSSL, and what a probe adds to its calls.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context;
use remit_agent::kernel::{Events, Kernel, Share};
use remit_agent::probe::{Hook, Point, Site, executables, points};
use remit_agent::wire::Responses;

/// The process and the kernel's programs.
pub(crate) struct Caller {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    kernel: Kernel,
    events: Events,
    file: File,
}

impl Caller {
    /// Starts it. To be called within a runtime.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut kernel = Kernel::load(Share { calls: 100_000_000, ..Share::default() }, Responses::Full)?;
        let events = kernel.events()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/measure/caller.py");
        let mut command = Command::new("python3");
        let mut child = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("no input")?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?).lines();
        output.next().context("the caller ended")??;
        let file = library(child.id())?;
        Ok(Self { child, input, output, kernel, events, file })
    }

    /// The place to probe in a function.
    pub(crate) fn point(&self, hook: Hook) -> anyhow::Result<Point> {
        points(&self.file)?.into_iter().find(|point| point.hook == hook).context("libssl lacks the function")
    }

    /// Nanoseconds that a call of a function takes with a probe, or without.
    pub(crate) fn measure(&mut self, hook: Hook, kind: &str, probe: Option<Point>) -> anyhow::Result<f64> {
        let link = probe.map(|probe| self.kernel.attach(&self.file, &probe)).transpose()?;
        writeln!(self.input, "{} {kind}", hook.symbol())?;
        let time = self.output.next().context("the caller ended")??.parse()?;
        drop(link);
        while self.events.take(|_, _| {}) > 0 {}
        Ok(time)
    }
}

/// The same place with the program that does nothing.
pub(crate) fn floor(point: Point) -> Point {
    Point { hook: Hook::Floor, ..point }
}

/// The same function at its entry.
pub(crate) fn entry(point: Point) -> Point {
    Point { site: Site { offset: 0, is_emulated: false }, ..point }
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
