//! Calls of Google Cloud and Azure that pods were seen to make, by whom the pods run as.

use datafusion::arrow::array::{Array as _, AsArray as _};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt as _;
use remit_ledger::{Provider, SNI, UNKNOWN, WIRE};
use remit_policy::Window;
use remit_policy::link::{LinkSeen, Mechanism, PodCalls, ServiceAccount, Sessions};

use crate::calls::RECORDED;
use crate::rollup::{ByName, Filter, literal, strings, unexpected};

/// The service by which one identity of Google Cloud asks for tokens of another, which the call names.
const CREDENTIALS: &str = "iamcredentials";

/// Whom a resource of that service is.
const ACCOUNTS: &str = "/serviceAccounts/";

/// The calls. What was refused is no use, and what came of a call has to be known for it to be one as somebody for certain.
fn query(window: Window, cluster: Option<&str>) -> String {
    // An agent that is not told the cluster's name says none.
    let here = cluster.map_or_else(String::new, |cluster| {
        let own = "get_field(workload, 'cluster')";
        format!("AND ({own} IS NULL OR {own} = {})", literal(cluster))
    });
    let within = Filter { window: Some(window), ..Filter::default() }.condition(Some(window));
    let (gcp, azure) = (Provider::Gcp.as_str(), Provider::Azure.as_str());
    format!(
        "SELECT CAST(provider AS VARCHAR) AS provider, CAST(source_identity AS VARCHAR) AS source_identity, \
         CASE WHEN principal_kind <> '{UNKNOWN}' THEN CAST(principal AS VARCHAR) END AS own, \
         CASE WHEN service = '{CREDENTIALS}' THEN resources END AS asked, \
         outcome = 'allowed' OR outcome = 'failed' AS is_sure, \
         CAST(service AS VARCHAR) AS service, CAST(operation AS VARCHAR) AS operation, \
         CAST(count AS BIGINT) AS count, first_seen, last_seen \
         FROM {RECORDED} {within} AND evidence IN ('{WIRE}', '{SNI}') AND provider IN ('{gcp}', '{azure}') \
         AND outcome <> 'denied' AND source_identity LIKE 'system:serviceaccount:%' {here}"
    )
}

/// Counts the calls of a window for the links that they may be of, those of one cluster where that is asked for.
pub(crate) async fn count(
    context: &SessionContext,
    window: Window,
    cluster: Option<&str>,
    sessions: &mut Sessions<'_>,
) -> Result<(), DataFusionError> {
    let mut batches = context.sql(&query(window, cluster)).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        add(&batch?, sessions)?;
    }
    Ok(())
}

fn add(batch: &RecordBatch, sessions: &mut Sessions<'_>) -> Result<(), DataFusionError> {
    let columns = ByName(batch);
    let (provider, source) = (columns.text("provider")?, columns.text("source_identity")?);
    let (own, asked) = (columns.text("own")?, columns.list("asked")?);
    let (service, operation) = (columns.text("service")?, columns.text("operation")?);
    let is_sure = batch.column_by_name("is_sure").and_then(|array| array.as_boolean_opt());
    let is_sure = is_sure.ok_or_else(|| unexpected("is_sure"))?;
    let (count, first, last) =
        (columns.number("count")?, columns.time("first_seen")?, columns.time("last_seen")?);
    for row in 0..batch.num_rows() {
        let Some(service_account) = source.text(row).as_deref().and_then(ServiceAccount::of_user) else {
            continue;
        };
        let is_google = provider.text(row).as_deref() == Some(Provider::Gcp.as_str());
        let asked = match asked.is_valid(row) {
            true => strings(asked.value(row).as_ref())?,
            false => Vec::new(),
        };
        let asked = asked.first().and_then(|name| Some(name.rsplit_once(ACCOUNTS)?.1.to_owned()));
        let own = own.text(row);
        // A service account that signs its token does so with a key, of which no link is needed.
        if is_google && own.is_some() {
            continue;
        }
        let (service, operation) =
            (service.text(row).unwrap_or_default(), operation.text(row).unwrap_or_default());
        let calls = PodCalls {
            mechanism: if is_google { Mechanism::Gke } else { Mechanism::Azure },
            service_account,
            identity: if is_google { asked } else { own }.filter(|_| is_sure.value(row)),
            called: format!("{service}:{operation}"),
            seen: LinkSeen {
                count: u64::try_from(count.value(row)).unwrap_or(0),
                first: first.value(row),
                last: last.value(row),
            },
        };
        sessions.add_calls(&calls);
        // Who asks for another's token may do so as anybody.
        if is_google && calls.identity.is_some() {
            sessions.add_calls(&PodCalls { identity: None, ..calls });
        }
    }
    Ok(())
}
