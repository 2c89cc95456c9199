//! The columns of the two tables: names, types, and the check that a file has them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// Version of both tables' schema, kept in every footer.
pub const SCHEMA_VERSION: &str = "1";

/// Column names of the usage table.
#[expect(missing_docs, reason = "each constant is the field of the same name in `UsageRecord`")]
pub mod column {
    pub const WINDOW_START: &str = "window_start";
    pub const FIRST_SEEN: &str = "first_seen";
    pub const LAST_SEEN: &str = "last_seen";
    pub const COUNT: &str = "count";
    pub const PROVIDER: &str = "provider";
    pub const ACCOUNT: &str = "account";
    pub const REGION: &str = "region";
    pub const PRINCIPAL: &str = "principal";
    pub const PRINCIPAL_KIND: &str = "principal_kind";
    pub const SESSION: &str = "session";
    pub const CREDENTIAL: &str = "credential";
    pub const WORKLOAD: &str = "workload";
    pub const SERVICE: &str = "service";
    pub const OPERATION: &str = "operation";
    pub const RESOURCES: &str = "resources";
    pub const PARAMETERS: &str = "parameters";
    pub const PERMISSIONS: &str = "permissions";
    pub const OUTCOME: &str = "outcome";
    pub const ERROR_CODE: &str = "error_code";
    pub const VIA: &str = "via";
    pub const AUTHORIZER: &str = "authorizer";
    pub const ISSUED: &str = "issued";
    pub const SOURCE_IDENTITY: &str = "source_identity";
    pub const NETWORK_ORIGIN: &str = "network_origin";
    pub const EVIDENCE: &str = "evidence";
    pub const SAMPLE_ID: &str = "sample_id";
}

/// Column names of the coverage table that the usage table does not have.
#[expect(missing_docs, reason = "each constant is the field of the same name in `CoverageRecord`")]
pub mod coverage_column {
    pub const START: &str = "start";
    pub const END: &str = "end";
    pub const CLASSES: &str = "classes";
    pub const EXCLUDED_SERVICES: &str = "excluded_services";
    pub const EVENTS: &str = "events";
    pub const LOST: &str = "lost";
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Usage records.
    Usage,
    /// Coverage records.
    Coverage,
}

impl Table {
    /// The folder under the ledger's root, and the name in footers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Coverage => "coverage",
        }
    }

    /// The schema of the table.
    pub fn schema(self) -> SchemaRef {
        match self {
            Self::Usage => usage_schema(),
            Self::Coverage => coverage_schema(),
        }
    }
}

/// The schema of the usage table.
pub fn usage_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(column::WINDOW_START, timestamp(), false),
        Field::new(column::FIRST_SEEN, timestamp(), false),
        Field::new(column::LAST_SEEN, timestamp(), false),
        Field::new(column::COUNT, DataType::Int64, false),
        text(column::PROVIDER),
        optional_text(column::ACCOUNT),
        optional_text(column::REGION),
        text(column::PRINCIPAL),
        text(column::PRINCIPAL_KIND),
        optional_text(column::SESSION),
        optional_text(column::CREDENTIAL),
        Field::new(column::WORKLOAD, DataType::Struct(workload_fields()), true),
        text(column::SERVICE),
        text(column::OPERATION),
        Field::new(column::RESOURCES, DataType::List(text_item()), false),
        Field::new(column::PARAMETERS, DataType::Map(map_entries(), false), false),
        Field::new(column::PERMISSIONS, DataType::List(text_item()), false),
        text(column::OUTCOME),
        optional_text(column::ERROR_CODE),
        optional_text(column::VIA),
        optional_text(column::AUTHORIZER),
        Field::new(column::ISSUED, DataType::List(text_item()), false),
        optional_text(column::SOURCE_IDENTITY),
        optional_text(column::NETWORK_ORIGIN),
        text(column::EVIDENCE),
        optional_text(column::SAMPLE_ID),
    ]))
}

/// The schema of the coverage table.
pub fn coverage_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text(column::PROVIDER),
        optional_text(column::ACCOUNT),
        optional_text(column::REGION),
        text(column::EVIDENCE),
        Field::new(coverage_column::START, timestamp(), false),
        Field::new(coverage_column::END, timestamp(), false),
        Field::new(coverage_column::CLASSES, DataType::List(class_item()), false),
        Field::new(coverage_column::EXCLUDED_SERVICES, DataType::List(text_item()), false),
        Field::new(coverage_column::EVENTS, DataType::Int64, false),
        Field::new(coverage_column::LOST, DataType::Int64, false),
        Field::new(column::WORKLOAD, DataType::Struct(workload_fields()), true),
    ]))
}

/// Whether files of this version may lack a column, which then is null: it was added to the version later.
fn is_later(table: Table, name: &str) -> bool {
    table == Table::Coverage && name == column::WORKLOAD
}

/// Says in which column a file's schema differs from the table's, if it does.
pub fn difference(table: Table, found: &Schema) -> Option<String> {
    missing(&table.schema(), found, |name| is_later(table, name))
}

/// The same of any schema, of which these columns may be missing.
pub(crate) fn missing(wanted: &Schema, found: &Schema, may_miss: impl Fn(&str) -> bool) -> Option<String> {
    for field in wanted.fields() {
        match found.field_with_name(field.name()) {
            Err(_) if may_miss(field.name()) => {}
            Err(_) => return Some(format!("column `{}` is missing", field.name())),
            Ok(other) if !same_type(field.data_type(), other.data_type()) => {
                return Some(format!(
                    "column `{}` is {} where {} is expected",
                    field.name(),
                    other.data_type(),
                    field.data_type()
                ));
            }
            Ok(_) => {}
        }
    }
    None
}

/// Field names inside lists and maps differ between Parquet writers, and so does what may be null.
fn same_type(left: &DataType, right: &DataType) -> bool {
    match (left, right) {
        (DataType::List(left), DataType::List(right)) | (DataType::Map(left, _), DataType::Map(right, _)) => {
            same_type(left.data_type(), right.data_type())
        }
        (DataType::Struct(left), DataType::Struct(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|(left, right)| same_type(left.data_type(), right.data_type()))
        }
        (left, right) => left == right,
    }
}

pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

pub(crate) fn workload_fields() -> Fields {
    ["cluster", "namespace", "owner_kind", "owner_name", "container", "image"]
        .into_iter()
        .map(optional_text)
        .collect()
}

pub(crate) fn class_fields() -> Fields {
    Fields::from(vec![
        text("class"),
        optional_text("resource_type"),
        Field::new("resource_prefixes", DataType::List(text_item()), false),
        Field::new("reads", DataType::Boolean, false),
        Field::new("writes", DataType::Boolean, false),
    ])
}

pub(crate) fn class_item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(class_fields()), false))
}

pub(crate) fn text_item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

pub(crate) fn map_entries() -> Arc<Field> {
    Arc::new(Field::new("key_value", DataType::Struct(map_fields()), false))
}

pub(crate) fn map_fields() -> Fields {
    Fields::from(vec![text("key"), optional_text("value")])
}

pub(crate) fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, false)
}

fn optional_text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}
