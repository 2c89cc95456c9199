//! Brings states up to date: a month's state is what the one before and the usage files that it lacks add up to.

mod cut;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use anyhow::Context as _;
use datafusion::arrow::array::{ArrayRef, Date32Array, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt as _;
use remit_ledger::{
    Applied, LedgerError, LedgerFile, Month, StagedState, StateWriter, States, Summed, SummedFile,
    state_column, state_schema, usage_schema,
};

use self::cut::Cut;
use crate::calls::{as_recorded, unsettled};
use crate::files::Files;
use crate::output::warn;
use crate::rollup::{BY, ByName, DAY, SUMS, ranges, unexpected};
use crate::states::STATES;

/// What is said where it cannot be done.
pub(crate) const FAILED: &str = "cannot roll up the ledger";

/// Name of the table of usage files that are added.
const ADDED: &str = "added";

/// Name of the table of rows whose names were cut.
const CUT: &str = "cut";

/// How many rows whose names were cut wait to be added up once more.
const WAITING: usize = 50_000;

/// In how many parts the principals of a month are taken at most.
const MOST_PARTS: i64 = 512;

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Renewed {
    /// States that were written.
    pub(crate) written: usize,
    /// States that were up to date.
    pub(crate) kept: usize,
    /// Usage files that were added to those written.
    pub(crate) files: usize,
    /// Rows of these files.
    pub(crate) added: u64,
    /// Rows of the states that were written.
    pub(crate) rows: u64,
    /// Usage files that could not be read, and those that no state can stand for.
    pub(crate) problems: Vec<String>,
}

/// Writes the states that are not up to date, and answers which are no longer used.
pub(crate) async fn renew(
    context: &SessionContext,
    files: &Files,
    states: &States,
    writer: &StateWriter,
) -> anyhow::Result<(Renewed, Vec<String>)> {
    let problems = files.snapshot.problems().iter().map(ToString::to_string).collect();
    let mut renewed = Renewed { problems, ..Renewed::default() };
    let mut unused = states.files.clone();
    for ((provider, month), of_month) in files.snapshot.months() {
        let applied = |applied: &&Applied| (applied.state.provider, applied.state.month) == (provider, month);
        let before = states.applied.iter().find(applied);
        let mut renewal = Renewal { context, files, month, before };
        let mut added = renewal.look(&of_month).await?;
        let is_current = before.is_some_and(|before| before.is_exact);
        if let Some(before) = before.filter(|_| is_current && added.files.is_empty()) {
            unused.retain(|path| *path != before.state.path);
            renewed.kept += 1;
        } else if before.is_some() || !added.files.is_empty() {
            let begin = || writer.begin(provider, month);
            let mut done = renewal.add_up(&added, begin).await;
            if done.is_err()
                && let Some(damage) = renewal.damage().await
            {
                warn(&damage);
                renewal.before = None;
                added = renewal.look(&of_month).await?;
                done = renewal.add_up(&added, begin).await;
            }
            let staged = done.context(FAILED)?;
            renewed.written += 1;
            renewed.files += added.files.len();
            renewed.added += added.files.values().map(|file| file.rows).sum::<u64>();
            renewed.rows += staged.rows();
            writer.publish(staged, &renewal.summed(&added, &of_month)).await?;
        }
        for file in renewal.lacking(&of_month).filter(|file| !added.files.contains_key(&file.path)) {
            let problem =
                format!("`{}` holds rows of other months than its own, and is read as it is", file.path);
            renewed.problems.push(problem);
        }
    }
    Ok((renewed, unused))
}

/// The renewal of one month's state.
struct Renewal<'a> {
    context: &'a SessionContext,
    files: &'a Files,
    month: Month,
    before: Option<&'a Applied>,
}

impl Renewal<'_> {
    /// The usage files that the state before does not stand for.
    fn lacking<'f>(&self, of_month: &[&'f LedgerFile]) -> impl Iterator<Item = &'f LedgerFile> {
        of_month
            .iter()
            .copied()
            .filter(|file| self.before.is_none_or(|before| !before.files.contains(&file.path)))
    }

    /// What usage files hold that are to be added, without those that have rows of other months.
    async fn look(&self, of_month: &[&LedgerFile]) -> anyhow::Result<Summed> {
        let lacking: Vec<&LedgerFile> = self.lacking(of_month).collect();
        self.look_at(&lacking).await.context("cannot read the ledger")
    }

    async fn look_at(&self, lacking: &[&LedgerFile]) -> Result<Summed, DataFusionError> {
        let mut all = Summed::default();
        if lacking.is_empty() {
            return Ok(all);
        }
        let (hours, has_rest) = self.look_into(lacking).await?;
        let is_own = |hours: Option<(i64, i64)>| {
            hours.is_none_or(|(first, last)| self.month.contains(first) && self.month.contains(last))
        };
        // Mostly there is nothing to tell files apart by, and one look is enough.
        if is_own(hours) && !has_rest {
            all.hours = hours;
            all.files = lacking.iter().map(|file| (file.path.clone(), SummedFile::of(file, false))).collect();
            return Ok(all);
        }
        for file in lacking {
            let (hours, has_rest) = self.look_into(&[file]).await?;
            if is_own(hours) {
                all.hours = join(all.hours, hours);
                all.files.insert(file.path.clone(), SummedFile::of(file, has_rest));
            }
        }
        Ok(all)
    }

    /// The first and last hour of files, and whether they have rows that cannot be in a state.
    async fn look_into(&self, files: &[&LedgerFile]) -> Result<(Option<(i64, i64)>, bool), DataFusionError> {
        let paths = files.iter().map(|file| file.path.as_str());
        self.files.register(self.context, ADDED, usage_schema(), paths)?;
        let query = format!(
            "SELECT MIN(CAST(window_start AS BIGINT)) AS first, MAX(CAST(window_start AS BIGINT)) AS last, \
             COALESCE(SUM(CASE WHEN {} THEN 1 ELSE 0 END), 0) AS rest FROM {ADDED}",
            unsettled()
        );
        let (mut hours, mut has_rest) = (None, false);
        for batch in self.context.sql(&query).await?.collect().await? {
            let columns = ByName(&batch);
            let [first, last, rest] =
                [columns.number("first")?, columns.number("last")?, columns.number("rest")?];
            for ((first, last), rest) in first.iter().zip(last).zip(rest) {
                hours = join(hours, first.zip(last));
                has_rest |= rest.is_some_and(|rest| rest > 0);
            }
        }
        Ok((hours, has_rest))
    }

    /// Why rows of the state before cannot be read; none where they can.
    async fn damage(&self) -> Option<String> {
        let path = self.before?.state.path.as_str();
        let read = async {
            self.files.register(self.context, STATES, state_schema(), [path])?;
            let mut batches = self.context.table(STATES).await?.execute_stream().await?;
            while let Some(batch) = batches.next().await {
                batch?;
            }
            Ok::<_, DataFusionError>(())
        };
        let error = read.await.err()?;
        Some(format!("the state `{path}` cannot be read and is made anew: {error}"))
    }

    /// Writes the rows of the new state, of all principals at once, or of some after others where memory is short.
    async fn add_up(
        &self,
        added: &Summed,
        begin: impl Fn() -> Result<StagedState, LedgerError>,
    ) -> anyhow::Result<StagedState> {
        let rows = self.rows(added)?;
        let mut parts = 1;
        loop {
            let mut staged = begin()?;
            let done = self.add_up_parts(&rows, parts, &mut staged).await;
            match done {
                Err(error) if parts < MOST_PARTS && is_exhausted(&error) => parts *= 8,
                done => return done.map(|()| staged),
            }
        }
    }

    async fn add_up_parts(&self, rows: &str, parts: i64, staged: &mut StagedState) -> anyhow::Result<()> {
        if parts == 1 {
            return self.write(rows, staged).await;
        }
        for principals in ranges(self.context, rows, |all| all / parts).await? {
            self.write(&format!("SELECT * FROM ({rows}) WHERE {principals}"), staged).await?;
        }
        Ok(())
    }

    /// The rows that the new state is to add up, as a query.
    fn rows(&self, added: &Summed) -> Result<String, DataFusionError> {
        let sums = format!("{BY}, count, first_seen, last_seen, sample_id");
        let mut parts = Vec::new();
        if !added.files.is_empty() {
            let paths = added.files.keys().map(String::as_str);
            self.files.register(self.context, ADDED, usage_schema(), paths)?;
            parts.push(format!(
                "SELECT {sums}, CAST(1 AS BIGINT) << ({DAY} - {}) AS days FROM ({} WHERE NOT {})",
                self.month.first_day(),
                as_recorded(ADDED),
                unsettled()
            ));
        }
        if let Some(before) = self.before {
            self.files.register(self.context, STATES, state_schema(), [before.state.path.as_str()])?;
            parts.push(format!("SELECT {sums}, days FROM {STATES}"));
        }
        Ok(parts.join(" UNION ALL "))
    }

    /// Writes what rows add up to.
    async fn write(&self, rows: &str, staged: &mut StagedState) -> anyhow::Result<()> {
        let mut cut = Cut::default();
        let mut batches = self.context.sql(&merging(rows)).await?.execute_stream().await?;
        while let Some(batch) = batches.next().await {
            for batch in cut.add(self.laid_out(&batch?)?)? {
                staged.write(&batch)?;
            }
            if cut.waiting() > WAITING {
                self.merge_cut(&mut cut, staged).await?;
            }
        }
        for batch in cut.finish()? {
            staged.write(&batch)?;
        }
        self.merge_cut(&mut cut, staged).await
    }

    /// Adds up rows that became equal once their names were cut.
    async fn merge_cut(&self, cut: &mut Cut, staged: &mut StagedState) -> anyhow::Result<()> {
        let rows = std::mem::take(&mut cut.cut);
        if rows.is_empty() {
            return Ok(());
        }
        self.context.deregister_table(CUT)?;
        self.context.register_table(CUT, Arc::new(MemTable::try_new(state_schema(), vec![rows])?))?;
        let rows = format!("SELECT {BY}, count, first_seen, last_seen, sample_id, days FROM {CUT}");
        let mut batches = self.context.sql(&merging(&rows)).await?.execute_stream().await?;
        while let Some(batch) = batches.next().await {
            staged.write(&self.laid_out(&batch?)?)?;
        }
        self.context.deregister_table(CUT)?;
        Ok(())
    }

    /// Rows as states have them.
    fn laid_out(&self, batch: &RecordBatch) -> Result<RecordBatch, DataFusionError> {
        let first = i32::try_from(self.month.first_day()).map_err(|_| unexpected(state_column::DAYS_FROM))?;
        let schema = state_schema();
        let column = |name: &str| match batch.column_by_name(name) {
            Some(column) => Ok(Arc::clone(column)),
            None if name == state_column::DAYS_FROM => {
                Ok(Arc::new(Date32Array::from_value(first, batch.num_rows())) as ArrayRef)
            }
            None => Err(unexpected(name)),
        };
        let fields = schema.fields().iter();
        let columns: Result<_, DataFusionError> =
            fields.map(|field| Ok(cast(&column(field.name())?, field.data_type())?)).collect();
        Ok(RecordBatch::try_new(schema, columns?)?)
    }

    /// Of which files the new state is.
    fn summed(&self, added: &Summed, of_month: &[&LedgerFile]) -> Summed {
        let mut summed = added.clone();
        if let Some(before) = self.before {
            summed.hours = join(summed.hours, before.state.summed.hours);
            for file in of_month.iter().filter(|file| before.files.contains(&file.path)) {
                let has_rest = before.rest.contains(&file.path);
                summed.files.insert(file.path.clone(), SummedFile::of(file, has_rest));
            }
        }
        summed
    }
}

/// Whether memory was too short for a query, and not even files would do in its place.
fn is_exhausted(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<DataFusionError>().map(DataFusionError::find_root);
    matches!(error, Some(DataFusionError::ResourcesExhausted(_)))
}

/// The query that adds equal rows up.
fn merging(rows: &str) -> String {
    format!("SELECT {BY}, {SUMS}, BIT_OR(days) AS days FROM ({rows}) GROUP BY {BY} ORDER BY {ORDER}")
}

/// The order of a state's rows: that of usage files, and one that does not depend on how the query was run.
const ORDER: &str = "account, principal, service, operation, evidence, outcome, region, resources, via, workload, \
                     principal_kind, impersonator, authorizer, parameters";

/// The hours of both.
fn join(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (one, other) {
        (Some((first, last)), Some((start, end))) => Some((first.min(start), last.max(end))),
        (one, other) => one.or(other),
    }
}
