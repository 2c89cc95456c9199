//! Reports made up for tests: realistic ones of any size, a hostile one and an empty one.

mod principal;

use self::principal::principal;
use super::model::{
    Change, Closed, CoverageLine, FindingLine, Former, Gap, Hour, LevelWeight, LinkLine, Mute, Pick, Place,
    Point, ProposalSection, RegionLine, Report, ReportWindow, SCHEMA, Score, Totals, Trend,
    UnresolvedOperation, WithoutGrants, WorkloadLine,
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
            },
            WithoutGrants {
                principal: "arn:aws:iam::111122223333:root".to_owned(),
                kind: "root".to_owned(),
                calls: 0,
                last_seen: None,
            },
        ],
        problems: vec![
            "`AWSLogs/111122223333/CloudTrail/eu-central-1/2026/10/03/111122223333_CloudTrail_eu-central-1_20261003T1105Z_x.json.gz`: unexpected end of file after 12,288 bytes".to_owned(),
        ],
    })
}

fn findings(principals: &[super::model::PrincipalSection]) -> Vec<FindingLine> {
    let changes = [Change::New, Change::Same, Change::Regressed, Change::Grown, Change::Shrunk];
    let lines = principals.iter().enumerate().filter(|(_, principal)| principal.permissions.unused > 0);
    let mut lines: Vec<_> = lines
        .map(|(at, principal)| FindingLine {
            id: format!("{at:032x}"),
            rule: "unused",
            severity: ["high", "medium", "low"][at % 3],
            principal: principal.arn.clone(),
            service: Some("sqs".to_owned()),
            permissions: principal.permissions.unused,
            detail: format!("{} of 99 granted are unused: 4 write", principal.permissions.unused),
            names: vec!["sqs:DeleteQueue".to_owned()],
            muted: principal.muted.clone(),
            place: Some(Place { file: "grants/account.json".to_owned(), line: 12 }),
            change: Some(changes[at % changes.len()]),
        })
        .collect();
    lines
        .sort_by_key(|line| ["high", "medium", "low"].iter().position(|severity| *severity == line.severity));
    lines
}

fn trend() -> Trend {
    Trend {
        since: "2026-11-16T21:00:00Z".to_owned(),
        score: Score { removable: 700, granted: 1_000, unobservable: 50, percent: Some(70.0) },
        unused: 9_321,
        new: 3,
        regressed: 1,
        grown: 2,
        shrunk: 2,
        closed: vec![Closed {
            id: "ab".repeat(16),
            rule: "unused".to_owned(),
            severity: "high".to_owned(),
            principal: "arn:aws:iam::111122223333:role/ci-deployer".to_owned(),
            service: Some("kms".to_owned()),
            permissions: 12,
            reason: "used_again",
            why: "8 permissions are used, 4 permissions are not granted any more".to_owned(),
        }],
    }
}

fn hour(principals: &[super::model::PrincipalSection]) -> Hour {
    let picks: Vec<_> = principals
        .iter()
        .filter_map(|principal| match &principal.proposal {
            ProposalSection::Proven { removed, points, .. } => Some(Pick {
                principal: principal.arn.clone(),
                minutes: 11,
                removed: *removed,
                points: *points,
            }),
            _ => None,
        })
        .collect();
    let of_points = picks.iter().map(|pick| pick.points).sum();
    let picks: Vec<_> = picks.into_iter().take(5).collect();
    let points = picks.iter().map(|pick| pick.points).sum();
    Hour { minutes_per_proposal: 5, minutes_per_policy: 2, picks, points, of_points }
}

fn links() -> Vec<LinkLine> {
    let line = |name: &str, role: &str, verdict: &str, reason: Option<&str>| LinkLine {
        workloads: vec![format!("Deployment/{name}"), "CronJob/nightly".to_owned()],
        service_account: format!("shop/{name}"),
        mechanism: "irsa".to_owned(),
        principal: format!("arn:aws:iam::111122223333:role/{role}"),
        target: None,
        trust: "given".to_owned(),
        verdict: verdict.to_owned(),
        reason: reason.map(str::to_owned),
        calls: 12,
        last_seen: Some("2026-11-23T20:59:12Z".to_owned()),
        used: vec!["s3:GetObject".to_owned(), "sqs:SendMessage".to_owned()],
        granted: Some(31),
        origin: Some("cluster/serviceaccounts.yaml:12".to_owned()),
    };
    let other = LinkLine {
        workloads: Vec::new(),
        mechanism: "eks-pod-identity".to_owned(),
        target: Some("arn:aws:iam::444455556666:role/lake".to_owned()),
        trust: "undetermined".to_owned(),
        last_seen: None,
        used: Vec::new(),
        granted: None,
        ..line("lake", "lake", "unobservable", Some("the role is not in the grants"))
    };
    vec![line("orders-api", "team/orders-api", "used", None), other]
}

fn workloads() -> Vec<WorkloadLine> {
    let line = |workload: &str, principal: Option<&str>, provider: &str, services: &[&str]| WorkloadLine {
        workload: Some(workload.to_owned()),
        principal: principal.map(|name| format!("arn:aws:iam::111122223333:role/{name}")),
        provider: provider.to_owned(),
        services: services.iter().map(|&name| name.to_owned()).collect(),
        service_count: services.len(),
        allowed: 128_402,
        denied: 12,
        undecided: 0,
        unread: 0,
        last_seen: "2026-11-23T20:59:12Z".to_owned(),
    };
    let many = ["s3", "sqs", "dynamodb", "kms", "secretsmanager", "sts", "ssm", "logs"];
    let mut lines = vec![
        line("production/shop/Deployment/orders-api/api", Some("team/orders-api"), "aws", &many),
        line(
            "production/shop/Deployment/orders-api/api",
            None,
            "kubernetes",
            &["core", "coordination.k8s.io"],
        ),
        line("production/shop/Deployment/orders-api/sidecar", Some("team/orders-api"), "aws", &["sts"]),
        line("production/billing/CronJob/month-end/close", None, "aws", &["s3"]),
        line("unit/backup.service", None, "http", &["hooks.example.com"]),
    ];
    if let Some(last) = lines.last_mut() {
        (last.undecided, last.unread, last.allowed) = (731, 18_204, 0);
    }
    lines.push(WorkloadLine { workload: None, ..line("", None, "github", &["api.github.com"]) });
    lines
}

fn coverage() -> Vec<CoverageLine> {
    let line = |class: &str, recorded, note: &str| CoverageLine {
        class: format!("{class} (account 111122223333)"),
        recorded,
        note: note.to_owned(),
    };
    let span = "90 days, 2026-08-25 21:00 to 2026-11-23 21:00 UTC";
    vec![
        line("management events that write", true, span),
        line("management events that read", true, span),
        line(
            "data events of AWS::S3::Object",
            true,
            "only under arn:aws:s3:::larkspur-orders/, arn:aws:s3:::larkspur-exports/",
        ),
        line("data events of AWS::Lambda::Function", true, "all resources"),
        line("management events of kms.amazonaws.com", false, "left out by the trail"),
    ]
}

fn regions() -> Vec<RegionLine> {
    let line = |account: &str, region: &str, hours, gaps| RegionLine {
        account: account.to_owned(),
        region: region.to_owned(),
        sources: vec!["cloudtrail".to_owned()],
        hours,
        hours_in_window: 2_160,
        first_seen: Some("2026-08-25T21:00:00Z".to_owned()),
        last_seen: Some("2026-11-23T21:00:00Z".to_owned()),
        gaps,
    };
    let gap = |day: u32, days: u32| ReportWindow {
        start: format!("2026-10-{day:02}T00:00:00Z"),
        end: format!("2026-10-{:02}T00:00:00Z", day + days),
        length: format!("{days} days"),
    };
    let gaps = vec![gap(12, 9), gap(1, 4), gap(6, 3), gap(22, 3)];
    let silent = RegionLine {
        sources: Vec::new(),
        hours: 0,
        first_seen: None,
        last_seen: None,
        ..line("111122223333", "us-west-2", 0, vec![gap(1, 30)])
    };
    vec![
        line("111122223333", "eu-central-1", 2_160, Vec::new()),
        line("111122223333", "us-east-1", 401, gaps),
        silent,
        line("444455556666", "eu-central-1", 1_998, vec![gap(3, 3)]),
    ]
}

/// Sums up the principals, as whoever builds a report does.
fn with_totals(mut report: Report) -> Report {
    let mut totals = Totals {
        principals: report.principals.len(),
        findings: report.findings.len(),
        muted_principals: report.principals.iter().filter(|one| one.muted.is_some()).count(),
        muted_findings: report.findings.iter().filter(|one| one.muted.is_some()).count(),
        ..Totals::default()
    };
    let mut gaps: Vec<Gap> = Vec::new();
    let mut score = Score::default();
    for principal in &report.principals {
        for row in &principal.levels {
            score.removable += row.weight * row.permissions.unused as u64;
            score.granted += row.weight * (row.permissions.used + row.permissions.unused) as u64;
            score.unobservable += row.weight * row.permissions.unobservable as u64;
        }
        totals.idle += usize::from(principal.calls == 0);
        totals.calls += principal.calls;
        totals.denied += principal.denied;
        totals.permissions.granted += principal.permissions.granted;
        totals.permissions.used += principal.permissions.used;
        totals.permissions.unused += principal.permissions.unused;
        totals.permissions.unobservable += principal.permissions.unobservable;
        if let ProposalSection::Proven { removed, .. } = principal.proposal {
            totals.proposals += 1;
            totals.removed += removed;
        }
        for gap in &principal.gaps {
            match gaps.iter_mut().find(|known| known.text == gap.text) {
                Some(known) => {
                    known.permissions += gap.permissions;
                    known.principals += 1;
                }
                None => gaps.push(gap.clone()),
            }
        }
    }
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.permissions));
    score.percent =
        (score.granted > 0).then(|| (1_000.0 * score.removable as f64 / score.granted as f64).round() / 10.0);
    report.score = score;
    report.totals = totals;
    report.gaps = gaps;
    report
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

/// A text that tries to leave every place in which it is put.
pub(super) const HOSTILE: &str = "x|y`z`\\|\"'><script>alert(1)</script><img src=x onerror=alert(2)>\n\n# h\n| a | b |\n[l](javascript:alert(3)) ${x} {{ y }} *b* _i_ ~~s~~ @all www.evil.example https://evil.example a@b.example #1 &amp; \u{202e}\u{0}\u{1b}[31m é";

/// A text with the lines and the names of the hostile one, and without its malice.
pub(super) fn harmless() -> String {
    HOSTILE.chars().map(|c| if c.is_alphanumeric() || "`\n".contains(c) { c } else { ' ' }).collect()
}

/// A report in which every text is the given one.
pub(super) fn filled_with(text: &str) -> Report {
    let mut report = report(6, 4);
    let evil = || text.to_owned();
    report.accounts.push(evil());
    report.window.length = evil();
    report.window.start = evil();
    report.catalog = evil();
    for weight in &mut report.weights {
        weight.level = evil();
    }
    for line in &mut report.coverage {
        (line.class, line.note) = (evil(), evil());
    }
    report.longest_gap = evil();
    for line in &mut report.regions {
        (line.account, line.region, line.sources) = (evil(), evil(), vec![evil()]);
        (line.first_seen, line.last_seen) = (Some(evil()), Some(evil()));
        for gap in &mut line.gaps {
            // A window that ends where it starts would not be named.
            (gap.start, gap.length) = (evil(), evil());
        }
    }
    let gaps = report.principals.iter_mut().flat_map(|principal| &mut principal.gaps);
    for gap in gaps.chain(&mut report.gaps) {
        (gap.code, gap.text, gap.remedy, gap.examples) = (evil(), evil(), Some(evil()), vec![evil(), evil()]);
    }
    for (at, principal) in report.principals.iter_mut().enumerate() {
        (principal.arn, principal.name, principal.kind) = (format!("{}{at}", evil()), evil(), evil());
        principal.last_used = Some(evil());
        (principal.account, principal.namespace, principal.owner) = (evil(), Some(evil()), Some(evil()));
        principal.muted = Some(Mute { reason: evil(), until: Some(evil()) });
        if let Some(rhythm) = &mut principal.rhythm {
            (rhythm.first, rhythm.last) = (evil(), evil());
        }
        if let Some(pull_request) = &mut principal.pull_request {
            (pull_request.url, pull_request.state) = (Some(evil()), evil());
            (pull_request.opened, pull_request.merged) = (Some(evil()), Some(evil()));
            (pull_request.until, pull_request.change) = (Some(evil()), Some(evil()));
            principal.other_pull_requests = vec![pull_request.clone()];
        }
        for row in &mut principal.levels {
            (row.level, row.examples) = (evil(), vec![evil()]);
        }
        for row in &mut principal.services {
            row.service = evil();
            row.levels.iter_mut().for_each(|level| level.level = evil());
        }
        for row in &mut principal.unlisted {
            (row.names, row.why) = (evil(), evil());
        }
        for row in &mut principal.used {
            (row.permission, row.first_seen, row.last_seen) = (evil(), evil(), evil());
            (row.sample, row.operations, row.narrowed_to) = (Some(evil()), vec![evil()], vec![evil()]);
            (row.hidden, row.shown_by, row.seen_on) = (Some(evil()), evil(), vec![evil()]);
        }
        principal.denied_permissions = vec![(evil(), 3)];
        match &mut principal.proposal {
            ProposalSection::Proven { changes, folder, .. } => {
                *folder = evil();
                for change in changes {
                    (change.policy, change.edit, change.note) = (evil(), evil(), evil());
                    change.diff = format!("--- {text}\n+++ b\n@@ -1 +1 @@\n-{text}\n+{text}\n");
                }
            }
            ProposalSection::Nothing => {}
            ProposalSection::Impossible { why } => *why = evil(),
        }
    }
    for row in &mut report.unresolved {
        row.operation = evil();
    }
    for row in &mut report.findings {
        (row.principal, row.service, row.detail, row.names) = (evil(), Some(evil()), evil(), vec![evil()]);
        (row.muted, row.place) =
            (Some(Mute { reason: evil(), until: None }), Some(Place { file: evil(), line: 1 }));
    }
    for pick in &mut report.hour.picks {
        pick.principal = evil();
    }
    if let Some(trend) = &mut report.trend {
        trend.since = evil();
        for row in &mut trend.closed {
            (row.id, row.rule, row.severity, row.principal) = (evil(), evil(), evil(), evil());
            (row.service, row.why) = (Some(evil()), evil());
        }
    }
    for row in &mut report.workloads {
        (row.workload, row.principal) = (row.workload.as_ref().map(|_| evil()), Some(evil()));
        (row.provider, row.services, row.last_seen) = (evil(), vec![evil()], evil());
    }
    for row in &mut report.links {
        (row.workloads, row.service_account, row.mechanism) = (vec![evil()], evil(), evil());
        (row.principal, row.target, row.trust, row.verdict) = (evil(), Some(evil()), evil(), evil());
        (row.reason, row.last_seen, row.used, row.origin) =
            (Some(evil()), Some(evil()), vec![evil()], Some(evil()));
    }
    for row in &mut report.without_grants {
        (row.principal, row.kind, row.last_seen) = (evil(), evil(), Some(evil()));
    }
    report.problems = vec![evil(), "- # not a list".to_owned()];
    report
}
