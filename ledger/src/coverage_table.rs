//! Coverage records to and from Arrow columns.

use std::sync::Arc;

use arrow::array::{
    Array, AsArray, BooleanBuilder, Int64Builder, ListBuilder, RecordBatch, StringBuilder, StructArray,
    StructBuilder, TimestampMicrosecondBuilder,
};

use crate::decode::{Columns, flag, optional, texts, unknown, workload_at};
use crate::encode::{push_no_workloads, push_workload};
use crate::schema::{
    class_fields, class_item, column, coverage_column, coverage_schema, text_item, workload_fields,
};
use crate::{CoverageRecord, EventClass, LedgerError, Provider};

const MANAGEMENT_WRITE: &str = "management_write";
const MANAGEMENT_READ: &str = "management_read";
const DATA: &str = "data";

/// Lays coverage records out as one batch.
pub(crate) fn coverage_batch(records: &[CoverageRecord]) -> Result<RecordBatch, LedgerError> {
    let mut provider = StringBuilder::new();
    let mut account = StringBuilder::new();
    let mut region = StringBuilder::new();
    let mut evidence = StringBuilder::new();
    let mut start = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    let mut end = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    let mut classes = ListBuilder::new(class_builder()).with_field(class_item());
    let mut excluded = ListBuilder::new(StringBuilder::new()).with_field(text_item());
    let mut events = Int64Builder::new();
    let mut lost = Int64Builder::new();
    let mut workload = StructBuilder::from_fields(workload_fields(), records.len());
    for record in records {
        provider.append_value(record.provider.as_str());
        account.append_option(record.account.as_deref());
        region.append_option(record.region.as_deref());
        evidence.append_value(&record.evidence);
        start.append_value(record.start);
        end.append_value(record.end);
        for class in &record.classes {
            push_class(classes.values(), class);
        }
        classes.append(true);
        for service in &record.excluded_services {
            excluded.values().append_value(service);
        }
        excluded.append(true);
        events.append_value(i64::try_from(record.events).unwrap_or(i64::MAX));
        lost.append_value(i64::try_from(record.lost).unwrap_or(i64::MAX));
        match &record.workload {
            Some(of) => push_workload(&mut workload, of),
            None => push_no_workloads(&mut workload, 1),
        }
    }
    Ok(RecordBatch::try_new(
        coverage_schema(),
        vec![
            Arc::new(provider.finish()),
            Arc::new(account.finish()),
            Arc::new(region.finish()),
            Arc::new(evidence.finish()),
            Arc::new(start.finish()),
            Arc::new(end.finish()),
            Arc::new(classes.finish()),
            Arc::new(excluded.finish()),
            Arc::new(events.finish()),
            Arc::new(lost.finish()),
            Arc::new(workload.finish()),
        ],
    )?)
}

/// Reads every row of a batch of the coverage table.
///
/// # Errors
/// When a column is missing, has another type, or holds a name that this version does not know.
pub fn coverage_records(batch: &RecordBatch) -> Result<Vec<CoverageRecord>, LedgerError> {
    let columns = Columns { batch };
    let provider = columns.text(column::PROVIDER)?;
    let account = columns.text(column::ACCOUNT)?;
    let region = columns.text(column::REGION)?;
    let evidence = columns.text(column::EVIDENCE)?;
    let start = columns.timestamp(coverage_column::START)?;
    let end = columns.timestamp(coverage_column::END)?;
    let classes = columns.list(coverage_column::CLASSES)?;
    let excluded = columns.list(coverage_column::EXCLUDED_SERVICES)?;
    let events = columns.integer(coverage_column::EVENTS)?;
    let lost = columns.integer(coverage_column::LOST)?;
    // Files that were written before there was this column lack it.
    let workload = columns.structure(column::WORKLOAD).ok();
    let mut records = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        records.push(CoverageRecord {
            provider: Provider::from_name(provider.value(row))
                .ok_or_else(|| unknown(column::PROVIDER, provider.value(row)))?,
            account: optional(account, row),
            region: optional(region, row),
            evidence: evidence.value(row).to_owned(),
            workload: workload.filter(|of| of.is_valid(row)).map(|of| workload_at(of, row)),
            start: start.value(row),
            end: end.value(row),
            classes: classes_at(classes.value(row).as_struct_opt())?,
            excluded_services: texts(&excluded.value(row)),
            events: u64::try_from(events.value(row)).unwrap_or(0),
            lost: u64::try_from(lost.value(row)).unwrap_or(0),
        });
    }
    Ok(records)
}

fn class_builder() -> StructBuilder {
    StructBuilder::new(
        class_fields(),
        vec![
            Box::new(StringBuilder::new()),
            Box::new(StringBuilder::new()),
            Box::new(ListBuilder::new(StringBuilder::new()).with_field(text_item())),
            Box::new(BooleanBuilder::new()),
            Box::new(BooleanBuilder::new()),
        ],
    )
}

fn push_class(column: &mut StructBuilder, class: &EventClass) {
    let (name, resource_type, prefixes, reads, writes) = match class {
        EventClass::ManagementWrite => (MANAGEMENT_WRITE, None, &[][..], false, true),
        EventClass::ManagementRead => (MANAGEMENT_READ, None, &[][..], true, false),
        EventClass::Data { resource_type, resource_prefixes, reads, writes } => {
            (DATA, Some(resource_type), resource_prefixes.as_slice(), *reads, *writes)
        }
    };
    if let Some(builder) = column.field_builder::<StringBuilder>(0) {
        builder.append_value(name);
    }
    if let Some(builder) = column.field_builder::<StringBuilder>(1) {
        builder.append_option(resource_type);
    }
    if let Some(builder) = column.field_builder::<ListBuilder<StringBuilder>>(2) {
        for prefix in prefixes {
            builder.values().append_value(prefix);
        }
        builder.append(true);
    }
    for (index, flag) in [(3, reads), (4, writes)] {
        if let Some(builder) = column.field_builder::<BooleanBuilder>(index) {
            builder.append_value(flag);
        }
    }
    column.append(true);
}

fn classes_at(classes: Option<&StructArray>) -> Result<Vec<EventClass>, LedgerError> {
    let Some(classes) = classes else { return Ok(Vec::new()) };
    let name = classes.column_by_name("class").and_then(|names| names.as_string_opt::<i32>());
    let resource_type =
        classes.column_by_name("resource_type").and_then(|types| types.as_string_opt::<i32>());
    let prefixes = classes.column_by_name("resource_prefixes").and_then(|lists| lists.as_list_opt::<i32>());
    let reads = classes.column_by_name("reads").and_then(|flags| flags.as_boolean_opt());
    let writes = classes.column_by_name("writes").and_then(|flags| flags.as_boolean_opt());
    let Some(name) = name else { return Err(unknown(coverage_column::CLASSES, "a class without a name")) };
    (0..classes.len())
        .map(|row| match name.value(row) {
            MANAGEMENT_WRITE => Ok(EventClass::ManagementWrite),
            MANAGEMENT_READ => Ok(EventClass::ManagementRead),
            DATA => Ok(EventClass::Data {
                resource_type: resource_type.and_then(|types| optional(types, row)).unwrap_or_default(),
                resource_prefixes: prefixes.map(|lists| texts(&lists.value(row))).unwrap_or_default(),
                reads: flag(reads, row),
                writes: flag(writes, row),
            }),
            other => Err(unknown(coverage_column::CLASSES, other)),
        })
        .collect()
}
