use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use remit_ledger::{
    CLOUDTRAIL, CoverageRecord, DAY, EventClass, HOUR, KUBERNETES_AUDIT, LedgerWriter, Outcome, Provider,
    Publication, UNKNOWN, UsageRecord, WIRE, Workload, WriterOptions, compact, day_of,
};
use remit_policy::{Days, Window};

use crate::ledgers::Ledger;
use crate::rollup::{Filter, Span};

/// 2026-08-28: four days of one month and four of the next.
const START: i64 = 20_693;
const LENGTH: u64 = 8;

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

fn text(of: &str, number: u64) -> String {
    format!("{of}{number}")
}

/// Calls of some hour, by an account's roles as CloudTrail or the wire tells, or in a cluster as its log or the wire tells.
fn record(dice: &mut Dice) -> UsageRecord {
    let start = (START + i64::try_from(dice.below(LENGTH)).unwrap()) * DAY;
    let start = start + i64::try_from(dice.below(24)).unwrap() * HOUR;
    let provider = if dice.one_in(3) { Provider::Kubernetes } else { Provider::Aws };
    let is_aws = provider == Provider::Aws;
    let is_wire = dice.one_in(3);
    let is_unknown = is_wire && !dice.one_in(4);
    // Most is done by one.
    let number = if dice.one_in(4) { dice.below(4) } else { 0 };
    let credential = if is_aws { text("ASIAKEY000000000000", number) } else { text("JTI=token-", number) };
    let (principal, kind) = match (is_unknown, is_aws) {
        (true, _) => (UNKNOWN.to_owned(), UNKNOWN),
        (_, true) => (text("arn:aws:iam::111122223333:role/r", number), "role"),
        _ => (text("system:serviceaccount:shop:sa", number), "service_account"),
    };
    // So many objects in the busiest operation that their names are cut, some of them in one flush and others in all.
    let resources = match dice.below(8) {
        0 => Vec::new(),
        1 => vec![text("arn:aws:s3:::bucket/", dice.below(3)), text("arn:aws:s3:::other/", dice.below(90))],
        2 => vec![text("arn:aws:sqs:eu-west-1:111122223333:queue-", dice.below(3))],
        _ => vec![text("arn:aws:s3:::bucket/key-", dice.below(200))],
    };
    let count = 1 + dice.below(3);
    UsageRecord {
        window_start: start,
        first_seen: start + i64::try_from(dice.below(1000)).unwrap(),
        last_seen: start + HOUR - 1 - i64::try_from(dice.below(1000)).unwrap(),
        count,
        provider,
        account: is_aws.then(|| "111122223333".to_owned()),
        region: is_aws.then(|| text("eu-west-", dice.below(2))),
        principal,
        principal_kind: kind.to_owned(),
        session: dice.one_in(2).then(|| text("session-", number)),
        // The log tells whose keys the wire saw, but for some of them.
        credential: (!dice.one_in(3)).then_some(credential),
        workload: is_wire.then(|| Workload {
            namespace: Some("shop".to_owned()),
            owner_name: Some(text("w", dice.below(2))),
            ..Workload::default()
        }),
        service: if is_aws { "s3" } else { "core" }.to_owned(),
        operation: text("Operation", u64::from(dice.one_in(4))),
        resources,
        parameters: BTreeMap::from([("name".to_owned(), text("v", dice.below(80)))]),
        permissions: Vec::new(),
        outcome: Outcome::ALL[usize::try_from(dice.below(4)).unwrap()],
        error_code: dice.one_in(5).then(|| "Throttled".to_owned()),
        via: dice.one_in(8).then(|| "cloudformation.amazonaws.com".to_owned()),
        authorizer: (!is_aws && !is_wire).then(|| text("binding-", dice.below(2))),
        issued: Vec::new(),
        source_identity: (dice.one_in(6)).then(|| "someone".to_owned()),
        network_origin: None,
        evidence: match (is_wire, is_aws) {
            (true, _) => WIRE,
            (_, true) => CLOUDTRAIL,
            _ => KUBERNETES_AUDIT,
        }
        .to_owned(),
        sample_id: dice.one_in(2).then(|| text("request-", dice.below(40))),
    }
}

/// Publishes records, a flush for each provider.
fn publish(root: &Path, records: &[UsageRecord]) {
    let (mut writer, _) = LedgerWriter::open(root, WriterOptions::default()).unwrap();
    for provider in [Provider::Aws, Provider::Kubernetes] {
        let mut own: Vec<_> = records.iter().filter(|record| record.provider == provider).collect();
        if own.is_empty() {
            continue;
        }
        own.sort_by_key(|record| {
            (day_of(record.window_start), &record.account, &record.principal, &record.operation)
        });
        let flush = writer.begin(provider);
        let mut staged = Vec::new();
        for day in own.chunk_by(|a, b| day_of(a.window_start) == day_of(b.window_start)) {
            let mut file = flush.stage(day_of(day[0].window_start)).unwrap();
            for record in day {
                record.with_row(|row| file.push(row)).unwrap();
            }
            staged.push(file);
        }
        let coverage = [CLOUDTRAIL, WIRE].map(|evidence| CoverageRecord {
            provider,
            account: None,
            region: None,
            evidence: evidence.to_owned(),
            workload: None,
            start: START * DAY,
            end: START * DAY + HOUR,
            classes: vec![EventClass::ManagementWrite],
            excluded_services: Vec::new(),
            events: 1,
            lost: 0,
        });
        let mut publication = Publication::default();
        publication.coverage = coverage.to_vec();
        flush.commit(staged, publication).unwrap();
    }
}

fn flush(root: &Path, dice: &mut Dice, records: usize) {
    publish(root, &(0..records).map(|_| record(dice)).collect::<Vec<_>>());
}

/// A ledger of several principals and sources in a folder, and a window that has some of its calls.
pub(crate) fn sample(root: &Path) -> (Ledger, Window) {
    flush(root, &mut Dice(23), 200);
    let window = Window { start: (START + 2) * DAY, end: i64::MAX };
    (Ledger::open(root.to_str().unwrap()).unwrap(), window)
}

/// What can be asked: all, since some moment within a month, a day's, an hour's or a state's edge, until one, and of some.
fn filters() -> Vec<Filter> {
    let days = Some(Span { first: START - 3, last: START + 60 });
    let since =
        |day: i64, hour: i64| Some(Window { start: (START + day) * DAY + hour * HOUR, end: i64::MAX });
    let of_role = "arn:aws:iam::111122223333:role/r1";
    vec![
        Filter { days, ..Filter::default() },
        Filter { window: since(1, 7), days, ..Filter::default() },
        Filter { window: since(4, 0), days, ..Filter::default() },
        Filter { window: since(6, 1), days, ..Filter::default() },
        Filter { window: since(400, 0), ..Filter::default() },
        Filter {
            window: Some(Window { start: START * DAY, end: (START + 6) * DAY + 1 }),
            days,
            ..Filter::default()
        },
        Filter { window: since(4, 0), principal: Some(of_role.to_owned()), ..Filter::default() },
        Filter { principal: Some(UNKNOWN.to_owned()), days, ..Filter::default() },
        Filter { window: since(3, 0), provider: Some(Provider::Kubernetes), days, ..Filter::default() },
    ]
}

/// Asks everything with states and rows in memory, and without. Answers for how many usage files states stand, and how many there are.
fn compare(root: &Path) -> (usize, usize) {
    compare_by(root, &filters())
}

/// The same of the calls of all time, and of those since a moment of the first month.
fn glance(root: &Path) -> (usize, usize) {
    compare_by(root, filters().get(..2).unwrap())
}

/// A ledger as its users open it, and one of which no query asks anything but its usage files.
fn opened(location: &str) -> (Ledger, Ledger) {
    (Ledger::open(location).unwrap(), Ledger::open_holding(location, 0).unwrap().without_states())
}

fn compare_by(root: &Path, filters: &[Filter]) -> (usize, usize) {
    let location = root.to_str().unwrap();
    let (with, without) = opened(location);
    for filter in filters {
        let (with, without) = (with.roll_up(filter).unwrap(), without.roll_up(filter).unwrap());
        assert_eq!(with.keys().collect::<Vec<_>>(), without.keys().collect::<Vec<_>>(), "{filter:?}");
        for (caller, calls) in without {
            assert_eq!(with[&caller], calls, "{caller:?} {filter:?}");
        }
    }
    assert_eq!(with.called().unwrap(), without.called().unwrap());
    for provider in [None, Some(Provider::Aws)] {
        assert_eq!(with.principals(provider).unwrap(), without.principals(provider).unwrap());
    }
    assert_eq!(with.suspects().unwrap(), without.suspects().unwrap());
    (with.states().1, with.info().usage_files)
}

fn renew(root: &Path) -> super::Renewed {
    Ledger::renew(root.to_str().unwrap()).unwrap()
}

#[test]
fn states_say_what_the_ledger_says_whatever_becomes_of_both() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("ledger");
    let mut dice = Dice(7);
    flush(&root, &mut dice, 300);
    let first = renew(&root);
    assert_eq!((first.written, first.kept, first.problems.len()), (4, 0, 0), "two providers, two months");
    let (stood, all) = glance(&root);
    assert!(stood == all && all > 12, "{stood} of {all}");

    flush(&root, &mut dice, 150);
    flush(&root, &mut dice, 50);
    let (stood, all) = compare(&root);
    assert!(stood > 12 && stood < all, "{stood} of {all}");
    compact(&root, WriterOptions::default()).unwrap();
    let (stood, all) = glance(&root);
    assert!(stood < all, "what was merged of new files and old ones is read: {stood} of {all}");

    let again = renew(&root);
    assert!(again.written > 0 && again.added > 50, "{again:?}");
    let (stood, all) = glance(&root);
    assert_eq!(stood, all);
    assert_eq!(renew(&root).written, 0);

    // A day later: one month of each provider is written, and the rest stays as it is.
    let mut last: Vec<_> = (0..300).map(|_| record(&mut dice)).collect();
    last.retain(|record| record.window_start > (START + 6) * DAY);
    publish(&root, &last);
    let next = renew(&root);
    assert!(next.written == 2 && next.kept == 2 && next.files > 0, "{next:?}");
    compact(&root, WriterOptions::default()).unwrap();
    let (stood, all) = glance(&root);
    assert_eq!(stood, all, "what a compaction merged of files that were added up is known");
    assert!(renew(&root).written > 0, "and is taken note of, lest it is merged again");
    assert_eq!(renew(&root).written, 0);
    compare(&root);
}

#[test]
fn names_that_are_too_many_are_cut_in_states_too() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("ledger");
    let mut dice = Dice(3);
    let objects = |from: u64, to: u64, dice: &mut Dice| -> Vec<UsageRecord> {
        let one = |key: u64| UsageRecord {
            provider: Provider::Aws,
            account: Some("111122223333".to_owned()),
            region: None,
            service: "s3".to_owned(),
            principal: "arn:aws:iam::111122223333:role/r0".to_owned(),
            principal_kind: "role".to_owned(),
            evidence: CLOUDTRAIL.to_owned(),
            workload: None,
            resources: vec![text("arn:aws:s3:::bucket/key-", key)],
            parameters: BTreeMap::new(),
            window_start: START * DAY,
            first_seen: START * DAY,
            last_seen: START * DAY + 1,
            ..record(dice)
        };
        (from..to).map(one).collect()
    };
    publish(&root, &objects(0, 60, &mut dice));
    let few = renew(&root);
    publish(&root, &objects(60, 300, &mut dice));
    let many = renew(&root);
    assert_eq!(few.rows, 60);
    // Operations, outcomes and services between still keep rows apart, and the names of objects no more.
    assert!(many.rows > 7 && many.rows <= 16, "{many:?}");
    glance(&root);
}

#[test]
fn what_cannot_be_read_of_states_is_read_of_the_ledger() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("ledger");
    let mut dice = Dice(5);
    flush(&root, &mut dice, 200);
    renew(&root);
    let states = fs::read_dir(root.join("rollup/v1/provider=aws")).unwrap();
    let mut months: Vec<_> = states.map(|entry| entry.unwrap().path()).collect();
    months.sort();
    let file = |month: &Path| fs::read_dir(month).unwrap().next().unwrap().unwrap().path();
    // Rows are damaged, and the footer is whole.
    let damaged = file(&months[1]);
    let mut bytes = fs::read(&damaged).unwrap();
    let end = bytes.len() / 2;
    bytes[16..end].fill(0xa5);
    fs::write(&damaged, bytes).unwrap();
    let (stood, all) = glance(&root);
    assert_eq!(stood, all, "this shows once rows are read");
    // A state that an update has to read is made anew.
    flush(&root, &mut dice, 100);
    let anew = renew(&root);
    assert!(anew.written == 4 && !damaged.exists(), "{anew:?}");
    let (stood, all) = glance(&root);
    assert_eq!(stood, all);
    // Nothing is left of another but its beginning.
    let bytes = fs::read(file(&months[0])).unwrap();
    fs::write(file(&months[0]), &bytes[..100]).unwrap();
    let (stood, all) = glance(&root);
    assert!(stood < all);

    fs::remove_dir_all(root.join("rollup")).unwrap();
    renew(&root);
    let (stood, all) = glance(&root);
    assert_eq!(stood, all);
}

#[test]
fn principals_are_taken_in_parts_where_memory_is_short() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("ledger");
    let mut dice = Dice(13);
    let name = "n".repeat(1500);
    let one = |number: u64| UsageRecord {
        provider: Provider::Aws,
        account: Some("111122223333".to_owned()),
        principal: text("arn:aws:iam::111122223333:role/it's-", number % 97),
        principal_kind: "role".to_owned(),
        evidence: CLOUDTRAIL.to_owned(),
        resources: vec![format!("arn:aws:s3:::{name}-{number}")],
        window_start: START * DAY,
        first_seen: START * DAY,
        last_seen: START * DAY + 1,
        ..record(&mut dice)
    };
    publish(&root, &(0..12_000).map(one).collect::<Vec<_>>());
    let states = |memory: usize| {
        let location = root.to_str().unwrap();
        let renewed = Ledger::renew_within(location, memory).unwrap();
        let calls = Ledger::open(location).unwrap().roll_up(&Filter::default()).unwrap();
        fs::remove_dir_all(root.join("rollup")).unwrap();
        (renewed, calls)
    };
    let plenty = states(2 << 30);
    assert!(plenty.0.rows > 10_000, "{:?}", plenty.0);
    // This is less than the names come to.
    assert!(states(16 << 20) == plenty);
}

#[test]
fn calls_are_the_same_where_principals_are_taken_in_ranges() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("ledger");
    let mut dice = Dice(17);
    flush(&root, &mut dice, 300);
    renew(&root);
    flush(&root, &mut dice, 100);
    let location = root.to_str().unwrap();
    let (with, without) = opened(location);
    let filters = filters();
    for (ledger, at) in [(&with, 1), (&with, 4), (&without, 8)] {
        let filter = filters.get(at).unwrap();
        let whole = ledger.roll_up(filter).unwrap();
        let begin = || (0, BTreeMap::new());
        // A principal has more rows than that, and is not divided.
        let rolled = ledger.roll_up_in_ranges(filter, Some(100), &begin, &|(parts, all), part| {
            *parts += usize::from(!part.is_empty());
            for (caller, calls) in part {
                assert!(all.insert(caller, calls).is_none());
            }
        });
        let (parts, calls) = rolled.unwrap();
        assert_eq!(calls, whole, "{filter:?}");
        assert!(parts > 1 || at == 4, "{filter:?}");
    }
}

#[test]
fn days_of_a_month_are_told_wherever_the_asked_ones_begin() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("ledger");
    let mut dice = Dice(9);
    flush(&root, &mut dice, 300);
    renew(&root);
    let location = root.to_str().unwrap();
    let (with, without) = opened(location);
    for first in [START - 70, START - 33, START - 1, START + 3] {
        let filter = Filter { days: Some(Span::newest(first, START + 50)), ..Filter::default() };
        assert_eq!(with.roll_up(&filter).unwrap(), without.roll_up(&filter).unwrap(), "{first}");
    }
    let filter = Filter { days: Some(Span::newest(0, START + 50)), ..Filter::default() };
    let all = with.roll_up(&filter).unwrap();
    let days = all.values().flat_map(|calls| &calls.calls).map(|call| call.seen.days);
    let mut seen = Days::none(START);
    days.for_each(|days| days.iter().for_each(|day| seen.insert(day)));
    assert!(seen.len() == 8 && seen.first() == Some(START), "{seen:?}");
}
