//! From counts to the ledger's rows.

use std::collections::BTreeMap;

use remit_ledger::{
    CoverageRecord, EventClass, Flush, HOUR, LedgerError, Outcome, Provider, StagedFile, UsageRecord,
    Workload, write_group,
};

use remit_catalog::kubernetes::{NAMESPACE, VERSION};

use super::EVIDENCE;
use super::event::Delivery;
use super::table::{Table, Told};
use crate::stretches::{Seen, stretches};

/// What the events of a flush show, by cluster and form of delivery.
pub(crate) type Evidence = BTreeMap<(Option<String>, Delivery), BTreeMap<i64, Seen>>;

/// Writes the rows of all tables into files of `flush`.
pub(crate) fn stage(flush: Flush<'_>, tables: &[Table]) -> Result<Vec<StagedFile>, LedgerError> {
    let mut rows: Vec<Told<'_>> = tables.iter().flat_map(Table::rows).collect();
    rows.sort_unstable_by(|left, right| (day(left), group(left)).cmp(&(day(right), group(right))));
    let mut staged = Vec::new();
    for rows in rows.chunk_by(|left, right| day(left) == day(right)) {
        let Some(first) = rows.first() else { continue };
        let mut file = flush.stage(i64::from(day(first)))?;
        for rows in rows.chunk_by(|left, right| group(left) == group(right)) {
            write_group(rows.iter().map(record).collect(), &mut file)?;
        }
        file.flush()?;
        staged.push(file);
    }
    Ok(staged)
}

fn day(told: &Told<'_>) -> i32 {
    told.hour.div_euclid(24)
}

/// The order of groups in a file.
fn group<'a>(told: &Told<'a>) -> (Option<&'a str>, &'a str, &'a str, &'a str) {
    (told.cluster, &told.who.principal, &told.call.asked.service, &told.call.asked.operation)
}

fn record(told: &Told<'_>) -> UsageRecord {
    let Told { who, call, row, .. } = told;
    let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let cluster = told.cluster.map(str::to_owned);
    let mark = |is_so: bool| if is_so { "true" } else { "" };
    let parameters = [
        (NAMESPACE, call.asked.namespace.as_str()),
        (VERSION, &call.asked.version),
        ("groups", &who.groups),
        ("created", mark(call.is_created)),
        ("upgraded", mark(call.is_upgraded)),
    ];
    let workload = who.pod.as_ref().map(|(namespace, owner)| Workload {
        cluster: cluster.clone(),
        namespace: Some(namespace.clone()),
        owner_kind: Some("Pod".to_owned()),
        owner_name: Some(owner.clone()),
        ..Workload::default()
    });
    UsageRecord {
        window_start: i64::from(told.hour).saturating_mul(HOUR),
        first_seen: row.first,
        last_seen: row.last,
        count: row.count,
        provider: Provider::Kubernetes,
        account: cluster,
        region: None,
        principal: who.principal.clone(),
        principal_kind: who.kind().to_owned(),
        session: None,
        credential: who.credential.clone(),
        workload,
        service: call.asked.service.clone(),
        operation: call.asked.operation.clone(),
        resources: own(&call.asked.resource).into_iter().collect(),
        parameters: parameters
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        permissions: Vec::new(),
        outcome: call.outcome,
        error_code: call.error.filter(|_| call.outcome != Outcome::Allowed).map(|code| code.to_string()),
        via: who.via.clone(),
        authorizer: call.authorizer.clone(),
        issued: Vec::new(),
        source_identity: who.source.clone(),
        network_origin: own(told.origin),
        evidence: EVIDENCE.to_owned(),
        sample_id: own(&row.sample),
    }
}

/// Coverage records of a flush.
pub(crate) fn coverage(evidence: &Evidence) -> Vec<CoverageRecord> {
    let of = |((cluster, delivery), hours): (&(Option<String>, Delivery), &BTreeMap<i64, Seen>)| {
        stretches(hours, |seen| {
            let mut classes = seen.classes();
            classes.push(EventClass::Data {
                resource_type: format!("kubernetes:delivery:{}", delivery.as_str()),
                resource_prefixes: Vec::new(),
                reads: true,
                writes: true,
            });
            CoverageRecord {
                provider: Provider::Kubernetes,
                account: cluster.clone(),
                region: None,
                evidence: EVIDENCE.to_owned(),
                workload: None,
                start: 0,
                end: 0,
                classes,
                excluded_services: Vec::new(),
                events: seen.events,
                lost: 0,
            }
        })
    };
    evidence.iter().flat_map(of).collect()
}
