//! Which conditions imply which, for every context.

use hashbrown::HashSet;
use serde_json::Value;

use super::{Comparison, Qualifier, Test, Truth};
use crate::Glob;

/// Whether the conditions together imply the other, as far as can be told from any one of them.
pub(crate) fn imply<'t>(tests: impl IntoIterator<Item = &'t Test>, other: &Test) -> bool {
    tests.into_iter().any(|test| test.implies(other))
}

impl Test {
    /// Whether the other holds wherever this one does, as far as can be told.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        if self.is_same(other) {
            return true;
        }
        if self.key != other.key {
            return false;
        }
        let is_implied_without_value =
            self.without_value == Truth::False || other.without_value == Truth::True;
        if !is_implied_without_value {
            return false;
        }
        match (&self.comparison, &other.comparison) {
            (Comparison::Unjudgeable, _) | (_, Comparison::Unjudgeable) => false,
            // Whatever is asked of a value, there is one.
            (_, Comparison::Presence(true)) => true,
            (Comparison::Presence(false), _) => true,
            (one, two) => {
                // Without set qualifier the key may have several values all the same, and what an operator does then is
                // not documented: what equals one value is not taken to differ from others.
                let is_alike = self.qualifier != Qualifier::None || self.negated == other.negated;
                self.qualifier == other.qualifier && is_alike && one.implies(two)
            }
        }
    }

    /// Whether both are written the same, but for case where it does not matter and the order of the values.
    fn is_same(&self, other: &Self) -> bool {
        let values = |test: &Self| test.source.values.iter().map(Value::to_string).collect::<HashSet<_>>();
        self.variables == other.variables
            && self.key == other.key
            && self.source.operator.eq_ignore_ascii_case(&other.source.operator)
            && (self.source.values == other.source.values || values(self) == values(other))
    }
}

impl Comparison {
    /// Whether every value that this accepts, the other accepts.
    fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text { negated, patterns }, Self::Text { negated: other_negated, patterns: others }) => {
                match (negated, other_negated) {
                    (false, false) => all_included(patterns, others),
                    (true, true) => all_included(others, patterns),
                    (false, true) => {
                        patterns.iter().all(|pattern| others.iter().all(|other| !pattern.intersects(other)))
                    }
                    (true, false) => false,
                }
            }
            (Self::Arn { negated, patterns }, Self::Arn { negated: other_negated, patterns: others }) => {
                let included = |from: &[super::ArnPattern], to: &[super::ArnPattern]| {
                    from.iter().all(|one| to.iter().any(|two| one.is_included_in(two)))
                };
                match (negated, other_negated) {
                    (false, false) => included(patterns, others),
                    (true, true) => included(others, patterns),
                    (false, true) => {
                        patterns.iter().all(|one| others.iter().all(|two| one.is_disjoint_from(two)))
                    }
                    (true, false) => false,
                }
            }
            (Self::Number(one), Self::Number(two)) => one.is_included_in(two),
            (Self::Date(one), Self::Date(two)) => one.is_included_in(two),
            (Self::Address(one), Self::Address(two)) => one.is_included_in(two),
            (Self::Bool { yes, no }, Self::Bool { yes: other_yes, no: other_no }) => {
                (!yes || *other_yes) && (!no || *other_no)
            }
            (Self::Binary(one), Self::Binary(two)) => one.iter().all(|value| two.contains(value)),
            (Self::Presence(one), Self::Presence(two)) => !one || *two,
            _ => false,
        }
    }
}

/// Most comparisons of one pattern with one other that are made for one implication.
const MOST_COMPARISONS: usize = 4_000_000;

fn all_included(patterns: &[Glob], others: &[Glob]) -> bool {
    if patterns.len().saturating_mul(others.len()) > MOST_COMPARISONS {
        return false;
    }
    let others: Vec<_> = others.iter().collect();
    patterns.iter().all(|pattern| pattern.is_included_in(&others))
}
