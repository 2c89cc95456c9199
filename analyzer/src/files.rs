//! Files of a ledger as tables of queries.

use std::sync::Arc;

use anyhow::anyhow;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt as _;
use remit_ledger::{Snapshot, usage_schema};
use url::Url;

/// Name of the table of one file that may be damaged.
const SOUGHT: &str = "sought";

/// The files of a ledger at one moment, and where they are.
pub(crate) struct Files {
    /// What there is.
    pub(crate) snapshot: Snapshot,
    /// The object store; none of a folder.
    pub(crate) store: Option<Url>,
}

impl Files {
    /// Registers files, of which there is at least one, as the table of this name.
    pub(crate) fn register<'a>(
        &self,
        context: &SessionContext,
        name: &str,
        schema: SchemaRef,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), DataFusionError> {
        let paths = paths.into_iter().map(|path| self.url(path)).collect::<Result<_, _>>()?;
        let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
        let config =
            ListingTableConfig::new_with_multi_paths(paths).with_listing_options(options).with_schema(schema);
        let table = ListingTable::try_new(config)?;
        // Without it every query works out again what the columns of every file hold.
        let statistics = context.runtime_env().cache_manager.get_file_statistic_cache();
        context.deregister_table(name)?;
        context.register_table(name, Arc::new(table.with_cache(statistics)))?;
        Ok(())
    }

    /// Which usage file of a folder cannot be read, and why, as what `failed` by it. Of a store all would have to be fetched, and it
    /// may be the way there that is at fault.
    pub(crate) async fn damage(
        &self,
        context: &SessionContext,
        error: &DataFusionError,
        failed: &str,
    ) -> Option<anyhow::Error> {
        let may_be_damage = matches!(
            error.find_root(),
            DataFusionError::ParquetError(_)
                | DataFusionError::ArrowError(..)
                | DataFusionError::ObjectStore(_)
        );
        if !may_be_damage || self.store.is_some() {
            return None;
        }
        for file in self.snapshot.usage_files() {
            let read = async {
                self.register(context, SOUGHT, usage_schema(), [file.path.as_str()])?;
                let mut batches = context.table(SOUGHT).await?.execute_stream().await?;
                while let Some(batch) = batches.next().await {
                    batch?;
                }
                Ok::<_, DataFusionError>(())
            };
            if let Err(error) = read.await {
                return Some(anyhow!(
                    "{failed}: `{}` cannot be read: {error}\n\
                     hint: bring the file back from a copy of the ledger; what it holds counts, so nothing is told without it",
                    file.path
                ));
            }
        }
        None
    }

    fn url(&self, path: &str) -> Result<ListingTableUrl, DataFusionError> {
        let located = self.snapshot.locate(path);
        match &self.store {
            Some(store) => {
                let mut url = store.clone();
                url.set_path(&located);
                ListingTableUrl::parse(url.as_str())
            }
            None => ListingTableUrl::parse(&located),
        }
    }
}

/// Replaces a table of files by their rows in memory. Where they cannot be read the table stays as it is, so that only queries fail
/// that need what is damaged.
pub(crate) async fn hold(context: &SessionContext, name: &str) -> Result<(), DataFusionError> {
    let Ok(held) = held(context, name).await else { return Ok(()) };
    context.deregister_table(name)?;
    context.register_table(name, Arc::new(held))?;
    Ok(())
}

async fn held(context: &SessionContext, name: &str) -> Result<MemTable, DataFusionError> {
    let table = context.table(name).await?;
    let schema = Arc::clone(table.schema().inner());
    let mut partitions = Vec::new();
    for batches in table.collect_partitioned().await? {
        partitions.push(vec![concat_batches(&schema, &batches)?]);
    }
    MemTable::try_new(schema, partitions)
}
