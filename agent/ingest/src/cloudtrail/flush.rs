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
use super::table::Table;

/// One worker's share of a flush.
pub(crate) struct Part<'a> {
    pub(crate) table: &'a Table,
    pub(crate) plans: &'a Plans,
}

/// A row whose numbers mean the same in every part.
#[derive(Clone, Copy, Debug)]
struct Flat {
    day: i32,
    principal: u32,
    operation: u32,
    who: u32,
    origin: u32,
    hour: i32,
    part: u32,
    row: u32,
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
    flats.sort_unstable_by_key(|flat| (flat.day, flat.principal, flat.operation));
    let days: Vec<&[Flat]> = flats.chunk_by(|left, right| left.day == right.day).collect();
    let next = AtomicUsize::new(0);
    let staged = Mutex::new(Vec::with_capacity(days.len()));
    let work = || {
        while let Some(rows) = days.get(next.fetch_add(1, Ordering::Relaxed)) {
            let file = stage_day(flush, parts, &names, rows);
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

/// Everything of a flush that is not a usage row.
pub(crate) fn publication(
    mut evidence: Evidence,
    works: Vec<Work>,
    selectors: Option<&Selectors>,
) -> Publication {
    let mut publication = Publication::default();
    for work in works {
        for (place, hour, lost) in work.lost_places {
            let seen = super::coverage::Seen { lost, ..Default::default() };
            evidence.entry(place).or_default().entry(hour).or_default().add(seen);
        }
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
    publication.coverage = records(&evidence, selectors);
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
                day: row.key.hour.div_euclid(24),
                principal: 0,
                operation,
                who,
                origin: origin_of.get(row.key.origin as usize).copied().unwrap_or(0),
                hour: row.key.hour,
                part: u32::try_from(part_number).unwrap_or(u32::MAX),
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
    rows: &[Flat],
) -> Result<StagedFile, LedgerError> {
    let day = rows.first().map_or(0, |row| i64::from(row.day));
    let mut file = flush.stage(day)?;
    for group in
        rows.chunk_by(|left, right| (left.principal, left.operation) == (right.principal, right.operation))
    {
        write_group(&mut file, parts, names, group)?;
    }
    file.flush()?;
    Ok(file)
}

/// A row of a group: call and sample by their places in the group.
struct Counted<'a> {
    call: usize,
    hour: i32,
    who: u32,
    origin: u32,
    count: u64,
    first: i64,
    last: i64,
    sample: &'a [u8],
    issued: Vec<&'a str>,
}

/// Writes the rows of one day, principal and operation.
fn write_group(
    file: &mut StagedFile,
    parts: &[Part<'_>],
    names: &Names,
    group: &[Flat],
) -> Result<(), LedgerError> {
    let mut calls: Vec<Call> = Vec::new();
    let mut call_of: HashMap<(u32, u32), usize, FixedState> = HashMap::default();
    let mut counted: Vec<Counted<'_>> = Vec::with_capacity(group.len());
    for flat in group {
        let Some(part) = parts.get(flat.part as usize) else { continue };
        let Some(row) = part.table.rows().get(flat.row as usize) else { continue };
        let call = match call_of.get(&(flat.part, row.key.call)) {
            Some(call) => *call,
            None => {
                let Some(call) = unpack(part.table.calls.get(row.key.call), part.table, part.plans) else {
                    continue;
                };
                calls.push(call);
                call_of.insert((flat.part, row.key.call), calls.len() - 1);
                calls.len() - 1
            }
        };
        counted.push(Counted {
            call,
            hour: flat.hour,
            who: flat.who,
            origin: flat.origin,
            count: row.count,
            first: row.first,
            last: row.last,
            sample: part.table.sample(row),
            issued: part.table.issued_by(flat.row).collect(),
        });
    }
    let (calls, ranks) = rank_calls(calls);
    for row in &mut counted {
        row.call = ranks.get(row.call).copied().unwrap_or(0);
    }
    counted.sort_by_key(|row| (row.call, row.hour, row.who, row.origin));
    let mut rows = counted.into_iter().peekable();
    let mut exemplified = None;
    while let Some(mut row) = rows.next() {
        let same = |other: &Counted<'_>| {
            (other.call, other.hour, other.who, other.origin) == (row.call, row.hour, row.who, row.origin)
        };
        while let Some(other) = rows.next_if(same) {
            row.count = row.count.saturating_add(other.count);
            row.first = row.first.min(other.first);
            row.last = row.last.max(other.last);
            row.sample = if row.sample.is_empty() || (!other.sample.is_empty() && other.sample < row.sample) {
                other.sample
            } else {
                row.sample
            };
            row.issued.extend(other.issued);
        }
        row.issued.sort_unstable();
        row.issued.dedup();
        let (Some(call), Some(who)) = (calls.get(row.call), names.whos.get(row.who as usize)) else {
            continue;
        };
        let origin =
            names.origins.get(row.origin as usize).map(String::as_str).filter(|origin| !origin.is_empty());
        let via = via(who, origin);
        let example = (row.call, via, who.kind);
        let sample = (exemplified != Some(example) && !row.sample.is_empty()).then_some(row.sample);
        if sample.is_some() {
            exemplified = Some(example);
        }
        push(file, &row, call, who, origin, sample)?;
    }
    Ok(())
}

fn push(
    file: &mut StagedFile,
    row: &Counted<'_>,
    call: &Call,
    who: &Identity,
    origin: Option<&str>,
    sample: Option<&[u8]>,
) -> Result<(), LedgerError> {
    let resources: Vec<&str> = call.resources.iter().map(String::as_str).collect();
    let parameters: Vec<(&str, &str)> =
        call.parameters.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
    file.push(&UsageRow {
        window_start: i64::from(row.hour).saturating_mul(HOUR),
        first_seen: row.first,
        last_seen: row.last,
        count: row.count,
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
        issued: &row.issued,
        source_identity: who.source_identity.as_deref(),
        network_origin: origin,
        evidence: EVIDENCE,
        sample_id: sample.and_then(|sample| std::str::from_utf8(sample).ok()),
    })
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
