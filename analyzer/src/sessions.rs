//! Sessions of roles that service accounts of a cluster were given, as an audit log tells of them.

use datafusion::arrow::array::Array as _;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt as _;
use remit_ledger::CLOUDTRAIL;
use remit_policy::Window;
use remit_policy::link::{ServiceAccount, Session, Sessions};

use crate::calls::RECORDED;
use crate::rollup::{ByName, Filter, strings};

/// Sessions that were made of a token, and calls in sessions that name a token's subject or are named as Pod Identity names
/// them. They are not put together here: there is a session for each pod that there ever was.
fn query(window: Window) -> String {
    let within = Filter { window: Some(window), ..Filter::default() }.condition(Some(window));
    format!(
        "SELECT CAST(principal AS VARCHAR) AS principal, CAST(principal_kind AS VARCHAR) AS kind, \
         CAST(operation AS VARCHAR) AS operation, CAST(session AS VARCHAR) AS session, \
         CAST(source_identity AS VARCHAR) AS source_identity, resources, CAST(count AS BIGINT) AS count, first_seen, last_seen \
         FROM {RECORDED} {within} AND evidence = '{CLOUDTRAIL}' AND outcome = 'allowed' \
         AND ((service = 'sts' AND operation = 'AssumeRoleWithWebIdentity') OR (principal_kind = 'role' AND \
         (session LIKE 'eks-%' OR source_identity LIKE 'system:serviceaccount:%')))"
    )
}

/// Counts all sessions of a window.
pub(crate) async fn count(
    context: &SessionContext,
    window: Window,
    sessions: &mut Sessions<'_>,
) -> Result<(), DataFusionError> {
    let mut batches = context.sql(&query(window)).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        add(&batch?, sessions)?;
    }
    Ok(())
}

fn add(batch: &RecordBatch, sessions: &mut Sessions<'_>) -> Result<(), DataFusionError> {
    let columns = ByName(batch);
    let (principal, kind, operation) =
        (columns.text("principal")?, columns.text("kind")?, columns.text("operation")?);
    let (session, source) = (columns.text("session")?, columns.text("source_identity")?);
    let (resources, count) = (columns.list("resources")?, columns.number("count")?);
    let (first, last) = (columns.time("first_seen")?, columns.time("last_seen")?);
    for row in 0..batch.num_rows() {
        let is_made = operation.text(row).as_deref() == Some("AssumeRoleWithWebIdentity");
        let roles = match is_made && resources.is_valid(row) {
            true => strings(resources.value(row).as_ref())?,
            false if kind.text(row).as_deref() == Some("role") => {
                vec![principal.text(row).unwrap_or_default()]
            }
            false => Vec::new(),
        };
        for role in roles {
            sessions.add(&Session {
                role,
                service_account: source.text(row).as_deref().and_then(ServiceAccount::of_user),
                name: session.text(row),
                count: u64::try_from(count.value(row)).unwrap_or(0),
                first: first.value(row),
                last: last.value(row),
            });
        }
    }
    Ok(())
}
