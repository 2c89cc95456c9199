//! A process that calls functions of OpenSSL, and what a probe adds to its calls.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use remit_agent::kernel::{Events, Kernel, Share};
use remit_agent::probe::{Hook, Point, Site, executables, points};
use remit_agent::wire::Responses;

/// How long it is waited for others to take their probes away.
const PATIENCE: Duration = Duration::from_secs(120);

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
        // As `run` does unless told otherwise, but that nothing is refused.
        let share = Share { calls: 100_000_000, sums: true, ..Share::default() };
        let mut kernel = Kernel::load(share, Responses::First)?;
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

    /// Measures while nobody else has a probe at a place: what is measured against would be too much.
    pub(crate) fn alone<T>(
        &mut self,
        point: &Point,
        mut measure: impl FnMut(&mut Self) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let was_free = self.is_free(point)?;
            let measured = measure(self)?;
            if was_free && self.is_free(point)? {
                return Ok(measured);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("another program probes this OpenSSL\nhint: end other agents");
    }

    /// Whether the caller has in memory there what its file has.
    fn is_free(&self, point: &Point) -> anyhow::Result<bool> {
        let process = self.child.id();
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
        let mapped = maps.lines().find_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let (start, end) = fields.next()?.split_once('-')?;
            let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap_or_default());
            let offset = u64::from_str_radix(fields.nth(1)?, 16).ok()?;
            let at = start + point.offset().checked_sub(offset)?;
            (line.contains("/libssl.so") && at < end).then_some(at)
        });
        let (mut there, mut here) = ([0], [0]);
        let memory = File::open(format!("/proc/{process}/mem"))?;
        memory.read_exact_at(&mut there, mapped.context("the caller has no libssl")?)?;
        self.file.read_exact_at(&mut here, point.offset())?;
        Ok(there == here)
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
