//! What is summed up of principals.

use crate::report::model::{Gap, Hour, Pick, PrincipalSection, ProposalSection, Report, Score, Totals};

pub(super) fn hour(principals: &[PrincipalSection]) -> Hour {
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

/// Sums up the principals, as whoever builds a report does.
pub(super) fn with_totals(mut report: Report) -> Report {
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
        if let ProposalSection::Proven { removed, narrowed, .. } = principal.proposal {
            totals.proposals += 1;
            totals.removed += removed;
            totals.narrowed += narrowed;
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
