//! States: what the usage files of a provider's month add up to, so that nobody need read them again to roll a ledger up.
//!
//! A state holds what was observed, by the keys of the roll-up, and its footer names the usage files that it is of. It
//! is derived and can be thrown away: what counts are the usage files, and a state that is of others than a ledger has is
//! not used.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use serde::{Deserialize, Serialize};

use crate::contents::LedgerFile;
use crate::footer::{find, pack, pair, unpack};
use crate::layout::ROLLUP;
use crate::month::Month;
use crate::schema::{column, map_entries, missing, text, text_item, timestamp};
use crate::{LedgerError, Provider};

/// Version of the states' schema. States of other versions are passed over, and made anew.
const STATE_VERSION: &str = "1";

/// Key of a state's footer: the version of its schema.
const VERSION: &str = "remit.rollup";
/// Key of a state's footer: a [`Summed`] as JSON, compressed with zstd, in base64.
const SUMMED: &str = "remit.rollup.summed";

/// Column names that only states have.
pub mod state_column {
    /// The day that the lowest bit of `days` stands for: the first of the month.
    pub const DAYS_FROM: &str = "days_from";
    /// The days on which there were calls, a bit each.
    pub const DAYS: &str = "days";
    /// Who impersonated the principal, in a cluster.
    pub const IMPERSONATOR: &str = "impersonator";
}

/// A state that was found.
#[derive(Clone, Debug)]
pub struct State {
    /// Path relative to the ledger, with `/`.
    pub path: String,
    /// Whose calls.
    pub provider: Provider,
    /// When.
    pub month: Month,
    /// Number of rows.
    pub rows: u64,
    /// Which usage files it is of.
    pub summed: Summed,
}

/// Which usage files a state is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summed {
    /// First and last start of an hour in the files' rows, in microseconds since the Unix epoch; none without a row.
    pub hours: Option<(i64, i64)>,
    /// The files, by their paths relative to the ledger.
    pub files: BTreeMap<String, SummedFile>,
}

/// A usage file of which a state has the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummedFile {
    /// Its size in bytes.
    pub size: u64,
    /// Its rows.
    pub rows: u64,
    /// Whether some of its rows are not in the state, since whose calls they are can change with what else is recorded: those of
    /// the wire whose principal is not known.
    pub has_rest: bool,
}

impl SummedFile {
    /// What is kept of a usage file.
    pub fn of(file: &LedgerFile, has_rest: bool) -> Self {
        Self { size: file.size, rows: file.rows, has_rest }
    }
}

/// The schema of states.
pub fn state_schema() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    let optional = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        Field::new(state_column::DAYS_FROM, DataType::Date32, false),
        number(state_column::DAYS),
        Field::new(column::FIRST_SEEN, timestamp(), false),
        Field::new(column::LAST_SEEN, timestamp(), false),
        number(column::COUNT),
        text(column::PROVIDER),
        optional(column::ACCOUNT),
        optional(column::REGION),
        text(column::PRINCIPAL),
        text(column::PRINCIPAL_KIND),
        optional(column::WORKLOAD),
        text(column::SERVICE),
        text(column::OPERATION),
        Field::new(column::RESOURCES, DataType::List(text_item()), false),
        Field::new(column::PARAMETERS, DataType::Map(map_entries(), false), false),
        text(column::OUTCOME),
        optional(column::VIA),
        optional(column::AUTHORIZER),
        optional(state_column::IMPERSONATOR),
        text(column::EVIDENCE),
        optional(column::SAMPLE_ID),
    ]))
}

impl Summed {
    pub(crate) fn to_pairs(&self) -> std::io::Result<Vec<KeyValue>> {
        Ok(vec![pair(VERSION, STATE_VERSION.to_owned()), pair(SUMMED, pack(self)?)])
    }
}

impl State {
    /// The state in a file, by what its path and its footer say; none where it is of another version.
    pub(crate) fn of_file(path: &str, metadata: &ParquetMetaData) -> Result<Option<Self>, LedgerError> {
        let damaged = |reason: String| LedgerError::State { path: path.to_owned(), reason };
        let foreign =
            |reason: &str| LedgerError::Foreign { path: path.to_owned(), reason: reason.to_owned() };
        let file = metadata.file_metadata();
        let pairs = file.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
        let version = find(pairs, VERSION).ok_or_else(|| foreign("it was not written by remit"))?;
        if version != STATE_VERSION {
            return Ok(None);
        }
        let (provider, month) =
            place_of(path).ok_or_else(|| foreign("its folder names no provider and month"))?;
        let summed =
            find(pairs, SUMMED).ok_or_else(|| damaged("it does not say what it is of".to_owned()))?;
        let summed = unpack(summed).map_err(damaged)?;
        let schema = parquet::arrow::parquet_to_arrow_schema(file.schema_descr(), None)
            .map_err(LedgerError::parquet("read the columns of", path))?;
        if let Some(difference) = missing(&state_schema(), &schema, |_| false) {
            return Err(damaged(difference));
        }
        let rows = u64::try_from(file.num_rows()).unwrap_or(0);
        Ok(Some(Self { path: path.to_owned(), provider, month, rows, summed }))
    }
}

/// Path of a state, relative to the ledger.
pub(crate) fn state_path(provider: Provider, month: Month, writer: &str) -> String {
    format!("{ROLLUP}/v1/provider={}/month={month}/{writer}.parquet", provider.as_str())
}

/// The provider and month that a state's path names.
fn place_of(path: &str) -> Option<(Provider, Month)> {
    let mut parts = path.split('/').skip(2);
    let provider = Provider::from_name(parts.next()?.strip_prefix("provider=")?)?;
    Some((provider, Month::of_name(parts.next()?.strip_prefix("month=")?)?))
}
