//! What asks a ledger, wherever it is.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context as _, bail};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use remit_ledger::{Address, Snapshot};
use url::Url;

use crate::files::Files;

/// Threads, where there are fewer cores, that wait for files: what each read the allocator keeps for it until it ends, some
/// megabytes, and there would be one for each file that is opened at a time.
const BLOCKING: usize = 4;

/// The files of a ledger, and what asks them.
pub(super) struct Engine {
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) files: Files,
    pub(super) context: SessionContext,
}

impl Engine {
    pub(super) fn open(
        location: &str,
        config: SessionConfig,
        environment: RuntimeEnvBuilder,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(cores().max(BLOCKING))
            .build()
            .context("cannot start worker threads")?;
        let config = config
            .set_bool("datafusion.execution.parquet.pushdown_filters", true)
            .set_bool("datafusion.execution.parquet.schema_force_view_types", true);
        let environment = environment.build_arc().context("cannot query the ledger")?;
        let context = SessionContext::new_with_config_rt(config, environment);
        let (snapshot, store) = match Address::parse(location)? {
            Some(address) => {
                let url = Url::parse(&address.bucket())
                    .with_context(|| format!("cannot open ledger `{location}`"))?;
                let store = address.store()?;
                context.register_object_store(&url, Arc::clone(&store));
                let snapshot = runtime.block_on(Snapshot::of_store(store, address.path().clone()))?;
                if snapshot.is_empty() {
                    bail!(
                        "no ledger at `{location}`: nothing is there\nhint: `remit-agent run --ledger {location}` writes one"
                    );
                }
                (snapshot, Some(url))
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
        Ok(Self { runtime, files: Files { snapshot, store }, context })
    }
}

pub(super) fn cores() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}
