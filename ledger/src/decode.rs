//! Arrow columns into usage records.

use std::collections::BTreeMap;

use arrow::array::{
    Array, AsArray, BooleanArray, Int64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use crate::schema::column;
use crate::{LedgerError, Outcome, Provider, UsageRecord, Workload};

/// Reads every row of a batch of the usage table.
///
/// # Errors
/// When a column is missing, has another type, or holds a name that this version does not know.
pub fn usage_records(batch: &RecordBatch) -> Result<Vec<UsageRecord>, LedgerError> {
    let columns = Columns { batch };
    let window_start = columns.timestamp(column::WINDOW_START)?;
    let first_seen = columns.timestamp(column::FIRST_SEEN)?;
    let last_seen = columns.timestamp(column::LAST_SEEN)?;
    let count = columns.integer(column::COUNT)?;
    let provider = columns.text(column::PROVIDER)?;
    let account = columns.text(column::ACCOUNT)?;
    let region = columns.text(column::REGION)?;
    let principal = columns.text(column::PRINCIPAL)?;
    let principal_kind = columns.text(column::PRINCIPAL_KIND)?;
    let session = columns.text(column::SESSION)?;
    let credential = columns.text(column::CREDENTIAL)?;
    let workload = columns.structure(column::WORKLOAD)?;
    let service = columns.text(column::SERVICE)?;
    let operation = columns.text(column::OPERATION)?;
    let resources = columns.list(column::RESOURCES)?;
    let parameters = columns.map(column::PARAMETERS)?;
    let permissions = columns.list(column::PERMISSIONS)?;
    let outcome = columns.text(column::OUTCOME)?;
    let error_code = columns.text(column::ERROR_CODE)?;
    let via = columns.text(column::VIA)?;
    let authorizer = columns.text(column::AUTHORIZER)?;
    let issued = columns.list(column::ISSUED)?;
    let source_identity = columns.text(column::SOURCE_IDENTITY)?;
    let network_origin = columns.text(column::NETWORK_ORIGIN)?;
    let evidence = columns.text(column::EVIDENCE)?;
    let sample_id = columns.text(column::SAMPLE_ID)?;

    let mut records = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        records.push(UsageRecord {
            window_start: window_start.value(row),
            first_seen: first_seen.value(row),
            last_seen: last_seen.value(row),
            count: u64::try_from(count.value(row)).unwrap_or(0),
            provider: Provider::from_name(provider.value(row))
                .ok_or_else(|| unknown(column::PROVIDER, provider.value(row)))?,
            account: optional(account, row),
            region: optional(region, row),
            principal: principal.value(row).to_owned(),
            principal_kind: principal_kind.value(row).to_owned(),
            session: optional(session, row),
            credential: optional(credential, row),
            workload: workload.is_valid(row).then(|| workload_at(workload, row)),
            service: service.value(row).to_owned(),
            operation: operation.value(row).to_owned(),
            resources: texts(&resources.value(row)),
            parameters: entries(&parameters.value(row)),
            permissions: texts(&permissions.value(row)),
            outcome: Outcome::from_name(outcome.value(row))
                .ok_or_else(|| unknown(column::OUTCOME, outcome.value(row)))?,
            error_code: optional(error_code, row),
            via: optional(via, row),
            authorizer: optional(authorizer, row),
            issued: texts(&issued.value(row)),
            source_identity: optional(source_identity, row),
            network_origin: optional(network_origin, row),
            evidence: evidence.value(row).to_owned(),
            sample_id: optional(sample_id, row),
        });
    }
    Ok(records)
}

/// Typed access to a batch's columns by name.
pub(crate) struct Columns<'a> {
    pub(crate) batch: &'a RecordBatch,
}

impl<'a> Columns<'a> {
    fn typed<T>(
        &self,
        name: &str,
        cast: impl FnOnce(&'a dyn Array) -> Option<&'a T>,
    ) -> Result<&'a T, LedgerError> {
        let array = self.batch.column_by_name(name).and_then(|column| cast(column.as_ref()));
        array.ok_or_else(|| {
            LedgerError::Columns(arrow::error::ArrowError::SchemaError(format!(
                "column `{name}` is missing or of another type"
            )))
        })
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a StringArray, LedgerError> {
        self.typed(name, |array| array.as_string_opt::<i32>())
    }

    pub(crate) fn integer(&self, name: &str) -> Result<&'a Int64Array, LedgerError> {
        self.typed(name, |array| array.as_primitive_opt::<Int64Type>())
    }

    pub(crate) fn timestamp(&self, name: &str) -> Result<&'a TimestampMicrosecondArray, LedgerError> {
        self.typed(name, |array| array.as_primitive_opt::<TimestampMicrosecondType>())
    }

    pub(crate) fn list(&self, name: &str) -> Result<&'a ListArray, LedgerError> {
        self.typed(name, |array| array.as_list_opt::<i32>())
    }

    fn map(&self, name: &str) -> Result<&'a MapArray, LedgerError> {
        self.typed(name, |array| array.as_map_opt())
    }

    pub(crate) fn structure(&self, name: &str) -> Result<&'a StructArray, LedgerError> {
        self.typed(name, |array| array.as_struct_opt())
    }
}

pub(crate) fn optional(array: &StringArray, row: usize) -> Option<String> {
    array.is_valid(row).then(|| array.value(row).to_owned())
}

pub(crate) fn texts(array: &dyn Array) -> Vec<String> {
    let values = array.as_string_opt::<i32>();
    values.into_iter().flat_map(|values| values.iter().flatten()).map(str::to_owned).collect()
}

pub(crate) fn flag(array: Option<&BooleanArray>, row: usize) -> bool {
    array.is_some_and(|array| row < array.len() && array.value(row))
}

pub(crate) fn unknown(column: &str, name: &str) -> LedgerError {
    LedgerError::Columns(arrow::error::ArrowError::ParseError(format!(
        "column `{column}` holds `{name}`, which this version does not know"
    )))
}

fn entries(pairs: &StructArray) -> BTreeMap<String, String> {
    let keys = pairs.columns().first().and_then(|keys| keys.as_string_opt::<i32>());
    let values = pairs.columns().get(1).and_then(|values| values.as_string_opt::<i32>());
    let (Some(keys), Some(values)) = (keys, values) else { return BTreeMap::new() };
    keys.iter()
        .zip(values.iter())
        .filter_map(|(key, value)| Some((key?.to_owned(), value.unwrap_or_default().to_owned())))
        .collect()
}

pub(crate) fn workload_at(workload: &StructArray, row: usize) -> Workload {
    let field = |name: &str| {
        let column = workload.column_by_name(name)?.as_string_opt::<i32>()?;
        optional(column, row)
    };
    Workload {
        cluster: field("cluster"),
        namespace: field("namespace"),
        owner_kind: field("owner_kind"),
        owner_name: field("owner_name"),
        container: field("container"),
        image: field("image"),
    }
}
