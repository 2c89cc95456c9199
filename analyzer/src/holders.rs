//! Who holds the keys that calls on the wire were made with, as the audit logs of the same ledger tell.
//!
//! A signature tells the identifier of a key. A log tells whose it is where it recorded any call with it, and whom it was
//! made for where it recorded the call that handed it out. An access key id that begins with `AKIA` is a user's or root's
//! for as long as it exists, and one that begins with `ASIA` one session's; neither is ever given to anybody else, so it does
//! not matter when the log saw it. Source: AWS IAM User Guide, "IAM identifiers", "Unique identifiers". An API server of Kubernetes gives each token of a
//! ServiceAccount an identifier of its own, too, and has it in its log behind `JTI=`.

use std::collections::{BTreeMap, BTreeSet};

use remit_ledger::Provider;

use crate::analysis::{account_of, pathless};

/// A principal that holds a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Holder {
    /// As the ledger names it.
    pub(crate) principal: String,
    /// Its kind, as the ledger names it.
    pub(crate) kind: String,
    /// Its account.
    pub(crate) account: Option<String>,
}

/// A call of a log that handed out keys.
pub(crate) struct Issue<'a> {
    /// Who called.
    pub(crate) caller: Holder,
    pub(crate) operation: &'a str,
    pub(crate) resources: &'a [String],
}

/// What is told of the keys that were seen on the wire.
#[derive(Debug)]
pub(crate) struct Holders {
    told: BTreeMap<String, BTreeSet<Holder>>,
}

impl Holders {
    /// Of these keys alone something is to be known.
    pub(crate) fn of(keys: impl IntoIterator<Item = String>) -> Self {
        let keys = keys.into_iter().filter(|key| provider_of(key).is_some());
        Self { told: keys.map(|key| (key, BTreeSet::new())).collect() }
    }

    /// Whether there is no key of which anything could be known.
    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// A log recorded a call with this key. Some record less of whoever comes of another account than of their own: those
    /// tell nothing.
    pub(crate) fn used(&mut self, key: &str, holder: Holder) {
        let kinds: &[&str] = match key.get(..4) {
            Some("AKIA") => &["root", "user"],
            Some("ASIA") => &["federated_user", "role", "root", "user"],
            Some("JTI=") => &["service_account"],
            _ => return,
        };
        if kinds.contains(&holder.kind.as_str()) {
            self.tell(key, holder);
        }
    }

    /// A log recorded an allowed call of the token service that handed out these keys.
    pub(crate) fn issued(&mut self, issue: Issue<'_>, keys: &[String]) {
        if !keys.iter().any(|key| self.told.contains_key(key)) {
            return;
        }
        let Some(holder) = issue.holder() else { return };
        for key in keys.iter().filter(|key| key.starts_with("ASIA")) {
            self.tell(key, holder.clone());
        }
    }

    /// The keys of which one holder is told. Where several are, nobody can tell which of them it was.
    pub(crate) fn settled(self) -> impl Iterator<Item = (String, Holder)> {
        self.told.into_iter().filter_map(|(key, told)| Some((key, one(told)?)))
    }

    fn tell(&mut self, key: &str, holder: Holder) {
        if let Some(told) = self.told.get_mut(key) {
            told.insert(holder);
        }
    }
}

/// Whose key it is by its beginning, where that can be told.
pub(crate) fn provider_of(key: &str) -> Option<Provider> {
    match key.get(..4)? {
        "AKIA" | "ASIA" => Some(Provider::Aws),
        "JTI=" => Some(Provider::Kubernetes),
        _ => None,
    }
}

impl Issue<'_> {
    /// Whom the keys were made for.
    fn holder(self) -> Option<Holder> {
        match self.operation {
            "GetSessionToken" => Some(self.caller),
            "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" => {
                let is_role =
                    |arn: &&String| arn.split(':').nth(5).is_some_and(|name| name.starts_with("role/"));
                let mut roles = self.resources.iter().filter(is_role);
                // A `*` stands for names that were too many.
                let role = roles.next().filter(|role| !role.contains('*') && roles.next().is_none())?;
                let account = Some(account_of(role).to_owned());
                Some(Holder { principal: role.clone(), kind: "role".to_owned(), account })
            }
            _ => None,
        }
    }
}

/// The one holder. A log that does not tell a role's path means the role of that name, of which an account has one.
fn one(told: BTreeSet<Holder>) -> Option<Holder> {
    let short: BTreeSet<String> = told.iter().filter_map(|holder| pathless(&holder.principal)).collect();
    let mut full: Vec<Holder> =
        told.into_iter().filter(|holder| !short.contains(&holder.principal)).collect();
    full.dedup_by(|next, kept| next.principal == kept.principal);
    let one = full.pop()?;
    full.is_empty().then_some(one)
}

#[cfg(test)]
mod tests;
