//! Reports made up for tests: realistic ones of any size, a hostile one and an empty one.

use super::model::{
    ChangeRow, CoverageLine, Gap, LevelRow, LevelWeight, PermissionCounts, PrincipalSection, ProposalSection,
    Report, ReportWindow, ServiceRow, Totals, UnresolvedOperation, UsedRow, WithoutGrants,
};

const NAMES: [&str; 24] = [
    "platform-admin",
    "ci-deployer",
    "legacy-ops",
    "terraform-apply",
    "data-lake-etl",
    "analytics-notebook",
    "orders-api",
    "checkout-worker",
    "payments-webhook",
    "inventory-sync",
    "image-resizer",
    "search-indexer",
    "email-sender",
    "backup-runner",
    "log-shipper",
    "metrics-exporter",
    "session-cleaner",
    "report-builder",
    "feature-flags",
    "vpn-gateway",
    "support-readonly",
    "auditor",
    "break-glass",
    "old-batch",
];

const SERVICES: [(&str, &[&str]); 12] = [
    ("ec2", &["RunInstances", "TerminateInstances", "DescribeInstances", "CreateTags", "DescribeVolumes"]),
    ("iam", &["PassRole", "CreateRole", "AttachRolePolicy", "PutRolePolicy", "ListRoles"]),
    ("s3", &["GetObject", "PutObject", "ListBucket", "PutBucketPolicy", "DeleteObject"]),
    ("dynamodb", &["GetItem", "PutItem", "Query", "DescribeTable", "UpdateTable"]),
    ("kms", &["Decrypt", "GenerateDataKey", "CreateGrant", "DescribeKey", "ScheduleKeyDeletion"]),
    ("lambda", &["InvokeFunction", "UpdateFunctionCode", "GetFunction", "AddPermission", "ListFunctions"]),
    ("sqs", &["ReceiveMessage", "SendMessage", "DeleteMessage", "GetQueueAttributes", "SetQueueAttributes"]),
    ("sns", &["Publish", "Subscribe", "ListTopics", "SetTopicAttributes", "CreateTopic"]),
    ("logs", &["PutLogEvents", "CreateLogStream", "DescribeLogGroups", "FilterLogEvents", "DeleteLogGroup"]),
    (
        "sts",
        &[
            "AssumeRole",
            "GetCallerIdentity",
            "TagSession",
            "GetFederationToken",
            "DecodeAuthorizationMessage",
        ],
    ),
    (
        "secretsmanager",
        &["GetSecretValue", "PutSecretValue", "DescribeSecret", "ListSecrets", "RotateSecret"],
    ),
    ("cloudformation", &["CreateStack", "UpdateStack", "DescribeStacks", "DeleteStack", "ListStacks"]),
];

const LEVELS: [(&str, u64); 5] =
    [("permissions management", 20), ("write", 5), ("tagging", 3), ("read", 1), ("list", 1)];

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
    with_totals(Report {
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
        gaps: Vec::new(),
        principals: sections,
        unresolved: vec![
            UnresolvedOperation { operation: "billingconsole:GetBillingNotifications".to_owned(), count: 1_204, principals: 3 },
            UnresolvedOperation { operation: "q:StartConversation".to_owned(), count: 17, principals: 1 },
        ],
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

fn principal(at: usize, used: usize, dice: &Dice) -> PrincipalSection {
    let name = match NAMES.get(at) {
        Some(name) => (*name).to_owned(),
        None => format!("{}-{at}", NAMES[at % NAMES.len()]),
    };
    let kind = if at % 9 == 5 { "user" } else { "role" };
    let path = if at % 4 == 3 { "teams/larkspur/platform-engineering/" } else { "" };
    let account = if at % 3 == 0 { "444455556666" } else { "111122223333" };
    let is_idle = at % 11 == 10;
    let used: Vec<_> = if is_idle {
        Vec::new()
    } else {
        (0..used / 2 + dice.below(used + 1)).map(|at| used_row(at, dice)).collect()
    };
    let scale = [4_000, 600, 120, 40, 9][at % 5];
    let counts = [scale / 12, scale / 2, scale / 20, scale, scale / 3];
    let unused_by_level: Vec<_> = LEVELS
        .iter()
        .zip(counts)
        .map(|((level, weight), most)| (level, *weight, dice.below(most + 1)))
        .filter(|(_, _, permissions)| *permissions > 0)
        .map(|(level, weight, permissions)| LevelRow {
            level: (*level).to_owned(),
            weight,
            permissions,
            examples: (0..permissions.min(20)).map(|_| permission(dice)).collect(),
        })
        .collect();
    let gaps = gaps(scale, dice);
    let mut permissions = PermissionCounts {
        used: used.len(),
        unused: unused_by_level.iter().map(|row| row.permissions).sum(),
        unobservable: gaps.iter().map(|gap| gap.permissions).sum(),
        granted: 0,
    };
    permissions.granted = permissions.used + permissions.unused + permissions.unobservable;
    PrincipalSection {
        arn: format!("arn:aws:iam::{account}:{kind}/{path}{name}"),
        kind: kind.to_owned(),
        calls: used.iter().map(|row| row.count).sum(),
        denied: if at % 6 == 1 { 41 } else { 0 },
        last_used: used.iter().map(|row| row.last_seen.clone()).max(),
        permissions,
        score: unused_by_level.iter().map(|row| row.weight * row.permissions as u64).sum(),
        unused_by_level,
        services: services(permissions, dice),
        gaps,
        denied_permissions: if at % 6 == 1 {
            vec![("kms:Decrypt".to_owned(), 40), ("iam:PassRole".to_owned(), 1)]
        } else {
            Vec::new()
        },
        proposal: proposal(at, account, kind, &name, permissions),
        used,
        name,
    }
}

fn permission(dice: &Dice) -> String {
    let (service, actions) = SERVICES[dice.below(SERVICES.len())];
    format!("{service}:{}", actions[dice.below(actions.len())])
}

fn used_row(at: usize, dice: &Dice) -> UsedRow {
    let (service, actions) = SERVICES[at % SERVICES.len()];
    let action = actions[at / SERVICES.len() % actions.len()];
    let operation = if action == "ListBucket" { "ListObjectsV2" } else { action };
    let mut seen = [dice.moment(), dice.moment()];
    seen.sort();
    let [first_seen, last_seen] = seen;
    let resources = (dice.below(4) > 0).then(|| 1 + dice.below(6));
    let is_narrowed = resources.is_some() && dice.below(3) > 0;
    UsedRow {
        permission: format!("{service}:{action}"),
        count: 1 + dice.below([9, 300, 90_000][dice.below(3)]) as u64,
        first_seen,
        last_seen,
        sample: (dice.below(20) > 0).then(|| dice.event_id()),
        operations: vec![format!("{service}:{operation}")],
        resources,
        narrowed_to: (0..if is_narrowed { resources.unwrap_or(0) } else { 0 })
            .map(|at| format!("arn:aws:{service}:eu-central-1:111122223333:table/larkspur-orders-{at}/*"))
            .collect(),
        hidden: (!is_narrowed && dice.below(3) == 0).then(|| {
            "data events of `AWS::S3::Object` were recorded for some of the granted resources only".to_owned()
        }),
    }
}

fn services(all: PermissionCounts, dice: &Dice) -> Vec<ServiceRow> {
    let mut left = all;
    let mut rows: Vec<_> = SERVICES
        .iter()
        .enumerate()
        .map(|(at, (service, _))| {
            let is_last = at + 1 == SERVICES.len();
            let take = |of: &mut usize| {
                let taken = if is_last { *of } else { dice.below(*of / 3 + 1) };
                *of -= taken;
                taken
            };
            let (used, unused, unobservable) =
                (take(&mut left.used), take(&mut left.unused), take(&mut left.unobservable));
            let permissions =
                PermissionCounts { granted: used + unused + unobservable, used, unused, unobservable };
            ServiceRow { service: (*service).to_owned(), permissions }
        })
        .filter(|row| row.permissions.granted > 0)
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.permissions.unused));
    rows
}

fn gaps(scale: usize, dice: &Dice) -> Vec<Gap> {
    let reasons: [(&str, &str, Option<&str>); 4] = [
        (
            "data_events_off",
            "data events of `AWS::DynamoDB::Table` were not recorded",
            Some(
                "switch on data events of `AWS::DynamoDB::Table` for every granted resource in the trail's event selectors",
            ),
        ),
        ("no_operation", "no API operation is known to need it", None),
        (
            "service_excluded",
            "the trail's settings leave out `kms.amazonaws.com`",
            Some("let the trail record events of `kms.amazonaws.com` too (`ExcludeManagementEventSources`)"),
        ),
        ("may_be_needed", "a recorded call of `ec2:RunInstances` may have needed it", None),
    ];
    let mut gaps: Vec<_> = reasons
        .iter()
        .map(|(code, text, remedy)| (code, text, remedy, dice.below(scale / 8 + 2)))
        .filter(|(_, _, _, permissions)| *permissions > 0)
        .map(|(code, text, remedy, permissions)| Gap {
            code: (*code).to_owned(),
            text: (*text).to_owned(),
            remedy: remedy.map(str::to_owned),
            permissions,
            principals: 1,
            examples: (0..permissions.min(5)).map(|_| permission(dice)).collect(),
        })
        .collect();
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.permissions));
    gaps
}

fn proposal(
    at: usize,
    account: &str,
    kind: &str,
    name: &str,
    permissions: PermissionCounts,
) -> ProposalSection {
    match at % 7 {
        4 => ProposalSection::Nothing,
        6 => ProposalSection::Impossible {
            why: "policy `arn:aws:iam::111122223333:policy/shared-base` uses `NotResource`, which cannot be narrowed yet".to_owned(),
        },
        _ => ProposalSection::Proven {
            changes: changes(name),
            granted_after: permissions.used + permissions.unobservable,
            removed: permissions.unused,
            protected: permissions.used * 3,
            folder: format!("{account}/{kind}/{name}"),
        },
    }
}

const DIFF: &str = r#"--- a/orders.json
+++ b/orders.json
@@ -4,10 +4,10 @@
         {
             "Sid": "Orders",
             "Effect": "Allow",
             "Action": [
-                "dynamodb:*",
-                "s3:*"
+                "dynamodb:GetItem",
+                "dynamodb:Query"
             ],
-            "Resource": "arn:aws:dynamodb:eu-central-1:111122223333:table/*"
+            "Resource": "arn:aws:dynamodb:eu-central-1:111122223333:table/larkspur-orders"
         }
     ]
 }
"#;

fn changes(name: &str) -> Vec<ChangeRow> {
    vec![
        ChangeRow {
            policy: format!("{name}-inline"),
            edit: "put inline".to_owned(),
            note: String::new(),
            characters_before: 4_210,
            characters_after: 612,
            diff: DIFF.to_owned(),
        },
        ChangeRow {
            policy: "AmazonS3FullAccess".to_owned(),
            edit: "replace".to_owned(),
            note: "managed by AWS, so replaced, not edited".to_owned(),
            characters_before: 120,
            characters_after: 384,
            diff: DIFF.replace("orders", "AmazonS3FullAccess"),
        },
        ChangeRow {
            policy: "ReadOnlyAccess".to_owned(),
            edit: "remove".to_owned(),
            note: "nothing of it is needed".to_owned(),
            characters_before: 27_310,
            characters_after: 0,
            diff: DIFF.replace("orders", "ReadOnlyAccess"),
        },
    ]
}

/// Sums up the principals, as whoever builds a report does.
fn with_totals(mut report: Report) -> Report {
    let mut totals = Totals { principals: report.principals.len(), ..Totals::default() };
    let mut gaps: Vec<Gap> = Vec::new();
    for principal in &report.principals {
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
        principals: Vec::new(),
        unresolved: Vec::new(),
        without_grants: Vec::new(),
        problems: Vec::new(),
        ..report(0, 0)
    })
}

/// A text that tries to leave every place in which it is put.
pub(super) const HOSTILE: &str = "x|y`z`\\|\"'><script>alert(1)</script><img src=x onerror=alert(2)>\n\n# h\n| a | b |\n[l](javascript:alert(3)) ${x} {{ y }} *b* _i_ ~~s~~ @all www.evil.example https://evil.example a@b.example #1 &amp; \u{202e}\u{0}\u{1b}[31m é";

/// A report in which every text is hostile.
pub(super) fn hostile() -> Report {
    let mut report = report(6, 4);
    let evil = || HOSTILE.to_owned();
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
    let gaps = report.principals.iter_mut().flat_map(|principal| &mut principal.gaps);
    for gap in gaps.chain(&mut report.gaps) {
        (gap.code, gap.text, gap.remedy, gap.examples) = (evil(), evil(), Some(evil()), vec![evil(), evil()]);
    }
    for (at, principal) in report.principals.iter_mut().enumerate() {
        (principal.arn, principal.name, principal.kind) = (format!("{}{at}", evil()), evil(), evil());
        principal.last_used = Some(evil());
        for row in &mut principal.unused_by_level {
            (row.level, row.examples) = (evil(), vec![evil()]);
        }
        for row in &mut principal.services {
            row.service = evil();
        }
        for row in &mut principal.used {
            (row.permission, row.first_seen, row.last_seen) = (evil(), evil(), evil());
            (row.sample, row.operations, row.narrowed_to) = (Some(evil()), vec![evil()], vec![evil()]);
            row.hidden = Some(evil());
        }
        principal.denied_permissions = vec![(evil(), 3)];
        match &mut principal.proposal {
            ProposalSection::Proven { changes, folder, .. } => {
                *folder = evil();
                for change in changes {
                    (change.policy, change.edit, change.note) = (evil(), evil(), evil());
                    change.diff = format!("--- {HOSTILE}\n+++ b\n@@ -1 +1 @@\n-{HOSTILE}\n+{HOSTILE}\n");
                }
            }
            ProposalSection::Nothing => {}
            ProposalSection::Impossible { why } => *why = evil(),
        }
    }
    for row in &mut report.unresolved {
        row.operation = evil();
    }
    for row in &mut report.without_grants {
        (row.principal, row.kind, row.last_seen) = (evil(), evil(), Some(evil()));
    }
    report.problems = vec![evil(), "- # not a list".to_owned()];
    report
}
