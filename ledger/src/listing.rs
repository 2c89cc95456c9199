//! What files a ledger folder holds, committed or not.

use std::fs;
use std::path::Path;

use crate::LedgerError;
use crate::layout::{IDENTIFIERS, TEMPORARY};
use crate::schema::Table;

/// Every file of a ledger by its place and name. Paths are relative to the ledger, with `/`.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Files under `usage` and `coverage` that are named as Parquet files, with their sizes.
    pub(crate) tables: Vec<(String, u64)>,
    /// Files of event identifiers, with their sizes.
    pub(crate) identifiers: Vec<(String, u64)>,
    /// Files that a writer did not finish.
    pub(crate) temporary: Vec<String>,
    /// Files that do not belong in a ledger.
    pub(crate) foreign: Vec<String>,
}

impl Listing {
    /// Lists a folder. A ledger that does not exist yet is empty.
    pub(crate) fn of_folder(root: &Path) -> Result<Self, LedgerError> {
        let mut listing = Self::default();
        for top in [Table::Usage.as_str(), Table::Coverage.as_str(), IDENTIFIERS] {
            walk(root, top, &mut |path, size| listing.add(path, size))?;
        }
        listing.sort();
        Ok(listing)
    }

    /// Sorts a file in by its path.
    pub(crate) fn add(&mut self, path: String, size: u64) {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.ends_with(TEMPORARY) {
            self.temporary.push(path);
        } else if name.starts_with(['.', '_']) {
            // Hidden files and markers such as `_SUCCESS` are other programs' bookkeeping, not data.
        } else if path.starts_with(IDENTIFIERS) {
            self.identifiers.push((path, size));
        } else if name.ends_with(".parquet") {
            self.tables.push((path, size));
        } else {
            self.foreign.push(path);
        }
    }

    /// The order of a folder's entries must not matter to anyone.
    pub(crate) fn sort(&mut self) {
        self.tables.sort();
        self.identifiers.sort();
        self.temporary.sort();
        self.foreign.sort();
    }
}

/// Hands on the path and size of every file below a folder of the ledger, which need not be there.
pub(crate) fn walk(
    root: &Path,
    relative: &str,
    found: &mut dyn FnMut(String, u64),
) -> Result<(), LedgerError> {
    let folder = root.join(relative);
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&folder).map_err(LedgerError::io("list", &folder))? {
        let entry = entry.map_err(LedgerError::io("list", &folder))?;
        let relative = format!("{relative}/{}", entry.file_name().to_string_lossy());
        // A file may be renamed or removed between the listing and this look.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            walk(root, &relative, found)?;
        } else {
            found(relative, metadata.len());
        }
    }
    Ok(())
}
