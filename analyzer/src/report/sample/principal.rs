//! A made-up principal.

use super::{Dice, LEVELS};
use crate::report::model::{
    ChangeRow, Gap, LevelRow, Mute, PermissionCounts, Place, PrincipalSection, ProposalSection, PullRequest,
    Rhythm, ServiceLevel, ServiceRow, UnlistedRow, UsedRow,
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

pub(super) fn principal(at: usize, used: usize, dice: &Dice) -> PrincipalSection {
    let name = match NAMES.get(at) {
        Some(name) => (*name).to_owned(),
        None => format!("{}-{at}", NAMES[at % NAMES.len()]),
    };
    let kind = if at % 9 == 5 { "user" } else { "role" };
    let path = if at % 4 == 3 { "teams/larkspur/platform-engineering/" } else { "" };
    let account = if at.is_multiple_of(3) { "444455556666" } else { "111122223333" };
    let is_idle = at % 11 == 10;
    let used: Vec<_> = if is_idle {
        Vec::new()
    } else {
        (0..used / 2 + dice.below(used + 1)).map(|at| used_row(at, dice)).collect()
    };
    let scale = [4_000, 600, 120, 40, 9][at % 5];
    let counts = [scale / 12, scale / 2, scale / 20, scale, scale / 3];
    let mut levels: Vec<_> = LEVELS
        .iter()
        .zip(counts)
        .map(|((level, weight), most)| (level, *weight, dice.below(most + 1)))
        .filter(|(_, _, permissions)| *permissions > 0)
        .map(|(level, weight, permissions)| LevelRow {
            level: (*level).to_owned(),
            weight,
            permissions: PermissionCounts {
                granted: permissions,
                unused: permissions,
                ..PermissionCounts::default()
            },
            examples: (0..permissions.min(20)).map(|_| permission(dice)).collect(),
        })
        .collect();
    let gaps = gaps(scale, dice);
    let mut permissions = PermissionCounts {
        used: used.len(),
        unused: levels.iter().map(|row| row.permissions.unused).sum(),
        unobservable: gaps.iter().map(|gap| gap.permissions).sum(),
        granted: 0,
    };
    permissions.granted = permissions.used + permissions.unused + permissions.unobservable;
    spread(&mut levels, permissions);
    PrincipalSection {
        arn: format!("arn:aws:iam::{account}:{kind}/{path}{name}"),
        kind: kind.to_owned(),
        account: account.to_owned(),
        namespace: None,
        written: (0..at % 3)
            .map(|file| Place { file: format!("infra/{name}/iam-{file}.tf"), line: 12 })
            .collect(),
        owner: (at % 5 < 3).then(|| format!("team-{}", at % 5)),
        muted: (at % 10 == 9)
            .then(|| Mute { reason: "break glass".to_owned(), until: Some("2027-01-31".to_owned()) }),
        calls: used.iter().map(|row| row.count).sum(),
        denied: if at % 6 == 1 { 41 } else { 0 },
        last_used: used.iter().map(|row| row.last_seen.clone()).max(),
        permissions,
        risk: ["high", "medium", "low", "none"][at % 4],
        score: levels.iter().map(|row| row.weight * row.permissions.unused as u64).sum(),
        levels,
        services: services(permissions, dice),
        gaps,
        unlisted: unlisted(at),
        denied_permissions: if at % 6 == 1 {
            vec![("kms:Decrypt".to_owned(), 40), ("iam:PassRole".to_owned(), 1)]
        } else {
            Vec::new()
        },
        rhythm: (!used.is_empty()).then(|| rhythm(dice)),
        proposal: proposal(at, account, kind, &name, permissions),
        pull_request: (at % 8 == 3).then(|| PullRequest {
            url: Some(format!("https://git.example/larkspur/policies/pull/{at}")),
            state: "open".to_owned(),
            opened: Some("2026-11-20T09:00:00Z".to_owned()),
            ..PullRequest::default()
        }),
        other_pull_requests: Vec::new(),
        used,
        name,
    }
}

/// Puts what is used into the last access level, and what is unobservable into the one before.
fn spread(levels: &mut Vec<LevelRow>, permissions: PermissionCounts) {
    for (at, used, unobservable) in [(4, permissions.used, 0), (3, 0, permissions.unobservable)] {
        let (level, weight) = LEVELS[at];
        let row = match levels.iter_mut().find(|row| row.level == level) {
            Some(row) => row,
            None => {
                let permissions = PermissionCounts::default();
                levels.push(LevelRow { level: level.to_owned(), weight, permissions, examples: Vec::new() });
                levels.last_mut().unwrap()
            }
        };
        row.permissions.add(PermissionCounts { granted: used + unobservable, used, unused: 0, unobservable });
    }
    levels.retain(|row| row.permissions.granted > 0);
    levels.sort_by_key(|row| std::cmp::Reverse(row.weight));
}

fn rhythm(dice: &Dice) -> Rhythm {
    let mut week = [[0; 24]; 7];
    for row in week.iter_mut().take(5) {
        for hour in &mut row[7..19] {
            *hour = u32::try_from(dice.below(13)).unwrap();
        }
    }
    Rhythm { days: 64, first: "2026-08-26".to_owned(), last: "2026-11-23".to_owned(), week }
}

fn unlisted(at: usize) -> Vec<UnlistedRow> {
    let row = |names: &str, why: &str| UnlistedRow { names: names.to_owned(), why: why.to_owned() };
    match at % 4 {
        0 => vec![
            row("ec2:*", "what a recorded call of `ec2:NewerCall` needed is not known"),
            row("newservice:Act", "unsupported: `newservice:Act` is not in the catalog"),
        ],
        _ => Vec::new(),
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
        on_wire: if at % 4 == 1 { 8 } else { 0 },
        first_seen,
        last_seen,
        sample: (dice.below(20) > 0).then(|| dice.event_id()),
        operations: vec![format!("{service}:{operation}")],
        resources,
        seen_on: (0..resources.unwrap_or(0))
            .map(|at| format!("arn:aws:{service}:eu-central-1:111122223333:table/larkspur-orders-{at}"))
            .collect(),
        sources: if at % 4 == 1 { vec!["log", "wire"] } else { vec!["log"] },
        shown_by: "management write events".to_owned(),
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
            service_row((*service).to_owned(), permissions)
        })
        .filter(|row| row.permissions.granted > 0)
        .collect();
    if let Some(row) = rows.pop_if(|row| row.permissions.unused > 200) {
        // The last service's permissions become those of many services.
        let unused = row.permissions.unused / 100;
        for at in 0..100 {
            let unused = if at == 0 { row.permissions.unused - unused * 99 } else { unused };
            let permissions = PermissionCounts { granted: unused, unused, ..PermissionCounts::default() };
            rows.push(service_row(format!("service-{at}"), permissions));
        }
        let used = PermissionCounts {
            unused: 0,
            granted: row.permissions.used + row.permissions.unobservable,
            ..row.permissions
        };
        rows.push(service_row(row.service, used));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.permissions.unused));
    rows
}

fn service_row(service: String, permissions: PermissionCounts) -> ServiceRow {
    let levels = vec![ServiceLevel { level: "write".to_owned(), permissions }];
    ServiceRow { service, permissions, levels }
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
    // Who may do nearly everything has many reasons.
    for at in 0..scale / 250 {
        gaps.push(Gap {
            code: "data_events_off".to_owned(),
            text: format!("data events of `AWS::Sample::Type{at}` were not recorded"),
            remedy: Some(format!("switch on data events of `AWS::Sample::Type{at}`")),
            permissions: 1 + at,
            principals: 1,
            examples: vec![permission(dice)],
        });
    }
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
            narrowed: 0,
            points: 7 * permissions.unused as u64,
            protected: permissions.used * 3,
            replayed: None,
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
