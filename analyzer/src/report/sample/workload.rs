//! What ran in a cluster, and which cloud identities it became.

use crate::report::model::{LinkLine, WorkloadLine};

pub(super) fn workloads() -> Vec<WorkloadLine> {
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

pub(super) fn links() -> Vec<LinkLine> {
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
