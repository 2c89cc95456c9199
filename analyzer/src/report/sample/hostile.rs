//! Reports in which every text is one that somebody chose.

use super::report;
use crate::report::model::{Mute, Place, ProposalSection, Report};

/// A text that tries to leave every place in which it is put.
pub(in crate::report) const HOSTILE: &str = "x|y`z`\\|\"'><script>alert(1)</script><img src=x onerror=alert(2)>\n\n# h\n| a | b |\n[l](javascript:alert(3)) ${x} {{ y }} *b* _i_ ~~s~~ @all www.evil.example https://evil.example a@b.example #1 &amp; \u{202e}\u{0}\u{1b}[31m é";

/// A text with the lines and the names of the hostile one, and without its malice.
pub(in crate::report) fn harmless() -> String {
    HOSTILE.chars().map(|c| if c.is_alphanumeric() || "`\n".contains(c) { c } else { ' ' }).collect()
}

/// A report in which every text is the given one.
pub(in crate::report) fn filled_with(text: &str) -> Report {
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
        principal.written = vec![Place { file: evil(), line: 1 }];
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
        row.groups = vec![evil()];
    }
    report.problems = vec![evil(), "- # not a list".to_owned()];
    report
}
