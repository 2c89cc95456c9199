//! Why a request is allowed.

use super::object::{Binding, Role};
use super::rule::Rule;

/// One of the rules that allow a request: each suffices alone.
#[derive(Clone, Copy, Debug)]
pub struct Allowance<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The role that it binds to.
    pub role: &'a Role,
    /// The rule.
    pub rule: &'a Rule,
}
