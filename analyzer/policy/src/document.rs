//! An AWS policy document as it is written, every element of the grammar kept.
//! Source: AWS IAM User Guide, "Grammar of the IAM JSON policy language".

use serde_json::Value;

/// What a statement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// The statement allows what it matches.
    Allow,
    /// The statement denies what it matches, whatever else allows it.
    Deny,
}

/// A policy document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// `2012-10-17` or `2008-10-17`; none where the document does not say (which means `2008-10-17`).
    pub version: Option<String>,
    /// The optional `Id` element.
    pub id: Option<String>,
    /// The statements, in the order written.
    pub statements: Vec<Statement>,
    /// Whether `Statement` was written as one object instead of a list.
    pub single_statement: bool,
}

/// One statement of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The optional `Sid`.
    pub sid: Option<String>,
    /// Allow or deny.
    pub effect: Effect,
    /// `Action` or `NotAction`.
    pub actions: Matcher,
    /// `Resource` or `NotResource`; none in a trust policy, which has no such element.
    pub resources: Option<Matcher>,
    /// `Principal` or `NotPrincipal`, kept as written; none in an identity policy.
    pub principal: Option<PrincipalElement>,
    /// The `Condition` block in the order written.
    pub conditions: Vec<Condition>,
    /// Line of the statement's opening brace in its file, from 1; 0 where it did not come from a file.
    pub line: u32,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Matcher {
    /// Whether this is the `Not` form, which matches everything but the patterns.
    pub negated: bool,
    /// The patterns, in the order written.
    pub patterns: Vec<String>,
    /// Whether the single pattern was written as a bare string instead of a list.
    pub bare: bool,
}

/// `Principal` or `NotPrincipal`, kept as written.
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalElement {
    /// Whether this is `NotPrincipal`.
    pub negated: bool,
    /// The element's value as written.
    pub value: Value,
}

/// One condition: an operator, a key and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The operator as written, with set qualifier and `IfExists`, such as `ForAnyValue:StringLikeIfExists`.
    pub operator: String,
    /// The condition key as written, such as `aws:RequestedRegion`.
    pub key: String,
    /// The values as written (strings, numbers or booleans).
    pub values: Vec<Value>,
    /// Whether a single value was written bare instead of in a list.
    pub bare: bool,
}
