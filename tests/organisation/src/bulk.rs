//! Logs of many files, made and written on several threads.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::archive::{gzip, write_file};
use crate::error::Error;

/// What was written of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSummary {
    /// Files.
    pub files: u64,
    /// Events in them; one that is delivered twice counts twice.
    pub events: u64,
    /// Bytes of the text.
    pub bytes: u64,
    /// Bytes of the text as written, in gzip.
    pub packed: u64,
}

impl std::iter::Sum for LogSummary {
    fn sum<I: Iterator<Item = Self>>(summaries: I) -> Self {
        summaries.fold(Self::default(), |sum, one| Self {
            files: sum.files + one.files,
            events: sum.events + one.events,
            bytes: sum.bytes + one.bytes,
            packed: sum.packed + one.packed,
        })
    }
}

/// Writes the files of a log, gzip'd, and counts them.
pub(crate) struct Writer<'a> {
    folder: &'a Path,
    packer: libdeflater::Compressor,
    /// What was written so far.
    pub(crate) summary: LogSummary,
}

impl<'a> Writer<'a> {
    /// A writer into a folder.
    pub(crate) fn new(folder: &'a Path, level: libdeflater::CompressionLvl) -> Self {
        Self { folder, packer: libdeflater::Compressor::new(level), summary: LogSummary::default() }
    }

    /// Writes one file.
    pub(crate) fn write(&mut self, path: &str, text: &str, events: u64) -> Result<(), Error> {
        let packed = gzip(&mut self.packer, text.as_bytes());
        write_file(&self.folder.join(path), &packed)?;
        self.summary.files += 1;
        self.summary.events += events;
        self.summary.bytes += text.len() as u64;
        self.summary.packed += packed.len() as u64;
        Ok(())
    }
}

/// The numbers below a bound, each handed out once to whichever thread asks next.
pub(crate) struct Numbers {
    next: AtomicU64,
    end: u64,
}

impl Numbers {
    /// The next number; none when all are handed out.
    pub(crate) fn next(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.end).then_some(number)
    }
}

/// Lets so many threads do the same work on the numbers below `end`, and answers what each of them made.
///
/// # Errors
/// The error of one of the threads. The others then get no more numbers.
pub(crate) fn share<T: Send>(
    threads: usize,
    end: u64,
    work: impl Fn(&Numbers) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let numbers = Numbers { next: AtomicU64::new(0), end };
    let work = || {
        let made = work(&numbers);
        if made.is_err() {
            numbers.next.store(end, Ordering::Relaxed);
        }
        made
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let made =
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        made.collect()
    })
}
