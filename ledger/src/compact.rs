//! Compaction: the small files of each day become one, equal keys one row, by the protocol of any flush.

mod lease;
mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use crate::contents::LedgerFile;
use crate::footer::{Extent, SourcePosition};
use crate::identifiers::{Identifiers, REMEMBERED, read_identifiers};
use crate::layout::{day_of, day_of_name, place_of};
use crate::losses::{History, is_loss};
use crate::merge::merge_files;
use crate::packing::Packing;
use crate::publish::{LedgerWriter, Publication, Published, TakeOver, WriterOptions};
use crate::snapshot::{LedgerInfo, Snapshot, open_batches};
use crate::{CoverageRecord, EventClass, LedgerError, Provider, Workload, coverage_records};

pub use self::stored::compact_stored;

/// How long a compaction waits for readers before it leaves the replaced files to the next writer.
const PATIENCE: Duration = Duration::from_secs(30);

/// For how many days a flush may wait in a spool.
const RETURNING: i64 = 60;

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Usage and coverage files before.
    pub files_before: usize,
    /// Usage and coverage files after.
    pub files_after: usize,
    /// Rows of the usage files before.
    pub rows_before: u64,
    /// Rows of the usage files after.
    pub rows_after: u64,
    /// Bytes of the usage and coverage files before.
    pub bytes_before: u64,
    /// Bytes of the usage and coverage files after.
    pub bytes_after: u64,
}

/// Merges the small files of a local ledger. Days with a single file are left as they are. Readers see the files of
/// before or those of after, never some of both.
///
/// # Errors
/// When another process keeps positions in the ledger, or a file cannot be read or written; then the ledger says what it said.
pub fn compact(root: &Path, options: WriterOptions) -> Result<Compacted, LedgerError> {
    let (mut writer, snapshot) = LedgerWriter::open(root, options)?;
    let before = snapshot.info();
    for provider in Provider::ALL {
        let work = Work::of(&snapshot, provider)?;
        if work.is_some() {
            let merged = work.merge(&mut writer, &snapshot)?;
            // Together with what was left of before: the commits that say so of that may be among what goes now.
            let all = [snapshot.contents().replaced.as_slice(), &merged.replaced].concat();
            writer.remove_replaced(&all, PATIENCE)?;
        }
    }
    drop(snapshot);
    let after = Snapshot::of_folder(root)?.info();
    Ok(Compacted::between(&before, &after))
}

/// What there is to merge of a provider's files.
pub(crate) struct Work<'a> {
    provider: Provider,
    /// Usage files by date.
    days: BTreeMap<&'a str, Vec<&'a LedgerFile>>,
    coverage: Vec<&'a LedgerFile>,
}

/// What a flush of merged files made of them.
pub(crate) struct Merged {
    /// Files that are new, of which the last is the commit file.
    pub(crate) files: Vec<String>,
    /// Files whose content is in the new ones.
    pub(crate) replaced: Vec<String>,
}

impl<'a> Work<'a> {
    /// # Errors
    /// When a file cannot be read: what a commit says that is not seen, of files that it replaced or of its own, would be
    /// counted twice or never.
    pub(crate) fn of(snapshot: &'a Snapshot, provider: Provider) -> Result<Self, LedgerError> {
        if let Some(problem) = snapshot.problems().iter().find(|problem| problem.is_damage_of(provider)) {
            return Err(LedgerError::Unmerged(problem.to_string()));
        }
        let mut days: BTreeMap<&str, Vec<&LedgerFile>> = BTreeMap::new();
        for file in snapshot.usage_files().iter().filter(|file| file.provider == provider) {
            days.entry(&file.date).or_default().push(file);
        }
        let coverage = snapshot.coverage_files().iter().filter(|file| file.provider == provider);
        Ok(Self { provider, days, coverage: coverage.collect() })
    }

    /// Whether there is any.
    pub(crate) fn is_some(&self) -> bool {
        self.coverage.len() > 1 || self.days.values().any(|files| files.len() > 1)
    }

    /// The files that merging reads; of identifiers those of the newest commits alone, which some may lack.
    pub(crate) fn reads(&self, snapshot: &Snapshot) -> Vec<String> {
        let days = self.days.values().filter(|files| files.len() > 1).flatten();
        let tables = days.chain(&self.coverage).map(|file| file.path.clone());
        let named = commits_of(snapshot, self.provider).flat_map(|(_, commit)| &commit.identifiers);
        let listed: BTreeSet<&String> = snapshot.listing().identifiers.iter().map(|(path, _)| path).collect();
        tables.chain(named.filter(|path| listed.contains(path)).cloned()).collect()
    }

    /// Merges them, as they lie in the writer's folder. The files that were replaced stay there.
    pub(crate) fn merge(self, writer: &mut LedgerWriter, snapshot: &Snapshot) -> Result<Merged, LedgerError> {
        let Self { provider, days, coverage } = self;
        let root = writer.root().to_owned();
        let today = day_of(jiff::Timestamp::now().as_microsecond());
        let mut takes_over = TakeOver::default();
        let mut publication = Publication {
            coverage: merged_coverage(&root, &coverage)?,
            identifiers: merged_identifiers(&root, snapshot, provider)?,
            ..Publication::default()
        };
        takes_over.replaces.extend(coverage.iter().map(|file| file.path.clone()));
        for (path, commit) in commits_of(snapshot, provider) {
            publication.counts.add(&commit.counts);
            publication.sources.extend(commit.sources.iter().cloned());
            takes_over.replaces.extend(commit.identifiers.iter().cloned());
            takes_over.supersedes.push(path.to_owned());
            let known = commit.supersedes.iter().filter(|path| may_return(snapshot, path, today));
            takes_over.supersedes.extend(known.cloned());
        }
        publication.sources = latest(provider, publication.sources);
        let flush = writer.begin(provider);
        let mut staged = Vec::new();
        for (date, files) in days {
            let day = day_of_name(date);
            match (files.as_slice(), day) {
                ([_, _, ..], Some(day)) => {
                    let mut file = flush.stage_packed(day, Packing::Tight)?;
                    merge_files(&root, &files, &mut file)?;
                    file.flush()?;
                    staged.push(file);
                    takes_over.replaces.extend(files.iter().map(|file| file.path.clone()));
                }
                _ => takes_over.usage.extend(files.iter().map(|file| file.path.clone())),
            }
        }
        let replaced = takes_over.replaces.clone();
        publication.takes_over = takes_over;
        let Published { files, .. } = flush.commit(staged, publication)?;
        Ok(Merged { files, replaced })
    }
}

/// Whether a commit file that others took over is there, or may be sent once more by an agent whose spool still holds it, and
/// must not count then.
fn may_return(snapshot: &Snapshot, path: &str, today: i64) -> bool {
    let date = place_of(path).and_then(|(_, date)| day_of_name(&date));
    date.is_none_or(|day| today.saturating_sub(day) <= RETURNING)
        || snapshot.listing().tables.binary_search_by(|(listed, _)| listed.as_str().cmp(path)).is_ok()
}

fn commits_of(snapshot: &Snapshot, provider: Provider) -> impl Iterator<Item = (&str, &crate::Commit)> {
    let folder = format!("provider={}", provider.as_str());
    let commits = snapshot.contents().commits.iter();
    commits
        .filter(move |(path, _)| path.split('/').any(|part| part == folder))
        .map(|(path, commit)| (path.as_str(), commit))
}

/// Joins stretches of the same source and place that show the same and touch or overlap.
fn merged_coverage(root: &Path, files: &[&LedgerFile]) -> Result<Vec<CoverageRecord>, LedgerError> {
    let mut records = Vec::new();
    for file in files {
        for batch in open_batches(root, &file.path)? {
            // Losses come anew of the positions that are taken over.
            records.extend(coverage_records(&batch?)?.into_iter().filter(|record| !is_loss(record)));
        }
    }
    type Key = (Option<String>, Option<String>, String, Option<Workload>, Vec<EventClass>, Vec<String>);
    let mut by_key: BTreeMap<Key, Vec<CoverageRecord>> = BTreeMap::new();
    for record in records {
        let key = (
            record.account.clone(),
            record.region.clone(),
            record.evidence.clone(),
            record.workload.clone(),
            record.classes.clone(),
            record.excluded_services.clone(),
        );
        by_key.entry(key).or_default().push(record);
    }
    let mut merged: Vec<CoverageRecord> = Vec::new();
    for mut stretches in by_key.into_values() {
        stretches.sort_by_key(|record| (record.start, record.end));
        let mut open: Option<CoverageRecord> = None;
        for next in stretches {
            match &mut open {
                Some(record) if next.start <= record.end => {
                    record.end = record.end.max(next.end);
                    record.events = record.events.saturating_add(next.events);
                    record.lost = record.lost.saturating_add(next.lost);
                }
                _ => merged.extend(open.replace(next)),
            }
        }
        merged.extend(open);
    }
    Ok(merged)
}

/// The identifiers of the newest flushes, as many as anyone remembers.
fn merged_identifiers(
    root: &Path,
    snapshot: &Snapshot,
    provider: Provider,
) -> Result<Identifiers, LedgerError> {
    let mut merged = Identifiers::new();
    let mut count = 0;
    let commits: Vec<_> = commits_of(snapshot, provider).collect();
    for path in commits.into_iter().rev().flat_map(|(_, commit)| &commit.identifiers) {
        if count >= REMEMBERED {
            break;
        }
        let identifiers = match read_identifiers(root, path) {
            Ok(identifiers) => identifiers,
            Err(error) if error.is_gone() => continue,
            Err(error) => return Err(error),
        };
        for (hour, mut hashes) in identifiers {
            count += hashes.len();
            merged.entry(hour).or_default().append(&mut hashes);
        }
    }
    Ok(merged)
}

/// A source read further, or to its end, needs no earlier position. Of the positions that tell of the same bytes under
/// the same name the first says when a loss began, and the last when another was made good.
fn latest(provider: Provider, sources: Vec<SourcePosition>) -> Vec<SourcePosition> {
    let history = History::of(sources.iter().map(|source| (provider, source)));
    let mut ends: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for (place, source) in sources.iter().enumerate() {
        if let Extent::Whole { content } = &source.extent {
            ends.entry((&source.name, content)).or_insert((place, place)).1 = place;
        }
    }
    let is_kept = |(place, source): (usize, &SourcePosition)| match &source.extent {
        Extent::Prefix { .. } => !history.is_superseded(place, provider, source),
        Extent::Whole { content } => ends
            .get(&(source.name.as_str(), content.as_str()))
            .is_some_and(|(first, last)| [*first, *last].contains(&place)),
    };
    let kept: Vec<bool> = sources.iter().enumerate().map(is_kept).collect();
    sources.into_iter().zip(kept).filter_map(|(source, is_kept)| is_kept.then_some(source)).collect()
}

impl Compacted {
    fn between(before: &LedgerInfo, after: &LedgerInfo) -> Self {
        Self {
            files_before: before.usage_files + before.coverage_files,
            files_after: after.usage_files + after.coverage_files,
            rows_before: before.rows,
            rows_after: after.rows,
            bytes_before: before.bytes,
            bytes_after: after.bytes,
        }
    }

    /// Whether there was anything to do.
    pub fn is_changed(&self) -> bool {
        self.files_before != self.files_after || self.rows_before != self.rows_after
    }
}

#[cfg(test)]
mod tests;
