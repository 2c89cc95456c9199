//! What a call costs the agent, from its event's bytes to its place in the recorder's table, against an empty probe.

use std::path::Path;
use std::time::Instant;

use remit_abi::Header;
use remit_agent::capture::{Capture, Known};
use remit_agent::identity::{CgroupTree, Identities, IdentitySettings};
use remit_agent::probe::Hook;
use remit_agent::recording::{Recorder, RecorderSettings, Written};
use remit_agent::wire::{Limits, Responses};

use crate::caller::{Caller, floor};
use crate::figure;
use crate::sample::{Event, Sample};

/// Each is measured so often, in turn with the others; the least counts.
const ROUNDS: u32 = 160;

/// Calls of one measurement: so few that most are measured without another program in between.
const CALLS: u32 = 250;

/// The part that needs neither a kernel nor root, for whoever looks for where the time goes.
pub(crate) fn work(rounds: u32) {
    let mut work = [Work::new(Responses::First), Work::new(Responses::Off)];
    for round in 0..rounds {
        work.iter_mut().for_each(|work| work.round(round));
    }
    work.iter().for_each(Work::print);
}

pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { measure() })
}

fn measure() -> anyhow::Result<()> {
    let mut caller = Caller::start()?;
    let point = caller.point(Hook::SslWrite)?;
    let site = floor(point);
    let (mut none, mut probed) = (f64::INFINITY, f64::INFINITY);
    let mut work = [Work::new(Responses::First), Work::new(Responses::Off)];
    for round in 0..ROUNDS {
        let ways = [None, Some(site)];
        let [without, with] = caller.alone(&point, |caller| {
            let [without, with] = ways.map(|probe| caller.measure(Hook::SslWrite, "head", probe));
            Ok([without?, with?])
        })?;
        (none, probed) = (none.min(without), probed.min(with));
        work.iter_mut().for_each(|work| work.round(round));
    }
    figure("floor", (probed - none) / 1000.0);
    anyhow::ensure!(work.iter().all(Work::is_done), "of some kind no call was read");
    work.iter().for_each(Work::print);
    Ok(())
}

/// What the agent does with events.
struct Work {
    responses: Responses,
    capture: Capture,
    recorder: Recorder,
    samples: [Sample; 4],
    /// Nanoseconds of a new call and of a repeated one.
    least: [[f64; 2]; 4],
}

impl Work {
    fn new(responses: Responses) -> Self {
        let tree = CgroupTree::new(Path::new("/sys/fs/cgroup"), Path::new("/proc"));
        let identities = Identities::new(tree, IdentitySettings::default());
        Self {
            responses,
            capture: Capture::new(Limits { responses, ..Limits::default() }, identities, Known::default()),
            recorder: Recorder::new(RecorderSettings::default(), now()),
            samples: Sample::all(),
            least: [[f64::INFINITY; 2]; 4],
        }
    }

    fn round(&mut self, round: u32) {
        for kind in 0..self.samples.len() {
            let first = round * CALLS;
            let times = [
                self.take(kind, first..first + CALLS),
                self.take(kind, std::iter::repeat_n(first, CALLS as usize)),
            ];
            if let Some(least) = self.least.get_mut(kind) {
                for (least, time) in least.iter_mut().zip(times) {
                    *least = least.min(time);
                }
            }
            if let Some(batch) = self.recorder.take(now()) {
                self.recorder.acknowledge(Written { recorded: batch.calls(), ..Written::default() });
            }
        }
    }

    /// Takes calls of a kind, and tells nanoseconds a call.
    fn take(&mut self, kind: usize, variants: impl Iterator<Item = u32>) -> f64 {
        let Self { responses, capture, recorder, samples, .. } = self;
        let Some(sample) = samples.get_mut(kind) else { return f64::NAN };
        let calls = variants.map(|variant| sample.call(variant));
        let events: Vec<Event> = calls
            .flat_map(|[written, read]| [Some(written), (*responses != Responses::Off).then_some(read)])
            .flatten()
            .collect();
        let before = recorder.conservation().attempts;
        let start = Instant::now();
        for event in &events {
            if let Some((header, text)) = Header::split(event) {
                capture.event(&header, text, now(), &mut |_, call| recorder.record(call));
            }
        }
        let time = start.elapsed();
        let made = recorder.conservation().attempts - before;
        time.as_nanos() as f64 / made as f64
    }

    /// Whether calls of each kind were read: else nothing was measured.
    fn is_done(&self) -> bool {
        self.least.iter().flatten().all(|least| least.is_finite())
    }

    fn print(&self) {
        let how = if self.responses != Responses::Off { "with its answer" } else { "alone" };
        for (sample, [new, repeated]) in self.samples.iter().zip(self.least) {
            figure(&format!("new, {}, {how}", sample.name), new / 1000.0);
            figure(&format!("repeated, {}, {how}", sample.name), repeated / 1000.0);
        }
    }
}

/// Microseconds since the Unix epoch, asked for as the agent does.
fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
