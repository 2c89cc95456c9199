//! Writes a history to disk, several days at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::day::{Day, Maker};
use super::truth::{HistoryTruth, Key, Note, Notes};
use super::world::World;
use super::{ACCOUNT, History, HistorySummary, REGION, account, manifests};
use crate::archive::{gzip, write_file};
use crate::error::Error;
use crate::mint::Mint;
use crate::moment;
use crate::recorder::Record;
use crate::template::Templates;

/// What one thread made.
#[derive(Default)]
struct Made<'w> {
    notes: HashMap<Key<'w>, Vec<(u32, bool)>>,
    summary: HistorySummary,
}

impl History {
    /// Writes the history into a folder; the crate's documentation of the history says which files.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<HistorySummary, Error> {
        let world = World::draw(self)?;
        let (notes, mut summary) = days(&world, folder)?;
        let truth = HistoryTruth::new(&world, &notes);
        summary.needs = truth.identities.iter().map(|identity| identity.needs.len() as u64).sum();
        let resources = resources(&notes);
        let organisation = account::organisation(&world, &resources, &last_days(&notes));
        let pretty = |value: serde_json::Value| format!("{value:#}\n");
        let texts = [
            ("account.json", pretty(organisation.authorization_details()?)),
            ("selectors.json", pretty(organisation.event_selectors())),
            ("manifests/rbac.json", pretty(manifests::manifests(&world))),
            ("audit-policy.yaml", pretty(manifests::audit_policy())),
            ("truth.json", serde_json::to_string(&truth).unwrap_or_default() + "\n"),
        ];
        for (name, text) in texts {
            write_file(&folder.join(name), text.as_bytes())?;
        }
        Ok(summary)
    }
}

/// Resources that each identity needed, by action.
pub(super) type Resources = BTreeMap<(usize, String), BTreeSet<String>>;

fn resources(notes: &Notes<'_>) -> Resources {
    let mut resources = Resources::new();
    for key in notes.keys().filter(|key| key.note == Note::Need) {
        let action = (key.member, key.permission.clone().into_owned());
        resources.entry(action).or_default().insert(key.resource.clone());
    }
    resources
}

/// The last day on which each identity called.
fn last_days(notes: &Notes<'_>) -> BTreeMap<usize, u32> {
    let mut last = BTreeMap::new();
    for (key, days) in notes.iter().filter(|(key, _)| key.note == Note::Need) {
        let known = last.entry(key.member).or_default();
        *known = days.iter().map(|(day, _)| *day).fold(*known, u32::max);
    }
    last
}

/// Makes and writes all days, and answers what the truth notes.
pub(super) fn days<'w>(world: &'w World, folder: &Path) -> Result<(Notes<'w>, HistorySummary), Error> {
    let templates = Templates::of_histories()?;
    let next = AtomicU32::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let result = Mutex::new(Ok(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let made = work(world, templates, &next, folder);
                if made.is_err() {
                    // The others have no reason to go on.
                    next.store(world.history.days, Ordering::Relaxed);
                }
                if let Ok(mut result) = result.lock() {
                    match (made, result.as_mut()) {
                        (Ok(made), Ok(all)) => all.push(made),
                        (Err(error), Ok(_)) => *result = Err(error),
                        (_, Err(_)) => {}
                    }
                }
            });
        }
    });
    // A thread that panicked has already ended the scope with its panic.
    let all: Vec<Made<'w>> = result.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)?;
    let (mut notes, mut summary) = (Notes::new(), HistorySummary::default());
    for made in all {
        summary = summary.plus(made.summary);
        for (key, mut days) in made.notes {
            notes.entry(key).or_default().append(&mut days);
        }
    }
    for days in notes.values_mut() {
        days.sort_unstable();
    }
    Ok((notes, summary))
}

fn work<'w>(
    world: &'w World,
    templates: &'static Templates,
    next: &AtomicU32,
    folder: &Path,
) -> Result<Made<'w>, Error> {
    // The lightest level: what is written is read again at once, more often than it is kept.
    let level = libdeflater::CompressionLvl::new(1).unwrap_or_default();
    let mut packer = libdeflater::Compressor::new(level);
    let mut maker = Maker::new(world, templates);
    let mut made = Made::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= world.history.days {
            return Ok(made);
        }
        let day = maker.make(number);
        for (path, text, events) in files(world, number, &day) {
            let packed = gzip(&mut packer, text.as_bytes());
            write_file(&folder.join(&path), &packed)?;
            made.summary = made.summary.plus(HistorySummary {
                files: 1,
                events,
                bytes: text.len() as u64,
                packed: packed.len() as u64,
                needs: 0,
            });
        }
        for (key, observed) in day.notes {
            made.notes.entry(key).or_default().push((number, observed));
        }
    }
}

/// The files of a day: path, text and number of events.
fn files(world: &World, number: u32, day: &Day<'_>) -> Vec<(String, String, u64)> {
    let mut mint = Mint::new(world.history.seed, &format!("delivery/{number}"));
    let start = world.calendar.second(number);
    let mut regions: BTreeMap<&str, [Vec<&Record>; 2]> = BTreeMap::from([(REGION, [Vec::new(), Vec::new()])]);
    for record in &day.records {
        let [first, second] = regions.entry(&record.region).or_default();
        first.push(record);
        if mint.chance(world.prior.duplicates) {
            second.push(record);
        }
    }
    let mut files = Vec::new();
    for (region, deliveries) in regions {
        // What is delivered twice comes the second time with the next day's files.
        for (records, later) in deliveries.into_iter().zip(1..) {
            if records.is_empty() {
                continue;
            }
            let moment = start + later * moment::DAY;
            let folder = moment::format(moment - 1, "%Y/%m/%d");
            let time = moment::format(moment, "%Y%m%dT%H%MZ");
            let mut name = String::new();
            mint.lower(&mut name, 16);
            let path = format!(
                "cloudtrail/AWSLogs/{ACCOUNT}/CloudTrail/{region}/{folder}/{ACCOUNT}_CloudTrail_{region}_{time}_{name}.json.gz"
            );
            files.push((path, trail(&records), records.len() as u64));
        }
    }
    if !day.audit.is_empty() {
        let mut text = String::new();
        for (_, line) in &day.audit {
            text.push_str(line);
            text.push('\n');
        }
        let path = format!("kubernetes/audit-{}.log.gz", moment::format(start, "%Y-%m-%d"));
        files.push((path, text, day.audit.len() as u64));
    }
    files
}

fn trail(records: &[&Record]) -> String {
    let size = records.iter().map(|record| record.text.len() + 1).sum::<usize>();
    let mut text = String::with_capacity(size + 16);
    text.push_str("{\"Records\":[");
    for (position, record) in records.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        text.push_str(&record.text);
    }
    text.push_str("]}");
    text
}
