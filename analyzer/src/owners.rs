//! Who looks after an identity: what `remit.toml` says, or its tags, annotations and labels, or the owners of the file that
//! grants it something. Who has left owns nothing.

mod file;
mod leavers;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use remit_policy::PolicyKind;
use remit_policy::link::ServiceAccount;
use serde::Deserialize;

pub(crate) use self::file::Repositories;
use self::leavers::Leavers;
use crate::configuration::Place;
use crate::finding::{Finding, FindingKind, Severity};
use crate::grants::Grants;
use crate::pattern::Pattern;
use crate::written::Written;

/// Keys of tags that name who looks after an identity, where none are said.
const TAGS: &str = "owner,team";

/// Who looks after identities
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OwnerArguments {
    /// Keys of tags, annotations and labels that name who looks after an identity, the first that is there counting
    #[arg(long, value_name = "KEY", value_delimiter = ',', default_value = TAGS)]
    pub(crate) owner_tag: Vec<String>,
    /// People who have left, as CSV with a header: a column `owner`, `email`, `login` or `name`, and `left` with the day
    #[arg(long, value_name = "FILE")]
    pub(crate) leavers: Option<PathBuf>,
}

impl Default for OwnerArguments {
    fn default() -> Self {
        Self { owner_tag: TAGS.split(',').map(str::to_owned).collect(), leavers: None }
    }
}

/// Who owns what matches.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerRule {
    /// The identities.
    pub(crate) identity: Pattern,
    /// Their owner.
    pub(crate) owner: String,
}

/// Who looks after one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Names, as tags and files have them.
    pub(crate) names: Vec<String>,
    /// What names them, in words.
    pub(crate) source: String,
    /// When the last of them left, where all have: a day, or nothing where that is not told.
    pub(crate) left: Option<Option<jiff::civil::Date>>,
}

/// Who looks after what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners {
    owners: BTreeMap<String, Owner>,
    /// Identities of which all is known that could name an owner, and nothing does.
    without: BTreeSet<String>,
    /// Whether somebody says who owns anything: without that the lack of owners is no news of single identities.
    is_practised: bool,
}

impl Owners {
    /// Finds the owners of everything that the grants name.
    pub(crate) fn of(
        grants: &Grants,
        rules: &[(Place, OwnerRule)],
        arguments: &OwnerArguments,
        written: &Written,
        today: jiff::civil::Date,
    ) -> anyhow::Result<Self> {
        let mut search = Search::new(rules, arguments, today)?;
        let mut owners =
            Self { is_practised: !rules.is_empty() || arguments.leavers.is_some(), ..Self::default() };
        let mut add = |identity: String, owner: Option<Owner>, is_known: bool| match owner {
            Some(owner) => {
                owners.is_practised = true;
                owners.owners.insert(identity, owner);
            }
            None if is_known => {
                owners.without.insert(identity);
            }
            None => {}
        };
        for principal in &grants.account.principals {
            let policies =
                principal.attachments.iter().filter_map(|one| grants.account.policies.get(one.policy));
            // Of bare documents nobody knows the tags of whom they are for.
            let bare = policies.filter(|policy| policy.kind == PolicyKind::Bare);
            let files: Vec<&str> = bare.map(|policy| policy.origin.file.as_str()).collect();
            let all = files.iter().copied().chain(written.files(&principal.arn));
            let owner = search.owner(&principal.arn, &principal.tags, all);
            let is_known = principal.fixed.is_none() && files.is_empty();
            add(principal.arn.clone(), owner, is_known);
        }
        for (account, described) in &grants.identities.service_accounts {
            let user = account.user();
            let files = std::iter::once(described.origin.file.as_str()).chain(written.files(&user));
            let owner = search.owner(&user, &described.tags, files);
            add(user, owner, true);
        }
        // Of service accounts whose manifest is not among the grants only what people say of them is known.
        let known = |user: &str| {
            ServiceAccount::of_user(user)
                .is_some_and(|account| grants.identities.service_accounts.contains_key(&account))
        };
        for user in grants.rbac.subjects().into_iter().filter(|user| !known(user)) {
            let owner = search.owner(user, &BTreeMap::new(), written.files(user));
            add(user.to_owned(), owner, false);
        }
        Ok(owners)
    }

    /// Forgets all identities but one.
    pub(crate) fn retain(&mut self, identity: &str) {
        self.owners.retain(|other, _| other == identity);
        self.without.retain(|other| other == identity);
    }

    /// The owner of an identity.
    pub(crate) fn get(&self, identity: &str) -> Option<&Owner> {
        self.owners.get(identity)
    }

    /// Identities without anybody who looks after them.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        if !self.is_practised {
            return Vec::new();
        }
        let one = |principal: &str, severity, detail| {
            Finding::new(severity, FindingKind::NoOwner, principal, 0, detail)
        };
        let without = self.without.iter().map(|identity| {
            let detail = "no tag, annotation or rule names an owner".to_owned();
            one(identity, Severity::Low, detail)
        });
        let gone = self.owners.iter().filter_map(|(identity, owner)| {
            let left = owner.left?;
            let when = left.map(|day| format!(" on {day}")).unwrap_or_default();
            let detail = format!("its owner {} left{when}, by {}", owner.quoted(), owner.source);
            Some(one(identity, Severity::Medium, detail))
        });
        without.chain(gone).collect()
    }
}

impl Owner {
    /// The names in a text, and that they have left where they have.
    pub(crate) fn shown(&self) -> String {
        let left = if self.left.is_some() { " (left)" } else { "" };
        format!("{}{left}", self.names.join(", "))
    }

    fn quoted(&self) -> String {
        self.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }
}

/// The rule for an identity: of several that match the last.
pub(crate) fn rule_of<'a>(rules: &'a [(Place, OwnerRule)], identity: &str) -> Option<&'a (Place, OwnerRule)> {
    rules.iter().rev().find(|(_, rule)| rule.identity.matches_identity(identity))
}

/// How owners are found.
pub(crate) struct Search<'a> {
    rules: &'a [(Place, OwnerRule)],
    keys: &'a [String],
    repositories: Repositories,
    leavers: Leavers,
    today: jiff::civil::Date,
}

impl<'a> Search<'a> {
    /// By the rules of `remit.toml`, the keys of tags, and who has left.
    pub(crate) fn new(
        rules: &'a [(Place, OwnerRule)],
        arguments: &'a OwnerArguments,
        today: jiff::civil::Date,
    ) -> anyhow::Result<Self> {
        let leavers = arguments.leavers.as_deref().map(Leavers::read).transpose()?.unwrap_or_default();
        let (keys, repositories) = (arguments.owner_tag.as_slice(), Repositories::default());
        Ok(Self { rules, keys, repositories, leavers, today })
    }

    /// Whoever is named first of those who are still there: by a rule, by the tags of something, or by the owners of a file.
    pub(crate) fn present<'t>(
        &mut self,
        identity: Option<&str>,
        tags: impl Iterator<Item = &'t BTreeMap<String, String>>,
        file: &str,
    ) -> Option<Owner> {
        let is_there = |owner: &Owner| owner.left.is_none();
        let by_rule = identity.and_then(|identity| self.by_rule(identity)).filter(is_there);
        by_rule
            .or_else(|| tags.flat_map(|tags| self.by_tags(tags)).find(is_there))
            .or_else(|| self.by_file(file).filter(is_there))
    }

    /// Whoever is named first: by a rule, by a tag, or by the owners of a file.
    fn owner<'f>(
        &mut self,
        identity: &str,
        tags: &BTreeMap<String, String>,
        files: impl Iterator<Item = &'f str>,
    ) -> Option<Owner> {
        let named = self.by_rule(identity).or_else(|| self.by_tags(tags).next());
        named.or_else(|| files.into_iter().find_map(|file| self.by_file(file)))
    }

    fn by_rule(&self, identity: &str) -> Option<Owner> {
        let (place, rule) = rule_of(self.rules, identity)?;
        Some(self.named(names(&rule.owner), format!("`{place}`")))
    }

    /// Of each key whose tag is there.
    fn by_tags(&self, tags: &BTreeMap<String, String>) -> impl Iterator<Item = Owner> {
        self.keys.iter().filter_map(|key| {
            let found = tags.iter().find(|(tag, value)| is_key(tag, key) && !value.trim().is_empty());
            found.map(|(tag, value)| self.named(names(value), format!("its tag `{tag}`")))
        })
    }

    fn by_file(&mut self, file: &str) -> Option<Owner> {
        let (names, source) = self.repositories.owners(file)?;
        Some(self.named(names, source))
    }

    fn named(&self, names: Vec<String>, source: String) -> Owner {
        let left = self.leavers.all_left(&names, self.today);
        Owner { names, source, left }
    }
}

/// Whether a tag is the one that a key means: keys of Kubernetes have a domain before a slash.
fn is_key(tag: &str, key: &str) -> bool {
    let short = tag.rsplit('/').next().unwrap_or(tag);
    tag.eq_ignore_ascii_case(key) || short.eq_ignore_ascii_case(key)
}

/// The names in a tag, of which some hold several.
fn names(text: &str) -> Vec<String> {
    let names = text.split([',', ';']).map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}
