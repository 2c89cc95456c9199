//! When principals called, in which sessions, and who began these: queries of the ledger for what a principal is there for.

use std::collections::BTreeMap;

use datafusion::arrow::array::Array as _;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt as _;
use remit_ledger::Provider;
use remit_policy::{Days, Window};

use crate::calls::{RECORDED, logged, workload};
use crate::intent::Hours;
use crate::rollup::{ByName, Callers, DAY, DayWords, Filter, Span, TABLE, literal, strings};

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Whose API was called.
    pub(crate) provider: Provider,
    /// Of calls that name a cluster, only those of this one.
    pub(crate) cluster: Option<String>,
    /// From when on.
    pub(crate) start: i64,
    /// The days that are told one by one.
    pub(crate) days: Span,
}

/// Calls of one operation in one session, in one hour of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// What made them, where that was seen on the wire or told by the log.
    pub(crate) workload: Option<String>,
    /// Whether a log recorded them.
    pub(crate) is_logged: bool,
    /// The name of the session.
    pub(crate) session: Option<String>,
    /// Who is behind the session.
    pub(crate) source_identity: Option<String>,
    /// The service, as the ledger names it.
    pub(crate) service: String,
    /// The operation, as the ledger names it.
    pub(crate) operation: String,
    /// The hour of the day, by UTC.
    pub(crate) hour: usize,
    /// The days on which there were some.
    pub(crate) days: Days,
    /// How many.
    pub(crate) count: u64,
    /// The first, in microseconds since the Unix epoch.
    pub(crate) first: i64,
    /// The last.
    pub(crate) last: i64,
}

/// Sessions of a role that somebody began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// ARNs among which is the role's.
    pub(crate) roles: Vec<String>,
    /// Who, as the ledger names it.
    pub(crate) by: String,
    /// Its kind.
    pub(crate) kind: String,
    /// Who is behind that.
    pub(crate) source_identity: Option<String>,
    /// How many.
    pub(crate) count: u64,
    /// The first, in microseconds since the Unix epoch.
    pub(crate) first: i64,
    /// The last.
    pub(crate) last: i64,
}

/// The days of a row, of which there is one.
const ONE: &str = "CAST(1 AS BIGINT)";

const HOUR: &str = "(CAST(window_start AS BIGINT) / 3600000000) % 24";

impl Asked {
    fn filter(&self) -> Filter {
        let window = Window { start: self.start, end: i64::MAX };
        Filter { window: Some(window), provider: Some(self.provider), days: Some(self.days), principal: None }
    }

    /// The clause that selects calls that were not denied, of connections those that were read.
    fn condition(&self) -> String {
        let filter = self.filter();
        let cluster = self.cluster.as_deref().filter(|_| self.provider == Provider::Kubernetes);
        let cluster = cluster
            .map(|name| format!(" AND (account IS NULL OR account = {})", literal(name)))
            .unwrap_or_default();
        format!("{} AND outcome <> 'denied' AND evidence <> 'sni'{cluster}", filter.condition(filter.window))
    }
}

/// Hands on when a principal, by any of its names, called what in which session.
pub(crate) async fn sightings(
    context: &SessionContext,
    asked: &Asked,
    names: &[String],
    mut found: impl FnMut(Sighting),
) -> Result<(), DataFusionError> {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    let by = "principal, provider, evidence, workload, session, behind, service, operation";
    let query = format!(
        "SELECT {by}, {HOUR} AS hour, SUM(count) AS count, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen{} \
         FROM {TABLE} {} AND principal IN ({}) GROUP BY {by}, {HOUR}",
        asked.filter().days(DAY, ONE),
        asked.condition(),
        names.join(", ")
    );
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let callers = Callers::of(&batch)?;
        let (session, behind) = (columns.text("session")?, columns.text("behind")?);
        let (service, operation) = (columns.text("service")?, columns.text("operation")?);
        let (hour, count) = (columns.number("hour")?, columns.number("count")?);
        let (first, last) = (columns.time("first_seen")?, columns.time("last_seen")?);
        let days = DayWords::of(&batch, asked.days)?;
        for row in 0..batch.num_rows() {
            let caller = callers.caller(row);
            found(Sighting {
                is_logged: caller.is_logged(),
                workload: caller.workload,
                session: session.text(row),
                source_identity: behind.text(row),
                service: service.text(row).unwrap_or_default(),
                operation: operation.text(row).unwrap_or_default(),
                hour: usize::try_from(hour.value(row)).unwrap_or(0),
                days: days.days(row),
                count: u64::try_from(count.value(row)).unwrap_or(0),
                first: first.value(row),
                last: last.value(row),
            });
        }
    }
    Ok(())
}

/// The hours in which each principal called.
pub(crate) async fn hours(
    context: &SessionContext,
    asked: &Asked,
) -> Result<BTreeMap<String, Hours>, DataFusionError> {
    let query = format!(
        "SELECT CAST(principal AS VARCHAR) AS principal, {HOUR} AS hour{} FROM {TABLE} {} GROUP BY principal, {HOUR}",
        asked.filter().days(DAY, ONE),
        asked.condition()
    );
    let mut all: BTreeMap<String, Hours> = BTreeMap::new();
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let (principal, hour) = (columns.text("principal")?, columns.number("hour")?);
        let days = DayWords::of(&batch, asked.days)?;
        for row in 0..batch.num_rows() {
            let hours = all.entry(principal.text(row).unwrap_or_default()).or_default();
            hours.add(usize::try_from(hour.value(row)).unwrap_or(0), &days.days(row));
        }
    }
    Ok(all)
}

/// Hands on who began sessions of roles.
pub(crate) async fn beginnings(
    context: &SessionContext,
    asked: &Asked,
    mut found: impl FnMut(Beginning),
) -> Result<(), DataFusionError> {
    let filter = asked.filter();
    let by = "principal, principal_kind, source_identity, resources";
    let query = format!(
        "SELECT {by}, SUM(count) AS count, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen FROM {RECORDED} \
         {} AND evidence = 'cloudtrail' AND service = 'sts' AND operation LIKE 'AssumeRole%' AND outcome = 'allowed' \
         GROUP BY {by}",
        filter.condition(filter.window)
    );
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let (by, kind) = (columns.text("principal")?, columns.text("principal_kind")?);
        let (behind, count) = (columns.text("source_identity")?, columns.number("count")?);
        let (first, last) = (columns.time("first_seen")?, columns.time("last_seen")?);
        let resources = columns.list("resources")?;
        for row in (0..batch.num_rows()).filter(|row| resources.is_valid(*row)) {
            found(Beginning {
                roles: strings(resources.value(row).as_ref())?,
                by: by.text(row).unwrap_or_default(),
                kind: kind.text(row).unwrap_or_default(),
                source_identity: behind.text(row),
                count: u64::try_from(count.value(row)).unwrap_or(0),
                first: first.value(row),
                last: last.value(row),
            });
        }
    }
    Ok(())
}

/// Sessions of a principal, by any of its names, that only one workload was seen to call in on the wire: the key of its calls is
/// the session's.
pub(crate) async fn on_wire(
    context: &SessionContext,
    names: &[String],
) -> Result<BTreeMap<String, String>, DataFusionError> {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    let (logged, workload) = (logged(), workload());
    let query = format!(
        "SELECT CAST(l.session AS VARCHAR) AS session, w.workload FROM {RECORDED} l JOIN \
         (SELECT DISTINCT u.credential AS key, CAST({workload} AS VARCHAR) AS workload FROM {RECORDED} u \
         WHERE NOT u.{logged} AND u.provider = 'aws' AND u.credential IS NOT NULL) w ON l.credential = w.key \
         WHERE l.{logged} AND l.session IS NOT NULL AND w.workload IS NOT NULL AND l.principal IN ({}) \
         GROUP BY l.session, w.workload",
        names.join(", ")
    );
    let mut seen: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let (session, workload) = (columns.text("session")?, columns.text("workload")?);
        for row in 0..batch.num_rows() {
            let workload = workload.text(row).map(|name| name.trim_start_matches('/').to_owned());
            let same = seen.entry(session.text(row).unwrap_or_default()).or_insert_with(|| workload.clone());
            if *same != workload {
                *same = None;
            }
        }
    }
    Ok(seen.into_iter().filter_map(|(session, workload)| Some((session, workload?))).collect())
}

#[cfg(test)]
pub(crate) mod sample {
    use super::*;

    /// Calls in a session of this name.
    pub(crate) fn sighting(session: &str) -> Sighting {
        Sighting {
            workload: None,
            is_logged: true,
            session: Some(session.to_owned()),
            source_identity: None,
            service: "s3".to_owned(),
            operation: "GetObject".to_owned(),
            hour: 1,
            days: Days::default(),
            count: 2,
            first: 1,
            last: 2,
        }
    }
}
