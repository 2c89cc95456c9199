//! Reading a ledger: the files that count at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use object_store::ObjectStore;
use object_store::path::Path as StorePath;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::contents::{Contents, Inspected, LedgerFile};
use crate::footer::{Commit, Counts, Footer, find, key};
use crate::layout::{ROLLUP, place_of};
use crate::listing::{Listing, walk};
use crate::lock::ReaderLock;
use crate::losses::{LossySource, is_loss, losses, lossy_sources};
use crate::schema::difference;
use crate::state::State;
use crate::states::States;
use crate::{CoverageRecord, LedgerError, Month, Provider, UsageRecord, coverage_records, usage_records};

/// A listing races with writers; each retry sees a later state, and writers rename for milliseconds.
const LISTING_ATTEMPTS: usize = 8;

/// The committed files of a ledger at one moment. While it lives, `remit ledger compact` on the same machine
/// takes none of them away.
#[derive(Debug)]
pub struct Snapshot {
    place: Place,
    contents: Contents,
    listing: Listing,
    _lock: Option<ReaderLock>,
}

/// Where a ledger is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Folder(PathBuf),
    Store { store: Arc<dyn ObjectStore>, prefix: StorePath },
}

/// A ledger in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerInfo {
    /// Usage files that count.
    pub usage_files: usize,
    /// Coverage files that count.
    pub coverage_files: usize,
    /// Rows in the usage files.
    pub rows: u64,
    /// Bytes of the usage and coverage files.
    pub bytes: u64,
    /// Flushes published and not replaced.
    pub commits: usize,
    /// Sources that were read, wholly or in part.
    pub sources: usize,
    /// What became of every event of all flushes.
    pub counts: Counts,
    /// First and last event time, in microseconds since the Unix epoch.
    pub span: Option<(i64, i64)>,
    /// Files of flushes that were not published; in a folder the next writer that is alone removes them.
    pub uncommitted: usize,
    /// Files whose content has moved to others; in a folder the next writer removes them, in a store a compaction a day later.
    pub replaced: usize,
}

impl Snapshot {
    /// Reads which files of a folder count. A folder that does not exist is an empty ledger.
    ///
    /// # Errors
    /// When a folder cannot be listed. Single files that cannot be read are [`Snapshot::problems`].
    pub fn of_folder(root: &Path) -> Result<Self, LedgerError> {
        let lock = ReaderLock::share(root);
        let (listing, contents) = read_folder(root)?;
        Ok(Self { place: Place::Folder(root.to_owned()), contents, listing, _lock: Some(lock) })
    }

    /// As [`Snapshot::of_folder`], for a writer, who is a reader only while it looks: it must not keep itself from taking files away.
    pub(crate) fn for_writer(root: &Path) -> Result<Self, LedgerError> {
        let _lock = ReaderLock::share(root);
        let (listing, contents) = read_folder(root)?;
        Ok(Self { place: Place::Folder(root.to_owned()), contents, listing, _lock: None })
    }

    /// Reads which objects under a prefix count.
    ///
    /// # Errors
    /// When the store cannot be listed. Single objects that cannot be read are [`Snapshot::problems`].
    pub async fn of_store(store: Arc<dyn ObjectStore>, prefix: StorePath) -> Result<Self, LedgerError> {
        let (listing, contents) = crate::store::read_store(&store, &prefix).await?;
        Ok(Self { place: Place::Store { store, prefix }, contents, listing, _lock: None })
    }

    /// Whether there is no table of a ledger at all, be it one that does not count.
    pub fn is_empty(&self) -> bool {
        self.listing().tables.is_empty()
    }

    /// The usage files that count, by path.
    pub fn usage_files(&self) -> &[LedgerFile] {
        &self.contents.usage
    }

    /// The usage files that count, by the month of a provider that they are of; without those whose folder names no date.
    pub fn months(&self) -> BTreeMap<(Provider, Month), Vec<&LedgerFile>> {
        let mut months: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for file in self.usage_files() {
            if let Some(month) = file.month() {
                months.entry((file.provider, month)).or_default().push(file);
            }
        }
        months
    }

    /// The coverage files that count, by path.
    pub fn coverage_files(&self) -> &[LedgerFile] {
        &self.contents.coverage
    }

    /// The commits that have not been replaced, oldest first.
    pub fn commits(&self) -> impl Iterator<Item = &Commit> {
        self.contents.commits.iter().map(|(_, commit)| commit)
    }

    /// Files that could not be read or do not belong here; everything else was read.
    pub fn problems(&self) -> &[LedgerError] {
        &self.contents.problems
    }

    /// The absolute path of a file, or its path in the store.
    pub fn locate(&self, path: &str) -> String {
        match &self.place {
            Place::Folder(root) => root.join(path).to_string_lossy().into_owned(),
            Place::Store { prefix, .. } => crate::store::join(prefix, path).to_string(),
        }
    }

    /// The ledger in numbers.
    pub fn info(&self) -> LedgerInfo {
        let mut info = LedgerInfo {
            usage_files: self.contents.usage.len(),
            coverage_files: self.contents.coverage.len(),
            commits: self.contents.commits.len(),
            uncommitted: self.contents.uncommitted.len(),
            replaced: self.contents.replaced.len(),
            ..LedgerInfo::default()
        };
        let mut sources = BTreeSet::new();
        for commit in self.commits() {
            info.counts.add(&commit.counts);
            sources.extend(commit.sources.iter().map(|source| source.name.as_str()));
        }
        info.sources = sources.len();
        for file in &self.contents.usage {
            info.rows = info.rows.saturating_add(file.rows);
            info.bytes = info.bytes.saturating_add(file.size);
            info.span = match (info.span, file.footer.span) {
                (Some((first, last)), Some((start, end))) => Some((first.min(start), last.max(end))),
                (one, other) => one.or(other),
            };
        }
        for file in &self.contents.coverage {
            info.bytes = info.bytes.saturating_add(file.size);
        }
        info
    }

    /// Hands every batch of a file to `use_batch`, in the order of the rows. On a local ledger it never waits.
    ///
    /// # Errors
    /// When the file cannot be read, or `use_batch` fails.
    pub async fn read_batches(
        &self,
        file: &LedgerFile,
        mut use_batch: impl FnMut(&RecordBatch) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        match &self.place {
            Place::Folder(root) => {
                for batch in open_batches(root, &file.path)? {
                    use_batch(&batch?)?;
                }
                Ok(())
            }
            Place::Store { store, prefix } => {
                crate::store::read_batches(store, prefix, &file.path, use_batch).await
            }
        }
    }

    /// Reads every usage record: for small ledgers and tests, since nothing bounds the result.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn usage(&self) -> Result<Vec<UsageRecord>, LedgerError> {
        let mut records = Vec::new();
        for file in &self.contents.usage {
            self.read_batches(file, |batch| {
                records.extend(usage_records(batch)?);
                Ok(())
            })
            .await?;
        }
        Ok(records)
    }

    /// Reads every coverage record: what sources could have shown, and what they lost and did not make good since.
    ///
    /// A record of a loss shows no event and claims no class, so it says nothing of what was covered; without an account
    /// it may be of any.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn coverage(&self) -> Result<Vec<CoverageRecord>, LedgerError> {
        let mut records = Vec::new();
        for file in &self.contents.coverage {
            self.read_batches(file, |batch| {
                records.extend(coverage_records(batch)?);
                Ok(())
            })
            .await?;
        }
        // Losses that were written down may have been made good since; positions tell.
        records.retain(|record| !is_loss(record));
        records.extend(losses(self.commits_by_provider()));
        Ok(records)
    }

    /// The sources of which events were lost that nobody made good.
    pub fn lossy_sources(&self) -> BTreeSet<LossySource<'_>> {
        let lossy = lossy_sources(self.commits_by_provider()).into_iter();
        let told = lossy.map(|(provider, _, source)| LossySource {
            provider,
            account: source.place.as_ref().and_then(|place| place.account.as_deref()),
            name: &source.name,
        });
        told.collect()
    }

    fn commits_by_provider(&self) -> impl Iterator<Item = (Provider, &Commit)> {
        self.contents.commits.iter().filter_map(|(path, commit)| Some((place_of(path)?.0, commit)))
    }

    /// Reads which states stand for usage files.
    ///
    /// # Errors
    /// When the folder of states, or the store, cannot be listed.
    pub async fn states(&self) -> Result<States, LedgerError> {
        let listed = match &self.place {
            Place::Folder(root) => {
                let mut paths = Vec::new();
                walk(root, ROLLUP, &mut |path, _| paths.push(path))?;
                paths.sort();
                let paths = paths.into_iter().filter(|path| path.ends_with(".parquet"));
                paths
                    .map(|path| (metadata(root, &path), path))
                    .map(|(read, path)| {
                        let state = read.and_then(|metadata| State::of_file(&path, &metadata));
                        (path, state)
                    })
                    .collect()
            }
            Place::Store { store, prefix } => crate::store::read_states(store, prefix).await?,
        };
        Ok(States::of(self, listed))
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    pub(crate) fn listing(&self) -> &Listing {
        &self.listing
    }
}

/// Lists a folder and reads its footers until the two agree: a commit that appears, or a file that is taken
/// away, between the listing and the look at a footer starts the listing again.
fn read_folder(root: &Path) -> Result<(Listing, Contents), LedgerError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let listing = Listing::of_folder(root)?;
        let mut inspected: Vec<Inspected> =
            listing.tables.iter().map(|(path, size)| inspect(root, path, *size)).collect();
        inspected.extend(listing.foreign.iter().map(|path| foreign(path)));
        let mut contents = Contents::of(inspected);
        let gone = contents.problems.iter().any(LedgerError::is_gone);
        let appeared = contents.uncommitted.iter().any(|(_, commit)| root.join(commit).exists())
            || contents.missing.iter().any(|path| root.join(path).exists());
        if !(gone || appeared) || attempt == LISTING_ATTEMPTS {
            for path in std::mem::take(&mut contents.missing) {
                contents.problems.push(absent(path));
            }
            return Ok((listing, contents));
        }
    }
}

/// A file that a commit names and nobody has.
pub(crate) fn absent(path: String) -> LedgerError {
    LedgerError::Missing { path }
}

pub(crate) fn foreign(path: &str) -> Inspected {
    let reason = "its name does not end in `.parquet`".to_owned();
    let error = LedgerError::Foreign { path: path.to_owned(), reason };
    Inspected { path: path.to_owned(), size: 0, result: Err(error) }
}

fn inspect(root: &Path, path: &str, size: u64) -> Inspected {
    let result = metadata(root, path).and_then(|metadata| checked_footer(path, &metadata));
    Inspected { path: path.to_owned(), size, result }
}

fn metadata(root: &Path, path: &str) -> Result<ParquetMetaData, LedgerError> {
    let absolute = root.join(path);
    let file = File::open(&absolute).map_err(LedgerError::io("open", &absolute))?;
    ParquetMetaDataReader::new()
        .parse_and_finish(&file)
        .map_err(LedgerError::parquet("read the footer of", &absolute.to_string_lossy()))
}

/// The footer and the number of rows of a file that is the ledger's and has the columns it should have.
pub(crate) fn checked_footer(path: &str, metadata: &ParquetMetaData) -> Result<(Footer, u64), LedgerError> {
    let file = metadata.file_metadata();
    let pairs = file.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
    // What Remit wrote may hold rows that count, or say of others that they do not.
    let is_own = find(pairs, key::SCHEMA).is_some();
    let refused = |reason: String| match is_own {
        true => LedgerError::Refused { path: path.to_owned(), reason },
        false => LedgerError::Foreign { path: path.to_owned(), reason },
    };
    let footer = Footer::from_pairs(pairs).map_err(refused)?;
    let schema = parquet::arrow::parquet_to_arrow_schema(file.schema_descr(), None)
        .map_err(LedgerError::parquet("read the columns of", path))?;
    if let Some(difference) = difference(footer.table, &schema) {
        return Err(refused(difference));
    }
    Ok((footer, u64::try_from(file.num_rows()).unwrap_or(0)))
}

/// Rows that are read at a time: a merge reads of many files at once.
const BATCH_ROWS: usize = 1024;

/// The batches of a file of a local ledger.
pub(crate) fn open_batches(
    root: &Path,
    path: &str,
) -> Result<impl Iterator<Item = Result<RecordBatch, LedgerError>> + use<>, LedgerError> {
    let absolute = root.join(path);
    let file = File::open(&absolute).map_err(LedgerError::io("open", &absolute))?;
    let name = absolute.to_string_lossy().into_owned();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
        .map_err(LedgerError::parquet("read", &name))?;
    Ok(reader.map(move |batch| {
        batch.map_err(|error| LedgerError::Parquet {
            action: "read",
            path: name.clone(),
            source: error.into(),
        })
    }))
}

#[cfg(test)]
mod tests;
