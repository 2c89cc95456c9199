//! Reports made up for tests: realistic ones of any size, a hostile one and an empty one.

mod coverage;
mod finding;
mod hostile;
mod principal;
mod sums;
mod workload;

use self::coverage::{coverage, regions};
use self::finding::{findings, trend};
pub(super) use self::hostile::{HOSTILE, filled_with, harmless};
use self::principal::principal;
use self::sums::{hour, with_totals};
use self::workload::{links, workloads};
use super::model::{
    Former, Hour, LevelWeight, Point, Report, ReportWindow, SCHEMA, Score, Totals, UnresolvedOperation,
    WithoutGrants,
};

const LEVELS: [(&str, u64); 5] =
    [("permissions management", 10), ("write", 5), ("tagging", 2), ("read", 2), ("list", 1)];

/// Numbers that look like chance and are always the same.
struct Dice(std::cell::Cell<u64>);

impl Dice {
    fn below(&self, end: usize) -> usize {
        let next =
            self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.set(next);
        usize::try_from(next >> 33).unwrap() % end
    }

    fn moment(&self) -> String {
        let (month, day) = [(9, self.below(30)), (10, self.below(31)), (11, self.below(23))][self.below(3)];
        format!(
            "2026-{month:02}-{:02}T{:02}:{:02}:{:02}Z",
            day + 1,
            self.below(24),
            self.below(60),
            self.below(60)
        )
    }

    fn event_id(&self) -> String {
        let part = |digits| (0..digits).map(|_| format!("{:x}", self.below(16))).collect::<String>();
        format!("{}-{}-4{}-a{}-{}", part(8), part(4), part(3), part(3), part(12))
    }
}

/// A report on so many principals, each with about so many used permissions.
pub(super) fn report(principals: usize, used: usize) -> Report {
    let dice = Dice(7.into());
    let mut sections: Vec<_> = (0..principals).map(|at| principal(at, used, &dice)).collect();
    sections.sort_by_key(|section| std::cmp::Reverse(section.score));
    let findings = findings(&sections);
    with_totals(Report {
        schema: SCHEMA,
        score: Score::default(),
        trend: Some(trend()),
        history: [90.0, 84.5, 70.0]
            .iter()
            .zip(1..)
            .map(|(percent, week)| Point {
                end: format!("2026-11-{:02}T21:00:00Z", 7 * week),
                percent: Some(*percent),
                unused: 9_000,
                findings: 100,
            })
            .collect(),
        hour: hour(&sections),
        closed: vec![Former { id: "0f".repeat(16), closed: "2026-11-16T21:00:00Z".to_owned() }],
        findings,
        accounts: vec!["111122223333".to_owned(), "444455556666".to_owned()],
        window: ReportWindow {
            start: "2026-08-25T21:00:00Z".to_owned(),
            end: "2026-11-23T21:00:00Z".to_owned(),
            length: "90 days".to_owned(),
        },
        used_since: Some("2025-10-19T21:00:00Z".to_owned()),
        catalog: "2026-11-20".to_owned(),
        weights: LEVELS
            .iter()
            .map(|(level, weight)| LevelWeight { level: (*level).to_owned(), weight: *weight })
            .collect(),
        totals: Totals::default(),
        coverage: coverage(),
        regions: regions(),
        longest_gap: "2 days".to_owned(),
        gaps: Vec::new(),
        principals: sections,
        unresolved: vec![
            UnresolvedOperation { operation: "billingconsole:GetBillingNotifications".to_owned(), count: 1_204, principals: 3 },
            UnresolvedOperation { operation: "q:StartConversation".to_owned(), count: 17, principals: 1 },
        ],
        workloads: workloads(),
        links: links(),
        without_grants: vec![
            WithoutGrants {
                principal: "arn:aws:iam::999988887777:role/vendor-scanner".to_owned(),
                kind: "role".to_owned(),
                calls: 48_211,
                last_seen: Some("2026-11-23T20:58:01Z".to_owned()),
                groups: Vec::new(),
            },
            WithoutGrants {
                principal: "oidc:bob@larkspur.example".to_owned(),
                kind: "user".to_owned(),
                calls: 61,
                last_seen: Some("2026-11-23T17:12:44Z".to_owned()),
                groups: vec!["devs".to_owned(), "oncall".to_owned()],
            },
            WithoutGrants {
                principal: "arn:aws:iam::111122223333:root".to_owned(),
                kind: "root".to_owned(),
                calls: 0,
                last_seen: None,
                groups: Vec::new(),
            },
        ],
        problems: vec![
            "`AWSLogs/111122223333/CloudTrail/eu-central-1/2026/10/03/111122223333_CloudTrail_eu-central-1_20261003T1105Z_x.json.gz`: unexpected end of file after 12,288 bytes".to_owned(),
        ],
    })
}

/// A report on nothing.
pub(super) fn empty() -> Report {
    let window = ReportWindow {
        start: "1970-01-01T00:00:00Z".to_owned(),
        end: "1970-01-01T00:00:00Z".to_owned(),
        length: "no time".to_owned(),
    };
    with_totals(Report {
        accounts: Vec::new(),
        window,
        used_since: None,
        coverage: Vec::new(),
        regions: Vec::new(),
        principals: Vec::new(),
        findings: Vec::new(),
        closed: Vec::new(),
        trend: None,
        history: Vec::new(),
        hour: Hour::default(),
        unresolved: Vec::new(),
        workloads: Vec::new(),
        links: Vec::new(),
        without_grants: Vec::new(),
        problems: Vec::new(),
        ..report(0, 0)
    })
}
