//! What can go wrong with a ledger.

use std::path::{Path, PathBuf};

use crate::Provider;
use crate::layout::place_of;

/// Why a ledger could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was being done, such as `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A Parquet file could not be read or written.
    #[error("cannot {action} `{path}`: {source}")]
    Parquet {
        /// What was being done.
        action: &'static str,
        /// The file, relative to the ledger where known.
        path: String,
        /// What the Parquet library said.
        source: parquet::errors::ParquetError,
    },
    /// Columns could not be built or read.
    #[error("cannot lay out rows as columns: {0}")]
    Columns(#[from] arrow::error::ArrowError),
    /// A file is not what its place says.
    #[error("`{path}` is not a file of this ledger: {reason}\nhint: move it out of the ledger's folder")]
    Foreign {
        /// The file, relative to the ledger.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of a ledger says what this version does not take: of a later version, or changed.
    #[error("`{path}` cannot be used: {reason}\nhint: read the ledger with the version that wrote it")]
    Refused {
        /// The file, relative to the ledger.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A state cannot be used.
    #[error("the state `{path}` cannot be used: {reason}\nhint: `remit ledger roll-up` makes it anew")]
    State {
        /// The file, relative to the ledger.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is not where a commit says that it is.
    #[error("`{path}` is missing, though a commit of this ledger names it")]
    Missing {
        /// The file, relative to the ledger.
        path: String,
    },
    /// An object store could not be reached or answered with an error.
    #[error("cannot {action} `{path}`: {source}")]
    Store {
        /// What was being done.
        action: &'static str,
        /// The object or prefix.
        path: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// Another process writes the same ledger.
    #[error(
        "the ledger `{}` is being written by another process\nhint: wait until it has ended, or name another ledger",
        path.display()
    )]
    Locked {
        /// The ledger's folder.
        path: PathBuf,
    },
    /// A ledger is not compacted, since some of it cannot be read.
    #[error(
        "files are not merged, since one of them cannot be read: {0}\nhint: try again; where it stays so, put a copy of the file in its place"
    )]
    Unmerged(String),
    /// A compaction took longer than others wait for it.
    #[error(
        "merging took longer than {hours} hours, so that another may have begun\nhint: run it on a machine that is nearer to the store"
    )]
    Overdue {
        /// How long others wait at least.
        hours: u64,
    },
    /// A store does not write on a condition.
    #[error(
        "`{path}` was written twice, though only where it is not there\nhint: use a store that knows `If-None-Match`, or compact a copy in a folder"
    )]
    Unconditional {
        /// The object.
        path: String,
    },
    /// Another process compacts the same ledger in an object store.
    #[error(
        "the ledger is being compacted by another process, for {minutes} minutes by `{path}`\nhint: wait until it has ended; one \
         that was killed is passed over after {hours} hours, or at once where you remove that object"
    )]
    Compacting {
        /// The object that says so.
        path: String,
        /// How long ago it was made.
        minutes: u64,
        /// After how many hours it counts no more.
        hours: u64,
    },
    /// An address of an object store cannot be used.
    #[error("`{address}` cannot be used: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl LedgerError {
    /// Turns a system error into one that names the file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// Turns a Parquet error into one that names the file.
    pub(crate) fn parquet(
        action: &'static str,
        path: &str,
    ) -> impl FnOnce(parquet::errors::ParquetError) -> Self {
        move |source| Self::Parquet { action, path: path.to_owned(), source }
    }

    /// Whether rows of the ledger may be lost to readers: a file that is none of its own holds none.
    pub fn is_damage(&self) -> bool {
        !matches!(self, Self::Foreign { .. })
    }

    /// Whether rows of a provider's calls may be lost to readers.
    pub fn is_damage_of(&self, provider: Provider) -> bool {
        let path = match self {
            Self::Io { path, .. } => path.to_string_lossy(),
            Self::Parquet { path, .. }
            | Self::Missing { path }
            | Self::Refused { path, .. }
            | Self::Store { path, .. } => path.into(),
            _ => return self.is_damage(),
        };
        place_of(&path).is_none_or(|(other, _)| other == provider)
    }

    /// Whether the file was there when it was listed and is gone now.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
            Self::Store { source, .. } => matches!(source, object_store::Error::NotFound { .. }),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_of_one_provider_is_not_of_another() {
        let missing = |path: &str| LedgerError::Missing { path: path.to_owned() };
        let damaged = |error: LedgerError| {
            [Provider::Aws, Provider::Kubernetes].map(|provider| error.is_damage_of(provider))
        };
        let place = "usage/v1/provider=kubernetes/date=2026-11-23/w-000001.parquet";
        assert_eq!(damaged(missing(place)), [false, true]);
        let source = std::io::Error::other("lost");
        assert_eq!(
            damaged(LedgerError::Io { action: "open", path: Path::new("/ledger").join(place), source }),
            [false, true]
        );
        assert_eq!(damaged(missing("usage/v1/x.parquet")), [true, true], "it may be anybody's");
        let reason = "it is a letter".to_owned();
        assert_eq!(damaged(LedgerError::Foreign { path: place.to_owned(), reason }), [false, false]);
    }
}
