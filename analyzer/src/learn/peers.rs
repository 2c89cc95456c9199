//! Identities of one kind: what others of it use, one may come to use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use remit_catalog::{Action, ActionId};
use remit_policy::{Account, Effect, Principal, Retained};
use sha2::{Digest as _, Sha256};

use super::level::is_grave;
use super::words::Words;

/// Tags that name what an identity was made from.
const TAGS: [&str; 6] =
    ["module", "role-template", "template", "blueprint", "aws:cloudformation:stack-name", "component"];

/// Others that have to be there to say anything.
const FEWEST: usize = 1;

/// How many of ten have to use it.
const SHARE: usize = 3;

/// What makes a kind.
type Kind = Vec<String>;

/// What others of an identity's kind use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Peers {
    of: usize,
    using: BTreeMap<ActionId, usize>,
    /// How many identities of the account use an action.
    in_account: Arc<BTreeMap<ActionId, usize>>,
}

/// Which identities are of one kind: those with the same tag that names what they were made from; else those with the same
/// policies but for resources, and the same name but for one word.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    kinds: BTreeMap<Kind, BTreeSet<usize>>,
    of: Vec<Vec<Kind>>,
}

impl Kinds {
    /// The kinds of an account's principals.
    pub(crate) fn of(account: &Account) -> Self {
        let mut kinds = Self::default();
        for (at, principal) in account.principals.iter().enumerate() {
            let of = kinds_of(account, principal);
            for kind in &of {
                kinds.kinds.entry(kind.clone()).or_default().insert(at);
            }
            kinds.of.push(of);
        }
        kinds
    }

    /// The others of one principal's kind, by ARN.
    pub(crate) fn peers_of<'a>(account: &'a Account, arn: &str) -> impl Iterator<Item = &'a String> {
        let all = &account.principals;
        let at = all.iter().position(|principal| principal.arn == arn);
        let others = at.map(|at| Self::of(account).others(at)).unwrap_or_default();
        others.into_iter().filter_map(move |at| Some(&all.get(at)?.arn))
    }

    /// The others of a principal's kind, by their places in the account.
    pub(crate) fn others(&self, principal: usize) -> BTreeSet<usize> {
        let kinds = self.of.get(principal).into_iter().flatten();
        let mut others: BTreeSet<usize> =
            kinds.filter_map(|kind| self.kinds.get(kind)).flatten().copied().collect();
        others.remove(&principal);
        others
    }
}

fn kinds_of(account: &Account, principal: &Principal) -> Vec<Kind> {
    let tag = TAGS.iter().find_map(|tag| {
        let mut tags = principal.tags.iter();
        tags.find(|(key, value)| key.eq_ignore_ascii_case(tag) && !value.is_empty())
    });
    if let Some((key, value)) = tag {
        return vec![vec![principal.kind.as_str().to_owned(), key.to_ascii_lowercase(), value.clone()]];
    }
    let words: Vec<&str> = principal.name.split(['-', '_', '.']).collect();
    if words.len() < 2 {
        return Vec::new();
    }
    // What is granted may be long, and the words of a name many.
    let granted = Sha256::digest(granted(account, principal).into_iter().collect::<Vec<_>>().join("\n"));
    let granted: String = granted.iter().map(|byte| format!("{byte:02x}")).collect();
    let blank = |without: usize| {
        let words = words.iter().enumerate();
        let words = words.map(|(at, word)| if at == without { "*" } else { word });
        let mut kind = vec![principal.kind.as_str().to_owned(), words.collect::<Vec<_>>().join("-")];
        kind.push(granted.clone());
        kind
    };
    (0..words.len()).map(blank).collect()
}

/// What the policies of a principal say, but for resources and conditions.
fn granted(account: &Account, principal: &Principal) -> BTreeSet<String> {
    let policies = principal.attachments.iter().filter_map(|one| account.policies.get(one.policy));
    let statements = policies.flat_map(|policy| &policy.document.statements);
    let said = statements.map(|statement| {
        let mut patterns: Vec<&str> = statement.actions.patterns.iter().map(String::as_str).collect();
        patterns.sort_unstable();
        let effect = if statement.effect == Effect::Allow { "allow" } else { "deny" };
        let negated = if statement.actions.negated { " not" } else { "" };
        format!("{effect}{negated} {}", patterns.join(" "))
    });
    said.collect()
}

impl Peers {
    /// What these use.
    pub(crate) fn of(
        others: impl IntoIterator<Item = BTreeSet<ActionId>>,
        in_account: Arc<BTreeMap<ActionId, usize>>,
    ) -> Self {
        let mut peers = Self { in_account, ..Self::default() };
        for used in others {
            peers.of += 1;
            for id in used {
                *peers.using.entry(id).or_default() += 1;
            }
        }
        peers
    }

    /// How many identities use each action.
    pub(crate) fn in_account(
        all: impl IntoIterator<Item = BTreeSet<ActionId>>,
    ) -> Arc<BTreeMap<ActionId, usize>> {
        let mut using: BTreeMap<ActionId, usize> = BTreeMap::new();
        for id in all.into_iter().flatten() {
            *using.entry(id).or_default() += 1;
        }
        Arc::new(using)
    }

    /// That others of the account use an action of a service that is used.
    pub(super) fn in_service(&self, id: ActionId, action: &Action, words: &Words) -> Option<Retained> {
        let used = self.in_account.get(&id).copied().filter(|_| words.uses(action.service))?;
        (!is_grave(action)).then_some(Retained::Others(used))
    }

    /// That enough others use an action; never of one that changes who may do what, or gives away secrets.
    pub(super) fn use_of(&self, id: ActionId, action: &Action) -> Option<Retained> {
        let used = self.using.get(&id).copied().unwrap_or(0);
        let is_enough = self.of >= FEWEST && used > 0 && used * 10 >= self.of * SHARE;
        (is_enough && !is_grave(action)).then_some(Retained::Peers { used, of: self.of })
    }
}
