//! What is said of what is unobservable.

use super::{counted, number, permissions};
use crate::report::model::Gap;

/// Said where nothing would make permissions observable.
pub(in crate::report) const NO_REMEDY: &str = "nothing that could be switched on";

/// Said where nothing is unobservable.
pub(in crate::report) const ALL_OBSERVABLE: &str = "Every granted permission is observable.";

/// Gaps that something would close, and the others; each in the order given.
pub(in crate::report) fn by_remedy(gaps: &[Gap]) -> (Vec<&Gap>, Vec<&Gap>) {
    gaps.iter().partition(|gap| gap.remedy.is_some())
}

/// What is behind gaps that nothing would close.
pub(in crate::report) fn hopeless(gaps: &[&Gap]) -> String {
    let behind: usize = gaps.iter().map(|gap| gap.permissions).sum();
    let reasons = counted(gaps.len(), "reason", "reasons");
    format!("{} cannot be made observable, for {reasons}", permissions(behind))
}

/// Permissions behind gaps that something would make observable, and behind all of them.
pub(in crate::report) fn switchable(gaps: &[Gap]) -> (usize, usize) {
    let sum = |only: &dyn Fn(&Gap) -> bool| {
        gaps.iter().filter(|gap| only(gap)).map(|gap| gap.permissions).sum::<usize>()
    };
    (sum(&|gap| gap.remedy.is_some()), sum(&|_| true))
}

/// What could be done about the gaps.
pub(in crate::report) fn gaps(gaps: &[Gap]) -> String {
    match switchable(gaps) {
        (_, 0) => ALL_OBSERVABLE.to_owned(),
        (0, all) => {
            format!("Nothing that could be switched on would make the {} observable.", permissions(all))
        }
        (some, all) => format!("{} of {} can be made observable.", number(some), permissions(all)),
    }
}
