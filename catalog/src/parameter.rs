//! Which request parameters of an operation are worth keeping.

/// What a request parameter is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParameterUse {
    /// It names a resource, or a part of its ARN.
    Resource,
    /// It holds the ARN of a role that the call passes to a service: `iam:PassRole` is needed on it.
    PassedRole,
    /// Its presence decides which action the call needs; the value does not matter and need not be kept.
    Selector,
}

/// A request parameter in CloudTrail's spelling.
///
/// The path is dotted; `[]` stands for every element of a list: `instancesSet.items[].instanceId`. Names are to
/// be compared without regard to ASCII case, because services differ in whether they lower the first letter.
/// Where a path has `[]` and the event holds a single value instead of a list, the value is meant: EC2 writes
/// lists of one that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParameterPath {
    /// The path, such as `bucketName`.
    pub path: &'static str,
    /// What it is kept for.
    pub used_for: ParameterUse,
}

impl ParameterPath {
    /// Whether it names a role that the call passes.
    pub fn is_passed_role(&self) -> bool {
        self.used_for == ParameterUse::PassedRole
    }

    /// Whether the path is the same but for ASCII case.
    pub fn is(&self, path: &str) -> bool {
        self.path.eq_ignore_ascii_case(path)
    }

    /// The names of the path, outermost first, each with whether its value is a list.
    ///
    /// ```
    /// use remit_catalog::{ParameterPath, ParameterUse};
    /// let path = ParameterPath { path: "instancesSet.items[].instanceId", used_for: ParameterUse::Resource };
    /// let names: Vec<_> = path.names().collect();
    /// assert_eq!(names, [("instancesSet", false), ("items", true), ("instanceId", false)]);
    /// ```
    pub fn names(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.path.split('.').map(|name| match name.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (name, false),
        })
    }
}
