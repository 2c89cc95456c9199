//! What one hour of work would remove most.

use crate::report::model::{Hour, Pick, PrincipalSection, ProposalSection};

/// Minutes that it is taken to cost to review a proposal: to read what goes and ask whoever looks after the principal.
const PER_PROPOSAL: u64 = 5;

/// Minutes that each changed policy of it adds.
const PER_POLICY: u64 = 2;

/// Minutes to spend.
const HOUR: u64 = 60;

/// The proposals that remove most for each minute of review, as many as fit into an hour. Muted principals, and those
/// whose pull request waits already, are left out.
pub(super) fn of(principals: &[PrincipalSection]) -> Hour {
    let is_free =
        |principal: &&PrincipalSection| principal.muted.is_none() && principal.pull_request.is_none();
    let mut picks: Vec<Pick> = principals.iter().filter(is_free).filter_map(pick).collect();
    let of_points = picks.iter().map(|pick| pick.points).sum();
    // By points a minute, compared without division; then by name, so that the order never varies.
    picks.sort_by(|a, b| {
        (b.points.saturating_mul(a.minutes), &a.principal)
            .cmp(&(a.points.saturating_mul(b.minutes), &b.principal))
    });
    let mut left = HOUR;
    picks.retain(|pick| {
        let fits = pick.minutes <= left;
        if fits {
            left -= pick.minutes;
        }
        fits
    });
    let points = picks.iter().map(|pick| pick.points).sum();
    Hour { minutes_per_proposal: PER_PROPOSAL, minutes_per_policy: PER_POLICY, picks, points, of_points }
}

fn pick(principal: &PrincipalSection) -> Option<Pick> {
    let ProposalSection::Proven { changes, removed, points, .. } = &principal.proposal else { return None };
    (*points > 0).then(|| Pick {
        principal: principal.arn.clone(),
        minutes: PER_PROPOSAL + PER_POLICY * changes.len() as u64,
        removed: *removed,
        points: *points,
    })
}
