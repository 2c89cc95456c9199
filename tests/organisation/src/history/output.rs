//! Writes a history to disk, several days at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use super::day::{Day, Maker};
use super::truth::{HistoryTruth, Key, Note, Notes};
use super::world::World;
use super::{ACCOUNT, History, HistorySummary, REGION, account, manifests};
use crate::archive::write_file;
use crate::bulk::{LogSummary, Numbers, Writer, share};
use crate::delivery;
use crate::error::Error;
use crate::mint::Mint;
use crate::moment;
use crate::recorder::Record;
use crate::template::Templates;

/// What one thread made.
struct Made<'w> {
    notes: HashMap<Key<'w>, Vec<(u32, bool)>>,
    log: LogSummary,
}

impl History {
    /// Writes the history into a folder; the crate's documentation of the history says which files.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<HistorySummary, Error> {
        let world = World::draw(self)?;
        let (notes, log) = days(&world, folder)?;
        let truth = HistoryTruth::new(&world, &notes);
        let needs = truth.identities.iter().map(|identity| identity.needs.len() as u64).sum();
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
        Ok(HistorySummary { log, needs })
    }
}

/// Resources by action.
pub(super) type Resources = BTreeMap<String, BTreeSet<String>>;

/// Resources that each identity needed.
fn resources(notes: &Notes<'_>) -> BTreeMap<usize, Resources> {
    let mut resources: BTreeMap<usize, Resources> = BTreeMap::new();
    for key in notes.keys().filter(|key| key.note == Note::Need) {
        let of_member = resources.entry(key.member).or_default();
        of_member.entry(key.permission.clone().into_owned()).or_default().insert(key.resource.clone());
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
fn days<'w>(world: &'w World, folder: &Path) -> Result<(Notes<'w>, LogSummary), Error> {
    let templates = Templates::of_histories()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let all =
        share(threads, u64::from(world.history.days), |numbers| work(world, templates, numbers, folder))?;
    let log = all.iter().map(|made| made.log).sum();
    let mut notes = Notes::new();
    for (key, mut days) in all.into_iter().flat_map(|made| made.notes) {
        notes.entry(key).or_default().append(&mut days);
    }
    for days in notes.values_mut() {
        days.sort_unstable();
    }
    Ok((notes, log))
}

fn work<'w>(
    world: &'w World,
    templates: &'static Templates,
    numbers: &Numbers,
    folder: &Path,
) -> Result<Made<'w>, Error> {
    // The lightest level: what is written is read again at once, more often than it is kept.
    let level = libdeflater::CompressionLvl::new(1).unwrap_or_default();
    let mut writer = Writer::new(folder, level);
    let mut maker = Maker::new(world, templates);
    let mut notes: HashMap<_, Vec<_>> = HashMap::new();
    while let Some(number) = numbers.next().and_then(|number| u32::try_from(number).ok()) {
        let day = maker.make(number);
        for (path, text, events) in files(world, number, &day) {
            writer.write(&path, &text, events)?;
        }
        for (key, observed) in day.notes {
            notes.entry(key).or_default().push((number, observed));
        }
    }
    Ok(Made { notes, log: writer.summary })
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
            let mut name = String::new();
            mint.lower(&mut name, 16);
            // It lies in the folder of the day that has just ended.
            let path = delivery::path(ACCOUNT, "CloudTrail", region, [moment - 1, moment], &name);
            let text = delivery::text(&records);
            files.push((format!("cloudtrail/{path}.gz"), text, records.len() as u64));
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
