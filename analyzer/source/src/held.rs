//! What is known of an account's policies beside the one that is being looked for: a place that may be another's is edited for neither.

use std::collections::BTreeSet;
use std::fmt;

use remit_policy::{Document, Edit};

use crate::grant::Grant;
use crate::proposal::{Changes, PolicyChange, Proposal};

/// A policy that somebody holds.
#[derive(Clone, Debug)]
pub struct Held {
    /// What no other policy has: its ARN, or the account with whoever holds it and its name.
    key: String,
    name: String,
    holder: Option<String>,
    /// What the holder is: `role`, `user` or `group`. A role and a user may be called the same.
    kind: Option<String>,
    document: Document,
    /// What becomes of it, where that is known.
    fate: Option<(Edit, Vec<Document>)>,
}

impl Held {
    /// A policy by the ARN of its own, or of whoever holds it where it is inline.
    pub fn new(arn: &str, name: &str, holder: Option<&str>, document: &Document) -> Self {
        let account = arn.split(':').nth(4).unwrap_or_default();
        let (of, own) = kind_and_name(arn);
        // Of a user's policies some are of its groups.
        let kind = holder.map(|holder| if holder == own { of } else { "group" }.to_owned());
        let key = match (&kind, holder) {
            (Some(kind), Some(holder)) => format!("{account} {kind} {holder} {name}"),
            _ => arn.to_owned(),
        };
        let (name, holder) = (name.to_owned(), holder.map(str::to_owned));
        Self { key, name, holder, kind, document: document.clone(), fate: None }
    }

    /// A policy of a proposal for a principal.
    pub(crate) fn of(principal: &str, change: &PolicyChange) -> Self {
        let arn = change.arn.as_deref().unwrap_or(principal);
        let after = change.after.iter().map(|(_, document)| document.clone()).collect();
        let held = Self::new(arn, &change.name, change.holder.as_deref(), &change.before);
        Self { fate: Some((change.edit, after)), ..held }
    }

    /// As it is looked for.
    pub fn grant(&self) -> Grant<'_> {
        Grant::Policy { name: &self.name, holder: self.holder.as_deref(), document: &self.document }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn holder(&self) -> Option<&str> {
        self.holder.as_deref()
    }

    /// What the holder is: `role`, `user` or `group`.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// Whether another is a policy of its own, of which something else becomes.
    pub(crate) fn is_apart_from(&self, other: &Self) -> bool {
        let is_same_fate = self.fate.is_some() && self.fate == other.fate;
        self.key != other.key && !is_same_fate
    }
}

/// As a person names it.
impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.holder {
            Some(holder) => write!(f, "policy `{}` of `{holder}`", self.name),
            None => write!(f, "policy `{}`", self.name),
        }
    }
}

/// The policies that are known, and whoever is known beside.
#[derive(Clone, Debug, Default)]
pub struct Known {
    policies: Vec<Held>,
    /// Those whose policies are not known, by what they are and their names.
    others: BTreeSet<(String, String)>,
}

impl Known {
    /// Of all policies of an account.
    pub fn new(policies: Vec<Held>) -> Self {
        Self { policies, others: BTreeSet::new() }
    }

    /// Of proposals, which hold the policies of their principals, and of ARNs of others, of whose policies they say nothing.
    pub fn of<'a>(proposals: &[Proposal], others: impl IntoIterator<Item = &'a str>) -> Self {
        let policies = proposals.iter().flat_map(|proposal| {
            let changing = match &proposal.changes {
                Changes::Policies(changes) => changes.as_slice(),
                Changes::Cluster(_) => &[],
            };
            changing.iter().chain(&proposal.staying).map(|change| Held::of(&proposal.principal, change))
        });
        let others = others.into_iter().filter(|one| one.starts_with("arn:"));
        let others = others.map(kind_and_name).map(|(kind, name)| (kind.to_owned(), name.to_owned()));
        Self { policies: policies.collect(), others: others.collect() }
    }

    /// The policies.
    pub fn policies(&self) -> &[Held] {
        &self.policies
    }

    /// Those whose policies are not known, by what they are and their names.
    pub(crate) fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        self.others.iter().map(|(kind, name)| (kind.as_str(), name.as_str()))
    }
}

/// What an ARN is of, and its name: `arn:aws:iam::111122223333:role/team/app` is of the `role` called `app`.
fn kind_and_name(arn: &str) -> (&str, &str) {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let kind = resource.split('/').next().unwrap_or_default();
    (kind, resource.rsplit('/').next().unwrap_or_default())
}
