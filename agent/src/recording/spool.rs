//! Where calls wait on disk while the ledger is away: a ledger of its own, moved over commit by commit.
//!
//! A commit of the spool leaves its name in the ledger's positions with its rows, by one rename, and is removed from the
//! spool after that. So whenever the agent is killed, a commit is in the ledger once.

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};

use futures::FutureExt as _;
use remit_ledger::{
    Bucket, Commit, CoverageRecord, Extent, LedgerError, LedgerFile, LedgerWriter, Provider, Publication,
    Role, Snapshot, SourcePosition, UsageRecord, WriterOptions, coverage_records, usage_records,
};

use super::publish::{commit, lost};

/// Commits that wait, each of one flush's calls of one provider: at a flush a minute with calls of three, half a day. Each
/// costs a look when the spool is read.
const COMMITS_LIMIT: usize = 2048;

/// Commits that are moved at a time, so that what is new waits no longer than it takes to write these.
const MOVED_AT_ONCE: usize = 64;

/// Lost since the spool could not be read back.
const DAMAGED: &str = "spool_damaged";

/// How a commit of a spool is called in the ledger's positions.
const PREFIX: &str = "spool:";

/// A folder for calls that wait.
#[derive(Clone, Debug)]
pub(super) struct Spool {
    root: PathBuf,
    /// Bytes that may wait.
    limit: u64,
}

/// One flush that waits.
struct Waiting {
    path: String,
    provider: Provider,
    commit: Commit,
}

impl Spool {
    pub(super) fn new(root: PathBuf, limit: u64) -> Self {
        Self { root, limit }
    }

    /// Opens the spool for a flush; none where it is full.
    pub(super) fn open(&self, options: WriterOptions) -> Result<Option<LedgerWriter>, LedgerError> {
        let (writer, snapshot) = LedgerWriter::open(&self.root, options)?;
        let info = snapshot.info();
        let has_room = info.bytes < self.limit && info.commits < COMMITS_LIMIT;
        Ok(has_room.then_some(writer))
    }

    /// Whether something waits, or something is in its place.
    pub(super) fn is_waiting(&self) -> bool {
        self.root.is_dir()
            && Snapshot::of_folder(&self.root)
                .is_ok_and(|snapshot| snapshot.info().commits > 0 || damage(&snapshot) > 0)
    }

    /// Sends what waits to a ledger in an object store, and returns how many calls were in it. What was sent and not removed is
    /// sent again, and is the same.
    pub(super) async fn send(&self, bucket: &Bucket) -> Result<u64, LedgerError> {
        let (calls, damaged) = self.send_some(bucket).await?;
        if damaged > 0 {
            let (mut writer, _) = LedgerWriter::open(&self.root, WriterOptions::default())?;
            self.say_damaged(&mut writer, damaged)?;
            drop(writer);
            self.send_some(bucket).await?;
            self.put_aside()?;
        }
        Ok(calls)
    }

    /// Sends at most so much as is moved at a time. Tells how many files are damaged once nothing else waits.
    async fn send_some(&self, bucket: &Bucket) -> Result<(u64, usize), LedgerError> {
        let snapshot = Snapshot::of_folder(&self.root)?;
        let waiting = waiting(&snapshot);
        let mut calls = 0_u64;
        for waiting in waiting.iter().take(MOVED_AT_ONCE) {
            bucket.publish(&self.root, &waiting.path, &waiting.commit).await?;
            self.remove(waiting)?;
            calls = calls.saturating_add(waiting.commit.counts.recorded);
        }
        Ok((calls, if waiting.len() <= MOVED_AT_ONCE { damage(&snapshot) } else { 0 }))
    }

    /// Moves what waits into a ledger that is open, and returns how many calls were in it.
    pub(super) fn move_over(&self, writer: &mut LedgerWriter, ledger: &Snapshot) -> Result<u64, LedgerError> {
        if !self.root.is_dir() {
            return Ok(0);
        }
        let snapshot = Snapshot::of_folder(&self.root)?;
        let waiting = waiting(&snapshot);
        let sources = ledger.commits().flat_map(|commit| &commit.sources);
        let moved: BTreeSet<&str> = sources.filter_map(|source| source.name.strip_prefix(PREFIX)).collect();
        let mut calls = 0_u64;
        for waiting in waiting.iter().take(MOVED_AT_ONCE) {
            if !moved.contains(waiting.path.as_str()) {
                calls = calls.saturating_add(move_one(writer, &snapshot, waiting)?);
            }
            self.remove(waiting)?;
        }
        let damaged = damage(&snapshot);
        if damaged > 0 && waiting.len() <= MOVED_AT_ONCE {
            self.say_damaged(writer, damaged)?;
            self.put_aside()?;
        }
        Ok(calls)
    }

    /// Says of a spool of which the rest cannot be read that calls were lost, some time. Killed before it is put aside, this is
    /// said twice, which is no worse.
    fn say_damaged(&self, writer: &mut LedgerWriter, damaged: usize) -> Result<(), LedgerError> {
        let now = jiff::Timestamp::now().as_microsecond();
        let count = u64::try_from(damaged).unwrap_or(u64::MAX);
        for provider in Provider::ALL {
            let mut publication = Publication::default();
            publication.counts.read = count;
            publication.counts.lost.insert(DAMAGED.to_owned(), count);
            let name = format!("{PREFIX}{DAMAGED}:{now}");
            publication.sources.push(SourcePosition { name: name.clone(), ..lost(name, count, None) });
            commit(writer, provider, [], publication)?;
        }
        Ok(())
    }

    fn put_aside(&self) -> Result<(), LedgerError> {
        let mut aside = self.root.clone().into_os_string();
        aside.push(format!(".damaged-{}", jiff::Timestamp::now().as_microsecond()));
        fs::rename(&self.root, &aside).map_err(|source| LedgerError::Io {
            action: "put aside",
            path: self.root.clone(),
            source,
        })
    }

    /// Removes what was moved, its commit file first: files without theirs no longer count.
    fn remove(&self, waiting: &Waiting) -> Result<(), LedgerError> {
        let commit = &waiting.commit;
        let others = commit.usage.iter().chain(&commit.coverage).filter(|path| **path != waiting.path);
        for path in std::iter::once(&waiting.path).chain(others) {
            let path = self.root.join(path);
            match fs::remove_file(&path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(LedgerError::Io { action: "remove", path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a position is that of a commit that comes of a spool.
pub(super) fn is_spooled(source: &SourcePosition) -> bool {
    source.name.starts_with(PREFIX)
}

/// How many files of a spool cannot be read.
fn damage(snapshot: &Snapshot) -> usize {
    snapshot.problems().iter().filter(|problem| problem.is_damage()).count()
}

/// The commits of a spool, oldest first.
fn waiting(snapshot: &Snapshot) -> Vec<Waiting> {
    let of_file = |file: &LedgerFile| match &file.footer.role {
        Role::Commit(commit) => {
            Some(Waiting { path: file.path.clone(), provider: file.provider, commit: (**commit).clone() })
        }
        Role::Part { .. } => None,
    };
    let mut waiting: Vec<Waiting> = snapshot.usage_files().iter().filter_map(of_file).collect();
    waiting.sort_by_key(|waiting| waiting.commit.committed_at);
    waiting
}

fn move_one(writer: &mut LedgerWriter, snapshot: &Snapshot, waiting: &Waiting) -> Result<u64, LedgerError> {
    let is_own = |file: &&LedgerFile, paths: &[String]| paths.contains(&file.path);
    let mut records: Vec<UsageRecord> = Vec::new();
    for file in snapshot.usage_files().iter().filter(|file| is_own(file, &waiting.commit.usage)) {
        at_once(snapshot.read_batches(file, |batch| {
            records.extend(usage_records(batch)?);
            Ok(())
        }))?;
    }
    let mut coverage: Vec<CoverageRecord> = Vec::new();
    for file in snapshot.coverage_files().iter().filter(|file| is_own(file, &waiting.commit.coverage)) {
        at_once(snapshot.read_batches(file, |batch| {
            coverage.extend(coverage_records(batch)?);
            Ok(())
        }))?;
    }
    // Losses come anew of the positions, but for those of a workload.
    coverage.retain(|record| record.lost == 0 || record.workload.is_some());
    let mut sources = waiting.commit.sources.clone();
    sources.push(SourcePosition {
        name: format!("{PREFIX}{}", waiting.path),
        extent: Extent::Whole { content: format!("{PREFIX}{}", waiting.path) },
        ..SourcePosition::default()
    });
    let counts = waiting.commit.counts.clone();
    let calls = counts.recorded;
    let mut publication = Publication::default();
    (publication.coverage, publication.counts, publication.sources) = (coverage, counts, sources);
    commit(writer, waiting.provider, records, publication)?;
    Ok(calls)
}

/// The result of a future that never waits, as reading a local ledger does.
pub(super) fn at_once<T>(future: impl Future<Output = Result<T, LedgerError>>) -> Result<T, LedgerError> {
    future.now_or_never().unwrap_or_else(|| {
        let source = std::io::Error::other("it is not on this machine");
        Err(LedgerError::Io { action: "read", path: Path::new("the spool").to_owned(), source })
    })
}
