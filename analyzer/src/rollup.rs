//! Rolls the ledger up per principal, operation and resource: the one query over all of it, and the only
//! part that would run on a cluster. It uses built-in SQL only.

mod columns;
mod decode;
mod ranges;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt;
use remit_ledger::{Provider, UNKNOWN, is_log};
use remit_policy::{Call, DAY_WORDS, Days, Window};

pub(crate) use self::columns::{ByName, DayWords, Text, pairs, strings, text, unexpected};
pub(crate) use self::decode::Callers;
use self::decode::Decoder;
pub(crate) use self::ranges::ranges;
use crate::ledgers::LEDGERS;
use crate::names::Names;

/// Name under which the usage table is registered, with the principals of calls on the wire as far as they are known.
pub(crate) const TABLE: &str = "usage";

/// Among a call's parameters, who impersonated the principal in a request to an API server of Kubernetes.
pub(crate) const IMPERSONATOR: &str = "impersonator";

/// Among a call's parameters, what allowed a request to an API server, where its log tells.
pub(crate) const AUTHORIZER: &str = "authorizer";

/// Whose calls, and what saw them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Caller {
    /// Who they were made as.
    pub(crate) principal: String,
    /// Whose API was called, as the ledger names it.
    pub(crate) provider: String,
    /// What made them, where the source tells.
    pub(crate) workload: Option<String>,
    /// The source.
    pub(crate) evidence: String,
}

impl Caller {
    /// Whether a log recorded the calls, and not an agent on the wire.
    pub(crate) fn is_logged(&self) -> bool {
        is_log(&self.evidence)
    }

    /// Whether the calls were seen on the wire, and nothing tells who they were made as.
    pub(crate) fn is_unknown(&self) -> bool {
        !self.is_logged() && self.principal == UNKNOWN
    }
}

/// Calls of one principal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrincipalCalls {
    /// Its kind, as the ledger names it.
    pub(crate) kind: String,
    /// Its calls.
    pub(crate) calls: Vec<Call>,
}

/// Days from the first to the last, counted from the Unix epoch, of which [`Days`] can hold so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Span {
    /// From the first day to the last, but the newest that can be told where there are more: those matter most.
    pub(crate) fn newest(first: i64, last: i64) -> Self {
        Self { first: first.max(last - Days::LENGTH + 1), last }
    }

    /// The first day of each word of the bitmap.
    fn words(self) -> impl Iterator<Item = i64> {
        (self.first..=self.last.max(self.first)).step_by(64).take(DAY_WORDS)
    }
}

/// What the roll-up is restricted to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Only calls in this window, to the hour.
    pub(crate) window: Option<Window>,
    /// Only this principal.
    pub(crate) principal: Option<String>,
    /// Only calls of this provider's API.
    pub(crate) provider: Option<Provider>,
    /// The days that are told one by one; none where they are not asked for.
    pub(crate) days: Option<Span>,
}

/// Takes the calls of one provider out of all, by principal, whatever saw them; those on the wire of which nobody knows the
/// principal are nobody's, and stay.
pub(crate) fn by_principal(
    callers: &mut BTreeMap<Caller, PrincipalCalls>,
    provider: Provider,
) -> BTreeMap<String, PrincipalCalls> {
    let mut principals: BTreeMap<String, PrincipalCalls> = BTreeMap::new();
    callers.retain(|caller, calls| {
        let is_wanted = caller.provider == provider.as_str() && !caller.is_unknown();
        if is_wanted {
            principals.entry(caller.principal.clone()).or_default().join(std::mem::take(calls));
        }
        !is_wanted
    });
    principals
}

impl PrincipalCalls {
    fn join(&mut self, other: Self) {
        self.be(other.kind);
        if self.calls.is_empty() {
            self.calls = other.calls;
            self.calls.shrink_to_fit();
        } else {
            self.calls.extend(other.calls);
        }
    }

    /// Puts calls in order, and those together that are equal, as they are where they differed only in names that were cut.
    fn settle(&mut self) {
        self.calls.sort_by(|a, b| key(a).cmp(&key(b)));
        self.calls.dedup_by(|next, kept| {
            let is_equal = key(next).cmp(&key(kept)).is_eq();
            if is_equal {
                kept.seen.add(&next.seen);
            }
            is_equal
        });
    }

    /// A principal has one kind; where rows disagree, the choice must not depend on their order.
    fn be(&mut self, kind: String) {
        if self.kind.is_empty() || kind < self.kind {
            self.kind = kind;
        }
    }
}

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

/// The day of a row, counted from the Unix epoch.
pub(crate) const DAY: &str = "CAST(window_start AS BIGINT) / 86400000000";

/// What calls are equal by.
pub(crate) const BY: &str = "principal, principal_kind, provider, evidence, workload, account, region, service, operation, \
                             resources, parameters, outcome, via, impersonator, authorizer";

/// How equal calls are added up.
pub(crate) const SUMS: &str = "SUM(count) AS count, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen, \
                               MIN(sample_id) AS sample_id";

/// The query: equal calls over all hours, sessions and credentials, of rows with the day that the lowest bit of their days
/// stands for.
fn query(filter: &Filter, more: &str, rows: &str) -> String {
    let days = filter.days("days_from", "days");
    format!("SELECT {BY}{more}, {SUMS}{days} FROM ({rows}) GROUP BY {BY}{more}")
}

/// The rows of a table of usage, for [`query`].
pub(crate) fn rows(table: &str, filter: &Filter, more: &str) -> String {
    let condition = filter.condition(filter.window);
    format!(
        "SELECT {BY}{more}, count, first_seen, last_seen, sample_id, {DAY} AS days_from, CAST(1 AS BIGINT) AS days \
         FROM {table} {condition}"
    )
}

/// The names of everything, whenever it was called: a window must not change how names are cut.
fn names_query(rows: &str) -> String {
    let by = "principal, provider, evidence, workload, service, operation, resources, parameters";
    format!("SELECT {by} FROM ({rows}) GROUP BY {by}")
}

/// Name of a column with a word of the bitmap of days.
fn word_column(at: usize) -> String {
    format!("days_{at}")
}

impl Filter {
    /// The columns of the bitmap of days, one for each word, of rows whose own `days` are at most as many as a month has and
    /// begin with the day `from`.
    pub(crate) fn days(&self, from: &str, days: &str) -> String {
        let words = self.days.into_iter().flat_map(Span::words).enumerate().map(|(at, first)| {
            format!(
                ", BIT_OR(CASE WHEN {from} >= {first} AND {from} < {} THEN {days} << ({from} - {first}) \
                 WHEN {from} < {first} AND {from} > {} THEN {days} >> ({first} - {from}) \
                 ELSE CAST(0 AS BIGINT) END) AS {}",
                first + 64,
                first - 31,
                word_column(at)
            )
        });
        words.collect()
    }

    /// The clause that says so.
    pub(crate) fn condition(&self, window: Option<Window>) -> String {
        let mut conditions = Vec::new();
        if let Some(window) = window {
            let start = window.start.div_euclid(HOUR) * HOUR;
            conditions.push(format!("CAST(window_start AS BIGINT) >= {start}"));
            conditions.push(format!("CAST(window_start AS BIGINT) < {}", window.end));
        }
        if let Some(principal) = &self.principal {
            conditions.push(format!("principal = {}", literal(principal)));
        }
        if let Some(provider) = self.provider {
            conditions.push(format!("provider = '{}'", provider.as_str()));
        }
        if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) }
    }
}

/// A text as SQL writes it.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Names the part of a principal that made calls by what made them, the name of their session and who is behind it.
pub(crate) type PartOf<'a> = &'a dyn Fn(&Caller, Option<&str>, Option<&str>) -> String;

/// Names the rows that a filter asks for, as a query; none where there are none.
pub(crate) type RowsOf<'a> = dyn Fn(&Filter) -> Result<Option<String>, DataFusionError> + 'a;

/// Rows of the ledger that a query goes through at a time: what it adds up to is in memory several times until it is done.
pub(crate) const ROWS: i64 = 250_000;

/// Runs the roll-up, of some principals after others where there are more rows than `most`, and hands on the calls of each part.
/// All calls of a principal come in one part, so that no two parts have a caller in common.
pub(crate) async fn roll_up(
    context: &SessionContext,
    filter: &Filter,
    rows_of: &RowsOf<'_>,
    most: Option<i64>,
    mut add: impl FnMut(BTreeMap<Caller, PrincipalCalls>),
) -> Result<(), DataFusionError> {
    let principals = match most {
        None => vec!["TRUE".to_owned()],
        Some(most) => match rows_of(&Filter { window: None, ..filter.clone() })? {
            Some(rows) => ranges(context, &rows, |all| most.max(all / RANGES)).await?,
            None => return Ok(()),
        },
    };
    for principals in principals {
        let rows_of = |filter: &Filter| {
            let rows = rows_of(filter)?;
            Ok(rows.map(|rows| format!("SELECT * FROM ({rows}) WHERE {principals}")))
        };
        let part = run(context, filter, &rows_of, None).await?;
        let start = Instant::now();
        add(part);
        // None of it is the query's.
        tracing::info!(target: LEDGERS, microseconds = start.elapsed().as_micros(), "decoded");
    }
    Ok(())
}

/// How many ranges there are of a ledger that is larger than that, and at most twice as many: for each one every file is opened,
/// and the calls on the wire are joined with who made them.
const RANGES: i64 = 8;

/// Runs the roll-up of parts, which stand in the place of workloads.
pub(crate) async fn roll_up_parts(
    context: &SessionContext,
    filter: &Filter,
    part_of: PartOf<'_>,
) -> Result<BTreeMap<Caller, PrincipalCalls>, DataFusionError> {
    run(context, filter, &|filter| Ok(Some(rows(TABLE, filter, MORE))), Some(part_of)).await
}

async fn run(
    context: &SessionContext,
    filter: &Filter,
    rows_of: &RowsOf<'_>,
    part_of: Option<PartOf<'_>>,
) -> Result<BTreeMap<Caller, PrincipalCalls>, DataFusionError> {
    let more = if part_of.is_some() { MORE } else { "" };
    let mut callers: BTreeMap<Caller, PrincipalCalls> = BTreeMap::new();
    let Some(rows) = rows_of(filter)? else { return Ok(callers) };
    let mut batches = context.sql(&query(filter, more, &rows)).await?.execute_stream().await?;
    let (mut most, mut own) = (SETTLED, Duration::ZERO);
    let mut decoder = Decoder::new(filter.days, part_of);
    while let Some(batch) = batches.next().await {
        let start = Instant::now();
        decoder.add(&batch?, &mut callers)?;
        // There is a session for each run that there ever was, and few different calls.
        if part_of.is_some() && callers.values().map(|calls| calls.calls.len()).sum::<usize>() > most {
            callers.values_mut().for_each(PrincipalCalls::settle);
            most = SETTLED + 2 * callers.values().map(|calls| calls.calls.len()).sum::<usize>();
        }
        own += start.elapsed();
    }
    drop((batches, decoder));
    let mut names = Names::default();
    if filter.window.is_none() && part_of.is_none() {
        names.add_calls(&callers);
    } else if let Some(rows) = rows_of(&Filter { window: None, ..filter.clone() })? {
        let mut batches = context.sql(&names_query(&rows)).await?.execute_stream().await?;
        while let Some(batch) = batches.next().await {
            names.add_rows(&batch?)?;
        }
    }
    let start = Instant::now();
    names.bound(&mut callers);
    callers.values_mut().for_each(PrincipalCalls::settle);
    own += start.elapsed();
    // What of a query's time is none of the query's, for the same benchmark.
    tracing::info!(target: LEDGERS, microseconds = own.as_micros(), "decoded");
    Ok(callers)
}

/// What parts are told by.
const MORE: &str = ", session, behind";

/// Calls that are held before equal ones are put together.
const SETTLED: usize = 100_000;

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
