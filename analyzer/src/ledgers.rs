//! Opens a ledger for queries: the files that count at one moment, as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use datafusion::arrow::array::{Array as _, AsArray as _};
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};
use remit_ledger::{Address, CLOUDTRAIL, CoverageRecord, LedgerInfo, Provider, Snapshot, usage_schema};
use remit_policy::Window;
use remit_policy::link::{Link, LinkUse, Sessions};
use url::Url;

use crate::calls::{RECORDED, register_joined, register_logged};
use crate::deploys::{Deploys, deploys, runs_on_wire};
use crate::holes::Called;
use crate::intent::Hours;
use crate::rollup::{
    ByName, Caller, Filter, PartOf, PrincipalCalls, TABLE, Text, roll_up, roll_up_parts, unexpected,
};
use crate::sessions;
use crate::sightings::{self, Asked, Beginning, Sighting};
use crate::suspects::{Suspects, suspects};

/// A ledger at one moment.
pub(crate) struct Ledger {
    runtime: tokio::runtime::Runtime,
    snapshot: Snapshot,
    coverage: Vec<CoverageRecord>,
    context: SessionContext,
}

impl Ledger {
    /// Opens the ledger in a folder, or under an object-store URL.
    pub(crate) fn open(location: &str) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("cannot start worker threads")?;
        let config = SessionConfig::new()
            .set_bool("datafusion.execution.parquet.pushdown_filters", true)
            .set_bool("datafusion.execution.parquet.schema_force_view_types", true);
        let context = SessionContext::new_with_config(config);
        let (snapshot, base) = match Address::parse(location)? {
            Some(address) => {
                let url = Url::parse(&address.bucket())
                    .with_context(|| format!("cannot open ledger `{location}`"))?;
                let store = address.store()?;
                context.register_object_store(&url, Arc::clone(&store));
                (runtime.block_on(Snapshot::of_store(store, address.path().clone()))?, Some(url))
            }
            None => {
                if !Path::new(location).is_dir() {
                    bail!(
                        "no ledger at `{location}`\nhint: `remit ingest cloudtrail PATH --ledger {location}` makes one"
                    );
                }
                (Snapshot::of_folder(Path::new(location))?, None)
            }
        };
        let coverage = runtime.block_on(snapshot.coverage())?;
        if register(&context, &snapshot, base.as_ref())? {
            let registered = if coverage.iter().any(|record| record.evidence != CLOUDTRAIL) {
                runtime.block_on(register_joined(&context))
            } else {
                runtime.block_on(register_logged(&context))
            };
            registered.context("cannot query the ledger")?;
        }
        Ok(Self { runtime, snapshot, coverage, context })
    }

    /// What could not be read; the rest is there.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.snapshot.problems().iter().map(ToString::to_string).collect()
    }

    /// How many files cannot be read that may hold rows of a provider's calls.
    pub(crate) fn damaged(&self, provider: Provider) -> u64 {
        self.snapshot.problems().iter().filter(|problem| problem.is_damage_of(provider)).count() as u64
    }

    /// The ledger in numbers.
    pub(crate) fn info(&self) -> LedgerInfo {
        self.snapshot.info()
    }

    /// Which calls the sources could have shown, when.
    pub(crate) fn coverage(&self) -> &[CoverageRecord] {
        &self.coverage
    }

    /// Time of the newest event, in microseconds since the Unix epoch.
    pub(crate) fn newest(&self) -> i64 {
        self.snapshot.info().span.map_or(0, |(_, last)| last)
    }

    /// Calls by who made them, and what saw them.
    pub(crate) fn roll_up(&self, filter: &Filter) -> anyhow::Result<BTreeMap<Caller, PrincipalCalls>> {
        self.ask(roll_up(&self.context, filter), "cannot roll up the ledger")
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
        if self.coverage.iter().all(|record| remit_ledger::is_log(&record.evidence)) {
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
        let parts = roll_up_parts(&self.context, filter, Some(part_of));
        self.ask(parts, "cannot roll up the parts of a principal")
    }

    /// What a query finds, which is nothing in a ledger without a file: there is no table then.
    fn ask<T: Default>(
        &self,
        query: impl Future<Output = Result<T, DataFusionError>>,
        failed: &'static str,
    ) -> anyhow::Result<T> {
        if self.snapshot.usage_files().is_empty() {
            return Ok(T::default());
        }
        let start = Instant::now();
        let found = self.runtime.block_on(query).context(failed);
        // What a benchmark holds the rest of a verb against.
        tracing::info!(microseconds = start.elapsed().as_micros(), "queried");
        found
    }

    /// Which of these links sessions show to have been used in a window.
    pub(crate) fn link_uses(&self, links: &[Link], window: Window) -> anyhow::Result<Vec<LinkUse>> {
        let mut sessions = Sessions::of(links);
        if !links.is_empty() {
            let counted = sessions::count(&self.context, window, &mut sessions);
            self.ask(counted, "cannot look for sessions in the ledger")?;
        }
        Ok(sessions.uses())
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
        let mut called = BTreeSet::new();
        if self.snapshot.usage_files().is_empty() {
            return Ok(called);
        }
        let text = |name: &str| format!("COALESCE(CAST({name} AS VARCHAR), '') AS {name}");
        let columns = ["provider", "evidence", "account", "service", "operation"].map(text).join(", ");
        let query = format!("SELECT DISTINCT {columns}, via IS NOT NULL AS is_via FROM {TABLE}");
        let batches = self.runtime.block_on(async { self.context.sql(&query).await?.collect().await });
        for batch in batches.context("cannot list what was called")? {
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
        if self.snapshot.usage_files().is_empty() {
            return Ok(BTreeSet::new());
        }
        let filter = Filter { provider, ..Filter::default() };
        let query = format!(
            "SELECT DISTINCT CAST(principal AS VARCHAR) AS principal FROM {TABLE} {}",
            filter.condition(None)
        );
        let batches = self.runtime.block_on(async { self.context.sql(&query).await?.collect().await });
        let mut principals = BTreeSet::new();
        for batch in batches.context("cannot list the ledger's principals")? {
            let column = batch.column(0);
            if let Some(texts) = column.as_string_view_opt() {
                principals.extend(texts.iter().flatten().map(str::to_owned));
            } else if let Some(texts) = column.as_string_opt::<i32>() {
                principals.extend(texts.iter().flatten().map(str::to_owned));
            } else {
                bail!("the ledger's principals have the unexpected type {}", column.data_type());
            }
        }
        Ok(principals)
    }
}

/// Registers the files as a table; an empty ledger has none.
fn register(context: &SessionContext, snapshot: &Snapshot, base: Option<&Url>) -> anyhow::Result<bool> {
    let mut paths = Vec::new();
    for file in snapshot.usage_files() {
        let located = snapshot.locate(&file.path);
        let url = match base {
            Some(base) => {
                let mut url = base.clone();
                url.set_path(&located);
                ListingTableUrl::parse(url.as_str())
            }
            None => ListingTableUrl::parse(&located),
        };
        paths.push(url.with_context(|| format!("cannot query `{located}`"))?);
    }
    if paths.is_empty() {
        return Ok(false);
    }
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(paths)
        .with_listing_options(options)
        .with_schema(usage_schema());
    let table = ListingTable::try_new(config).context("cannot query the ledger")?;
    context.register_table(RECORDED, Arc::new(table)).context("cannot query the ledger")?;
    Ok(true)
}
