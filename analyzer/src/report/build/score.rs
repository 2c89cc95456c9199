//! The score: how much of what is granted is without need.

use remit_catalog::AccessLevel;

use crate::learn::level_weight;
use crate::report::model::{PrincipalSection, Score};

/// The score over all principals, muted ones too: a mute hides, and changes no number.
pub(super) fn of(principals: &[PrincipalSection]) -> Score {
    let mut score = Score::default();
    for row in principals.iter().flat_map(|principal| &principal.levels) {
        let points = |permissions: usize| row.weight.saturating_mul(permissions as u64);
        score.removable += row.points();
        score.granted += points(row.permissions.used) + row.points();
        score.unobservable += points(row.permissions.unobservable);
    }
    score.percent =
        (score.granted > 0).then(|| (1000.0 * score.removable as f64 / score.granted as f64).round() / 10.0);
    score
}

/// What permissions of these access levels add to a score if they are unused.
pub(crate) fn points(levels: impl Iterator<Item = AccessLevel>) -> u64 {
    levels.map(level_weight).sum()
}
