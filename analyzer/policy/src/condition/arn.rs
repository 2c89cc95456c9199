//! ARN patterns of conditions: unlike in the `Resource` element, each of the six parts is matched by itself.
//! Source: AWS IAM User Guide, "Amazon Resource Name (ARN) condition operators".

use crate::condition::Truth;
use crate::glob::{Bindings, Dialect, Glob, Parts};

const PARTS: usize = 6;
const DIALECT: Dialect = Dialect { wildcards: true, variables: true, ignores_case: false };

/// An ARN pattern.
#[derive(Clone, Debug)]
pub(super) struct ArnPattern {
    whole: Glob,
    /// The parts; none where the pattern has variables, whose values may have colons, or too few parts.
    parts: Option<Vec<Glob>>,
}

impl ArnPattern {
    pub(super) fn new(text: &str, variables: bool) -> Self {
        let whole = Glob::new(text, Dialect { variables, ..DIALECT });
        let parts = match whole.parts(PARTS, &NoBindings) {
            Parts::Resolved(parts) => Some(parts).filter(|parts| parts.len() == PARTS),
            Parts::Absent | Parts::Unknown => None,
        };
        Self { whole, parts }
    }

    /// Whether the ARN is matched. Patterns and values that are no ARNs are not judged.
    pub(super) fn matches(&self, arn: &str, bindings: &impl Bindings) -> Truth {
        let values: Vec<_> = arn.splitn(PARTS, ':').collect();
        if values.len() < PARTS {
            return Truth::Unknown;
        }
        let matched = |parts: &[Glob]| {
            let is_match = parts.iter().zip(&values).all(|(part, value)| part.matches(value));
            if parts.len() == PARTS { Truth::from(is_match) } else { Truth::Unknown }
        };
        if let Some(parts) = &self.parts {
            return matched(parts);
        }
        match self.whole.parts(PARTS, bindings) {
            Parts::Resolved(parts) => matched(&parts),
            Parts::Absent => Truth::False,
            Parts::Unknown => Truth::Unknown,
        }
    }

    /// Whether every ARN of this pattern is matched by the other, as far as can be told.
    pub(super) fn is_included_in(&self, other: &Self) -> bool {
        match (&self.parts, &other.parts) {
            (Some(parts), Some(others)) => {
                parts.iter().zip(others).all(|(part, other)| part.is_included_in(&[other]))
            }
            _ => self.whole == other.whole,
        }
    }

    /// Whether no ARN is matched by both, as far as can be told.
    pub(super) fn is_disjoint_from(&self, other: &Self) -> bool {
        match (&self.parts, &other.parts) {
            (Some(parts), Some(others)) => {
                parts.iter().zip(others).any(|(part, other)| !part.intersects(other))
            }
            _ => false,
        }
    }
}

struct NoBindings;

impl Bindings for NoBindings {
    fn binding<'v>(&'v self, _: &'v crate::glob::Variable) -> crate::glob::Binding<'v> {
        crate::glob::Binding::Unknown
    }
}
