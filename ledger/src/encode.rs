//! Usage rows into Arrow columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Builder, ListBuilder, MapBuilder, MapFieldNames, RecordBatch, StringBuilder,
    StructBuilder, TimestampMicrosecondBuilder,
};

use crate::record::{UsageRow, Workload};
use crate::schema::{text_item, usage_schema, workload_fields};
use crate::{ISSUED_LIMIT, LedgerError};

/// Collects usage rows column by column.
pub(crate) struct UsageColumns {
    rows: usize,
    /// Rows at the end without a workload, which their column does not have yet: recorders hardly ever know one.
    without_workload: usize,
    window_start: TimestampMicrosecondBuilder,
    first_seen: TimestampMicrosecondBuilder,
    last_seen: TimestampMicrosecondBuilder,
    count: Int64Builder,
    provider: StringBuilder,
    account: StringBuilder,
    region: StringBuilder,
    principal: StringBuilder,
    principal_kind: StringBuilder,
    session: StringBuilder,
    credential: StringBuilder,
    workload: StructBuilder,
    service: StringBuilder,
    operation: StringBuilder,
    resources: ListBuilder<StringBuilder>,
    parameters: MapBuilder<StringBuilder, StringBuilder>,
    permissions: ListBuilder<StringBuilder>,
    outcome: StringBuilder,
    error_code: StringBuilder,
    via: StringBuilder,
    authorizer: StringBuilder,
    issued: ListBuilder<StringBuilder>,
    source_identity: StringBuilder,
    network_origin: StringBuilder,
    evidence: StringBuilder,
    sample_id: StringBuilder,
}

impl UsageColumns {
    pub(crate) fn new() -> Self {
        let list = || ListBuilder::new(StringBuilder::new()).with_field(text_item());
        let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
        Self {
            rows: 0,
            without_workload: 0,
            window_start: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            first_seen: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            last_seen: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            count: Int64Builder::new(),
            provider: StringBuilder::new(),
            account: StringBuilder::new(),
            region: StringBuilder::new(),
            principal: StringBuilder::new(),
            principal_kind: StringBuilder::new(),
            session: StringBuilder::new(),
            credential: StringBuilder::new(),
            workload: StructBuilder::from_fields(workload_fields(), 0),
            service: StringBuilder::new(),
            operation: StringBuilder::new(),
            resources: list(),
            parameters: MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new()),
            permissions: list(),
            outcome: StringBuilder::new(),
            error_code: StringBuilder::new(),
            via: StringBuilder::new(),
            authorizer: StringBuilder::new(),
            issued: list(),
            source_identity: StringBuilder::new(),
            network_origin: StringBuilder::new(),
            evidence: StringBuilder::new(),
            sample_id: StringBuilder::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    pub(crate) fn push(&mut self, row: &UsageRow<'_>) -> Result<(), LedgerError> {
        self.rows = self.rows.saturating_add(1);
        self.window_start.append_value(row.window_start);
        self.first_seen.append_value(row.first_seen);
        self.last_seen.append_value(row.last_seen);
        self.count.append_value(i64::try_from(row.count).unwrap_or(i64::MAX));
        self.provider.append_value(row.provider.as_str());
        self.account.append_option(row.account);
        self.region.append_option(row.region);
        self.principal.append_value(row.principal);
        self.principal_kind.append_value(row.principal_kind);
        self.session.append_option(row.session);
        self.credential.append_option(row.credential);
        match row.workload {
            None => self.without_workload = self.without_workload.saturating_add(1),
            Some(workload) => {
                self.push_missing_workloads();
                push_workload(&mut self.workload, workload);
            }
        }
        self.service.append_value(row.service);
        self.operation.append_value(row.operation);
        push_list(&mut self.resources, row.resources);
        for (key, value) in row.parameters {
            self.parameters.keys().append_value(key);
            self.parameters.values().append_value(value);
        }
        self.parameters.append(true)?;
        push_list(&mut self.permissions, row.permissions);
        self.outcome.append_value(row.outcome.as_str());
        self.error_code.append_option(row.error_code);
        self.via.append_option(row.via);
        self.authorizer.append_option(row.authorizer);
        push_list(&mut self.issued, row.issued.get(..ISSUED_LIMIT).unwrap_or(row.issued));
        self.source_identity.append_option(row.source_identity);
        self.network_origin.append_option(row.network_origin);
        self.evidence.append_value(row.evidence);
        self.sample_id.append_option(row.sample_id);
        Ok(())
    }

    /// The rows so far as one batch; the columns are empty afterwards.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, LedgerError> {
        self.rows = 0;
        self.push_missing_workloads();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.window_start.finish()),
            Arc::new(self.first_seen.finish()),
            Arc::new(self.last_seen.finish()),
            Arc::new(self.count.finish()),
            Arc::new(self.provider.finish()),
            Arc::new(self.account.finish()),
            Arc::new(self.region.finish()),
            Arc::new(self.principal.finish()),
            Arc::new(self.principal_kind.finish()),
            Arc::new(self.session.finish()),
            Arc::new(self.credential.finish()),
            Arc::new(self.workload.finish()),
            Arc::new(self.service.finish()),
            Arc::new(self.operation.finish()),
            Arc::new(self.resources.finish()),
            Arc::new(self.parameters.finish()),
            Arc::new(self.permissions.finish()),
            Arc::new(self.outcome.finish()),
            Arc::new(self.error_code.finish()),
            Arc::new(self.via.finish()),
            Arc::new(self.authorizer.finish()),
            Arc::new(self.issued.finish()),
            Arc::new(self.source_identity.finish()),
            Arc::new(self.network_origin.finish()),
            Arc::new(self.evidence.finish()),
            Arc::new(self.sample_id.finish()),
        ];
        Ok(RecordBatch::try_new(usage_schema(), columns)?)
    }

    fn push_missing_workloads(&mut self) {
        push_no_workloads(&mut self.workload, std::mem::take(&mut self.without_workload));
    }
}

fn push_list(list: &mut ListBuilder<StringBuilder>, values: &[&str]) {
    for value in values {
        list.values().append_value(value);
    }
    list.append(true);
}

pub(crate) fn push_no_workloads(column: &mut StructBuilder, count: usize) {
    for index in 0..column.num_fields() {
        if let Some(builder) = column.field_builder::<StringBuilder>(index) {
            builder.append_nulls(count);
        }
    }
    column.append_nulls(count);
}

pub(crate) fn push_workload(column: &mut StructBuilder, workload: &Workload) {
    let fields = [
        &workload.cluster,
        &workload.namespace,
        &workload.owner_kind,
        &workload.owner_name,
        &workload.container,
        &workload.image,
    ];
    for (index, field) in fields.into_iter().enumerate() {
        if let Some(builder) = column.field_builder::<StringBuilder>(index) {
            builder.append_option(field.as_deref());
        }
    }
    column.append(true);
}
