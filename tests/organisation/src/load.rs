//! Logs in bulk, for benchmarks: as much as one likes, with the entropy of real ones.
//!
//! Each file is made from the seed and its own number alone, so that any number of threads makes the same bytes.
//! About a third of the events are data events, whose object keys hardly ever repeat; the rest are management
//! events. Sessions live an hour, within one account, and appear in the files of all its regions.

mod character;
mod fleet;

use std::path::Path;

use crate::background::service_event;
use crate::bulk::{LogSummary, Numbers, Writer, share};
use crate::caller::Caller;
use crate::delivery::path;
use crate::error::Error;
use crate::event::{Call, Outcome};
use crate::mint::Mint;
use crate::moment;
use crate::pattern::{Arguments, Scene};
use crate::template::Templates;

use fleet::{Fleet, Seat};

/// How much to make.
#[derive(Clone, Debug)]
pub struct Load {
    /// Seed of everything random.
    pub seed: u64,
    /// Events in all.
    pub events: u64,
    /// Threads that make them.
    pub threads: usize,
}

/// Events of a full file, as the service delivers them.
const EVENTS_PER_FILE: u64 = 500;
/// First second of the log.
const START: i64 = 1_785_542_400;
/// Days that the log spreads over, however many events it has.
const DAYS: i64 = 30;
/// Sessions in use in one account in one hour.
const SEATS: usize = 64;

impl Load {
    /// Writes the files below a folder, gzip'd and named as the service delivers them.
    ///
    /// # Errors
    /// A file that cannot be written. The other files may have been.
    pub fn write(&self, folder: &Path) -> Result<LogSummary, Error> {
        let fleet = Fleet::new(self.seed, Templates::embedded()?)?;
        let files = self.events.div_ceil(EVENTS_PER_FILE);
        let made = share(self.threads, files, |numbers| self.work(&fleet, files, numbers, folder))?;
        Ok(made.into_iter().sum())
    }

    fn work(&self, fleet: &Fleet, files: u64, numbers: &Numbers, folder: &Path) -> Result<LogSummary, Error> {
        let mut writer = Writer::new(folder, libdeflater::CompressionLvl::default());
        let mut text = String::new();
        while let Some(number) = numbers.next() {
            let events = EVENTS_PER_FILE.min(self.events - number * EVENTS_PER_FILE);
            let path = self.file(fleet, number, files, events, &mut text);
            writer.write(&path, &text, events)?;
        }
        Ok(writer.summary)
    }

    /// Makes one file in the buffer and answers its path.
    fn file(&self, fleet: &Fleet, number: u64, files: u64, events: u64, text: &mut String) -> String {
        let mut mint = Mint::new(self.seed, &format!("file/{number}"));
        let account = Fleet::account(number);
        let region = Fleet::region(&mut mint);
        let progress = i64::try_from(u128::from(number) * 2_592_000 / u128::from(files.max(1))).unwrap_or(0);
        let start = START + progress.min(DAYS * moment::DAY) / 300 * 300;
        let hour = start - start.rem_euclid(3600);
        let seats: Vec<_> =
            (0..SEATS).filter_map(|seat| fleet.seat(self.seed, account, hour, seat)).collect();
        text.clear();
        text.push_str("{\"Records\":[");
        for position in 0..events {
            if position > 0 {
                text.push(',');
            }
            let now = start + mint.between(0, 299);
            let scene = Scene { account, region, now };
            event(fleet, &seats, scene, text, &mut mint);
        }
        text.push_str("]}");
        let mut name = String::new();
        mint.lower(&mut name, 16);
        let delivered = start + 300;
        path(account, "CloudTrail", region, [delivered, delivered], &name) + ".gz"
    }
}

/// Appends one event.
fn event(fleet: &Fleet, seats: &[Seat<'_>], scene: Scene<'_>, text: &mut String, mint: &mut Mint) {
    let Some(seat) = mint.pick_early(seats) else { return };
    match mint.below(1000) {
        0..15 => service_event(
            text,
            &scene,
            "ec2.amazonaws.com",
            "SharedSnapshotVolumeCreated",
            mint,
            |out, mint| {
                out.push_str("{\"snapshotId\":\"snap-0");
                mint.hex(out, 16);
                out.push_str("\"}");
            },
        ),
        15..75 => assume(fleet, seat, scene, text, mint),
        _ => call(seat, scene, text, mint),
    }
}

/// A service begins the session of the seat.
fn assume(fleet: &Fleet, seat: &Seat<'_>, scene: Scene<'_>, text: &mut String, mint: &mut Mint) {
    let Caller::Role(role) = &seat.caller else { return call(seat, scene, text, mint) };
    let mut arguments = role.arguments();
    let caller = Caller::Service(seat.role.service().to_owned());
    let template = fleet.assume_role();
    let call = Call {
        template,
        caller: &caller,
        origin: &seat.origin,
        via: None,
        scene,
        outcome: &Outcome::Allowed,
    };
    call.write(text, &mut arguments, mint);
}

/// The principal of the seat makes one of its calls.
fn call(seat: &Seat<'_>, scene: Scene<'_>, text: &mut String, mint: &mut Mint) {
    let Some(operation) = mint.pick_early(seat.role.operations()) else { return };
    let template = operation.template;
    let mut arguments = Arguments::default();
    for name in &operation.arguments {
        if let Some(value) = seat.role.resource(name, mint) {
            arguments.set(name, value);
        }
    }
    let outcome = match mint.below(1000) {
        0..20 => Outcome::Denied { explicitly: false },
        20..55 => Outcome::Throttled,
        55..155 => match template.errors.keys().next() {
            Some(code) => Outcome::Failed(code.clone()),
            None => Outcome::Allowed,
        },
        _ => Outcome::Allowed,
    };
    let via = mint.chance(operation.via_chance).then_some(operation.via);
    let region = template.region.as_deref().unwrap_or(scene.region);
    let scene = Scene { region, ..scene };
    let call = Call { template, caller: &seat.caller, origin: &seat.origin, via, scene, outcome: &outcome };
    call.write(text, &mut arguments, mint);
}

#[cfg(test)]
mod tests;
