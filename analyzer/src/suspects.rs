//! Bursts of calls that a stranger may have made: from an address that the principal never called from before or after, and
//! mostly of operations that it never calls otherwise. Nothing is learned from them.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::{RecordBatch, TimestampMicrosecondArray};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt as _;
use remit_catalog::ActionId;
use remit_ledger::{CLOUDTRAIL, Provider, SNI};
use remit_policy::{ActionUse, Usage, day};

use crate::calls::RECORDED;
use crate::rollup::{TABLE, literal, text, unexpected};
use crate::visible::DAY;

/// How long a burst is at most.
const BURST: i64 = 2 * DAY;

/// How long the principal must have called from elsewhere before.
const KNOWN: i64 = 30 * DAY;

/// From how many addresses a principal calls at most whose addresses say anything: those of functions are many and change.
const ADDRESSES: usize = 20;

/// How many different operations a burst has at least, refused ones among them: who tries what he may not is most of what tells a
/// stranger.
const OPERATIONS: usize = 3;

/// Bursts, by the principal that they were made as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Suspects {
    by_principal: BTreeMap<String, Suspect>,
}

/// What of a principal's calls a stranger may have made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Suspect {
    /// `service:operation` of calls that came in such a burst alone, with the burst.
    operations: BTreeMap<String, Burst>,
}

/// A burst.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Burst {
    /// When it began, in microseconds since the Unix epoch.
    pub(crate) start: i64,
    /// Where it came from.
    pub(crate) address: String,
}

impl Burst {
    /// It in words.
    pub(crate) fn words(&self) -> String {
        let (day, address) = (day(self.start), &self.address);
        format!("suspect: only in a burst on {day} from `{address}`, which never called before or after")
    }
}

impl Suspects {
    /// What of a principal's calls a stranger may have made.
    pub(crate) fn of(&self, principal: &str) -> Option<&Suspect> {
        self.by_principal.get(principal)
    }
}

impl Suspect {
    /// The actions that were used in bursts alone, each with the first burst.
    pub(crate) fn bursts(&self, usage: &Usage) -> BTreeMap<ActionId, Burst> {
        usage.used().filter_map(|(id, use_)| Some((id, self.burst(use_)?.clone()))).collect()
    }

    fn burst(&self, use_: &ActionUse) -> Option<&Burst> {
        let bursts: Option<Vec<&Burst>> =
            use_.operations.iter().map(|operation| self.operations.get(operation)).collect();
        bursts?.into_iter().min()
    }
}

/// What was called from an address, and whether any of it was let through.
type Called = BTreeMap<String, bool>;

/// The outcome of what was refused.
const DENIED: &str = "denied";

/// When a principal called from an address.
#[derive(Clone, Copy)]
struct Stay {
    first: i64,
    last: i64,
}

/// Looks for bursts in the calls that CloudTrail recorded.
pub(crate) async fn suspects(context: &SessionContext) -> Result<Suspects, DataFusionError> {
    let calls = format!(
        "FROM {RECORDED} WHERE provider = '{}' AND evidence = '{CLOUDTRAIL}' AND via IS NULL \
         AND network_origin IS NOT NULL",
        Provider::Aws.as_str()
    );
    let query = format!(
        "SELECT principal, network_origin, MIN(first_seen) AS first, MAX(last_seen) AS last {calls} \
         AND outcome IN ('allowed', 'failed') GROUP BY principal, network_origin"
    );
    let mut stays: BTreeMap<String, BTreeMap<String, Stay>> = BTreeMap::new();
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let (principal, origin) = (column(&batch, 0)?, column(&batch, 1)?);
        let time = |at: usize| {
            let array = batch.column(at).as_any().downcast_ref::<TimestampMicrosecondArray>();
            array.ok_or_else(|| unexpected("first"))
        };
        let (first, last) = (time(2)?, time(3)?);
        for row in 0..batch.num_rows() {
            let stay = Stay { first: first.value(row), last: last.value(row) };
            let of = stays.entry(principal(row)).or_default();
            // One more than counts tells that there are too many.
            if of.len() <= ADDRESSES {
                of.insert(origin(row), stay);
            }
        }
    }
    let bursts: BTreeMap<String, BTreeMap<String, Stay>> = stays
        .into_iter()
        .filter(|(_, stays)| stays.len() <= ADDRESSES)
        .map(|(principal, stays)| (principal, bursts(&stays)))
        .filter(|(_, bursts)| !bursts.is_empty())
        .collect();
    if bursts.is_empty() {
        return Ok(Suspects::default());
    }
    let names: Vec<_> = bursts.keys().map(|name| literal(name)).collect();
    let query = format!(
        "SELECT principal, network_origin, service, operation, outcome {calls} \
         AND outcome IN ('allowed', 'failed', '{DENIED}') AND principal IN ({}) \
         GROUP BY principal, network_origin, service, operation, outcome",
        names.join(", ")
    );
    let mut operations: BTreeMap<String, BTreeMap<String, Called>> = BTreeMap::new();
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let [principal, origin, service, operation] =
            [column(&batch, 0)?, column(&batch, 1)?, column(&batch, 2)?, column(&batch, 3)?];
        let outcome = column(&batch, 4)?;
        for row in 0..batch.num_rows() {
            let of = operations.entry(principal(row)).or_default().entry(origin(row)).or_default();
            *of.entry(format!("{}:{}", service(row), operation(row))).or_default() |= outcome(row) != DENIED;
        }
    }
    let elsewhere = elsewhere(context, &names.join(", ")).await?;
    let none = BTreeSet::new();
    let of = |(principal, bursts): (String, BTreeMap<String, Stay>)| {
        let operations = operations.get(&principal)?;
        let elsewhere = elsewhere.get(&principal).unwrap_or(&none);
        Some((principal, suspect(&bursts, operations, elsewhere)?))
    };
    Ok(Suspects { by_principal: bursts.into_iter().filter_map(of).collect() })
}

/// What these principals called by ways that tell no address: services on their behalf, and what was seen on the wire.
async fn elsewhere(
    context: &SessionContext,
    names: &str,
) -> Result<BTreeMap<String, BTreeSet<String>>, DataFusionError> {
    let query = format!(
        "SELECT principal, service, operation FROM {TABLE} WHERE provider = '{}' AND evidence <> '{SNI}' \
         AND outcome IN ('allowed', 'failed') AND (via IS NOT NULL OR network_origin IS NULL OR evidence <> '{CLOUDTRAIL}') \
         AND principal IN ({names}) GROUP BY principal, service, operation",
        Provider::Aws.as_str()
    );
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut batches = context.sql(&query).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let [principal, service, operation] = [column(&batch, 0)?, column(&batch, 1)?, column(&batch, 2)?];
        for row in 0..batch.num_rows() {
            let operation = format!("{}:{}", service(row), operation(row));
            all.entry(principal(row)).or_default().insert(operation);
        }
    }
    Ok(all)
}

/// A column of texts, by row.
fn column(batch: &RecordBatch, at: usize) -> Result<impl Fn(usize) -> String + '_, DataFusionError> {
    let column = text(batch.column(at).as_ref(), "principal")?;
    Ok(move |row| column.text(row).unwrap_or_default())
}

/// The addresses that a principal called from for a short time only, long after it began to call from elsewhere.
fn bursts(stays: &BTreeMap<String, Stay>) -> BTreeMap<String, Stay> {
    let is_burst = |address: &str, stay: &Stay| {
        let others = stays.iter().filter(|(other, _)| other.as_str() != address);
        let known = others.map(|(_, other)| other.first).min();
        stay.last - stay.first <= BURST && known.is_some_and(|known| stay.first - known >= KNOWN)
    };
    let bursts = stays.iter().filter(|(address, stay)| is_burst(address, stay));
    bursts.map(|(address, stay)| (address.clone(), *stay)).collect()
}

/// What came in bursts alone, and not from elsewhere, where that is most of what they called.
fn suspect(
    bursts: &BTreeMap<String, Stay>,
    operations: &BTreeMap<String, Called>,
    elsewhere: &BTreeSet<String>,
) -> Option<Suspect> {
    // What is let through from several addresses is the principal's own, who may move about.
    let mut addresses: BTreeMap<&String, usize> = BTreeMap::new();
    // And what is refused wherever it comes from tells nothing.
    let mut refused: BTreeMap<&String, usize> = BTreeMap::new();
    for (operation, passes) in operations.values().flatten() {
        let counts = if *passes { &mut addresses } else { &mut refused };
        *counts.entry(operation).or_default() += 1;
    }
    let mut suspect = Suspect::default();
    for (address, stay) in bursts {
        let Some(called) = operations.get(address) else { continue };
        let is_new = |(operation, passes): &(&String, &bool)| {
            let of = |from: &BTreeMap<&String, usize>| from.get(*operation).copied().unwrap_or(0);
            let others = if **passes { of(&addresses) - 1 } else { of(&addresses) + of(&refused) - 1 };
            others == 0 && !elsewhere.contains(*operation)
        };
        let new: Vec<(&String, &bool)> = called.iter().filter(is_new).collect();
        if called.len() < OPERATIONS || new.len() * 2 < called.len() {
            continue;
        }
        let burst = Burst { start: stay.first, address: address.clone() };
        let passed = new.into_iter().filter(|(_, passes)| **passes);
        suspect.operations.extend(passed.map(|(operation, _)| (operation.clone(), burst.clone())));
    }
    (!suspect.operations.is_empty()).then_some(suspect)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was called from where; what was refused begins with an exclamation mark.
    fn called(all: &[(&str, &[&str])]) -> BTreeMap<String, Called> {
        let one = |name: &&str| (name.trim_start_matches('!').to_owned(), !name.starts_with('!'));
        let set = |names: &[&str]| names.iter().map(one).collect();
        all.iter().map(|(address, names)| ((*address).to_owned(), set(names))).collect()
    }

    fn stays(all: &[(&str, i64, i64)]) -> BTreeMap<String, Stay> {
        let stay = |first: i64, last: i64| Stay { first: first * DAY, last: last * DAY };
        all.iter().map(|(address, first, last)| ((*address).to_owned(), stay(*first, *last))).collect()
    }

    #[test]
    fn a_burst_of_other_operations_from_elsewhere_is_suspect() {
        let bursts = bursts(&stays(&[("10.0.0.1", 0, 90), ("203.0.113.9", 60, 60)]));
        assert_eq!(bursts.keys().collect::<Vec<_>>(), ["203.0.113.9"]);
        let usual: &[&str] = &["s3:GetObject", "sqs:ReceiveMessage"];
        let odd: &[&str] = &["iam:CreateAccessKey", "s3:GetObject", "s3:ListBuckets"];
        let found = suspect(&bursts, &called(&[("10.0.0.1", usual), ("203.0.113.9", odd)]), &BTreeSet::new())
            .unwrap();
        assert_eq!(found.operations.keys().collect::<Vec<_>>(), ["iam:CreateAccessKey", "s3:ListBuckets"]);
        assert!(found.operations.values().all(|burst| burst.start == 60 * DAY));
        let all = called(&[("10.0.0.1", usual), ("203.0.113.9", odd)]);
        let elsewhere = BTreeSet::from(["s3:ListBuckets".to_owned()]);
        assert_eq!(
            suspect(&bursts, &all, &elsewhere),
            None,
            "a service did it too, and one of three is not most"
        );
    }

    /// Of ten operations that a stranger tries two are let through.
    #[test]
    fn what_a_burst_was_refused_tells_of_what_it_was_not() {
        let bursts = bursts(&stays(&[("10.0.0.1", 0, 90), ("203.0.113.9", 60, 60)]));
        let usual: &[&str] = &["s3:GetObject", "!sqs:ListQueues"];
        let odd: &[&str] = &["s3:DeleteObject", "!iam:CreateUser", "!kms:ListKeys", "!sqs:ListQueues"];
        let of =
            |odd| suspect(&bursts, &called(&[("10.0.0.1", usual), ("203.0.113.9", odd)]), &BTreeSet::new());
        let found = of(odd).unwrap();
        assert_eq!(found.operations.keys().collect::<Vec<_>>(), ["s3:DeleteObject"]);
        assert_eq!(of(&["s3:DeleteObject"]), None, "one call from elsewhere is no burst");
        let common: &[&str] = &["s3:DeleteObject", "!sqs:ListQueues", "!kms:ListKeys"];
        let both = called(&[("10.0.0.1", &["!sqs:ListQueues", "!kms:ListKeys"]), ("203.0.113.9", common)]);
        assert_eq!(suspect(&bursts, &both, &BTreeSet::new()), None, "these are refused everywhere");
        assert_eq!(of(&["!iam:CreateUser", "!kms:ListKeys", "!sqs:ListQueues"]), None, "nothing was used");
    }

    #[test]
    fn who_does_the_usual_from_elsewhere_is_not() {
        let bursts = bursts(&stays(&[("10.0.0.1", 0, 90), ("203.0.113.9", 60, 60)]));
        let usual: &[&str] = &["s3:GetObject", "sqs:ReceiveMessage", "sqs:SendMessage"];
        let also: &[&str] = &["s3:GetObject", "s3:PutObject", "sqs:ReceiveMessage"];
        assert_eq!(
            suspect(&bursts, &called(&[("10.0.0.1", usual), ("203.0.113.9", also)]), &BTreeSet::new()),
            None
        );
    }

    #[test]
    fn new_principals_and_moves_are_not() {
        assert!(bursts(&stays(&[("10.0.0.1", 0, 90), ("203.0.113.9", 20, 20)])).is_empty());
        assert!(bursts(&stays(&[("10.0.0.1", 0, 60), ("203.0.113.9", 60, 90)])).is_empty());
    }
}
