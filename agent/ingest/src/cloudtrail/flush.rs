//! From counts to the ledger's rows.
//!
//! Rows are brought in order by numbers, and unpacked one by one as they are written, so that memory is bounded by what
//! was counted. Rows of different days go to different files and are written by several threads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use remit_ledger::{Flush, HOUR, LedgerError, Provider, StagedFile, UsageRow};

use super::EVIDENCE;
use super::call::Call;
use super::identity::{Identity, Kind};
use super::operation::PlanList;
use super::table::{Row, Table};
use crate::bounded::{Excess, tree_of};
use crate::ranks::{Ranks, at, classes};

/// One worker's share of a flush, taken out of its recorder so that the worker counts on meanwhile.
pub(crate) struct Part {
    /// Sorted by [`Table::sort_issued`].
    pub(crate) table: Table,
    pub(crate) plans: PlanList,
    pub(crate) excess: Excess,
}

/// A row whose numbers mean the same in every part, but for the call's before it is [renamed](rename).
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
struct Names<'a> {
    whos: Vec<Cow<'a, Identity>>,
    origins: Vec<&'a str>,
    /// Whether each origin is a service, which calls on a principal's behalf.
    is_service: Vec<bool>,
}

impl Flat {
    /// In a file, calls of one session in one hour follow each other: what they have in common is stored once, while
    /// most of what is called on hardly repeats.
    fn key(&self) -> (u32, u32, i32, u32, u32) {
        (self.principal, self.operation, self.hour, self.who, self.origin)
    }
}

/// Writes the rows of all parts into files of `flush`, on as many threads as there are parts.
pub(crate) fn stage(flush: Flush<'_>, parts: &[Part]) -> Result<Vec<StagedFile>, LedgerError> {
    let (names, mut flats) = flatten(parts);
    let calls = rename(parts, &names, &mut flats);
    // Rows of a part are in this order already.
    flats.sort_by_key(|flat| (flat.call, flat.principal));
    for rows in flats.chunk_by_mut(|left, right| (left.call, left.principal) == (right.call, right.principal))
    {
        choose_examples(parts, &names, rows);
    }
    let mut by_day: BTreeMap<i32, Vec<Flat>> = BTreeMap::new();
    for flat in flats {
        by_day.entry(flat.hour.div_euclid(24)).or_default().push(flat);
    }
    let days: Vec<(i32, Mutex<Vec<Flat>>)> =
        by_day.into_iter().map(|(day, rows)| (day, Mutex::new(rows))).collect();
    let next = AtomicUsize::new(0);
    let staged = Mutex::new(Vec::with_capacity(days.len()));
    let work = || {
        while let Some((day, rows)) = days.get(next.fetch_add(1, Ordering::Relaxed)) {
            let rows = std::mem::take(&mut *lock(rows));
            let file = stage_day(flush, parts, &names, &calls, *day, rows);
            lock(&staged).push(file);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..parts.len().min(days.len()) {
            scope.spawn(work);
        }
        work();
    });
    staged.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).into_iter().collect()
}

/// A thread that panicked left rows unwritten, and its panic goes on when all have ended.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Gives equal calls of all parts one number, by which they are found in the answer. Names that were kept before there
/// were too many like them are cut as those that came later: whoever reads would do so anyway.
fn rename<'a>(parts: &'a [Part], names: &Names<'_>, flats: &mut [Flat]) -> Vec<Call<'a>> {
    let mut calls: Vec<Call<'a>> = Vec::new();
    let mut numbers: HashTable<(u64, u32)> = HashTable::new();
    flats.sort_unstable_by_key(|flat| (flat.part, flat.call, flat.principal));
    for rows in flats.chunk_by_mut(|left, right| {
        (left.part, left.call, left.principal) == (right.part, right.call, right.principal)
    }) {
        let call = rows.first().and_then(|flat| {
            let part = parts.get(flat.part as usize)?;
            let packed = part.table.calls.get(flat.call);
            let mut call = Call::of(packed, &part.table, &part.plans)?;
            let principal = &names.whos.get(flat.who as usize)?.principal;
            call.bound(&part.excess, tree_of(principal, super::call::peek(packed)?.0))?;
            Some(call)
        });
        let number = call.map_or(u32::MAX, |call| {
            let hash = FixedState::default().hash_one(&call);
            let is_equal = |&(other, number): &(u64, u32)| {
                other == hash && calls.get(number as usize).is_some_and(|other| *other == call)
            };
            if let Some((_, number)) = numbers.find(hash, is_equal) {
                return *number;
            }
            let number = u32::try_from(calls.len()).unwrap_or(u32::MAX);
            numbers.insert_unique(hash, (hash, number), |(hash, _)| *hash);
            calls.push(call);
            number
        });
        rows.iter_mut().for_each(|flat| flat.call = number);
    }
    calls
}

/// Of the rows that differ only in when, where from and in which session, one keeps its example event: the one whose id
/// is the smallest, so that it does not depend on how events were split into files and flushes.
fn choose_examples(parts: &[Part], names: &Names<'_>, rows: &mut [Flat]) {
    if let [row] = rows {
        row.is_example = true;
        return;
    }
    let sample = |flat: &Flat| -> &[u8] {
        let Some(part) = parts.get(flat.part as usize) else { return &[] };
        part.table.rows().get(flat.row as usize).map_or(&[], |row| part.table.sample(row))
    };
    let kind = |flat: &Flat| {
        let who = names.whos.get(flat.who as usize)?;
        Some((who.kind, names.via(who, flat.origin)))
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

/// Gives equal identities, operations and origins of all parts one number.
fn flatten<'a>(parts: &'a [Part]) -> (Names<'a>, Vec<Flat>) {
    let mut whos: Ranks<Cow<'a, Identity>> = Ranks::default();
    let mut origins: Ranks<&'a str> = Ranks::default();
    let mut operations: Ranks<(&'a str, &'a str)> = Ranks::default();
    let mut flats = Vec::with_capacity(parts.iter().map(|part| part.table.rows().len()).sum());
    for (part_number, part) in parts.iter().enumerate() {
        let table = &part.table;
        let origin_of: Vec<u32> = (0..table.origins.len())
            .map(|number| {
                let text = table.origins.get(u32::try_from(number).unwrap_or(0));
                origins.number(std::str::from_utf8(text).unwrap_or_default())
            })
            .collect();
        let calls: Vec<(u32, u32)> = (0..table.calls.len())
            .map(|number| {
                let call = table.calls.get(u32::try_from(number).unwrap_or(0));
                let (plan, recipient) = super::call::peek(call).unwrap_or_default();
                let name = part.plans.get(plan).map_or(("", ""), |plan| (&plan.service, &plan.operation));
                (operations.number(name), recipient)
            })
            .collect();
        // Hardly any identity calls in the logs of two accounts.
        let mut who_of: Vec<Vec<(u32, u32)>> = vec![Vec::new(); table.identities.len()];
        for (row_number, row) in table.rows().iter().enumerate() {
            let Some((operation, recipient)) = calls.get(row.key.call as usize).copied() else { continue };
            let Some(known) = who_of.get_mut(row.key.identity as usize) else { continue };
            let who = match known.iter().find(|(other, _)| *other == recipient) {
                Some((_, who)) => *who,
                None => {
                    let who = table.identities.identity(row.key.identity, table.name(recipient));
                    let who = whos.number(who);
                    known.push((recipient, who));
                    who
                }
            };
            flats.push(Flat {
                principal: 0,
                operation,
                part: u32::try_from(part_number).unwrap_or(u32::MAX),
                call: row.key.call,
                hour: row.key.hour,
                who,
                origin: at(&origin_of, row.key.origin),
                is_example: false,
                row: u32::try_from(row_number).unwrap_or(u32::MAX),
            });
        }
    }
    let (whos, who_ranks) = whos.ranked();
    let (origins, origin_ranks) = origins.ranked();
    let (_, operation_ranks) = operations.ranked();
    let principals =
        classes(&whos, |left, right| left.account == right.account && left.principal == right.principal);
    for flat in &mut flats {
        flat.who = at(&who_ranks, flat.who);
        flat.principal = at(&principals, flat.who);
        flat.origin = at(&origin_ranks, flat.origin);
        flat.operation = at(&operation_ranks, flat.operation);
    }
    let is_service = origins.iter().map(|origin| is_service(origin)).collect();
    (Names { whos, origins, is_service }, flats)
}

fn stage_day(
    flush: Flush<'_>,
    parts: &[Part],
    names: &Names<'_>,
    calls: &[Call<'_>],
    day: i32,
    mut rows: Vec<Flat>,
) -> Result<StagedFile, LedgerError> {
    let mut file = flush.stage(i64::from(day))?;
    rows.sort_unstable_by_key(Flat::key);
    let mut page = Page::default();
    let mut counted = Vec::new();
    for alike in rows.chunk_by(|left, right| left.key() == right.key()) {
        counted.clear();
        counted.extend(alike.iter().filter_map(|flat| Counted::of(parts, calls, flat)));
        counted.sort_unstable_by(|left: &Counted<'_>, right| left.call.cmp(right.call));
        for equal in counted.chunk_by(|left, right| left.flat.call == right.flat.call) {
            page.write(&mut file, names, equal)?;
        }
    }
    file.flush()?;
    Ok(file)
}

/// A row with all that its numbers stand for in its part.
struct Counted<'a> {
    flat: &'a Flat,
    row: &'a Row,
    call: &'a Call<'a>,
    table: &'a Table,
}

impl<'a> Counted<'a> {
    fn of(parts: &'a [Part], calls: &'a [Call<'a>], flat: &'a Flat) -> Option<Self> {
        let part = parts.get(flat.part as usize)?;
        let row = part.table.rows().get(flat.row as usize)?;
        Some(Self { flat, row, call: calls.get(flat.call as usize)?, table: &part.table })
    }

    fn example(&self) -> Option<&'a str> {
        let sample = self.flat.is_example.then(|| self.table.sample(self.row))?;
        std::str::from_utf8(sample).ok().filter(|sample| !sample.is_empty())
    }
}

/// Lists that one row after the other fills.
#[derive(Default)]
struct Page<'a> {
    resources: Vec<&'a str>,
    parameters: Vec<(&'a str, &'a str)>,
    issued: Vec<&'a str>,
}

impl<'a> Page<'a> {
    /// Writes equal rows as one.
    fn write(
        &mut self,
        file: &mut StagedFile,
        names: &Names<'_>,
        equal: &[Counted<'a>],
    ) -> Result<(), LedgerError> {
        let Some(Counted { flat, row, call, .. }) = equal.first() else { return Ok(()) };
        let Some(who) = names.whos.get(flat.who as usize) else { return Ok(()) };
        if call.unpack(&mut self.resources, &mut self.parameters).is_none() {
            return Ok(());
        }
        self.issued.clear();
        for row in equal.iter().filter(|row| row.table.has_issued()) {
            self.issued.extend(row.table.issued_by(row.flat.row));
        }
        self.issued.sort_unstable();
        self.issued.dedup();
        file.push(&UsageRow {
            window_start: i64::from(flat.hour).saturating_mul(HOUR),
            first_seen: equal.iter().map(|row| row.row.first).min().unwrap_or(row.first),
            last_seen: equal.iter().map(|row| row.row.last).max().unwrap_or(row.last),
            count: equal.iter().fold(0, |sum, row| row.row.count.saturating_add(sum)),
            provider: Provider::Aws,
            account: who.account.as_deref(),
            region: call.region,
            principal: &who.principal,
            principal_kind: who.kind.as_str(),
            session: who.session.as_deref(),
            credential: who.credential.as_deref(),
            workload: None,
            service: call.service,
            operation: call.operation,
            resources: &self.resources,
            parameters: &self.parameters,
            permissions: &[],
            outcome: call.outcome,
            error_code: call.error_code,
            via: names.via(who, flat.origin),
            authorizer: None,
            issued: &self.issued,
            source_identity: who.source_identity.as_deref(),
            network_origin: names.origin(flat.origin),
            evidence: EVIDENCE,
            sample_id: equal.iter().filter_map(Counted::example).min(),
        })
    }
}

impl Names<'_> {
    fn origin(&self, number: u32) -> Option<&str> {
        self.origins.get(number as usize).copied().filter(|origin| !origin.is_empty())
    }

    /// The service that called on the principal's behalf.
    ///
    /// `AWS Internal` names no service: it is the console, or a part of the called service, acting with the
    /// principal's own credentials in the same request, so the call is the principal's own.
    fn via<'a>(&'a self, who: &'a Identity, origin: u32) -> Option<&'a str> {
        if who.kind == Kind::Service {
            return None;
        }
        who.invoked_by.as_deref().filter(|name| is_service(name)).or_else(|| {
            let is_service = self.is_service.get(origin as usize).copied().unwrap_or(false);
            self.origin(origin).filter(|_| is_service)
        })
    }
}

fn is_service(name: &str) -> bool {
    name.contains(".amazonaws.com")
}
