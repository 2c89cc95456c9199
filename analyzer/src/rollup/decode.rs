//! From the rows of the roll-up's result to calls.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::array::{Int64Array, ListArray, MapArray, RecordBatch, TimestampMicrosecondArray};
use datafusion::error::DataFusionError;
use remit_policy::{Call, CallOutcome, Count, Seen};

use super::columns::{ByName, DayWords, Text, pairs, strings};
use super::{AUTHORIZER, Caller, IMPERSONATOR, PartOf, PrincipalCalls, Span};

/// Makes calls of the rows of the roll-up's result.
pub(super) struct Decoder<'a> {
    days: Option<Span>,
    part_of: Option<PartOf<'a>>,
    parameters: Shared,
}

impl<'a> Decoder<'a> {
    /// Of a query that told these days, or none, and by parts where these are named.
    pub(super) fn new(days: Option<Span>, part_of: Option<PartOf<'a>>) -> Self {
        Self { days, part_of, parameters: Shared::default() }
    }

    /// Adds the calls of a batch to those of their callers.
    pub(super) fn add(
        &mut self,
        batch: &RecordBatch,
        callers: &mut BTreeMap<Caller, PrincipalCalls>,
    ) -> Result<(), DataFusionError> {
        let callers_of = Callers::of(batch)?;
        let columns = Columns::of(batch, self.days)?;
        let sessions = ByName(batch);
        let parts = match self.part_of {
            Some(part_of) => Some((part_of, sessions.text("session")?, sessions.text("behind")?)),
            None => None,
        };
        for row in 0..batch.num_rows() {
            let mut caller = callers_of.caller(row);
            if let Some((part_of, session, behind)) = &parts {
                caller.workload =
                    Some(part_of(&caller, session.text(row).as_deref(), behind.text(row).as_deref()));
            }
            let call = columns.call(row, caller.is_logged(), &mut self.parameters)?;
            let calls = callers.entry(caller).or_default();
            calls.be(columns.kind.text(row).unwrap_or_default());
            calls.calls.push(call);
        }
        Ok(())
    }
}

/// Sets of parameters, of which many calls have the same.
#[derive(Default)]
struct Shared(HashSet<Arc<BTreeMap<String, String>>>);

impl Shared {
    /// Parameters as they were met before, if they were.
    fn of(&mut self, parameters: BTreeMap<String, String>) -> Arc<BTreeMap<String, String>> {
        if let Some(known) = self.0.get(&parameters) {
            return Arc::clone(known);
        }
        let new = Arc::new(parameters);
        self.0.insert(Arc::clone(&new));
        new
    }
}

/// The columns that tell whose calls the rows are, and what saw them.
pub(crate) struct Callers<'a> {
    principal: Text<'a>,
    provider: Text<'a>,
    evidence: Text<'a>,
    workload: Text<'a>,
}

impl<'a> Callers<'a> {
    pub(crate) fn of(batch: &'a RecordBatch) -> Result<Self, DataFusionError> {
        let columns = ByName(batch);
        Ok(Self {
            principal: columns.text("principal")?,
            provider: columns.text("provider")?,
            evidence: columns.text("evidence")?,
            workload: columns.text("workload")?,
        })
    }

    pub(crate) fn caller(&self, row: usize) -> Caller {
        Caller {
            principal: self.principal.text(row).unwrap_or_default(),
            provider: self.provider.text(row).unwrap_or_default(),
            // Every name begins with what keeps it apart.
            workload: self.workload.text(row).map(|name| name.trim_start_matches('/').to_owned()),
            evidence: self.evidence.text(row).unwrap_or_default(),
        }
    }
}

/// Columns of the roll-up's result.
struct Columns<'a> {
    kind: Text<'a>,
    account: Text<'a>,
    region: Text<'a>,
    service: Text<'a>,
    operation: Text<'a>,
    outcome: Text<'a>,
    via: Text<'a>,
    impersonator: Text<'a>,
    authorizer: Text<'a>,
    sample: Text<'a>,
    resources: &'a ListArray,
    parameters: &'a MapArray,
    count: &'a Int64Array,
    first: &'a TimestampMicrosecondArray,
    last: &'a TimestampMicrosecondArray,
    days: Option<DayWords<'a>>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch, days: Option<Span>) -> Result<Self, DataFusionError> {
        let columns = ByName(batch);
        let days = days.map(|span| DayWords::of(batch, span)).transpose()?;
        Ok(Self {
            kind: columns.text("principal_kind")?,
            account: columns.text("account")?,
            region: columns.text("region")?,
            service: columns.text("service")?,
            operation: columns.text("operation")?,
            outcome: columns.text("outcome")?,
            via: columns.text("via")?,
            impersonator: columns.text(IMPERSONATOR)?,
            authorizer: columns.text(AUTHORIZER)?,
            sample: columns.text("sample_id")?,
            resources: columns.list("resources")?,
            parameters: columns.map("parameters")?,
            count: columns.number("count")?,
            days,
            first: columns.time("first_seen")?,
            last: columns.time("last_seen")?,
        })
    }

    fn call(&self, row: usize, is_logged: bool, shared: &mut Shared) -> Result<Call, DataFusionError> {
        let count = u64::try_from(self.count.value(row)).unwrap_or(0);
        let outcome = match self.outcome.text(row).as_deref() {
            Some("allowed" | "failed") => CallOutcome::Use,
            Some("denied") => CallOutcome::Denied,
            _ => CallOutcome::Unknown,
        };
        let mut parameters = pairs(self.parameters, row)?;
        for (name, column) in [(IMPERSONATOR, &self.impersonator), (AUTHORIZER, &self.authorizer)] {
            parameters.extend(column.text(row).map(|text| (name.to_owned(), text)));
        }
        Ok(Call {
            service: self.service.text(row).unwrap_or_default(),
            operation: self.operation.text(row).unwrap_or_default(),
            resources: strings(self.resources.value(row).as_ref())?,
            parameters: shared.of(parameters),
            outcome,
            via: self.via.text(row),
            account: self.account.text(row),
            region: self.region.text(row),
            seen: Seen {
                count: if is_logged { count.into() } else { Count { logged: 0, wire: count } },
                first: self.first.value(row),
                last: self.last.value(row),
                sample: self.sample.text(row),
                days: self.days.as_ref().map(|days| days.days(row)).unwrap_or_default(),
            },
        })
    }
}
