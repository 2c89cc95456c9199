//! Names of condition operators.

use super::ranges::Cut;

/// A condition operator, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) qualifier: Qualifier,
    pub(super) family: Family,
    pub(super) negated: bool,
    pub(super) if_exists: bool,
}

/// How the request's values are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    None,
    ForAllValues,
    ForAnyValue,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Text(Style),
    Arn,
    Number(Relation),
    Date(Relation),
    Address,
    Bool,
    Binary,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Exact,
    IgnoreCase,
    Like,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    /// The values that are so related to this one.
    pub(super) fn range<T>(self, value: T) -> (Cut<T>, Cut<T>)
    where
        T: Clone,
    {
        match self {
            Self::Equal => (Cut::Before(value.clone()), Cut::After(value)),
            Self::Less => (Cut::Lowest, Cut::Before(value)),
            Self::LessOrEqual => (Cut::Lowest, Cut::After(value)),
            Self::Greater => (Cut::After(value), Cut::Highest),
            Self::GreaterOrEqual => (Cut::Before(value), Cut::Highest),
        }
    }
}

const NAMES: &[(&str, Family, bool)] = &[
    ("StringEquals", Family::Text(Style::Exact), false),
    ("StringNotEquals", Family::Text(Style::Exact), true),
    ("StringEqualsIgnoreCase", Family::Text(Style::IgnoreCase), false),
    ("StringNotEqualsIgnoreCase", Family::Text(Style::IgnoreCase), true),
    ("StringLike", Family::Text(Style::Like), false),
    ("StringNotLike", Family::Text(Style::Like), true),
    ("NumericEquals", Family::Number(Relation::Equal), false),
    ("NumericNotEquals", Family::Number(Relation::Equal), true),
    ("NumericLessThan", Family::Number(Relation::Less), false),
    ("NumericLessThanEquals", Family::Number(Relation::LessOrEqual), false),
    ("NumericGreaterThan", Family::Number(Relation::Greater), false),
    ("NumericGreaterThanEquals", Family::Number(Relation::GreaterOrEqual), false),
    ("DateEquals", Family::Date(Relation::Equal), false),
    ("DateNotEquals", Family::Date(Relation::Equal), true),
    ("DateLessThan", Family::Date(Relation::Less), false),
    ("DateLessThanEquals", Family::Date(Relation::LessOrEqual), false),
    ("DateGreaterThan", Family::Date(Relation::Greater), false),
    ("DateGreaterThanEquals", Family::Date(Relation::GreaterOrEqual), false),
    ("Bool", Family::Bool, false),
    ("BinaryEquals", Family::Binary, false),
    ("IpAddress", Family::Address, false),
    ("NotIpAddress", Family::Address, true),
    // `ArnEquals` takes wildcards too: the guide says that both behave the same.
    ("ArnEquals", Family::Arn, false),
    ("ArnLike", Family::Arn, false),
    ("ArnNotEquals", Family::Arn, true),
    ("ArnNotLike", Family::Arn, true),
    ("Null", Family::Null, false),
];

impl Operator {
    /// Reads an operator such as `ForAnyValue:StringLikeIfExists`, whatever its case; none if there is none of
    /// that name.
    pub(super) fn parse(written: &str) -> Option<Self> {
        let (qualifier, rest) = match written.split_once(':') {
            None => (Qualifier::None, written),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (Qualifier::ForAllValues, rest),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Qualifier::ForAnyValue, rest),
            Some(_) => return None,
        };
        let suffix = "IfExists";
        let (name, if_exists) = match rest.split_at_checked(rest.len().saturating_sub(suffix.len())) {
            Some((name, end)) if end.eq_ignore_ascii_case(suffix) => (name, true),
            _ => (rest, false),
        };
        let (_, family, negated) = NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))?;
        if *family == Family::Null && (if_exists || qualifier != Qualifier::None) {
            return None;
        }
        Some(Self { qualifier, family: *family, negated: *negated, if_exists })
    }
}
