//! Queries of a ledger for what was deployed, and for who runs as what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt as _;
use remit_ledger::{CLOUDTRAIL, HOUR, KUBERNETES_AUDIT};

use super::change::{Change, Changed, RULES, Target, owners_of, resource_of, rolled_groups, rollout};
use super::{Deploys, Kind, Marker};
use crate::calls::{RECORDED, logged};
use crate::rollup::{ByName, TABLE, literal, pairs, strings};

/// Name of the table of functions that were changed.
const FUNCTIONS: &str = "changed_functions";

/// What is asked of each row: when, of whom, an example.
const WHEN: &str = "MIN(sample_id) AS sample_id";

fn day() -> String {
    format!("CAST(window_start AS BIGINT) / {HOUR} / 24")
}

/// What CloudTrail and the audit logs of clusters tell of deploys.
pub(crate) async fn deploys(context: &SessionContext) -> Result<Deploys, DataFusionError> {
    let mut deploys = Deploys::default();
    changes(context, &mut deploys).await?;
    functions(context, &mut deploys).await?;
    Ok(deploys)
}

async fn changes(context: &SessionContext, deploys: &mut Deploys) -> Result<(), DataFusionError> {
    let rules: Vec<_> = RULES
        .iter()
        .map(|rule| format!("(service = {} AND operation LIKE '{}%')", literal(rule.service), rule.operation))
        .collect();
    let by = "service, operation, account, resources, parameters";
    let query = format!(
        "SELECT {by}, {} AS day, {WHEN} FROM {RECORDED} WHERE provider = 'aws' AND evidence = '{CLOUDTRAIL}' \
         AND outcome = 'allowed' AND ({}) GROUP BY {by}, {}",
        day(),
        rules.join(" OR "),
        day()
    );
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let [service, operation, account, sample] =
            ["service", "operation", "account", "sample_id"].map(|name| columns.text(name));
        let (service, operation, account, sample) = (service?, operation?, account?, sample?);
        let (resources, parameters, day) =
            (columns.list("resources")?, columns.map("parameters")?, columns.number("day")?);
        for row in 0..batch.num_rows() {
            let change = Change {
                service: &service.text(row).unwrap_or_default(),
                operation: &operation.text(row).unwrap_or_default(),
                account: &account.text(row).unwrap_or_default(),
                resources: &strings(resources.value(row).as_ref())?,
                parameters: &pairs(parameters, row)?,
            };
            for changed in change.changed() {
                if let Some(role) = &changed.runs_as {
                    deploys.runs(role, changed.target.clone());
                }
                deploys.add(day.value(row), changed, sample.text(row));
            }
        }
    }
    Ok(())
}

/// Sessions that are named as a function that was changed, in its account: Lambda names a role's sessions so.
async fn functions(context: &SessionContext, deploys: &mut Deploys) -> Result<(), DataFusionError> {
    let known: BTreeSet<(String, String)> = deploys
        .changes
        .keys()
        .filter_map(|target| match target {
            Target::Function { account, name } => Some((account.clone(), name.clone())),
            _ => None,
        })
        .collect();
    if known.is_empty() {
        return Ok(());
    }
    let (accounts, names): (Vec<String>, Vec<String>) = known.into_iter().unzip();
    let columns: Vec<ArrayRef> =
        vec![Arc::new(StringArray::from(accounts)), Arc::new(StringArray::from(names))];
    let field = |name: &str| Field::new(name, DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![field("owner"), field("name")]));
    context.register_batch(FUNCTIONS, RecordBatch::try_new(schema, columns)?)?;
    let query = format!(
        "SELECT DISTINCT CAST(u.principal AS VARCHAR) AS principal, f.owner, f.name FROM {RECORDED} u \
         JOIN {FUNCTIONS} f ON u.session = f.name AND u.account = f.owner \
         WHERE u.provider = 'aws' AND u.evidence = '{CLOUDTRAIL}' AND u.principal_kind = 'role'"
    );
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let (principal, owner, name) =
            (columns.text("principal")?, columns.text("owner")?, columns.text("name")?);
        for row in 0..batch.num_rows() {
            let function = Target::Function {
                account: owner.text(row).unwrap_or_default(),
                name: name.text(row).unwrap_or_default(),
            };
            deploys.runs(&principal.text(row).unwrap_or_default(), function);
        }
    }
    context.deregister_table(FUNCTIONS)?;
    Ok(())
}

/// Adds rollouts, images and what runs as whom, of a ledger that other sources than CloudTrail wrote to.
pub(crate) async fn runs_on_wire(
    context: &SessionContext,
    deploys: &mut Deploys,
) -> Result<(), DataFusionError> {
    rollouts(context, deploys).await?;
    workloads(context, deploys).await?;
    images(context, deploys).await
}

/// Who changes workloads by rolling them out, but for the cluster's own controllers: these finish what others began.
async fn rollouts(context: &SessionContext, deploys: &mut Deploys) -> Result<(), DataFusionError> {
    let groups: Vec<_> = rolled_groups().map(literal).collect();
    let by = "service, operation, account, resources";
    let query = format!(
        "SELECT {by}, {} AS day, {WHEN} FROM {RECORDED} WHERE provider = 'kubernetes' AND evidence = '{KUBERNETES_AUDIT}' \
         AND outcome = 'allowed' AND service IN ({}) AND principal NOT LIKE 'system:serviceaccount:kube-system:%' \
         AND principal NOT LIKE 'system:kube-%' AND principal NOT LIKE 'system:node:%' GROUP BY {by}, {}",
        day(),
        groups.join(", "),
        day()
    );
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let (group, operation) = (columns.text("service")?, columns.text("operation")?);
        let (cluster, sample) = (columns.text("account")?, columns.text("sample_id")?);
        let (resources, day) = (columns.list("resources")?, columns.number("day")?);
        for row in 0..batch.num_rows() {
            let (group, operation) =
                (group.text(row).unwrap_or_default(), operation.text(row).unwrap_or_default());
            let cluster = cluster.text(row).unwrap_or_default();
            for resource in strings(resources.value(row).as_ref())? {
                if let Some(changed) = rollout(&group, &operation, &cluster, &resource) {
                    deploys.add(day.value(row), changed, sample.text(row));
                }
            }
        }
    }
    Ok(())
}

/// Which workloads call as whom.
async fn workloads(context: &SessionContext, deploys: &mut Deploys) -> Result<(), DataFusionError> {
    let by = "principal, in_cluster, in_namespace, owner_kind, owner_name";
    let query = format!(
        "SELECT {by} FROM {TABLE} WHERE owner_name IS NOT NULL AND in_namespace IS NOT NULL GROUP BY {by}"
    );
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let (principal, cluster) = (columns.text("principal")?, columns.text("in_cluster")?);
        let (namespace, kind) = (columns.text("in_namespace")?, columns.text("owner_kind")?);
        let owner = columns.text("owner_name")?;
        for row in 0..batch.num_rows() {
            let (kind, owner) = (kind.text(row).unwrap_or_default(), owner.text(row).unwrap_or_default());
            let owners = match resource_of(&kind) {
                Some(resource) => vec![(resource, owner)],
                None if kind == "Pod" => owners_of(&owner),
                None => Vec::new(),
            };
            for (resource, name) in owners {
                let workload = Target::Workload {
                    cluster: cluster.text(row).unwrap_or_default(),
                    namespace: namespace.text(row).unwrap_or_default(),
                    resource,
                    name,
                };
                deploys.runs(&principal.text(row).unwrap_or_default(), workload);
            }
        }
    }
    Ok(())
}

/// Images by day, of one place of a workload that calls as a principal.
type Images = BTreeMap<i64, BTreeSet<String>>;

/// Workloads that agents saw run from another image than on the last day before on which they were seen.
async fn images(context: &SessionContext, deploys: &mut Deploys) -> Result<(), DataFusionError> {
    let by = "principal, workload, image";
    let query = format!(
        "SELECT {by}, {} AS day FROM {TABLE} WHERE NOT {} AND image IS NOT NULL AND owner_name IS NOT NULL \
         GROUP BY {by}, {}",
        day(),
        logged(),
        day()
    );
    let mut places: BTreeMap<(String, String), Images> = BTreeMap::new();
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let (principal, workload) = (columns.text("principal")?, columns.text("workload")?);
        let (image, day) = (columns.text("image")?, columns.number("day")?);
        for row in 0..batch.num_rows() {
            let text = |column: &crate::rollup::Text<'_>| column.text(row).unwrap_or_default();
            let days = places.entry((text(&principal), text(&workload))).or_default();
            days.entry(day.value(row)).or_default().insert(text(&image));
        }
    }
    for ((principal, workload), days) in places {
        let place = Target::Place(format!("{principal} {workload}"));
        for (day, image) in changed_images(&days) {
            let marker = Marker { kind: Kind::Image, what: format!("`{image}`"), sample: None };
            deploys.note(place.clone(), day, marker);
        }
        deploys.runs(&principal, place);
    }
    Ok(())
}

/// Days on which an image ran that had not run on the last day before, each with the image.
pub(super) fn changed_images(days: &Images) -> Vec<(i64, &str)> {
    let pairs = days.values().zip(days.iter().skip(1));
    pairs
        .filter_map(|(before, (day, images))| Some((*day, images.difference(before).next()?.as_str())))
        .collect()
}

impl Deploys {
    pub(super) fn add(&mut self, day: i64, changed: Changed, sample: Option<String>) {
        self.note(changed.target, day, Marker { kind: changed.kind, what: changed.what, sample });
    }
}
