//! Where batches go: the ledger, or the spool while the ledger is away, or back.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use remit_ledger::{Address, Bucket, Commit, LedgerError, LedgerWriter, Role, Snapshot, WriterOptions};

use super::part::{Batch, Part};
use super::publish::publish;
use super::spool::{Spool, is_spooled};

/// Where calls are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// The ledger.
    pub ledger: Place,
    /// A folder on this machine for what cannot be written to the ledger, if any. It must be the agent's own, and on
    /// another disk or quota than a ledger that may be full.
    pub spool: Option<PathBuf>,
    /// Bytes that the spool may take.
    pub spool_limit: u64,
}

/// Where a ledger is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// In an object store. Everything passes through the spool, from which it is sent as it is.
    Store(Address),
}

/// How long a store may take for what waits. A request that has no answer by then is made again with the next batch. Two of
/// these pass before an agent that is told to stop gives up.
const PATIENCE: Duration = Duration::from_secs(8);

/// Stores batches. The ledger is opened for each, so that nobody else has to wait for the agent to end.
pub struct Store {
    ledger: Ledger,
    spool: Option<Spool>,
    /// Whether this run has opened the ledger to see what an earlier one left unfinished.
    is_clean: bool,
    /// A name that no other run has.
    run: String,
    number: u64,
    #[cfg(test)]
    interrupt: Option<std::sync::Arc<Interrupt>>,
}

/// A ledger as it is written.
enum Ledger {
    Folder(PathBuf),
    Store { bucket: Bucket, runtime: tokio::runtime::Runtime },
}

/// Stops a test's writer as if the machine had stopped.
#[cfg(test)]
type Interrupt = dyn Fn(remit_ledger::Step<'_>) -> std::io::Result<()> + Send + Sync;

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Written {
    /// Calls that are in the ledger.
    pub recorded: u64,
    /// Calls that wait in the spool, which is as durable.
    pub spooled: u64,
    /// Calls that were in the spool and are in the ledger now. They were counted when they were spooled.
    pub moved: u64,
    /// What could not be stored.
    pub left: Option<Batch>,
    /// Why something was spooled or left, or stays in the spool.
    pub problems: Vec<LedgerError>,
}

impl Store {
    /// A store; nothing is touched yet.
    ///
    /// # Errors
    /// When the address of an object store, or a setting of the environment for it, cannot be used, or there is no spool
    /// for it.
    pub fn new(settings: StoreSettings) -> Result<Self, LedgerError> {
        let spool = settings.spool.map(|root| Spool::new(root, settings.spool_limit));
        let ledger = match settings.ledger {
            Place::Folder(root) => Ledger::Folder(root),
            Place::Store(address) => {
                let failed =
                    |source| LedgerError::Io { action: "reach", path: address.bucket().into(), source };
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(failed)?;
                if spool.is_none() {
                    let reason = "what is sent there waits in a spool, and there is none".to_owned();
                    return Err(LedgerError::Address { address: address.bucket(), reason });
                }
                Ledger::Store { bucket: Bucket::open(&address)?, runtime }
            }
        };
        // Names of files must not meet those of other runs and machines. The standard library seeds its hashers from the
        // system's random numbers.
        let run = format!("{:016x}", RandomState::new().hash_one(std::time::SystemTime::now()));
        Ok(Self {
            ledger,
            spool,
            is_clean: false,
            run,
            number: 0,
            #[cfg(test)]
            interrupt: None,
        })
    }

    /// Stores a batch, after what waits in the spool. It waits for the disk, so it is for a thread of its own.
    pub fn write(&mut self, batch: Batch) -> Written {
        let mut written = Written::default();
        let until = batch.until;
        let (left, recorded) = self.write_ledger(batch.parts, until, &mut written);
        written.recorded = recorded;
        let (left, spooled) = self.write_spool(left, until, &mut written);
        written.spooled = spooled;
        self.send(&mut written);
        if !left.is_empty() {
            written.left = Some(Batch { until, parts: left });
        }
        written
    }

    fn write_ledger(&mut self, parts: Vec<Part>, until: i64, written: &mut Written) -> (Vec<Part>, u64) {
        let (name, options) = self.options();
        let Ledger::Folder(root) = &self.ledger else { return (parts, 0) };
        // What was moved before is told by the ledger's positions, and what was left unfinished by its files; everything else
        // is written without a look at what is there, which grows.
        let waiting = self.spool.as_ref().filter(|spool| spool.is_waiting());
        let opened = if self.is_clean && waiting.is_none() {
            LedgerWriter::append(root, options).map(|writer| (writer, None))
        } else {
            LedgerWriter::join(root, options).map(|(writer, snapshot)| (writer, Some(snapshot)))
        };
        let (mut writer, snapshot) = match opened {
            Ok(opened) => opened,
            Err(problem) => {
                written.problems.push(problem);
                return (parts, 0);
            }
        };
        if let (Some(spool), Some(snapshot)) = (waiting, &snapshot) {
            match spool.move_over(&mut writer, snapshot) {
                Ok(moved) => written.moved = moved,
                Err(problem) => written.problems.push(problem),
            }
        }
        drop(snapshot);
        let published = self.publish_all(&mut writer, &name, parts, until, written);
        self.is_clean = written.problems.is_empty();
        published
    }

    /// Sends what waits to an object store.
    fn send(&self, written: &mut Written) {
        let (Ledger::Store { bucket, runtime }, Some(spool)) = (&self.ledger, &self.spool) else { return };
        let sent = runtime.block_on(async { tokio::time::timeout(PATIENCE, spool.send(bucket)).await });
        match sent {
            Ok(Ok(moved)) => written.moved = moved,
            Ok(Err(problem)) => written.problems.push(problem),
            Err(_) => {
                let source = std::io::Error::from(std::io::ErrorKind::TimedOut);
                written.problems.push(LedgerError::Io {
                    action: "write",
                    path: bucket.name().into(),
                    source,
                });
            }
        }
    }

    fn write_spool(&mut self, parts: Vec<Part>, until: i64, written: &mut Written) -> (Vec<Part>, u64) {
        let Some(spool) = self.spool.clone().filter(|_| !parts.is_empty()) else { return (parts, 0) };
        let (name, options) = self.options();
        match spool.open(options) {
            Ok(Some(mut writer)) => self.publish_all(&mut writer, &name, parts, until, written),
            Ok(None) => (parts, 0),
            Err(problem) => {
                written.problems.push(problem);
                (parts, 0)
            }
        }
    }

    /// Publishes parts, and returns those that were not and the calls of those that were.
    fn publish_all(
        &self,
        writer: &mut LedgerWriter,
        name: &str,
        parts: Vec<Part>,
        until: i64,
        written: &mut Written,
    ) -> (Vec<Part>, u64) {
        let (mut left, mut calls) = (Vec::new(), 0_u64);
        for part in parts {
            let id = format!("{name}-{}", part.provider.as_str());
            let is_written = match publish(writer, &part, until, &id) {
                Ok(()) => true,
                Err(problem) => {
                    written.problems.push(problem);
                    is_published(writer, name, &part)
                }
            };
            if is_written {
                calls = calls.saturating_add(part.calls());
            } else {
                left.push(part);
            }
        }
        (left, calls)
    }

    /// A name for one opening, and how it is opened.
    fn options(&mut self) -> (String, WriterOptions) {
        self.number = self.number.saturating_add(1);
        let name = format!("wire-{}-{}", self.run, self.number);
        #[cfg(not(test))]
        let observer = None;
        #[cfg(test)]
        let observer = self.interrupt.clone().map(|interrupt| {
            let observer: remit_ledger::Observer = Box::new(move |step| interrupt(step));
            observer
        });
        let options = WriterOptions { writer: Some(name.clone()), observer };
        (name, options)
    }
}

/// Whether a part was published though publishing failed: after the rename that counts, only making it durable can fail.
/// To write it once more would count it twice.
fn is_published(writer: &LedgerWriter, name: &str, part: &Part) -> bool {
    Snapshot::of_folder(writer.root()).is_ok_and(|snapshot| {
        snapshot.usage_files().iter().any(|file| {
            let is_own = file.footer.writer == name && file.provider == part.provider;
            // What comes of the spool has the same writer, and a position that says so.
            let is_moved = |commit: &Commit| commit.sources.iter().any(is_spooled);
            is_own && matches!(&file.footer.role, Role::Commit(commit) if !is_moved(commit))
        })
    })
}

#[cfg(test)]
mod tests;
