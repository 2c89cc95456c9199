//! The table of calls that queries are made of: the ledger's usage, with the principals of calls on the wire as far as its
//! audit logs tell them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::prelude::DataFrame;
use futures::StreamExt as _;
use remit_ledger::{CLOUDTRAIL, KUBERNETES_AUDIT, LOGS, Provider, UNKNOWN};

use crate::holders::{Holder, Holders, Issue, provider_of};
use crate::rollup::{TABLE, strings, text, unexpected};

/// Name of the table of usage records.
pub(crate) const RECORDED: &str = "recorded";

/// Name of the table of keys with their holders.
const HOLDERS: &str = "holders";

/// Name of the table of single calls with whom an audit log says made them.
const MAKERS: &str = "makers";

/// Name of the table of identifiers of single calls on the wire.
const SEEN: &str = "seen";

/// The columns that queries use, but for who called.
const COLUMNS: &str = "u.window_start, u.first_seen, u.last_seen, u.count, u.provider, u.region, u.service, \
                       u.operation, u.resources, u.parameters, u.outcome, u.via, u.evidence, u.sample_id, \
                       u.session, u.source_identity AS behind, u.network_origin, \
                       get_field(u.workload, 'cluster') AS in_cluster, \
                       get_field(u.workload, 'namespace') AS in_namespace, \
                       get_field(u.workload, 'owner_kind') AS owner_kind, \
                       get_field(u.workload, 'owner_name') AS owner_name, \
                       get_field(u.workload, 'image') AS image, \
                       CASE WHEN u.provider = 'kubernetes' THEN u.source_identity END AS impersonator, \
                       CASE WHEN u.provider = 'kubernetes' THEN u.authorizer END AS authorizer";

/// Registers who made the calls of a ledger that other sources than CloudTrail wrote to.
pub(crate) async fn register_joined(context: &SessionContext) -> Result<(), DataFusionError> {
    let batch = table(holders(context).await?)?;
    context.register_batch(HOLDERS, batch)?;
    let makers = makers(context).await?.cache().await?.into_view();
    context.register_table(MAKERS, makers)?;
    Ok(())
}

/// Registers the table of calls.
pub(crate) async fn register(context: &SessionContext, is_joined: bool) -> Result<(), DataFusionError> {
    let view = context.sql(&calls(RECORDED, is_joined)).await?.into_view();
    context.register_table(TABLE, view)?;
    Ok(())
}

/// The calls of recorded rows, with who made those on the wire where that is registered.
pub(crate) fn calls(recorded: &str, is_joined: bool) -> String {
    if !is_joined {
        // A ledger of CloudTrail's events alone, which tell no workload.
        return format!(
            "SELECT {COLUMNS}, CAST(NULL AS VARCHAR) AS workload, u.principal, u.principal_kind, u.account \
             FROM {recorded} u"
        );
    }
    let (workload, logged) = (workload(), logged());
    // Apart, so that a principal is looked for in files by their statistics where no join can change it.
    format!(
        "{} WHERE u.{logged} UNION ALL \
         SELECT {COLUMNS}, {workload} AS workload, COALESCE(h.principal, m.principal, u.principal) AS principal, \
         COALESCE(h.kind, m.principal_kind, u.principal_kind) AS principal_kind, \
         COALESCE(h.account, m.account, u.account) AS account FROM {recorded} u \
         LEFT JOIN {HOLDERS} h ON u.credential = h.credential AND u.provider = h.provider \
         AND u.principal_kind = '{UNKNOWN}' \
         LEFT JOIN {MAKERS} m ON u.sample_id = m.sample_id AND u.service = m.service AND u.operation = m.operation \
         AND u.count = 1 AND u.provider = 'kubernetes' AND u.credential IS NULL AND u.principal_kind = '{UNKNOWN}' \
         WHERE NOT u.{logged}",
        as_recorded(recorded)
    )
}

/// The calls of recorded rows, as made by whom they were recorded of.
pub(crate) fn as_recorded(recorded: &str) -> String {
    format!(
        "SELECT {COLUMNS}, {} AS workload, u.principal, u.principal_kind, u.account FROM {recorded} u",
        workload()
    )
}

/// The condition that what else is recorded may tell who made the calls of a row.
pub(crate) fn unsettled() -> String {
    format!("(NOT {} AND principal_kind = '{UNKNOWN}')", logged())
}

/// The workload as a name: its names from the cluster to the container, apart by `/`, or its image where it has none.
pub(crate) fn workload() -> String {
    let names = ["cluster", "namespace", "owner_kind", "owner_name", "container"]
        .map(|field| format!("COALESCE('/' || get_field(u.workload, '{field}'), '')"));
    let names = names.join(" || ");
    format!("COALESCE(NULLIF({names}, ''), get_field(u.workload, 'image'))")
}

/// The condition that a row is of an audit log.
pub(crate) fn logged() -> String {
    format!("evidence IN ('{}')", LOGS.join("', '"))
}

/// Who made single calls on the wire of which no credential was seen, by the identifier that the API server's answer and its
/// log have of them. A row of several calls has that of one of them, which tells nothing of the others.
async fn makers(context: &SessionContext) -> Result<DataFrame, DataFusionError> {
    let seen = format!(
        "SELECT sample_id FROM {RECORDED} WHERE {} AND provider = 'kubernetes' AND count = 1 \
         AND credential IS NULL AND sample_id IS NOT NULL",
        unsettled()
    );
    // Read before, it is known to be the smaller side of the join: the log may be long.
    let seen = context.sql(&seen).await?.cache().await?;
    let is_seen = match seen.clone().count().await? {
        // Without an agent in the cluster the log need not be read.
        0 => "FALSE".to_owned(),
        _ => format!("sample_id IN (SELECT sample_id FROM {SEEN})"),
    };
    context.register_table(SEEN, seen.into_view())?;
    let makers = format!(
        "SELECT sample_id, service, operation, MIN(principal) AS principal, MIN(principal_kind) AS principal_kind, \
         MIN(account) AS account FROM {RECORDED} WHERE evidence = '{KUBERNETES_AUDIT}' AND via IS NULL \
         AND {is_seen} GROUP BY sample_id, service, operation HAVING COUNT(DISTINCT principal) = 1"
    );
    context.sql(&makers).await
}

/// Who holds the keys that calls on the wire were made with. The whole ledger may tell, whatever window is asked for.
async fn holders(context: &SessionContext) -> Result<Holders, DataFusionError> {
    let seen = format!(
        "SELECT DISTINCT credential FROM {RECORDED} \
         WHERE {} AND provider IN ('aws', 'kubernetes') AND credential IS NOT NULL",
        unsettled()
    );
    let mut keys = Vec::new();
    let mut batches = context.sql(&seen).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let column = text(batch.column(0).as_ref(), "credential")?;
        keys.extend((0..batch.num_rows()).filter_map(|row| column.text(row)));
    }
    let mut holders = Holders::of(keys);
    if holders.is_empty() {
        return Ok(holders);
    }
    let used = format!(
        "SELECT credential, principal, principal_kind, account FROM {RECORDED} \
         WHERE {} AND credential IN ({seen}) AND (provider = 'aws' OR (source_identity IS NULL AND via IS NULL)) \
         GROUP BY credential, principal, principal_kind, account",
        logged()
    );
    let mut batches = context.sql(&used).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let credential = text(batch.column(0).as_ref(), "credential")?;
        for row in 0..batch.num_rows() {
            if let Some(key) = credential.text(row) {
                holders.used(&key, holder(&batch, row)?);
            }
        }
    }
    let issued = format!(
        "SELECT operation, principal, principal_kind, account, resources, issued FROM {RECORDED} \
         WHERE evidence = '{CLOUDTRAIL}' AND provider = 'aws' AND service = 'sts' AND outcome = 'allowed'"
    );
    let mut batches = context.sql(&issued).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let list = |at: usize| batch.column(at).as_list_opt::<i32>().ok_or_else(|| unexpected("issued"));
        let (operation, resources, issued) =
            (text(batch.column(0).as_ref(), "operation")?, list(4)?, list(5)?);
        for row in (0..batch.num_rows()).filter(|row| issued.value_length(*row) > 0) {
            let issue = Issue {
                caller: holder(&batch, row)?,
                operation: &operation.text(row).unwrap_or_default(),
                resources: &strings(resources.value(row).as_ref())?,
            };
            holders.issued(issue, &strings(issued.value(row).as_ref())?);
        }
    }
    Ok(holders)
}

/// Who called, of a row whose second to fourth column tell.
fn holder(batch: &RecordBatch, row: usize) -> Result<Holder, DataFusionError> {
    let field = |at: usize| text(batch.column(at).as_ref(), "principal").map(|column| column.text(row));
    Ok(Holder {
        principal: field(1)?.unwrap_or_default(),
        kind: field(2)?.unwrap_or_default(),
        account: field(3)?,
    })
}

fn table(holders: Holders) -> Result<RecordBatch, DataFusionError> {
    let (keys, holders): (Vec<String>, Vec<Holder>) = holders.settled().unzip();
    let column = |value: fn(&Holder) -> Option<&str>| -> Arc<StringArray> {
        Arc::new(holders.iter().map(value).collect())
    };
    let field = |name: &str| Field::new(name, DataType::Utf8, true);
    let names = ["credential", "provider", "principal", "kind", "account"];
    let schema = Schema::new(names.map(field).to_vec());
    let providers = keys.iter().map(|key| provider_of(key).map(Provider::as_str));
    let providers: StringArray = providers.collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(keys)),
        Arc::new(providers),
        column(|holder| Some(&holder.principal)),
        column(|holder| Some(&holder.kind)),
        column(|holder| holder.account.as_deref()),
    ];
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}
