//! Findings, and what became of those of the report before.

use crate::report::model::{Change, Closed, FindingLine, Place, PrincipalSection, Score, Trend};

pub(super) fn findings(principals: &[PrincipalSection]) -> Vec<FindingLine> {
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

pub(super) fn trend() -> Trend {
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
