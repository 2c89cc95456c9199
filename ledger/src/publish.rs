//! Publishing: one rename makes a flush's rows and its checkpoint visible together.
//!
//! A flush writes one usage file for each day it touches, and beside them one coverage file and one file of event
//! identifiers. All are written under temporary names and synced. Then all but one are renamed, and their
//! folders synced; they do not count yet, since their footers name a commit file that is not there. The usage
//! file of the last day is that commit file: its rename publishes the flush.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::coverage_table::coverage_batch;
use crate::footer::{Commit, Counts, Footer, Role, SourcePosition};
use crate::identifiers::{Identifiers, write_identifiers};
use crate::layout::{WRITER_LOCK, commit_of_identifiers, day_of, identifiers_path, table_path};
use crate::lock::{Presence, WriterLock, create_readers_lock, without_readers};
use crate::losses::losses;
use crate::packing::{Packing, properties};
use crate::schema::{Table, coverage_schema};
use crate::snapshot::Snapshot;
use crate::staged::{StagedFile, StagedTable, Unpublished, create_folder, sync_folder};
use crate::{CoverageRecord, LedgerError, Provider};

/// A process that writes a ledger folder.
pub struct LedgerWriter {
    root: PathBuf,
    writer: String,
    sequence: u64,
    committed_at: i64,
    observer: Option<Observer>,
    /// Of the one that keeps positions of sources.
    _lock: Option<WriterLock>,
    presence: Presence,
}

/// Is told of every step of publishing; an error stops the writer as if the machine had stopped there. For tests.
pub type Observer = Box<dyn Fn(Step<'_>) -> std::io::Result<()> + Send + Sync>;

/// A step of publishing that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A file is whole and durable under its temporary name.
    Written(&'a str),
    /// A file has its final name.
    Renamed(&'a str),
    /// The flush is published.
    Published,
    /// A file that no longer counts has been removed.
    Removed(&'a str),
}

/// How a ledger is opened for writing.
#[derive(Default)]
pub struct WriterOptions {
    /// Identifier of the run, a part of file names; random where none is given.
    pub writer: Option<String>,
    /// Is told of every step.
    pub observer: Option<Observer>,
}

/// One flush that is being written.
#[derive(Clone, Copy)]
pub struct Flush<'a> {
    writer: &'a LedgerWriter,
    provider: Provider,
}

/// What a flush publishes beside its usage files.
#[derive(Debug, Default)]
pub struct Publication {
    /// What the sources could have shown.
    pub coverage: Vec<CoverageRecord>,
    /// Identifiers of the events that were counted, so that they are not counted again.
    pub identifiers: Identifiers,
    /// What became of every event.
    pub counts: Counts,
    /// How far each source was read.
    pub sources: Vec<SourcePosition>,
    /// What the flush takes over from earlier commits.
    pub(crate) takes_over: TakeOver,
}

/// What a compaction takes over from earlier commits.
#[derive(Debug, Default)]
pub(crate) struct TakeOver {
    /// Usage files that stay as they are.
    pub(crate) usage: Vec<String>,
    /// Files whose content is in the flush's own.
    pub(crate) replaces: Vec<String>,
    /// Commit files whose checkpoint is in the flush's own.
    pub(crate) supersedes: Vec<String>,
}

/// What was published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Files written, relative to the ledger: the commit file is the last.
    pub files: Vec<String>,
    /// Bytes written.
    pub bytes: u64,
}

impl LedgerWriter {
    /// Opens a ledger for writing, creating its folder, and removes what an earlier writer left unfinished, unless others
    /// write to it just now. Returns what the ledger holds: its commits are the checkpoint.
    ///
    /// # Errors
    /// When another process has it open so, or its folder cannot be read or written.
    pub fn open(root: &Path, options: WriterOptions) -> Result<(Self, Snapshot), LedgerError> {
        create_folder(root)?;
        let lock = WriterLock::take(root, WRITER_LOCK)?;
        let (mut writer, snapshot) = Self::join(root, options)?;
        writer._lock = Some(lock);
        Ok((writer, snapshot))
    }

    /// As [`LedgerWriter::open`], but beside another process that has it open: for a recorder whose sources are nobody else's. What
    /// was left unfinished is removed where no other writes just now.
    ///
    /// # Errors
    /// When another process tidies the ledger, or its folder cannot be read or written.
    pub fn join(root: &Path, options: WriterOptions) -> Result<(Self, Snapshot), LedgerError> {
        let mut writer = Self::append(root, options)?;
        let snapshot = Snapshot::for_writer(root)?;
        writer.follow(&snapshot);
        // A living writer's files are unfinished, too: what is still so when nobody writes is nobody's.
        if has_unpublished(&snapshot) {
            writer.presence.alone(root, || writer.remove_unpublished(&snapshot))?;
        }
        writer.remove_replaced(&snapshot.contents().replaced, Duration::ZERO)?;
        Ok((writer, snapshot))
    }

    /// Opens a ledger to add to it without looking at what it holds, however much that is: for a recorder whose sources have
    /// no positions, and whose flushes need not follow earlier ones should the clock be set back.
    ///
    /// # Errors
    /// When another process tidies the ledger, or its folder cannot be written.
    pub fn append(root: &Path, options: WriterOptions) -> Result<Self, LedgerError> {
        create_folder(root)?;
        let presence = Presence::shared(root)?;
        create_readers_lock(root)?;
        Ok(Self {
            root: root.to_owned(),
            writer: options.writer.unwrap_or_else(random_name),
            sequence: 0,
            committed_at: 0,
            observer: options.observer,
            _lock: None,
            presence,
        })
    }

    /// Has flushes follow those of a ledger that is elsewhere.
    pub(crate) fn follow(&mut self, snapshot: &Snapshot) {
        self.committed_at = snapshot.commits().map(|commit| commit.committed_at).max().unwrap_or(0);
    }

    /// Starts a flush. It may be staged from several threads.
    pub fn begin(&mut self, provider: Provider) -> Flush<'_> {
        self.sequence = self.sequence.saturating_add(1);
        let now = jiff::Timestamp::now().as_microsecond();
        self.committed_at = now.max(self.committed_at.saturating_add(1));
        Flush { writer: self, provider }
    }

    /// The ledger's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn remove_unpublished(&self, snapshot: &Snapshot) -> Result<(), LedgerError> {
        let contents = snapshot.contents();
        for path in &snapshot.listing().temporary {
            self.remove(path)?;
        }
        for (path, commit) in &contents.uncommitted {
            // A commit file that is there but cannot be read is a matter for its owner, not for a clean-up.
            if contents.problems.is_empty() && !self.root.join(commit).exists() {
                self.remove(path)?;
            }
        }
        if contents.problems.is_empty() {
            for path in unnamed(snapshot) {
                if !self.is_published(path)? {
                    self.remove(path)?;
                }
            }
        }
        Ok(())
    }

    /// Whether the commit file is there of the flush that identifiers are of: it has their name in the folder of some day.
    fn is_published(&self, identifiers: &str) -> Result<bool, LedgerError> {
        let Some((folder, name)) = commit_of_identifiers(identifiers) else { return Ok(false) };
        let folder = self.root.join(folder);
        let days = match fs::read_dir(&folder) {
            Ok(days) => days,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(LedgerError::io("read", &folder)(error)),
        };
        for day in days {
            if day.map_err(LedgerError::io("read", &folder))?.path().join(&name).exists() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes files whose content has moved, unless readers still rely on them.
    pub(crate) fn remove_replaced(&self, paths: &[String], patience: Duration) -> Result<(), LedgerError> {
        if paths.is_empty() {
            return Ok(());
        }
        let removed =
            without_readers(&self.root, patience, || paths.iter().try_for_each(|path| self.remove(path)))?;
        if !removed {
            tracing::info!(
                files = paths.len(),
                "replaced files are still being read; the next writer removes them"
            );
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), LedgerError> {
        let absolute = self.root.join(path);
        match fs::remove_file(&absolute) {
            Ok(()) => self.tell(Step::Removed(path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(LedgerError::io("remove", &absolute)(error)),
        }
    }

    fn tell(&self, step: Step<'_>) -> Result<(), LedgerError> {
        match &self.observer {
            None => Ok(()),
            Some(observer) => observer(step).map_err(LedgerError::io("publish", &self.root)),
        }
    }
}

impl Flush<'_> {
    /// Creates the usage file of one day, in days since the Unix epoch. A day has one file in a flush.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn stage(&self, day: i64) -> Result<StagedFile, LedgerError> {
        self.stage_packed(day, Packing::Quick)
    }

    pub(crate) fn stage_packed(&self, day: i64, packing: Packing) -> Result<StagedFile, LedgerError> {
        StagedFile::create(&self.writer.root, self.path(Table::Usage, day), day, packing)
    }

    /// Publishes the flush: afterwards its rows count, and so does its checkpoint.
    ///
    /// # Errors
    /// When a file cannot be written or renamed; then nothing of the flush counts.
    pub fn commit(
        self,
        mut staged: Vec<StagedFile>,
        publication: Publication,
    ) -> Result<Published, LedgerError> {
        staged.sort_by_key(StagedFile::day);
        let last = match staged.pop() {
            Some(last) => last,
            // Positions may have moved though no event was recorded; then the commit file holds no row.
            None => self.stage(day_of(self.writer.committed_at))?,
        };
        let day = last.day();
        let commit_path = last.path().to_owned();
        let own = staged.iter().map(|file| file.path().to_owned()).chain([commit_path.clone()]);
        let mut commit = Commit {
            committed_at: self.writer.committed_at,
            usage: own.chain(publication.takes_over.usage).collect(),
            coverage: Vec::new(),
            identifiers: Vec::new(),
            replaces: publication.takes_over.replaces,
            supersedes: publication.takes_over.supersedes,
            counts: publication.counts,
            sources: publication.sources,
        };
        // Other programs read what was lost from the coverage table. What is still being read is not lost.
        let mut lossy = Commit { committed_at: commit.committed_at, ..Commit::default() };
        lossy.sources = commit.sources.iter().filter(|source| source.lost > 0).cloned().collect();
        let mut coverage = publication.coverage;
        coverage.extend(losses([(self.provider, &lossy)].into_iter()));
        let mut parts = Vec::new();
        if !publication.identifiers.is_empty() {
            let path = identifiers_path(self.provider, &self.writer.writer, self.writer.sequence);
            parts.push(self.written(write_identifiers(
                &self.writer.root,
                path,
                &publication.identifiers,
            )?)?);
            commit.identifiers = parts.iter().map(|part| part.path.clone()).collect();
        }
        if !coverage.is_empty() {
            let path = self.path(Table::Coverage, day);
            let mut table = StagedTable::create(
                &self.writer.root,
                path.clone(),
                coverage_schema(),
                properties().build(),
            )?;
            table.write(&coverage_batch(&coverage)?)?;
            let first = coverage.iter().map(|record| record.start).min();
            let end = coverage.iter().map(|record| record.end).max();
            let footer = self.footer(Table::Coverage, first.zip(end), Role::Part { of: commit_path.clone() });
            parts.push(self.written(table.close(footer.to_pairs())?)?);
            commit.coverage.push(path);
        }
        for file in staged {
            let role = Role::Part { of: commit_path.clone() };
            let footer = self.footer(Table::Usage, file.span(), role);
            parts.push(self.written(file.close(&footer)?)?);
        }
        let footer = self.footer(Table::Usage, last.span(), Role::Commit(Box::new(commit)));
        let commit_file = self.written(last.close(&footer)?)?;

        let mut published = Published::default();
        let mut folders = BTreeSet::new();
        for part in &parts {
            folders.extend(self.rename(part)?);
            published.files.push(part.path.clone());
            published.bytes = published.bytes.saturating_add(part.size);
        }
        for folder in &folders {
            sync_folder(folder)?;
        }
        if let Some(folder) = self.rename(&commit_file)? {
            sync_folder(&folder)?;
        }
        published.bytes = published.bytes.saturating_add(commit_file.size);
        published.files.push(commit_file.path);
        self.writer.tell(Step::Published)?;
        Ok(published)
    }

    fn footer(&self, table: Table, span: Option<(i64, i64)>, role: Role) -> Footer {
        Footer { table, writer: self.writer.writer.clone(), sequence: self.writer.sequence, span, role }
    }

    fn path(&self, table: Table, day: i64) -> String {
        table_path(table, self.provider, day, &self.writer.writer, self.writer.sequence)
    }

    fn written(&self, file: Unpublished) -> Result<Unpublished, LedgerError> {
        self.writer.tell(Step::Written(&file.path))?;
        Ok(file)
    }

    /// Gives a file its final name, and returns the folder whose names have changed.
    fn rename(&self, file: &Unpublished) -> Result<Option<PathBuf>, LedgerError> {
        let target = self.writer.root.join(&file.path);
        fs::rename(&file.temporary, &target).map_err(LedgerError::io("rename", &target))?;
        self.writer.tell(Step::Renamed(&file.path))?;
        Ok(target.parent().map(Path::to_owned))
    }
}

/// Whether there are files that count for nothing.
fn has_unpublished(snapshot: &Snapshot) -> bool {
    let (contents, listing) = (snapshot.contents(), snapshot.listing());
    !listing.temporary.is_empty() || !contents.uncommitted.is_empty() || unnamed(snapshot).next().is_some()
}

/// Files of identifiers that no commit names.
fn unnamed(snapshot: &Snapshot) -> impl Iterator<Item = &String> {
    let named: BTreeSet<&String> = snapshot.commits().flat_map(|commit| &commit.identifiers).collect();
    let listed = snapshot.listing().identifiers.iter().map(|(path, _)| path);
    listed.filter(move |path| !named.contains(path))
}

/// The standard library seeds its hashers from the system's random numbers.
pub(crate) fn random_name() -> String {
    let random = std::hash::RandomState::new().build_hasher().finish();
    format!("{:012x}", random & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests;
