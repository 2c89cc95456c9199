//! Conditions, compiled: what they say of a context and which other conditions they imply.
//! Source: AWS IAM User Guide, "IAM JSON policy elements: Condition operators".

mod address;
mod arn;
mod date;
mod decimal;
mod holds;
mod implies;
mod operator;
mod ranges;
#[cfg(test)]
mod tests;
mod truth;

use serde_json::Value;

use crate::Condition;
use crate::glob::{Dialect, Glob};
use address::Address;
use arn::ArnPattern;
use date::Date;
use decimal::Decimal;
pub(crate) use implies::imply;
use operator::{Family, Operator, Qualifier, Relation, Style};
use ranges::Ranges;
pub(crate) use truth::Truth;

/// A compiled condition.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    /// The condition as written, to name it and to compare it.
    pub(crate) source: Condition,
    /// Whether `${..}` is a variable in it.
    variables: bool,
    /// The key in lower case, because keys ignore case.
    key: Box<str>,
    qualifier: Qualifier,
    /// Whether the operator is the negation of another.
    negated: bool,
    /// Whether it holds without a value of the key; unknown where documentation and practice disagree.
    without_value: Truth,
    comparison: Comparison,
}

/// What is asked of one value.
#[derive(Clone, Debug)]
enum Comparison {
    Text {
        negated: bool,
        patterns: Vec<Glob>,
    },
    Arn {
        negated: bool,
        patterns: Vec<ArnPattern>,
    },
    Number(Ranges<Decimal>),
    Date(Ranges<Date>),
    Address(Ranges<Address>),
    /// Which of the two values are accepted.
    Bool {
        yes: bool,
        no: bool,
    },
    Binary(Vec<String>),
    /// Any value is accepted, or none is: `Null` asks only whether there is one.
    Presence(bool),
    /// The operator or a value of the policy is not understood.
    Unjudgeable,
}

impl Test {
    pub(crate) fn new(source: &Condition, variables: bool) -> Self {
        let compiled = Operator::parse(&source.operator)
            .and_then(|operator| Some((operator, comparison(operator, &source.values, variables)?)));
        let key = source.key.to_ascii_lowercase().into_boxed_str();
        let source = source.clone();
        match compiled {
            Some((operator, comparison)) => Self {
                without_value: operator.without_value(&comparison),
                qualifier: operator.qualifier,
                negated: operator.negated,
                source,
                variables,
                key,
                comparison,
            },
            None => Self {
                without_value: Truth::Unknown,
                qualifier: Qualifier::None,
                negated: false,
                source,
                variables,
                key,
                comparison: Comparison::Unjudgeable,
            },
        }
    }
}

impl Test {
    /// Whether it can be told what the condition asks.
    pub(crate) fn is_judgeable(&self) -> bool {
        !matches!(self.comparison, Comparison::Unjudgeable)
    }
}

impl Operator {
    fn without_value(self, comparison: &Comparison) -> Truth {
        match (self.family, self.qualifier) {
            (Family::Null, _) => Truth::from(matches!(comparison, Comparison::Presence(false))),
            (_, Qualifier::ForAllValues) => Truth::True,
            // The guide says that `IfExists` makes it true and that `ForAnyValue` makes it false.
            (_, Qualifier::ForAnyValue) if self.if_exists => Truth::Unknown,
            (_, Qualifier::ForAnyValue) => Truth::False,
            (_, Qualifier::None) => Truth::from(self.if_exists || self.negated),
        }
    }
}

/// The comparison with the policy's values; none where one of them is not understood, or where there is none,
/// which the grammar does not allow.
fn comparison(operator: Operator, values: &[Value], variables: bool) -> Option<Comparison> {
    if values.is_empty() {
        return None;
    }
    let negated = operator.negated;
    let texts: Vec<String> = values.iter().map(text).collect();
    let texts = texts.iter().map(String::as_str);
    Some(match operator.family {
        Family::Text(style) => {
            let dialect = Dialect {
                wildcards: style == Style::Like,
                variables,
                ignores_case: style == Style::IgnoreCase,
            };
            Comparison::Text { negated, patterns: texts.map(|text| Glob::new(text, dialect)).collect() }
        }
        Family::Arn => Comparison::Arn {
            negated,
            patterns: texts.map(|text| ArnPattern::new(text, variables)).collect(),
        },
        Family::Number(relation) => {
            Comparison::Number(compared(relation, texts.map(Decimal::parse), negated)?)
        }
        Family::Date(relation) => Comparison::Date(compared(relation, texts.map(Date::parse), negated)?),
        Family::Address => {
            let ranges = Ranges::new(texts.map(address::block).collect::<Option<Vec<_>>>()?);
            Comparison::Address(if negated { ranges.complement() } else { ranges })
        }
        Family::Bool => {
            let values = texts.map(parse_bool).collect::<Option<Vec<_>>>()?;
            Comparison::Bool { yes: values.contains(&true), no: values.contains(&false) }
        }
        Family::Binary => Comparison::Binary(texts.map(str::to_owned).collect()),
        Family::Null => match texts.map(parse_bool).collect::<Option<Vec<_>>>()?.as_slice() {
            [is_absent] => Comparison::Presence(!is_absent),
            _ => return None,
        },
    })
}

fn compared<T: Ord + Clone>(
    relation: Relation,
    values: impl Iterator<Item = Option<T>>,
    negated: bool,
) -> Option<Ranges<T>> {
    let ranges = values.map(|value| Some(relation.range(value?))).collect::<Option<Vec<_>>>()?;
    let ranges = Ranges::new(ranges);
    Some(if negated { ranges.complement() } else { ranges })
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    text.eq_ignore_ascii_case("false").then_some(false)
}
