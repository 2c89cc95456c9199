//! The ledger as a program sees it that has never heard of Remit.

use remit_organisation::{Organisation, Profile, Size};
use remit_tests::peer;
use remit_tests::program::{ran, remit};
use serde_json::Value;

const SEED: u64 = 21;

const QUERY: &str = "
import duckdb
rows = duckdb.sql('''
    SELECT principal, outcome, CAST(sum(count) AS BIGINT), CAST(count(*) AS BIGINT),
           count(DISTINCT date), min(first_seen) <= max(last_seen)
    FROM read_parquet('ledger/usage/v1/**/*.parquet', hive_partitioning = true)
    GROUP BY ALL ORDER BY ALL
''').fetchall()
for principal, outcome, calls, rows, days, is_ordered in rows:
    assert days > 0 and rows > 0 and is_ordered, (principal, outcome)
    print(principal, outcome, calls, sep='\\t')
";

#[test]
fn duckdb_sums_what_remit_sums() {
    let profile = Profile::random(SEED, Size { roles: 4, days: 20, operations: 6 }).unwrap();
    let organisation = Organisation::generate(SEED, &profile).unwrap();
    let place = tempfile::tempdir().unwrap();
    organisation.write(place.path()).unwrap();
    remit(place.path(), &["ingest", "cloudtrail", "AWSLogs", "--ledger", "ledger"]);
    let Some(mut python) = peer::python() else { return };
    let theirs = ran(python.current_dir(place.path()).args(["-c", QUERY]));
    assert_eq!(theirs.code, Some(0), "{theirs:#?}");

    let usage = remit(place.path(), &["usage", "--ledger", "ledger", "--format", "json"]);
    let mut ours = std::collections::BTreeMap::new();
    for line in serde_json::from_str::<Vec<Value>>(&usage).unwrap() {
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let count = line.get("count").and_then(Value::as_u64).unwrap();
        *ours.entry(text("principal")).or_insert(0) += count;
    }
    let mut summed = std::collections::BTreeMap::new();
    for line in theirs.out.lines() {
        let mut cells = line.split('\t');
        let (principal, _, calls) = (cells.next().unwrap(), cells.next(), cells.next().unwrap());
        *summed.entry(principal.to_owned()).or_insert(0) += calls.parse::<u64>().unwrap();
    }
    assert_eq!(summed, ours);
    let calls: u64 = ours.values().sum();
    assert_eq!(calls, organisation.truth().log.calls);
}
