//! Rolls the ledger up per principal, operation and resource: the one query over all of it, and the only
//! part that would run on a cluster. It uses built-in SQL only.

use std::collections::BTreeMap;

use datafusion::arrow::array::{
    Array, AsArray, Int64Array, ListArray, MapArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt;
use remit_policy::{Call, CallOutcome, Seen, Window};

use crate::names::Names;

/// Name under which the usage table is registered.
pub(crate) const TABLE: &str = "usage";

/// Calls of one principal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrincipalCalls {
    /// Its kind, as the ledger names it.
    pub(crate) kind: String,
    /// Its calls.
    pub(crate) calls: Vec<Call>,
}

/// What the roll-up is restricted to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Only calls in this window, to the hour.
    pub(crate) window: Option<Window>,
    /// Only this principal.
    pub(crate) principal: Option<String>,
}

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

/// The query: equal calls over all hours, sessions and credentials.
pub(crate) fn query(filter: &Filter) -> String {
    let mut conditions = Vec::new();
    if let Some(window) = filter.window {
        let start = window.start.div_euclid(HOUR) * HOUR;
        conditions.push(format!("CAST(window_start AS BIGINT) >= {start}"));
        conditions.push(format!("CAST(window_start AS BIGINT) < {}", window.end));
    }
    if let Some(principal) = &filter.principal {
        conditions.push(of_principal(principal));
    }
    let filter =
        if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    format!(
        "SELECT principal, principal_kind, account, region, service, operation, resources, parameters, \
         outcome, via, SUM(count) AS count, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen, \
         MIN(sample_id) AS sample_id FROM {TABLE} {filter} \
         GROUP BY principal, principal_kind, account, region, service, operation, resources, parameters, \
         outcome, via"
    )
}

/// The names of everything, whenever it was called: a window must not change how names are cut.
fn names_query(filter: &Filter) -> String {
    let principal = filter.principal.as_ref().map(|principal| of_principal(principal));
    format!(
        "SELECT principal, service, operation, resources, parameters FROM {TABLE} {} \
         GROUP BY principal, service, operation, resources, parameters",
        principal.map(|condition| format!("WHERE {condition}")).unwrap_or_default()
    )
}

fn of_principal(principal: &str) -> String {
    format!("principal = '{}'", principal.replace('\'', "''"))
}

/// Runs the roll-up.
pub(crate) async fn roll_up(
    context: &SessionContext,
    filter: &Filter,
) -> Result<BTreeMap<String, PrincipalCalls>, DataFusionError> {
    let mut principals: BTreeMap<String, PrincipalCalls> = BTreeMap::new();
    let mut batches = context.sql(&query(filter)).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        add(&batch?, &mut principals)?;
    }
    let mut names = Names::default();
    if filter.window.is_none() {
        names.add_calls(&principals);
    } else {
        let mut batches = context.sql(&names_query(filter)).await?.execute_stream().await?;
        while let Some(batch) = batches.next().await {
            names.add_rows(&batch?)?;
        }
    }
    names.bound(&mut principals);
    for calls in principals.values_mut() {
        calls.calls.sort_by(|a, b| key(a).cmp(&key(b)));
        // Calls that differed only in names that were cut are one.
        calls.calls.dedup_by(|next, kept| {
            let is_equal = key(next).cmp(&key(kept)).is_eq();
            if is_equal {
                kept.seen.add(&next.seen);
            }
            is_equal
        });
    }
    Ok(principals)
}

/// An order of calls that does not depend on how the query was run.
fn key(call: &Call) -> impl Ord + '_ {
    (
        &call.service,
        &call.operation,
        &call.resources,
        &call.parameters,
        call.outcome,
        &call.via,
        &call.region,
        &call.account,
    )
}

fn add(
    batch: &RecordBatch,
    principals: &mut BTreeMap<String, PrincipalCalls>,
) -> Result<(), DataFusionError> {
    let columns = Columns::of(batch)?;
    for row in 0..batch.num_rows() {
        let Some(principal) = columns.principal.text(row) else { continue };
        let calls = principals.entry(principal).or_default();
        // A principal has one kind; where rows disagree, the choice must not depend on their order.
        let kind = columns.kind.text(row).unwrap_or_default();
        if calls.kind.is_empty() || kind < calls.kind {
            calls.kind = kind;
        }
        calls.calls.push(columns.call(row)?);
    }
    Ok(())
}

/// Columns of the roll-up's result.
struct Columns<'a> {
    principal: Text<'a>,
    kind: Text<'a>,
    account: Text<'a>,
    region: Text<'a>,
    service: Text<'a>,
    operation: Text<'a>,
    outcome: Text<'a>,
    via: Text<'a>,
    sample: Text<'a>,
    resources: &'a ListArray,
    parameters: &'a MapArray,
    count: &'a Int64Array,
    first: &'a TimestampMicrosecondArray,
    last: &'a TimestampMicrosecondArray,
}

/// A string column, whichever of Arrow's string layouts the plan chose.
pub(crate) enum Text<'a> {
    Plain(&'a StringArray),
    View(&'a datafusion::arrow::array::StringViewArray),
}

impl Text<'_> {
    /// The text of a row; none where it is null.
    pub(crate) fn text(&self, row: usize) -> Option<String> {
        match self {
            Self::Plain(array) => array.is_valid(row).then(|| array.value(row).to_owned()),
            Self::View(array) => array.is_valid(row).then(|| array.value(row).to_owned()),
        }
    }
}

/// A column of strings.
pub(crate) fn text<'a>(array: &'a dyn Array, name: &str) -> Result<Text<'a>, DataFusionError> {
    if let Some(array) = array.as_string_opt::<i32>() {
        return Ok(Text::Plain(array));
    }
    array.as_string_view_opt().map(Text::View).ok_or_else(|| unexpected(name))
}

/// A column that is not what the query says.
pub(crate) fn unexpected(name: &str) -> DataFusionError {
    DataFusionError::Internal(format!("column `{name}` of the roll-up has an unexpected type"))
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, DataFusionError> {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| unexpected(name));
        let string = |name: &str| column(name).and_then(|array| text(array.as_ref(), name));
        let time = |name: &str| {
            column(name)?.as_any().downcast_ref::<TimestampMicrosecondArray>().ok_or_else(|| unexpected(name))
        };
        Ok(Self {
            principal: string("principal")?,
            kind: string("principal_kind")?,
            account: string("account")?,
            region: string("region")?,
            service: string("service")?,
            operation: string("operation")?,
            outcome: string("outcome")?,
            via: string("via")?,
            sample: string("sample_id")?,
            resources: column("resources")?.as_list_opt::<i32>().ok_or_else(|| unexpected("resources"))?,
            parameters: column("parameters")?.as_map_opt().ok_or_else(|| unexpected("parameters"))?,
            count: column("count")?
                .as_any()
                .downcast_ref::<Int64Array>()
                .ok_or_else(|| unexpected("count"))?,
            first: time("first_seen")?,
            last: time("last_seen")?,
        })
    }

    fn call(&self, row: usize) -> Result<Call, DataFusionError> {
        let outcome = match self.outcome.text(row).as_deref() {
            Some("allowed" | "failed") => CallOutcome::Use,
            Some("denied") => CallOutcome::Denied,
            _ => CallOutcome::Unknown,
        };
        Ok(Call {
            service: self.service.text(row).unwrap_or_default(),
            operation: self.operation.text(row).unwrap_or_default(),
            resources: strings(self.resources.value(row).as_ref())?,
            parameters: pairs(self.parameters, row)?,
            outcome,
            via: self.via.text(row),
            account: self.account.text(row),
            region: self.region.text(row),
            seen: Seen {
                count: u64::try_from(self.count.value(row)).unwrap_or(0),
                first: self.first.value(row),
                last: self.last.value(row),
                sample: self.sample.text(row),
            },
        })
    }
}

/// A list of strings.
pub(crate) fn strings(array: &dyn Array) -> Result<Vec<String>, DataFusionError> {
    let items = text(array, "resources")?;
    Ok((0..array.len()).filter_map(|at| items.text(at)).collect())
}

/// A map of strings.
pub(crate) fn pairs(map: &MapArray, row: usize) -> Result<BTreeMap<String, String>, DataFusionError> {
    let entries = map.value(row);
    let keys = text(entries.column(0).as_ref(), "parameters")?;
    let values = text(entries.column(1).as_ref(), "parameters")?;
    Ok((0..entries.len()).filter_map(|at| Some((keys.text(at)?, values.text(at)?))).collect())
}
