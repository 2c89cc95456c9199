//! Files of a ledger as tables of queries.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use remit_ledger::Snapshot;
use url::Url;

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
        context.deregister_table(name)?;
        context.register_table(name, Arc::new(ListingTable::try_new(config)?))?;
        Ok(())
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
