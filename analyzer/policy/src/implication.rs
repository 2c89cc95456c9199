//! Whether the conditions of one statement imply those of another.

use crate::condition::{Test, imply};
use crate::{Condition, Statement};

/// Whether every request that meets all conditions of `from` meets all of `to`, as far as can be told.
pub(crate) fn conditions_imply(from: &Statement, to: &Statement) -> bool {
    if to.conditions.is_empty() || from.conditions == to.conditions {
        return true;
    }
    if from.conditions.is_empty() {
        return false;
    }
    let test = |condition: &Condition| Test::new(condition, true);
    let given: Vec<_> = from.conditions.iter().map(test).collect();
    to.conditions.iter().all(|condition| imply(&given, &test(condition)))
}
