//! Opens a ledger for queries: the files that count at one moment, as a table.

mod engine;
mod links;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use remit_ledger::{
    CLOUDTRAIL, CoverageRecord, LedgerInfo, LossySource, Provider, StateWriter, usage_schema,
};
use remit_policy::{Call, Window};

use self::engine::{Engine, cores};
use crate::ahead;
use crate::analysis::pathless;
use crate::calls::{RECORDED, register, register_joined};
use crate::deploys::{Deploys, deploys, runs_on_wire};
use crate::files::{Files, hold};
use crate::holes::Called;
use crate::intent::Hours;
use crate::output::warn;
use crate::renewal::{self, Renewed, renew};
use crate::rollup::{
    ByName, Caller, Filter, PartOf, PrincipalCalls, ROWS, RowsOf, TABLE, Text, by_principal, roll_up,
    roll_up_parts, rows, unexpected,
};
use crate::sightings::{self, Asked, Beginning, Sighting};
use crate::states::States;
use crate::suspects::{Suspects, suspects};

/// Bytes that queries may hold which bring states up to date; what they read and write comes on top.
const RENEWAL: usize = 600 << 20;

/// Bytes of them for each of those that work on a query at a time.
const PARTITION: usize = 64 << 20;

/// Rows up to which a ledger is read into memory once. Each takes some hundred bytes there, and its files, often many of few rows,
/// would be opened anew for each query.
const HELD: u64 = 50_000;

/// Where it is told what queries take, whatever module tells it.
pub(crate) const LEDGERS: &str = "remit_analyzer::ledgers";

/// A ledger at one moment.
pub(crate) struct Ledger {
    runtime: tokio::runtime::Runtime,
    files: Files,
    states: States,
    coverage: Vec<CoverageRecord>,
    /// What is later is dated in the future.
    limit: i64,
    context: SessionContext,
}

/// The states of a ledger, told of those that cannot be used.
fn found(runtime: &tokio::runtime::Runtime, files: &Files) -> anyhow::Result<remit_ledger::States> {
    let found = runtime.block_on(files.snapshot.states())?;
    found.problems.iter().for_each(|problem| warn(&problem.to_string()));
    Ok(found)
}

/// The names under which a ledger may have the calls of an identity: its own, and that of a role without its path, which a log
/// does not always tell.
pub(crate) fn names_of(provider: Provider, identity: &str) -> impl Iterator<Item = String> {
    let pathless = pathless(identity).filter(|_| provider == Provider::Aws);
    [Some(identity.to_owned()), pathless].into_iter().flatten()
}

impl Ledger {
    /// Opens the ledger in a folder, or under an object-store URL.
    pub(crate) fn open(location: &str) -> anyhow::Result<Self> {
        Self::open_holding(location, HELD)
    }

    /// The same, read into memory if it has no more rows.
    pub(crate) fn open_holding(location: &str, held: u64) -> anyhow::Result<Self> {
        Self::open_as_of(location, held, jiff::Timestamp::now().as_microsecond())
    }

    /// The same at a moment of which nothing can be known that comes after.
    pub(crate) fn open_as_of(location: &str, held: u64, present: i64) -> anyhow::Result<Self> {
        let Engine { runtime, files, context } =
            Engine::open(location, SessionConfig::new(), RuntimeEnvBuilder::new())?;
        let mut coverage = runtime.block_on(files.snapshot.coverage())?;
        let is_joined = coverage.iter().any(|record| record.evidence != CLOUDTRAIL);
        let limit = ahead::limit(present);
        ahead::leave_out(&mut coverage, limit).iter().for_each(|ahead| warn(&ahead.words()));
        if !files.snapshot.usage_files().is_empty() {
            let paths = files.snapshot.usage_files().iter().map(|file| file.path.as_str());
            files.register(&context, RECORDED, usage_schema(), paths).context("cannot query the ledger")?;
            let registered = runtime.block_on(async {
                if files.snapshot.info().rows <= held {
                    hold(&context, RECORDED).await?;
                }
                if is_joined {
                    register_joined(&context).await?;
                }
                register(&context, is_joined).await
            });
            registered.context("cannot query the ledger")?;
        }
        let states = States { found: found(&runtime, &files)?, is_joined };
        Ok(Self { runtime, files, states, coverage, limit, context })
    }

    /// Brings the states of a ledger up to date.
    pub(crate) fn renew(location: &str) -> anyhow::Result<Renewed> {
        Self::renew_within(location, RENEWAL)
    }

    /// The same with queries that may hold so many bytes.
    pub(crate) fn renew_within(location: &str, memory: usize) -> anyhow::Result<Renewed> {
        let environment = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(memory)));
        // What shares memory gets too little of it where it is many.
        let config = SessionConfig::new().with_target_partitions(cores().min(memory / PARTITION).max(1));
        let Engine { runtime, files, context } = Engine::open(location, config, environment)?;
        let states = found(&runtime, &files)?;
        let writer = StateWriter::open(&files.snapshot)?;
        let renewed = runtime.block_on(async {
            match renew(&context, &files, &states, &writer).await {
                Err(error) => Err(match error.downcast_ref() {
                    Some(query) => files.damage(&context, query, renewal::FAILED).await.unwrap_or(error),
                    None => error,
                }),
                done => done,
            }
        });
        let (renewed, unused) = renewed?;
        // As a reader of its own the snapshot would keep everything where it is.
        drop(files);
        runtime.block_on(writer.remove(&unused))?;
        Ok(renewed)
    }

    /// The same without its states.
    #[cfg(test)]
    pub(crate) fn without_states(mut self) -> Self {
        self.states.found.applied.clear();
        self
    }

    /// How many states are used, and for how many usage files these stand.
    pub(crate) fn states(&self) -> (usize, usize) {
        let applied = &self.states.found.applied;
        (applied.len(), applied.iter().map(|applied| applied.files.len()).sum())
    }

    /// What could not be read; the rest is there.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.files.snapshot.problems().iter().map(ToString::to_string).collect()
    }

    /// How many files cannot be read that may hold rows of a provider's calls.
    pub(crate) fn damaged(&self, provider: Provider) -> u64 {
        self.files.snapshot.problems().iter().filter(|problem| problem.is_damage_of(provider)).count() as u64
    }

    /// The ledger in numbers.
    pub(crate) fn info(&self) -> LedgerInfo {
        self.files.snapshot.info()
    }

    /// The sources of which events were lost that nobody made good.
    pub(crate) fn lossy_sources(&self) -> BTreeSet<LossySource<'_>> {
        self.files.snapshot.lossy_sources()
    }

    /// Which calls the sources could have shown, when.
    pub(crate) fn coverage(&self) -> &[CoverageRecord] {
        &self.coverage
    }

    /// Time of the newest event that is not dated in the future, in microseconds since the Unix epoch.
    pub(crate) fn newest(&self) -> i64 {
        self.info().span.map_or(0, |(_, last)| ahead::newest(last, &self.coverage, self.limit))
    }

    /// Whether it holds neither a call nor what a source could have shown.
    pub(crate) fn is_empty(&self) -> bool {
        self.coverage.is_empty() && self.info().span.is_none()
    }

    /// Calls of an identity during a window, also those for which the log does not tell its path.
    pub(crate) fn calls_of(
        &self,
        provider: Provider,
        identity: &str,
        window: Window,
    ) -> anyhow::Result<Vec<Call>> {
        let mut calls = Vec::new();
        for name in names_of(provider, identity) {
            let filter = Filter {
                window: Some(window),
                principal: Some(name),
                provider: Some(provider),
                ..Filter::default()
            };
            let callers = by_principal(&mut self.roll_up(&filter)?, provider);
            calls.extend(callers.into_values().flat_map(|calls| calls.calls));
        }
        Ok(calls)
    }

    /// Calls by who made them, and what saw them.
    pub(crate) fn roll_up(&self, filter: &Filter) -> anyhow::Result<BTreeMap<Caller, PrincipalCalls>> {
        self.roll_up_into(filter, &BTreeMap::new, &|all, mut part| all.append(&mut part))
    }

    /// Adds up something of the calls, of some principals after others where the ledger has many rows.
    pub(crate) fn roll_up_into<A>(
        &self,
        filter: &Filter,
        begin: &impl Fn() -> A,
        add: &impl Fn(&mut A, BTreeMap<Caller, PrincipalCalls>),
    ) -> anyhow::Result<A> {
        self.roll_up_in_ranges(filter, self.most(filter), begin, add)
    }

    /// The same with at most so many rows at a time, where that is told.
    pub(crate) fn roll_up_in_ranges<A>(
        &self,
        filter: &Filter,
        most: Option<i64>,
        begin: &impl Fn() -> A,
        add: &impl Fn(&mut A, BTreeMap<Caller, PrincipalCalls>),
    ) -> anyhow::Result<A> {
        let added = self.ask_sums("cannot roll up the ledger", &async |rows_of| {
            let mut all = begin();
            roll_up(&self.context, filter, rows_of, most, |part| add(&mut all, part)).await?;
            Ok(Some(all))
        })?;
        // A ledger without a file is not asked.
        Ok(added.unwrap_or_else(begin))
    }

    /// How many rows a query is to go through at a time; none where it need not be asked of some principals after others.
    fn most(&self, filter: &Filter) -> Option<i64> {
        let is_large = || i64::try_from(self.info().rows).is_ok_and(|rows| rows > ROWS);
        (filter.principal.is_none() && is_large()).then_some(ROWS)
    }

    /// Hands on when a principal, by any of its names, called what in which session.
    pub(crate) fn sightings(
        &self,
        asked: &Asked,
        names: &[String],
        found: impl FnMut(Sighting),
    ) -> anyhow::Result<()> {
        let sought = sightings::sightings(&self.context, asked, names, found);
        self.ask(sought, "cannot look for a principal's sessions in the ledger")
    }

    /// The hours in which each principal called.
    pub(crate) fn hours(&self, asked: &Asked) -> anyhow::Result<BTreeMap<String, Hours>> {
        self.ask(sightings::hours(&self.context, asked), "cannot roll up the ledger's hours")
    }

    /// Hands on who began sessions of roles.
    pub(crate) fn beginnings(&self, asked: &Asked, found: impl FnMut(Beginning)) -> anyhow::Result<()> {
        let sought = sightings::beginnings(&self.context, asked, found);
        self.ask(sought, "cannot look for sessions in the ledger")
    }

    /// Sessions of a principal, by any of its names, of which the wire tells the workload.
    pub(crate) fn sessions_on_wire(&self, names: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
        // Without an agent's records nothing tells, and nothing need be joined.
        if self.is_of_logs() {
            return Ok(BTreeMap::new());
        }
        let sought = sightings::on_wire(&self.context, names);
        self.ask(sought, "cannot look for sessions on the wire in the ledger")
    }

    /// Calls by who made them, with the part of the principal in the place of the workload.
    pub(crate) fn parts(
        &self,
        filter: &Filter,
        part_of: PartOf<'_>,
    ) -> anyhow::Result<BTreeMap<Caller, PrincipalCalls>> {
        let parts = roll_up_parts(&self.context, filter, part_of);
        self.ask(parts, "cannot roll up the parts of a principal")
    }

    /// What a query finds, which is nothing in a ledger without a file: there is no table then.
    fn ask<T: Default>(
        &self,
        query: impl Future<Output = Result<T, DataFusionError>>,
        failed: &'static str,
    ) -> anyhow::Result<T> {
        if self.files.snapshot.usage_files().is_empty() {
            return Ok(T::default());
        }
        self.wait(query).map_err(|error| match self.damage(&error, failed) {
            Some(damage) => damage,
            None => anyhow::Error::new(error).context(failed),
        })
    }

    /// A file of calls that cannot be read: most often a query fails by one, and no message of a query says which.
    fn damage(&self, error: &DataFusionError, failed: &'static str) -> Option<anyhow::Error> {
        self.runtime.block_on(self.files.damage(&self.context, error, failed))
    }

    fn wait<T>(&self, query: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let found = self.runtime.block_on(query);
        // What a benchmark holds the rest of a verb against.
        tracing::info!(target: LEDGERS, microseconds = start.elapsed().as_micros(), "queried");
        found
    }

    /// The same of a query over rows of the roll-up, which states have as well.
    fn ask_sums<T: Default>(
        &self,
        failed: &'static str,
        query: &impl AsyncFn(&RowsOf<'_>) -> Result<T, DataFusionError>,
    ) -> anyhow::Result<T> {
        if !self.states.is_empty() {
            let rows_of = |filter: &Filter| self.states.rows(&self.files, &self.context, filter);
            match self.wait(query(&rows_of)) {
                Ok(found) => return Ok(found),
                Err(error) => {
                    // A state is not blamed for what is wrong with a file: it may be the only sound copy.
                    if let Some(damage) = self.damage(&error, failed) {
                        return Err(damage);
                    }
                    warn(&format!(
                        "states of the ledger cannot be used, its usage files are read in their place: {error}\n\
                         hint: remove the folder `rollup` of the ledger, and `remit ledger roll-up` makes states anew"
                    ));
                }
            }
        }
        self.ask(query(&|filter| Ok(Some(rows(TABLE, filter, "")))), failed)
    }

    /// Whether no node agent recorded anything.
    fn is_of_logs(&self) -> bool {
        self.coverage.iter().all(|record| remit_ledger::is_log(&record.evidence))
    }

    /// Calls that strangers may have made.
    pub(crate) fn suspects(&self) -> anyhow::Result<Suspects> {
        self.ask(suspects(&self.context), "cannot look for bursts of calls in the ledger")
    }

    /// When what runs as whom was changed.
    pub(crate) fn deploys(&self) -> anyhow::Result<Deploys> {
        let has_only_cloudtrail = self.coverage.iter().all(|record| record.evidence == CLOUDTRAIL);
        let sought = async {
            let mut all = deploys(&self.context).await?;
            if !has_only_cloudtrail {
                runs_on_wire(&self.context, &mut all).await?;
            }
            Ok(all)
        };
        self.ask(sought, "cannot look for deploys in the ledger")
    }

    /// What was called, by whatever saw it.
    pub(crate) fn called(&self) -> anyhow::Result<BTreeSet<Called>> {
        let text = |name: &str| format!("COALESCE(CAST({name} AS VARCHAR), '') AS {name}");
        let columns = ["provider", "evidence", "account", "service", "operation"].map(text).join(", ");
        let query = format!("SELECT DISTINCT {columns}, via IS NOT NULL AS is_via");
        let batches = self.ask_sums("cannot list what was called", &async |rows_of| {
            self.select(&query, &Filter::default(), rows_of).await
        })?;
        let mut called = BTreeSet::new();
        for batch in batches {
            let columns = ByName(&batch);
            let [provider, evidence, account, service, operation] = [
                columns.text("provider")?,
                columns.text("evidence")?,
                columns.text("account")?,
                columns.text("service")?,
                columns.text("operation")?,
            ];
            let is_via = batch.column_by_name("is_via").and_then(|array| array.as_boolean_opt());
            let is_via = is_via.ok_or_else(|| unexpected("is_via"))?;
            for row in 0..batch.num_rows() {
                let text = |column: &Text<'_>| column.text(row).unwrap_or_default();
                called.insert(Called {
                    provider: text(&provider),
                    evidence: text(&evidence),
                    account: Some(text(&account)).filter(|name| !name.is_empty()),
                    service: text(&service),
                    operation: text(&operation),
                    is_via: is_via.value(row),
                });
            }
        }
        Ok(called)
    }

    /// Every principal that called, or only those that called this provider.
    pub(crate) fn principals(&self, provider: Option<Provider>) -> anyhow::Result<BTreeSet<String>> {
        let filter = Filter { provider, ..Filter::default() };
        let query = "SELECT DISTINCT CAST(principal AS VARCHAR) AS principal";
        let batches = self.ask_sums("cannot list the ledger's principals", &async |rows_of| {
            self.select(query, &filter, rows_of).await
        })?;
        let mut principals = BTreeSet::new();
        for batch in batches {
            let column = ByName(&batch).text("principal")?;
            principals.extend((0..batch.num_rows()).filter_map(|row| column.text(row)));
        }
        Ok(principals)
    }

    /// What a selection is of rows of the roll-up.
    async fn select(
        &self,
        selection: &str,
        filter: &Filter,
        rows_of: &RowsOf<'_>,
    ) -> Result<Vec<RecordBatch>, DataFusionError> {
        match rows_of(filter)? {
            Some(rows) => self.context.sql(&format!("{selection} FROM ({rows})")).await?.collect().await,
            None => Ok(Vec::new()),
        }
    }
}
