//! From counts to the ledger's rows.
//!
//! Rows are grouped by day, principal and operation, and one group at a time is unpacked, so that memory is bounded by
//! what was counted. Groups of different days go to different files and are written by several threads.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::FixedState;
use remit_ledger::{Counts, Flush, HOUR, LedgerError, Provider, Publication, StagedFile, UsageRow};

use super::EVIDENCE;
use super::call::{Call, unpack};
use super::coverage::{Evidence, records};
use super::identity::Identity;
use super::operation::Plans;
use super::recorder::Work;
use super::selectors::Selectors;
use super::table::{Row, Table};

/// One worker's share of a flush.
pub(crate) struct Part<'a> {
    pub(crate) table: &'a Table,
    pub(crate) plans: &'a Plans,
}

/// A row whose numbers mean the same in every part; the call's number does so in its part only.
#[derive(Clone, Copy, Debug)]
struct Flat {
    principal: u32,
    operation: u32,
    part: u32,
    call: u32,
    hour: i32,
    who: u32,
    origin: u32,
    row: u32,
    /// Whether the row keeps its example event.
    is_example: bool,
}

/// What rows refer to by number, ranked: a smaller number sorts first.
struct Names {
    whos: Vec<Identity>,
    origins: Vec<String>,
}

/// Writes the rows of all parts into files of `flush`, on as many threads as `threads`.
pub(crate) fn stage(
    flush: Flush<'_>,
    parts: &[Part<'_>],
    threads: usize,
) -> Result<Vec<StagedFile>, LedgerError> {
    let (names, mut flats) = flatten(parts);
    flats.sort_unstable_by_key(|flat| (flat.principal, flat.operation, flat.part, flat.call, flat.hour));
    for rows in flats.chunk_by_mut(|left, right| {
        (left.principal, left.part, left.call) == (right.principal, right.part, right.call)
    }) {
        choose_examples(parts, &names, rows);
    }
    let mut by_day: BTreeMap<i32, Vec<Flat>> = BTreeMap::new();
    for flat in flats {
        by_day.entry(flat.hour.div_euclid(24)).or_default().push(flat);
    }
    let days: Vec<(i32, Vec<Flat>)> = by_day.into_iter().collect();
    let next = AtomicUsize::new(0);
    let staged = Mutex::new(Vec::with_capacity(days.len()));
    let work = || {
        while let Some((day, rows)) = days.get(next.fetch_add(1, Ordering::Relaxed)) {
            let file = stage_day(flush, parts, &names, *day, rows);
            staged.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(file);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(days.len()) {
            scope.spawn(work);
        }
        work();
    });
    staged.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).into_iter().collect()
}

/// Of the rows that differ only in when, where from and in which session, one keeps its example event: the one whose id
/// is the smallest, so that it does not depend on how events were split into files and flushes.
fn choose_examples(parts: &[Part<'_>], names: &Names, rows: &mut [Flat]) {
    let sample = |flat: &Flat| -> &[u8] {
        let Some(part) = parts.get(flat.part as usize) else { return &[] };
        part.table.rows().get(flat.row as usize).map_or(&[], |row| part.table.sample(row))
    };
    let kind = |flat: &Flat| {
        let who = names.whos.get(flat.who as usize)?;
        Some((who.kind, via(who, names.origins.get(flat.origin as usize).map(String::as_str))))
    };
    // There are as many examples as there are services that called on the principal's behalf: hardly ever two.
    let mut chosen: Vec<usize> = Vec::new();
    for (place, row) in rows.iter().enumerate().filter(|(_, row)| !sample(row).is_empty()) {
        let alike = |other: &&mut usize| rows.get(**other).is_some_and(|other| kind(other) == kind(row));
        match chosen.iter_mut().find(alike) {
            None => chosen.push(place),
            Some(other) => {
                if rows.get(*other).is_some_and(|other| sample(row) < sample(other)) {
                    *other = place;
                }
            }
        }
    }
    for place in chosen {
        if let Some(row) = rows.get_mut(place) {
            row.is_example = true;
        }
    }
}

/// Everything of a flush that is not a usage row.
pub(crate) fn publication(
    evidence: &Evidence,
    works: Vec<Work>,
    selectors: Option<&Selectors>,
) -> Publication {
    let mut publication = Publication::default();
    for work in works {
        for (hour, identifier) in work.identifiers {
            publication.identifiers.entry(i64::from(hour)).or_default().push(identifier);
        }
        let owned = |counts: BTreeMap<&'static str, u64>| {
            counts.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect()
        };
        publication.counts.add(&Counts {
            read: work.read,
            recorded: work.recorded,
            skipped: owned(work.skipped),
            lost: owned(work.lost),
        });
        publication.sources.extend(work.sources);
    }
    publication.sources.sort_by(|left, right| left.name.cmp(&right.name));
    publication.coverage = records(evidence, selectors);
    publication
}

/// Gives equal identities, operations and origins of all parts one number.
fn flatten(parts: &[Part<'_>]) -> (Names, Vec<Flat>) {
    let mut whos: HashMap<Identity, u32, FixedState> = HashMap::default();
    let mut origins: HashMap<String, u32, FixedState> = HashMap::default();
    let mut operations: HashMap<(&str, &str), u32, FixedState> = HashMap::default();
    let mut flats = Vec::with_capacity(parts.iter().map(|part| part.table.rows().len()).sum());
    for (part_number, part) in parts.iter().enumerate() {
        let table = part.table;
        let mut who_of: HashMap<(u32, u32), u32, FixedState> = HashMap::default();
        let origin_of: Vec<u32> = (0..table.origins.len())
            .map(|number| {
                let text = String::from_utf8_lossy(table.origins.get(u32::try_from(number).unwrap_or(0)));
                let next = u32::try_from(origins.len()).unwrap_or(u32::MAX);
                *origins.entry(text.into_owned()).or_insert(next)
            })
            .collect();
        let mut operation_of: HashMap<u32, u32, FixedState> = HashMap::default();
        for (row_number, row) in table.rows().iter().enumerate() {
            let Some((plan, recipient)) = super::call::peek(table.calls.get(row.key.call)) else { continue };
            let who = *who_of.entry((row.key.identity, recipient)).or_insert_with(|| {
                let object = Some(table.identities.get(row.key.identity)).filter(|object| !object.is_empty());
                let who = Identity::read(object, table.name(recipient).as_deref());
                let next = u32::try_from(whos.len()).unwrap_or(u32::MAX);
                *whos.entry(who).or_insert(next)
            });
            let operation = *operation_of.entry(plan).or_insert_with(|| {
                let name = part.plans.get(plan).map_or(("", ""), |plan| (&plan.service, &plan.operation));
                let next = u32::try_from(operations.len()).unwrap_or(u32::MAX);
                *operations.entry(name).or_insert(next)
            });
            flats.push(Flat {
                principal: 0,
                operation,
                part: u32::try_from(part_number).unwrap_or(u32::MAX),
                call: row.key.call,
                hour: row.key.hour,
                who,
                origin: origin_of.get(row.key.origin as usize).copied().unwrap_or(0),
                is_example: false,
                row: u32::try_from(row_number).unwrap_or(u32::MAX),
            });
        }
    }
    let (whos, who_ranks) = ranked(whos);
    let (origins, origin_ranks) = ranked(origins);
    let (_, operation_ranks) = ranked(operations);
    let mut principals = Vec::with_capacity(whos.len());
    for pair in [None].into_iter().chain(whos.iter().map(Some)).zip(&whos) {
        let last = principals.last().copied().unwrap_or(0);
        let same =
            pair.0.is_some_and(|left| left.account == pair.1.account && left.principal == pair.1.principal);
        principals.push(if same { last } else { last + 1 });
    }
    let rank = |ranks: &[u32], number: u32| ranks.get(number as usize).copied().unwrap_or(0);
    for flat in &mut flats {
        flat.who = rank(&who_ranks, flat.who);
        flat.principal = principals.get(flat.who as usize).copied().unwrap_or(0);
        flat.origin = rank(&origin_ranks, flat.origin);
        flat.operation = rank(&operation_ranks, flat.operation);
    }
    (Names { whos, origins }, flats)
}

/// Sorts numbered things; the second list tells a thing's place by its number.
fn ranked<T: Ord>(numbered: HashMap<T, u32, FixedState>) -> (Vec<T>, Vec<u32>) {
    let mut sorted: Vec<(T, u32)> = numbered.into_iter().collect();
    sorted.sort_unstable();
    let mut ranks = vec![0; sorted.len()];
    for (rank, (_, number)) in sorted.iter().enumerate() {
        if let Some(slot) = ranks.get_mut(*number as usize) {
            *slot = u32::try_from(rank).unwrap_or(u32::MAX);
        }
    }
    (sorted.into_iter().map(|(thing, _)| thing).collect(), ranks)
}

fn stage_day(
    flush: Flush<'_>,
    parts: &[Part<'_>],
    names: &Names,
    day: i32,
    rows: &[Flat],
) -> Result<StagedFile, LedgerError> {
    let mut file = flush.stage(i64::from(day))?;
    let mut counted = Vec::new();
    for group in
        rows.chunk_by(|left, right| (left.principal, left.operation) == (right.principal, right.operation))
    {
        counted.clear();
        let calls = count_group(parts, group, &mut counted);
        write_group(&mut file, parts, names, &calls, &counted)?;
    }
    file.flush()?;
    Ok(file)
}

/// A row of a group, with the place of its call among the group's.
#[derive(Clone, Copy)]
struct Counted<'a> {
    call: usize,
    flat: Flat,
    row: &'a Row,
}

impl Counted<'_> {
    /// Rows for which it is the same are one row.
    fn key(&self) -> (usize, i32, u32, u32) {
        (self.call, self.flat.hour, self.flat.who, self.flat.origin)
    }
}

/// Unpacks the calls of one day, principal and operation, and brings the rows in their order.
fn count_group<'a>(parts: &[Part<'a>], group: &[Flat], counted: &mut Vec<Counted<'a>>) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for rows in group.chunk_by(|left, right| (left.part, left.call) == (right.part, right.call)) {
        let Some(first) = rows.first() else { continue };
        let Some(part) = parts.get(first.part as usize) else { continue };
        let Some(call) = unpack(part.table.calls.get(first.call), part.table, part.plans) else { continue };
        let place = calls.len();
        calls.push(call);
        counted.extend(rows.iter().filter_map(|flat| {
            Some(Counted { call: place, flat: *flat, row: part.table.rows().get(flat.row as usize)? })
        }));
    }
    if calls.len() > 1 {
        let (sorted, ranks) = rank_calls(calls);
        calls = sorted;
        for row in counted.iter_mut() {
            row.call = ranks.get(row.call).copied().unwrap_or(0);
        }
    }
    counted.sort_unstable_by_key(Counted::key);
    calls
}

/// Writes the rows of one day, principal and operation, equal ones as one.
fn write_group(
    file: &mut StagedFile,
    parts: &[Part<'_>],
    names: &Names,
    calls: &[Call],
    counted: &[Counted<'_>],
) -> Result<(), LedgerError> {
    for rows in counted.chunk_by(|left, right| left.call == right.call) {
        let Some(call) = rows.first().and_then(|row| calls.get(row.call)) else { continue };
        let resources: Vec<&str> = call.resources.iter().map(String::as_str).collect();
        let parameters: Vec<(&str, &str)> =
            call.parameters.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        for equal in rows.chunk_by(|left, right| left.key() == right.key()) {
            let Some(row) = equal.first() else { continue };
            let Some(who) = names.whos.get(row.flat.who as usize) else { continue };
            let origin = names.origins.get(row.flat.origin as usize).map(String::as_str);
            let origin = origin.filter(|origin| !origin.is_empty());
            let examples = equal.iter().filter(|row| row.flat.is_example).filter_map(|row| {
                let sample = parts.get(row.flat.part as usize)?.table.sample(row.row);
                std::str::from_utf8(sample).ok().filter(|sample| !sample.is_empty())
            });
            let mut issued: Vec<&str> = Vec::new();
            for row in equal {
                if let Some(part) = parts.get(row.flat.part as usize).filter(|part| part.table.has_issued()) {
                    issued.extend(part.table.issued_by(row.flat.row));
                }
            }
            issued.sort_unstable();
            issued.dedup();
            file.push(&UsageRow {
                window_start: i64::from(row.flat.hour).saturating_mul(HOUR),
                first_seen: equal.iter().map(|row| row.row.first).min().unwrap_or(row.row.first),
                last_seen: equal.iter().map(|row| row.row.last).max().unwrap_or(row.row.last),
                count: equal.iter().fold(0, |sum, row| row.row.count.saturating_add(sum)),
                provider: Provider::Aws,
                account: who.account.as_deref(),
                region: call.region.as_deref(),
                principal: &who.principal,
                principal_kind: who.kind.as_str(),
                session: who.session.as_deref(),
                credential: who.credential.as_deref(),
                workload: None,
                service: &call.service,
                operation: &call.operation,
                resources: &resources,
                parameters: &parameters,
                permissions: &[],
                outcome: call.outcome,
                error_code: call.error_code.as_deref(),
                via: via(who, origin),
                authorizer: None,
                issued: &issued,
                source_identity: who.source_identity.as_deref(),
                network_origin: origin,
                evidence: EVIDENCE,
                sample_id: examples.min(),
            })?;
        }
    }
    Ok(())
}

/// The service that called on the principal's behalf.
///
/// `AWS Internal` names no service: it is the console, or a part of the called service, acting with the
/// principal's own credentials in the same request, so the call is the principal's own.
fn via<'a>(who: &'a Identity, origin: Option<&'a str>) -> Option<&'a str> {
    if who.kind == super::identity::Kind::Service {
        return None;
    }
    let service = |name: &&str| name.contains(".amazonaws.com");
    who.invoked_by.as_deref().filter(service).or_else(|| origin.filter(service))
}

/// Sorts calls and leaves out repeats; the second list tells a call's new place by its old.
fn rank_calls(calls: Vec<Call>) -> (Vec<Call>, Vec<usize>) {
    let mut sorted: Vec<(Call, usize)> =
        calls.into_iter().enumerate().map(|(place, call)| (call, place)).collect();
    sorted.sort_unstable();
    let mut ranks = vec![0; sorted.len()];
    let mut distinct: Vec<Call> = Vec::new();
    for (call, place) in sorted {
        if distinct.last() != Some(&call) {
            distinct.push(call);
        }
        if let Some(slot) = ranks.get_mut(place) {
            *slot = distinct.len() - 1;
        }
    }
    (distinct, ranks)
}
