//! From counts to the ledger's rows.
//!
//! Rows are brought in order by numbers, and written from where they were counted.

use std::collections::BTreeMap;

use remit_catalog::kubernetes::{NAMESPACE, VERSION};
use remit_ledger::{
    CoverageRecord, EventClass, Flush, HOUR, LedgerError, Outcome, Provider, StagedFile, UsageRecord,
    UsageRow, Values, Workload, write_group,
};

use super::EVIDENCE;
use super::asked::Asked;
use super::caller::Who;
use super::event::Delivery;
use super::table::{Call, Row, Table};
use crate::ranks::{Ranks, at, classes};
use crate::stretches::{Seen, stretches};

/// What the events of a flush show, by cluster and form of delivery.
pub(crate) type Evidence = BTreeMap<(Option<String>, Delivery), BTreeMap<i64, Seen>>;

/// A row whose numbers mean the same in every table, and sort as what they stand for. They come in the order of a file:
/// rows that one example stands for follow each other.
#[derive(Clone, Copy, Debug)]
struct Flat<'a> {
    day: i32,
    cluster: u32,
    principal: u32,
    operation: u32,
    /// Calls that differ in nothing but what allowed them.
    alike: u32,
    /// Of one principal those that differ in nothing but credential and impersonator.
    kin: u32,
    hour: i32,
    who: u32,
    origin: u32,
    call: u32,
    row: &'a Row,
}

/// A row with what its numbers stand for.
#[derive(Clone, Copy)]
struct Told<'a> {
    flat: &'a Flat<'a>,
    who: &'a Who,
    call: &'a Call,
    origin: &'a str,
    cluster: Option<&'a str>,
}

/// What rows refer to by number.
struct Names<'a> {
    clusters: Vec<Option<&'a str>>,
    whos: Vec<&'a Who>,
    calls: Vec<&'a Call>,
    origins: Vec<&'a str>,
}

impl Flat<'_> {
    fn group(&self) -> (i32, u32, u32, u32) {
        (self.day, self.cluster, self.principal, self.operation)
    }

    fn key(&self) -> (u32, u32, i32, u32, u32, u32) {
        (self.alike, self.kin, self.hour, self.who, self.origin, self.call)
    }
}

/// Writes the rows of all tables into files of `flush`.
pub(crate) fn stage(flush: Flush<'_>, tables: &[Table]) -> Result<Vec<StagedFile>, LedgerError> {
    let (names, mut flats) = flatten(tables);
    flats.sort_unstable_by_key(|flat| (flat.group(), flat.key()));
    let mut staged = Vec::new();
    for rows in flats.chunk_by(|left, right| left.day == right.day) {
        let Some(first) = rows.first() else { continue };
        let mut file = flush.stage(i64::from(first.day))?;
        for rows in rows.chunk_by(|left, right| left.group() == right.group()) {
            names.write(rows, &mut file)?;
        }
        file.flush()?;
        staged.push(file);
    }
    Ok(staged)
}

/// Gives equal things of all tables one number.
fn flatten(tables: &[Table]) -> (Names<'_>, Vec<Flat<'_>>) {
    let (mut clusters, mut whos, mut calls, mut origins) =
        (Ranks::default(), Ranks::default(), Ranks::default(), Ranks::default());
    let mut flats = Vec::with_capacity(tables.iter().map(|table| table.rows().len()).sum());
    for table in tables {
        let clusters: Vec<u32> = table.clusters().map(|cluster| clusters.number(cluster)).collect();
        let whos: Vec<u32> = table.whos().map(|who| whos.number(who)).collect();
        let calls: Vec<u32> = table.calls().map(|call| calls.number(call)).collect();
        let origins: Vec<u32> = table.origins().map(|origin| origins.number(origin)).collect();
        flats.extend(table.rows().iter().map(|(key, row)| Flat {
            day: key.hour.div_euclid(24),
            cluster: at(&clusters, key.cluster),
            principal: 0,
            operation: 0,
            alike: 0,
            kin: 0,
            hour: key.hour,
            who: at(&whos, key.who),
            origin: at(&origins, key.origin),
            call: at(&calls, key.call),
            row,
        }));
    }
    let (clusters, cluster_ranks) = clusters.ranked();
    let (whos, who_ranks) = whos.ranked();
    let (calls, call_ranks) = calls.ranked();
    let (origins, origin_ranks) = origins.ranked();
    let principals = classes(&whos, |left: &&Who, right| left.principal == right.principal);
    let kin = classes(&whos, |left, right| left.is_kin(right));
    let operations = classes(&calls, |left: &&Call, right| {
        (&left.asked.service, &left.asked.operation) == (&right.asked.service, &right.asked.operation)
    });
    let alike = classes(&calls, |left, right| left.is_like(right));
    for flat in &mut flats {
        flat.cluster = at(&cluster_ranks, flat.cluster);
        flat.who = at(&who_ranks, flat.who);
        flat.call = at(&call_ranks, flat.call);
        flat.origin = at(&origin_ranks, flat.origin);
        flat.principal = at(&principals, flat.who);
        flat.kin = at(&kin, flat.who);
        flat.operation = at(&operations, flat.call);
        flat.alike = at(&alike, flat.call);
    }
    (Names { clusters, whos, calls, origins }, flats)
}

impl<'a> Names<'a> {
    /// Writes the rows of one group.
    fn write(&'a self, rows: &'a [Flat<'a>], file: &mut StagedFile) -> Result<(), LedgerError> {
        if self.may_be_cut(rows) {
            // Rows that become equal by it are to be added up.
            let told = rows.iter().filter_map(|flat| self.told(flat));
            return write_group(told.map(Told::record).collect(), file);
        }
        let mut workload: Option<(u32, Option<Workload>)> = None;
        let mut parameters = Vec::new();
        for alike in rows.chunk_by(|left, right| (left.alike, left.kin) == (right.alike, right.kin)) {
            let mut example = alike.iter().filter_map(|flat| flat.row.sample.as_str()).min();
            for equal in alike.chunk_by(|left, right| left.key() == right.key()) {
                let Some(told) = equal.first().and_then(|flat| self.told(flat)) else { continue };
                if workload.as_ref().is_none_or(|(kin, _)| *kin != told.flat.kin) {
                    workload = Some((told.flat.kin, told.workload()));
                }
                parameters.clear();
                parameters.extend(told.parameters());
                let is_example = equal.iter().any(|flat| flat.row.sample.as_str() == example);
                let resource = [told.call.asked.resource.as_str()];
                file.push(&UsageRow {
                    first_seen: equal.iter().map(|flat| flat.row.first).min().unwrap_or_default(),
                    last_seen: equal.iter().map(|flat| flat.row.last).max().unwrap_or_default(),
                    count: equal.iter().fold(0, |sum, flat| flat.row.count.saturating_add(sum)),
                    workload: workload.as_ref().and_then(|(_, workload)| workload.as_ref()),
                    resources: if resource == [""] { &[] } else { &resource },
                    parameters: &parameters,
                    error_code: told.error_code().as_deref(),
                    sample_id: if is_example { example.take() } else { None },
                    ..told.row()
                })?;
            }
        }
        Ok(())
    }

    /// Whether the ledger's bound on names may cut one of the rows of a group: as many as it allows, none of which was cut before,
    /// stay as they are.
    fn may_be_cut(&'a self, rows: &'a [Flat<'a>]) -> bool {
        let is_cut = |flat: &'a Flat<'a>| {
            self.told(flat).is_none_or(|told| {
                let Asked { resource, namespace, .. } = &told.call.asked;
                [resource, namespace, &told.who.groups].into_iter().any(|name| name.ends_with('*'))
            })
        };
        let mut combinations = 0;
        rows.chunk_by(|left, right| (left.alike, left.kin) == (right.alike, right.kin)).any(|alike| {
            combinations += 1;
            combinations > Values::LIMIT || alike.first().is_some_and(is_cut)
        })
    }

    fn told(&'a self, flat: &'a Flat<'a>) -> Option<Told<'a>> {
        Some(Told {
            flat,
            who: self.whos.get(flat.who as usize)?,
            call: self.calls.get(flat.call as usize)?,
            cluster: *self.clusters.get(flat.cluster as usize)?,
            origin: self.origins.get(flat.origin as usize)?,
        })
    }
}

impl<'a> Told<'a> {
    fn workload(&self) -> Option<Workload> {
        let (namespace, owner) = self.who.pod.as_ref()?;
        Some(Workload {
            cluster: self.cluster.map(str::to_owned),
            namespace: Some(namespace.clone()),
            owner_kind: Some("Pod".to_owned()),
            owner_name: Some(owner.clone()),
            ..Workload::default()
        })
    }

    /// In the order of their names.
    fn parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mark = |is_so: bool| if is_so { "true" } else { "" };
        let (call, who) = (self.call, self.who);
        let all = [
            ("created", mark(call.is_created)),
            ("groups", who.groups.as_str()),
            (NAMESPACE, call.asked.namespace.as_str()),
            ("upgraded", mark(call.is_upgraded)),
            (VERSION, call.asked.version.as_str()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty())
    }

    fn error_code(&self) -> Option<String> {
        let is_error = self.call.outcome != Outcome::Allowed;
        self.call.error.filter(|_| is_error).map(|code| code.to_string())
    }

    /// The row, but for what is not borrowed of what it is told with.
    fn row(&self) -> UsageRow<'a> {
        let Self { flat, who, call, .. } = self;
        UsageRow {
            window_start: i64::from(flat.hour).saturating_mul(HOUR),
            first_seen: flat.row.first,
            last_seen: flat.row.last,
            count: flat.row.count,
            provider: Provider::Kubernetes,
            account: self.cluster,
            region: None,
            principal: &who.principal,
            principal_kind: who.kind(),
            session: None,
            credential: who.credential.as_deref(),
            workload: None,
            service: &call.asked.service,
            operation: &call.asked.operation,
            resources: &[],
            parameters: &[],
            permissions: &[],
            outcome: call.outcome,
            error_code: None,
            via: who.via.as_deref(),
            authorizer: call.authorizer.as_deref(),
            issued: &[],
            source_identity: who.source.as_deref(),
            network_origin: Some(self.origin).filter(|origin| !origin.is_empty()),
            evidence: EVIDENCE,
            sample_id: flat.row.sample.as_str(),
        }
    }

    fn record(self) -> UsageRecord {
        let row = self.row();
        let own = |text: Option<&str>| text.map(str::to_owned);
        let resource = &self.call.asked.resource;
        UsageRecord {
            window_start: row.window_start,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
            count: row.count,
            provider: row.provider,
            account: own(row.account),
            region: None,
            principal: row.principal.to_owned(),
            principal_kind: row.principal_kind.to_owned(),
            session: None,
            credential: own(row.credential),
            workload: self.workload(),
            service: row.service.to_owned(),
            operation: row.operation.to_owned(),
            resources: if resource.is_empty() { Vec::new() } else { vec![resource.clone()] },
            parameters: self.parameters().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            permissions: Vec::new(),
            outcome: row.outcome,
            error_code: self.error_code(),
            via: own(row.via),
            authorizer: own(row.authorizer),
            issued: Vec::new(),
            source_identity: own(row.source_identity),
            network_origin: own(row.network_origin),
            evidence: row.evidence.to_owned(),
            sample_id: own(row.sample_id),
        }
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
