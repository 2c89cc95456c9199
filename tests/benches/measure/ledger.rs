//! Ledgers of many rows, for measuring the roll-up: of companies whose principals do the same calls over and over, some much
//! more often than others.

use std::ops::Range;
use std::path::Path;

use remit_ledger::{
    Counts, CoverageRecord, DAY, EventClass, HOUR, LedgerWriter, Outcome, Provider, Publication, UsageRow,
    WriterOptions,
};

use super::dice::Dice;

/// A company and the days of which a ledger tells.
pub(crate) struct Company {
    principals: usize,
    /// How many resources of each of its operations a principal touches.
    resources: usize,
    /// In days since the Unix epoch.
    days: Range<i64>,
    rows: u64,
    seed: u64,
}

impl Company {
    /// Few principals.
    pub(crate) const FEW: usize = 400;

    /// Principals that do so many rows in 90 days.
    pub(crate) fn busy(rows: u64, principals: usize) -> Self {
        // From 2026-08-01 on.
        Self { principals, resources: 8, days: 20_666..20_756, rows, seed: 1 }
    }

    /// 10,000 principals that do five calls a day of the 20 that they know, from one day of 401 to before another. The last is the last of
    /// a month, 2026-10-31: no update of that month's state has more to read.
    pub(crate) fn large(days: Range<i64>) -> Self {
        let rows = 50_000 * days.clone().count() as u64;
        let seed = 2 + days.start.unsigned_abs();
        Self { principals: 10_000, resources: 4, days: 20_357 + days.start..20_357 + days.end, rows, seed }
    }
}

/// Operations with the ARN that they touch; `#` stands for a number.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("dynamodb", "GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/table-#"),
    ("dynamodb", "PutItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/table-#"),
    ("ec2", "DescribeInstances", ""),
    ("ec2", "RunInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-#"),
    ("kms", "Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/#"),
    ("kms", "GenerateDataKey", "arn:aws:kms:eu-west-1:111122223333:key/#"),
    ("lambda", "Invoke", "arn:aws:lambda:eu-west-1:111122223333:function:function-#"),
    ("logs", "CreateLogStream", "arn:aws:logs:eu-west-1:111122223333:log-group:/app/group-#"),
    ("s3", "GetObject", "arn:aws:s3:::bucket-#/data/*"),
    ("s3", "ListObjectsV2", "arn:aws:s3:::bucket-#"),
    ("s3", "PutObject", "arn:aws:s3:::bucket-#/data/*"),
    ("secretsmanager", "GetSecretValue", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:secret-#"),
    ("sqs", "ReceiveMessage", "arn:aws:sqs:eu-west-1:111122223333:queue-#"),
    ("sts", "AssumeRole", "arn:aws:iam::111122223333:role/role-#"),
];

/// A row before it is written: the order of these fields is the order that the ledger wants.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Drawn {
    principal: usize,
    operation: usize,
    resource: u64,
    session: u64,
    hour: i64,
    /// Microseconds into the hour.
    offset: i64,
    count: u64,
}

/// Writes the days of a company into a ledger.
pub(crate) fn run(root: &Path, company: &Company) -> anyhow::Result<String> {
    let Company { principals: number, days, rows, .. } = company;
    let writer = format!("load{}", days.start);
    let (mut writer, _) = LedgerWriter::open(root, WriterOptions { writer: Some(writer), observer: None })?;
    let principals: Vec<String> =
        (0..*number).map(|number| format!("arn:aws:iam::111122223333:role/service-{number:03}")).collect();
    let mut dice = Dice::new(company.seed);
    let mut written = 0;
    let count = days.clone().count() as u64;
    for (past, day) in (1..).zip(days.clone()) {
        let until = rows * past / count;
        let mut drawn: Vec<Drawn> = (written..until).map(|_| draw(&mut dice, company)).collect();
        drawn.sort_unstable();
        let flush = writer.begin(Provider::Aws);
        let mut file = flush.stage(day)?;
        let mut events = 0;
        let mut last = None;
        for row in &drawn {
            let call = (row.principal, row.operation, row.resource);
            // Rows that differ only in when and in which session share one example, as the writer has it.
            let sample = (last != Some(call)).then(|| dice.identifier());
            last = Some(call);
            push(&mut file, &principals, row, day * DAY, sample.as_deref())?;
            events += row.count;
        }
        let counts = Counts { read: events, recorded: events, ..Counts::default() };
        let mut publication = Publication::default();
        publication.counts = counts;
        publication.coverage = vec![covered(day)];
        flush.commit(vec![file], publication)?;
        written = until;
    }
    Ok(format!("{written} rows"))
}

/// What the log recorded of a day: everything but data events.
fn covered(day: i64) -> CoverageRecord {
    CoverageRecord {
        provider: Provider::Aws,
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        evidence: "cloudtrail".to_owned(),
        workload: None,
        start: day * DAY,
        end: (day + 1) * DAY,
        classes: vec![EventClass::ManagementRead, EventClass::ManagementWrite],
        excluded_services: Vec::new(),
        events: 1,
        lost: 0,
    }
}

/// Half of all rows are of a sixteenth of the principals, which use few resources.
fn draw(dice: &mut Dice, company: &Company) -> Drawn {
    let few = dice.below(2) == 0;
    let principal = dice.below(if few { company.principals / 16 } else { company.principals });
    // What a principal calls is its own, and stays the same all the time.
    let operation = (principal * 5 + dice.below(5)) % OPERATIONS.len();
    let resource = (principal * 3 + dice.below(company.resources)) as u64;
    let hour = i64::try_from(dice.below(24)).unwrap_or(0);
    let offset = i64::try_from(dice.next() % 1_800_000_000).unwrap_or(0);
    Drawn {
        principal,
        operation,
        resource,
        session: dice.next() % 64,
        hour,
        offset,
        count: 1 + dice.next() % 100,
    }
}

fn push(
    file: &mut remit_ledger::StagedFile,
    principals: &[String],
    row: &Drawn,
    midnight: i64,
    sample_id: Option<&str>,
) -> anyhow::Result<()> {
    let Some((service, operation, template)) = OPERATIONS.get(row.operation) else { return Ok(()) };
    let resource = template.replace('#', &row.resource.to_string());
    let resources = [resource.as_str()];
    let window_start = midnight + row.hour * HOUR;
    let first_seen = window_start + row.offset;
    let session = format!("session-{}", row.session);
    file.push(&UsageRow {
        window_start,
        first_seen,
        last_seen: first_seen + 1_000_000 * i64::try_from(row.count)?,
        count: row.count,
        provider: Provider::Aws,
        account: Some("111122223333"),
        region: Some("eu-west-1"),
        principal: principals.get(row.principal).map_or("", String::as_str),
        principal_kind: "role",
        session: Some(&session),
        credential: None,
        workload: None,
        service,
        operation,
        resources: if resource.is_empty() { &[] } else { &resources },
        parameters: &[],
        permissions: &[],
        outcome: if row.session == 0 { Outcome::Denied } else { Outcome::Allowed },
        error_code: (row.session == 0).then_some("AccessDenied"),
        via: None,
        authorizer: None,
        issued: &[],
        source_identity: None,
        network_origin: Some("10.0.0.1"),
        evidence: "cloudtrail",
        sample_id,
    })?;
    Ok(())
}
