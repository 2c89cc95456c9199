//! Cuts names of rows that are to be a state's where an operation of a principal has too many, as recorders and compaction do: a
//! state does not grow with what is named.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, ListBuilder, MapBuilder, MapFieldNames, RecordBatch, StringBuilder,
};
use datafusion::arrow::compute::{cast, concat_batches, partition};
use datafusion::error::DataFusionError;
use remit_ledger::{Collapse, UNKNOWN, Values, column, state_schema};

use crate::rollup::{ByName, pairs, strings};

/// Rows of one operation of a principal that are looked at for names: with fewer, none has too many.
const FEW: usize = 64;

/// The columns by whose equality rows are of one operation of a principal. Of a principal that is not known there may be several, so its
/// names stay.
const GROUP: [&str; 4] = [column::ACCOUNT, column::PRINCIPAL, column::SERVICE, column::OPERATION];

/// Rows in the order of a state, on their way into it.
#[derive(Default)]
pub(super) struct Cut {
    /// The last group that was met, which may go on.
    open: Option<RecordBatch>,
    /// Rows whose names were cut, some of which may be equal now.
    pub(super) cut: Vec<RecordBatch>,
}

impl Cut {
    /// Takes the next rows, and answers those that are as they will stay.
    pub(super) fn add(&mut self, batch: RecordBatch) -> Result<Vec<RecordBatch>, DataFusionError> {
        let batch = match self.open.take() {
            Some(open) => concat_batches(&state_schema(), [&open, &batch])?,
            None => batch,
        };
        let groups = groups(&batch)?;
        let last = groups.last().map_or(0, |group| group.start);
        self.open = Some(batch.slice(last, batch.num_rows() - last));
        self.settle(&batch, groups.get(..groups.len().saturating_sub(1)).unwrap_or_default())
    }

    /// The rows that are left.
    pub(super) fn finish(&mut self) -> Result<Vec<RecordBatch>, DataFusionError> {
        let Some(open) = self.open.take() else { return Ok(Vec::new()) };
        self.settle(&open, &groups(&open)?)
    }

    /// How many rows wait to be added up once more.
    pub(super) fn waiting(&self) -> usize {
        self.cut.iter().map(RecordBatch::num_rows).sum()
    }

    fn settle(
        &mut self,
        batch: &RecordBatch,
        groups: &[Range<usize>],
    ) -> Result<Vec<RecordBatch>, DataFusionError> {
        let mut settled = Vec::new();
        let mut start = 0;
        for group in groups.iter().filter(|group| group.len() > FEW) {
            let Some(cut) = cut(&batch.slice(group.start, group.len()))? else { continue };
            self.cut.push(cut);
            settled.push(batch.slice(start, group.start - start));
            start = group.end;
        }
        let end = groups.last().map_or(start, |group| group.end);
        settled.push(batch.slice(start, end - start));
        settled.retain(|batch| batch.num_rows() > 0);
        Ok(settled)
    }
}

/// Rows that follow each other and are of one operation of a principal.
fn groups(batch: &RecordBatch) -> Result<Vec<Range<usize>>, DataFusionError> {
    let columns: Vec<ArrayRef> =
        GROUP.iter().filter_map(|name| batch.column_by_name(name).cloned()).collect();
    Ok(partition(&columns)?.ranges())
}

/// Cuts the names of one operation of a principal; none where they stay as they are.
fn cut(group: &RecordBatch) -> Result<Option<RecordBatch>, DataFusionError> {
    let columns = ByName(group);
    if columns.text(column::PRINCIPAL)?.text(0).as_deref() == Some(UNKNOWN) {
        return Ok(None);
    }
    let (lists, maps) = (columns.list(column::RESOURCES)?, columns.map(column::PARAMETERS)?);
    let rows = 0..group.num_rows();
    let mut resources =
        rows.clone().map(|row| strings(lists.value(row).as_ref())).collect::<Result<Vec<_>, _>>()?;
    let mut parameters = rows.map(|row| pairs(maps, row)).collect::<Result<Vec<_>, _>>()?;
    let (mut names, mut values) = (Collapse::default(), Values::default());
    resources.iter().flatten().for_each(|name| names.add(name));
    parameters.iter().for_each(|parameters| values.add(parameters));
    let before = parameters.clone();
    parameters.iter_mut().for_each(|parameters| values.apply(parameters));
    if !names.is_needed() && parameters == before {
        return Ok(None);
    }
    resources.iter_mut().for_each(|resources| names.apply(resources));

    let mut lists = ListBuilder::new(StringBuilder::new());
    for resources in resources {
        lists.append_value(resources.into_iter().map(Some));
    }
    let fields =
        MapFieldNames { entry: "key_value".to_owned(), key: "key".to_owned(), value: "value".to_owned() };
    let mut maps = MapBuilder::new(Some(fields), StringBuilder::new(), StringBuilder::new());
    for parameters in parameters {
        for (name, value) in parameters {
            maps.keys().append_value(name);
            maps.values().append_value(value);
        }
        maps.append(true)?;
    }
    let (lists, maps): (ArrayRef, ArrayRef) = (Arc::new(lists.finish()), Arc::new(maps.finish()));
    let schema = state_schema();
    let fields = schema.fields().iter().zip(group.columns());
    let columns: Result<Vec<ArrayRef>, _> = fields
        .map(|(field, as_it_was)| match field.name().as_str() {
            column::RESOURCES => cast(&lists, field.data_type()),
            column::PARAMETERS => cast(&maps, field.data_type()),
            _ => Ok(Arc::clone(as_it_was)),
        })
        .collect();
    Ok(Some(RecordBatch::try_new(schema, columns?)?))
}
