//! What an audit policy compares requests with.

use std::collections::BTreeSet;

use super::AuditPolicy;

/// Texts that an audit policy compares with those of requests. Requests that differ only in others are all shown or all
/// hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::rbac) struct Texts {
    /// Namespaces.
    pub(in crate::rbac) namespaces: BTreeSet<String>,
    /// API groups, `*` being any, with resources: `pods`, `pods/log`, `pods/*`, `*/log` or `*`.
    pub(in crate::rbac) resources: BTreeSet<(String, String)>,
    /// Names.
    pub(in crate::rbac) names: BTreeSet<String>,
    /// Users.
    pub(in crate::rbac) users: BTreeSet<String>,
    /// Groups of users.
    pub(in crate::rbac) groups: BTreeSet<String>,
    /// Paths; a `*` at the end is whatever follows.
    pub(in crate::rbac) urls: BTreeSet<String>,
}

impl AuditPolicy {
    /// The texts that it compares requests with.
    pub(in crate::rbac) fn texts(&self) -> Texts {
        let mut texts = Texts::default();
        for rule in self.layers.iter().flatten() {
            texts.users.extend(rule.users.iter().cloned());
            texts.namespaces.extend(rule.namespaces.iter().cloned());
            texts.urls.extend(rule.urls.iter().cloned());
            texts.groups.extend(rule.groups.iter().cloned());
            for one in &rule.resources {
                texts.names.extend(one.names.iter().cloned());
                // Where a group is named without resources, all of them are meant.
                let all = one.resources.is_empty().then(|| "*".to_owned());
                let resources = one.resources.iter().cloned().chain(all);
                let group = one.group.clone().unwrap_or_else(|| "*".to_owned());
                texts.resources.extend(resources.map(|resource| (group.clone(), resource)));
            }
        }
        texts
    }
}
