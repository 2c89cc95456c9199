//! Merging usage files of one day: rows of one principal and operation at a time, from all files.

use std::cmp::Ordering;
use std::path::Path;

use arrow::array::RecordBatch;

use crate::contents::LedgerFile;
use crate::packing::Packing;
use crate::snapshot::open_batches;
use crate::staged::StagedFile;
use crate::{LedgerError, UsageRecord, bound_names, usage_records};

/// Rows of one principal and operation that are merged at a time. Beyond it equal keys may stay apart, which
/// sums do not show.
const GROUP_LIMIT: usize = 200_000;

/// Files that are open at a time. Node agents write thousands a day.
const OPEN: usize = 64;

/// Where what comes of some of many files is kept meanwhile. There is one compaction of a folder at a time.
const MEANWHILE: &str = ".merging";

/// Merges files into `output`, a bounded number at a time.
pub(crate) fn merge_files(
    root: &Path,
    files: &[&LedgerFile],
    output: &mut StagedFile,
) -> Result<(), LedgerError> {
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    if paths.len() <= OPEN {
        return merge_open(root, &paths, output);
    }
    let folder = root.join(MEANWHILE);
    remove(&folder)?;
    let merged = merge_many(root, paths, output);
    let removed = remove(&folder);
    merged.and(removed)
}

fn merge_many(root: &Path, mut left: Vec<String>, output: &mut StagedFile) -> Result<(), LedgerError> {
    let mut number = 0;
    while left.len() > OPEN {
        let mut merged = Vec::new();
        for some in left.chunks(OPEN) {
            number += 1;
            let mut file =
                StagedFile::create(root, format!("{MEANWHILE}/{number}"), output.day(), Packing::Quick)?;
            merge_open(root, some, &mut file)?;
            merged.push(file.close_apart()?);
        }
        left = merged;
    }
    merge_open(root, &left, output)
}

/// Removes a folder that may not be there.
fn remove(folder: &Path) -> Result<(), LedgerError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LedgerError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

fn merge_open(root: &Path, paths: &[String], output: &mut StagedFile) -> Result<(), LedgerError> {
    let mut streams = Vec::with_capacity(paths.len());
    for path in paths {
        streams.push(Rows::open(open_batches(root, path)?)?);
    }
    let mut group: Vec<UsageRecord> = Vec::new();
    loop {
        let next = streams.iter().filter_map(Rows::peek).min_by(|left, right| by_group(left, right)).cloned();
        let Some(next) = next else { break };
        for rows in &mut streams {
            while let Some(row) = rows.next_if(|row| by_group(row, &next) == Ordering::Equal)? {
                group.push(row);
                if group.len() >= GROUP_LIMIT {
                    write_group(std::mem::take(&mut group), output)?;
                }
            }
        }
        write_group(std::mem::take(&mut group), output)?;
    }
    Ok(())
}

/// The order of groups in every usage file.
fn by_group(left: &UsageRecord, right: &UsageRecord) -> Ordering {
    (&left.account, &left.principal, &left.service, &left.operation).cmp(&(
        &right.account,
        &right.principal,
        &right.service,
        &right.operation,
    ))
}

/// The order of rows in a group; rows that are equal by it are one row.
fn by_key(left: &UsageRecord, right: &UsageRecord) -> Ordering {
    by_call(left, right)
        .then_with(|| left.window_start.cmp(&right.window_start))
        .then_with(|| {
            (&left.session, &left.credential, &left.source_identity, &left.network_origin).cmp(&(
                &right.session,
                &right.credential,
                &right.source_identity,
                &right.network_origin,
            ))
        })
        .then_with(|| left.authorizer.cmp(&right.authorizer))
}

/// Rows that are equal by it differ only in when, where from and in which session the calls were made. What one workload
/// called is no example of what another did, nor a request on the wire one of an event.
fn by_call(left: &UsageRecord, right: &UsageRecord) -> Ordering {
    (&left.resources, &left.parameters, &left.permissions, left.outcome, &left.error_code, &left.region)
        .cmp(&(
            &right.resources,
            &right.parameters,
            &right.permissions,
            right.outcome,
            &right.error_code,
            &right.region,
        ))
        .then_with(|| {
            (left.provider, &left.via, &left.principal_kind).cmp(&(
                right.provider,
                &right.via,
                &right.principal_kind,
            ))
        })
        .then_with(|| (&left.evidence, &left.workload).cmp(&(&right.evidence, &right.workload)))
}

/// Writes rows of one account, principal, service and operation: bounds their names, adds up rows with equal keys, and
/// keeps one example of equal calls. Files hold their groups in the order of these four.
///
/// # Errors
/// When the file cannot be written.
pub fn write_group(mut group: Vec<UsageRecord>, output: &mut StagedFile) -> Result<(), LedgerError> {
    // As the recorder cuts them: of a principal that is not known there are as many as there are workloads.
    group.sort_by(|left, right| left.workload.cmp(&right.workload));
    group.chunk_by_mut(|left, right| left.workload == right.workload).for_each(bound_names);
    group.sort_by(by_key);
    let mut rows: Vec<UsageRecord> = Vec::with_capacity(group.len());
    for mut row in group {
        match rows.last_mut().filter(|last| by_key(last, &row) == Ordering::Equal) {
            Some(last) => last.absorb(&mut row),
            None => rows.push(row),
        }
    }
    for equal in rows.chunk_by_mut(|left, right| by_call(left, right) == Ordering::Equal) {
        keep_one_example(equal);
        for row in equal {
            row.with_row(|row| output.push(row))?;
        }
    }
    Ok(())
}

/// The smallest id stays, so that the example of equal calls does not depend on how they were split into files.
fn keep_one_example(rows: &mut [UsageRecord]) {
    let kept = rows.iter().filter_map(|row| row.sample_id.clone()).min();
    let mut is_kept = false;
    for row in rows {
        if is_kept || row.sample_id != kept {
            row.sample_id = None;
        }
        is_kept |= row.sample_id.is_some();
    }
}

/// The rows of a file, one by one.
struct Rows<I> {
    batches: I,
    rows: std::vec::IntoIter<UsageRecord>,
    next: Option<UsageRecord>,
}

impl<I: Iterator<Item = Result<RecordBatch, LedgerError>>> Rows<I> {
    fn open(batches: I) -> Result<Self, LedgerError> {
        let mut rows = Self { batches, rows: Vec::new().into_iter(), next: None };
        rows.advance()?;
        Ok(rows)
    }

    fn peek(&self) -> Option<&UsageRecord> {
        self.next.as_ref()
    }

    fn next_if(
        &mut self,
        wanted: impl FnOnce(&UsageRecord) -> bool,
    ) -> Result<Option<UsageRecord>, LedgerError> {
        if !self.next.as_ref().is_some_and(wanted) {
            return Ok(None);
        }
        let row = self.next.take();
        self.advance()?;
        Ok(row)
    }

    fn advance(&mut self) -> Result<(), LedgerError> {
        loop {
            self.next = self.rows.next();
            if self.next.is_some() {
                return Ok(());
            }
            match self.batches.next() {
                None => return Ok(()),
                Some(batch) => self.rows = usage_records(&batch?)?.into_iter(),
            }
        }
    }
}
