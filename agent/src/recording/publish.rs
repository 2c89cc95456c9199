//! From counted calls to a flush of the ledger.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use remit_ledger::{
    Counts, CoverageRecord, Extent, LedgerError, LedgerWriter, Provider, Publication, SourcePlace,
    SourcePosition, StagedFile, UNKNOWN, UsageRecord, Workload, bound_names, day_of,
};

use super::call::{EVIDENCE, SNI};
use super::part::Part;
use super::sights::Sight;
use super::table::{Key, Tally};

/// The name of a source that has none of its own: nothing that is read later makes its loss good.
const NAMELESS: &str = "-";

/// Publishes a part in one commit. The wire was watched `until` then; no other commit has the name `id`.
pub(super) fn publish(
    writer: &mut LedgerWriter,
    part: &Part,
    until: i64,
    id: &str,
) -> Result<(), LedgerError> {
    let recorded = part.calls();
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let mut sources = Vec::new();
    for (number, loss) in part.losses.iter().enumerate() {
        if loss.own > 0 {
            let sum = reasons.entry(loss.reason.to_owned()).or_default();
            *sum = sum.saturating_add(loss.own);
        }
        let content = format!("{EVIDENCE}-{id}-{number}");
        sources.push(lost(content, loss.count, Some((loss.start, loss.end))));
    }
    let read = reasons.values().copied().fold(recorded, u64::saturating_add);
    let mut publication = Publication::default();
    let whole = watched(part.provider, part.since, until, recorded);
    publication.coverage = gaps(part, &whole);
    publication.coverage.push(whole);
    publication.counts = Counts { read, recorded, skipped: BTreeMap::new(), lost: reasons };
    publication.sources = sources;
    // Of one operation after the other, so that few rows are in memory as records at the same time.
    let mut rows: Vec<&(Box<Key>, Tally)> = part.rows.iter().collect();
    rows.sort_by(|left, right| operation(left).cmp(&operation(right)));
    let records = rows.chunk_by(|left, right| operation(left) == operation(right)).flat_map(records);
    commit(writer, part.provider, records, publication)
}

/// The position of a source that lost calls: readers take from positions what was lost, and join those of the same
/// content. Without a span it may have been at any time.
pub(super) fn lost(content: String, count: u64, span: Option<(i64, i64)>) -> SourcePosition {
    let place = SourcePlace { evidence: EVIDENCE.to_owned(), account: None, region: None, span };
    SourcePosition {
        name: NAMELESS.to_owned(),
        extent: Extent::Whole { content },
        read: count,
        lost: count,
        place: Some(place),
        ..SourcePosition::default()
    }
}

/// Publishes records that are in order, and what else is to be known.
pub(super) fn commit(
    writer: &mut LedgerWriter,
    provider: Provider,
    records: impl IntoIterator<Item = UsageRecord>,
    publication: Publication,
) -> Result<(), LedgerError> {
    let flush = writer.begin(provider);
    let mut days: BTreeMap<i64, StagedFile> = BTreeMap::new();
    for record in records {
        let file = match days.entry(day_of(record.window_start)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let file = flush.stage(*new.key())?;
                new.insert(file)
            }
        };
        record.with_row(|row| file.push(row))?;
    }
    flush.commit(days.into_values().collect(), publication)?;
    Ok(())
}

/// When the wire was watched. It claims no class of calls: those are of a provider's log, and whose calls may be made
/// elsewhere than on this machine.
fn watched(provider: Provider, start: i64, end: i64, events: u64) -> CoverageRecord {
    CoverageRecord {
        provider,
        account: None,
        region: None,
        evidence: EVIDENCE.to_owned(),
        workload: None,
        start,
        end: end.max(start.saturating_add(1)),
        classes: Vec::new(),
        excluded_services: Vec::new(),
        events,
        lost: 0,
    }
}

/// Of each workload connections of which were not read, how many it made and how many those are. Containers of one
/// workload are one. Told of all the time that was watched, so that a compaction joins what flush after flush says.
fn gaps(part: &Part, whole: &CoverageRecord) -> Vec<CoverageRecord> {
    let mut workloads: BTreeMap<Workload, Sight> = BTreeMap::new();
    for (who, sight) in &part.sights {
        let workload = who.0.identity().workload.clone();
        workloads.entry(workload).and_modify(|other| other.join(*sight)).or_insert(*sight);
    }
    let gap = |(workload, sight): (Workload, Sight)| CoverageRecord {
        evidence: SNI.to_owned(),
        workload: Some(workload),
        start: whole.start.min(sight.start),
        end: whole.end.max(sight.end),
        events: sight.connections,
        lost: sight.unread,
        ..whole.clone()
    };
    workloads.into_iter().filter(|(_, sight)| sight.unread > 0).map(gap).collect()
}

/// What comes first in the ledger's order, of a row.
fn operation((key, _): &(Box<Key>, Tally)) -> impl Ord + '_ {
    let principal = key.principal.as_ref().map_or(UNKNOWN, |principal| principal.name.as_str());
    (&key.account, principal, &key.service, &key.operation)
}

/// The rows of an operation as records in the ledger's order, with too many names cut as every reader would cut them, and rows added up
/// that are equal now that it is known who called.
fn records(rows: &[&(Box<Key>, Tally)]) -> Vec<UsageRecord> {
    let mut records: Vec<UsageRecord> = rows.iter().map(|(key, tally)| record(key, tally)).collect();
    records.sort_by(|left, right| group(left).cmp(&group(right)));
    for rows in records.chunk_by_mut(|left, right| group(left) == group(right)) {
        bound_names(rows);
    }
    records.sort_by(|left, right| order(left).cmp(&order(right)));
    records.dedup_by(|next, kept| {
        let is_equal = order(next) == order(kept);
        if is_equal {
            kept.absorb(next);
        }
        is_equal
    });
    records
}

/// Names are cut by what one workload calls: of `unknown` there are many.
fn group(record: &UsageRecord) -> impl Ord + '_ {
    (&record.account, &record.principal, &record.service, &record.operation, &record.workload)
}

/// The ledger's order of rows, and what makes two of them one.
fn order(record: &UsageRecord) -> impl Ord + '_ {
    (
        (&record.account, &record.principal, &record.service, &record.operation),
        (&record.resources, &record.parameters, record.outcome, &record.error_code, &record.region),
        (record.window_start, &record.principal_kind, &record.credential, &record.workload),
        (&record.source_identity, &record.evidence),
    )
}

fn record(key: &Key, tally: &Tally) -> UsageRecord {
    let identity = key.who.0.identity();
    let workload = Some(identity.workload.clone()).filter(|workload| *workload != Default::default());
    let (principal, principal_kind) = match &key.principal {
        Some(principal) => (principal.name.clone(), principal.kind.clone()),
        // See [`Principal`](super::Principal).
        None => (UNKNOWN.to_owned(), UNKNOWN.to_owned()),
    };
    UsageRecord {
        window_start: key.window,
        first_seen: tally.first,
        last_seen: tally.last,
        count: tally.count,
        provider: key.provider,
        account: key.account.clone(),
        region: key.region.clone(),
        principal,
        principal_kind,
        session: None,
        credential: key.credential.clone(),
        workload,
        service: key.service.clone(),
        operation: key.operation.clone(),
        resources: key.resources.clone(),
        parameters: key.parameters.clone(),
        permissions: Vec::new(),
        outcome: key.outcome,
        error_code: key.error_code.clone(),
        via: None,
        authorizer: None,
        issued: Vec::new(),
        // The workload's own identity, which a cluster lends it to take on a role with.
        source_identity: identity.token_subject(),
        network_origin: None,
        evidence: key.evidence.to_owned(),
        sample_id: tally.sample.clone(),
    }
}
