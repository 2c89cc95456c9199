//! Whether a condition holds in a context.

use super::{Address, Comparison, Date, Decimal, Qualifier, Test, Truth, parse_bool};
use crate::evaluate::{Context, ContextValue};

impl Test {
    pub(crate) fn holds(&self, context: &Context) -> Truth {
        if matches!(self.comparison, Comparison::Unjudgeable) {
            return Truth::Unknown;
        }
        let values = match context.get(&self.key) {
            ContextValue::Unknown => return Truth::Unknown,
            ContextValue::Absent => return self.without_value,
            ContextValue::Known(values) => values,
        };
        let accepts = |value: &String| self.comparison.accepts(value, context);
        match (self.qualifier, values.as_slice()) {
            (_, []) => self.without_value,
            // The guide calls an empty string an empty set, of which `ForAllValues` is true.
            (Qualifier::ForAllValues | Qualifier::ForAnyValue, values)
                if values.iter().any(String::is_empty) =>
            {
                Truth::Unknown
            }
            (_, [only]) => accepts(only),
            (Qualifier::ForAllValues, values) => Truth::all(values.iter().map(accepts)),
            (Qualifier::ForAnyValue, values) => Truth::any(values.iter().map(accepts)),
            (Qualifier::None, _) if matches!(self.comparison, Comparison::Presence(_)) => {
                accepts(&String::new())
            }
            // What an operator without set qualifier does with several values is not documented.
            (Qualifier::None, _) => Truth::Unknown,
        }
    }
}

impl Comparison {
    fn accepts(&self, value: &str, context: &Context) -> Truth {
        match self {
            Self::Text { negated, patterns } => {
                let matches = |pattern: &crate::Glob| Truth::from(pattern.matches_with(value, context));
                negate(*negated, Truth::any(patterns.iter().map(matches)))
            }
            Self::Arn { negated, patterns } => {
                let matches = |pattern: &super::ArnPattern| pattern.matches(value, context);
                negate(*negated, Truth::any(patterns.iter().map(matches)))
            }
            Self::Number(ranges) => Decimal::parse(value).map(|value| ranges.contains(&value)).into(),
            Self::Date(ranges) => Date::parse(value).map(|value| ranges.contains(&value)).into(),
            Self::Address(ranges) => Address::parse(value).map(|value| ranges.contains(&value)).into(),
            Self::Bool { yes, no } => parse_bool(value).map(|value| if value { *yes } else { *no }).into(),
            Self::Binary(values) => values.iter().any(|known| known == value).into(),
            Self::Presence(accepted) => (*accepted).into(),
            Self::Unjudgeable => Truth::Unknown,
        }
    }
}

fn negate(negated: bool, truth: Truth) -> Truth {
    if negated { truth.not() } else { truth }
}
