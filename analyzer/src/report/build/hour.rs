//! What one hour of work would remove most.

use crate::report::model::{Hour, Pick, PrincipalSection, ProposalSection, PullRequest};

/// Minutes that it is taken to cost to review a proposal: to read what goes and ask whoever looks after the principal.
const PER_PROPOSAL: u64 = 5;

/// Minutes that each changed policy of it adds.
const PER_POLICY: u64 = 2;

/// Minutes to spend.
const HOUR: u64 = 60;

/// The proposals that remove most for each minute of review, as many as fit into an hour. Muted principals are left out, and those whose pull
/// request is open, stuck or was answered already. Of those in several repositories the most pressing counts: what waits in one is to be done,
/// whatever became of an old one elsewhere.
pub(super) fn of(principals: &[PrincipalSection]) -> Hour {
    let is_free = |principal: &&PrincipalSection| {
        principal.muted.is_none() && principal.pull_requests().next().is_none_or(PullRequest::is_free)
    };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// What a principal gives for each minute, and how many minutes.
    fn offers(principals: &[PrincipalSection]) -> Vec<(String, u64, u64)> {
        let offer = |one: &PrincipalSection| {
            let ProposalSection::Proven { changes, points, .. } = &one.proposal else { return None };
            let is_free = one
                .pull_request
                .as_ref()
                .is_none_or(|pull| ["waiting", "by_hand", "resolved"].contains(&pull.state.as_str()));
            let is_free = is_free && one.muted.is_none() && *points > 0;
            is_free.then(|| (one.arn.clone(), 5 + 2 * changes.len() as u64, *points))
        };
        principals.iter().filter_map(offer).collect()
    }

    #[test]
    fn an_hour_is_spent_on_what_removes_most_for_each_minute() {
        let principals = sample::report(60, 3).principals;
        let (hour, offers) = (of(&principals), offers(&principals));
        assert!(offers.len() < principals.len() && hour.picks.len() > 3, "{hour:?}");
        let spent: u64 = hour.picks.iter().map(|pick| pick.minutes).sum();
        assert!(spent <= 60, "{spent}");
        let rate = |points: u64, minutes: u64| points as f64 / minutes as f64;
        let rates: Vec<_> = hour.picks.iter().map(|pick| rate(pick.points, pick.minutes)).collect();
        assert!(rates.is_sorted_by(|a, b| a >= b), "{rates:?}");
        for pick in &hour.picks {
            let offer = (pick.principal.clone(), pick.minutes, pick.points);
            assert!(offers.contains(&offer), "{pick:?} is not to be had");
        }
        // Nothing that was left out is better than the worst that was taken, unless it takes longer than what is left.
        let worst = rates.last().copied().unwrap();
        let is_taken = |arn: &String| hour.picks.iter().any(|pick| pick.principal == *arn);
        for (arn, minutes, points) in offers.iter().filter(|(arn, ..)| !is_taken(arn)) {
            assert!(*minutes > 60 - spent || rate(*points, *minutes) <= worst, "{arn}");
        }
        let sum = |all: &mut dyn Iterator<Item = u64>| all.sum::<u64>();
        assert_eq!(hour.points, sum(&mut hour.picks.iter().map(|pick| pick.points)));
        assert_eq!(hour.of_points, sum(&mut offers.iter().map(|(_, _, points)| *points)));
    }

    #[test]
    fn there_is_nothing_to_do_where_nothing_is_proposed() {
        let hour = of(&[]);
        assert_eq!((hour.picks.len(), hour.points, hour.of_points), (0, 0, 0));
    }

    #[test]
    fn what_nobody_is_at_and_nobody_answered_is_left_to_do() {
        let mut principals = sample::report(8, 3).principals;
        principals.iter_mut().for_each(|one| one.pull_request = None);
        let first = of(&principals).picks.remove(0).principal;
        let mut is_picked = |states: &[&str]| {
            let one = principals.iter_mut().find(|one| one.arn == first).unwrap();
            let mut pulls =
                states.iter().map(|&state| PullRequest { state: state.to_owned(), ..PullRequest::default() });
            one.pull_request = pulls.next();
            one.other_pull_requests = pulls.collect();
            of(&principals).picks.iter().any(|pick| pick.principal == first)
        };
        for state in ["waiting", "by_hand", "resolved"] {
            assert!(is_picked(&[state]), "{state}");
        }
        for state in ["open", "stuck", "snoozed", "closed", "kept", "merged", "taken_back"] {
            assert!(!is_picked(&[state]), "{state}");
        }
        // In several repositories it is judged by the most pressing one, which comes first.
        for states in
            [["waiting", "merged"], ["waiting", "closed"], ["by_hand", "snoozed"], ["waiting", "by_hand"]]
        {
            assert!(is_picked(&states), "{states:?}");
        }
        for states in
            [["open", "waiting"], ["stuck", "waiting"], ["closed", "merged"], ["merged", "resolved"]]
        {
            assert!(!is_picked(&states), "{states:?}");
        }
    }
}
