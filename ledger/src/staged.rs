//! Files that are written but not published.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::LedgerError;
use crate::encode::UsageColumns;
use crate::footer::Footer;
use crate::layout::TEMPORARY;
use crate::packing::{Packing, usage_properties};
use crate::record::UsageRow;
use crate::schema::usage_schema;

/// Rows that are laid out as columns at a time.
const BATCH_ROWS: usize = 1024;

/// A usage file of a flush, written under a temporary name.
pub struct StagedFile {
    day: i64,
    columns: UsageColumns,
    file: StagedTable,
    span: Option<(i64, i64)>,
}

/// A Parquet file under a temporary name, whose footer is not written yet.
pub(crate) struct StagedTable {
    /// Where it will be published, relative to the ledger.
    pub(crate) path: String,
    temporary: PathBuf,
    writer: ArrowWriter<File>,
}

impl StagedFile {
    pub(crate) fn create(root: &Path, path: String, day: i64, packing: Packing) -> Result<Self, LedgerError> {
        let file = StagedTable::create(root, path, usage_schema(), usage_properties(packing))?;
        Ok(Self { day, columns: UsageColumns::new(), file, span: None })
    }

    /// Adds a row. Rows of one account, principal, service and operation must follow each other, in the byte
    /// order of these four; the writer sorts them, since it knows cheaper ways than comparing texts.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn push(&mut self, row: &UsageRow<'_>) -> Result<(), LedgerError> {
        self.columns.push(row)?;
        self.span = Some(match self.span {
            None => (row.first_seen, row.last_seen),
            Some((first, last)) => (first.min(row.first_seen), last.max(row.last_seen)),
        });
        if self.columns.len() >= BATCH_ROWS {
            self.file.write(&self.columns.finish()?)?;
        }
        Ok(())
    }

    /// Writes what is buffered and compresses it, so that publishing has little left to do.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn flush(&mut self) -> Result<(), LedgerError> {
        if self.columns.len() > 0 {
            self.file.write(&self.columns.finish()?)?;
        }
        self.file.flush()
    }

    /// The day of the partition, in days since the Unix epoch.
    pub fn day(&self) -> i64 {
        self.day
    }

    pub(crate) fn path(&self) -> &str {
        &self.file.path
    }

    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        self.span
    }

    pub(crate) fn close(mut self, footer: &Footer) -> Result<Unpublished, LedgerError> {
        self.flush()?;
        self.file.close(footer.to_pairs())
    }

    /// Ends a file that is part of no flush, and answers where it is, relative to the ledger.
    pub(crate) fn close_apart(mut self) -> Result<String, LedgerError> {
        self.flush()?;
        let Unpublished { path, .. } = self.file.close(Ok(Vec::new()))?;
        Ok(path + TEMPORARY)
    }
}

impl StagedTable {
    pub(crate) fn create(
        root: &Path,
        path: String,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, LedgerError> {
        let (temporary, file) = create_temporary(root, &path)?;
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, schema, options)
            .map_err(LedgerError::parquet("write", &temporary.to_string_lossy()))?;
        Ok(Self { path, temporary, writer })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), LedgerError> {
        self.writer.write(batch).map_err(LedgerError::parquet("write", &self.temporary.to_string_lossy()))
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        self.writer.flush().map_err(LedgerError::parquet("write", &self.temporary.to_string_lossy()))
    }

    /// Writes the footer and makes the bytes durable.
    pub(crate) fn close(mut self, pairs: std::io::Result<Vec<KeyValue>>) -> Result<Unpublished, LedgerError> {
        let pairs = pairs.map_err(LedgerError::io("write", &self.temporary))?;
        for pair in pairs {
            self.writer.append_key_value_metadata(pair);
        }
        let file = self
            .writer
            .into_inner()
            .map_err(LedgerError::parquet("write", &self.temporary.to_string_lossy()))?;
        file.sync_all().map_err(LedgerError::io("write", &self.temporary))?;
        let size = file.metadata().map_err(LedgerError::io("write", &self.temporary))?.len();
        Ok(Unpublished { path: self.path, temporary: self.temporary, size })
    }
}

/// A whole, durable file under a temporary name.
pub(crate) struct Unpublished {
    pub(crate) path: String,
    pub(crate) temporary: PathBuf,
    pub(crate) size: u64,
}

/// Creates a file beside the place of its final name, and the folders on the way.
pub(crate) fn create_temporary(root: &Path, path: &str) -> Result<(PathBuf, File), LedgerError> {
    let target = root.join(path);
    let folder = target.parent().unwrap_or(root);
    create_folder(folder)?;
    let temporary = PathBuf::from(format!("{}{TEMPORARY}", target.display()));
    let file = File::create(&temporary).map_err(LedgerError::io("create", &temporary))?;
    Ok((temporary, file))
}

/// Creates a folder and makes its name durable, and those of its parents where they are new.
pub(crate) fn create_folder(folder: &Path) -> Result<(), LedgerError> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_folder(parent)?;
    }
    match fs::create_dir(folder) {
        Ok(()) => sync_folder(parent.unwrap_or(Path::new("."))),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(LedgerError::io("create", folder)(error)),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), LedgerError> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(LedgerError::io("sync", folder))
}
