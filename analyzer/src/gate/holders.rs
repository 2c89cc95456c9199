//! Who has policies: a statement that moves between those of one holder gives it nothing new.

use std::collections::{BTreeMap, BTreeSet};

use remit_policy::Document;
use remit_source::{Content, Place, Repository, Statement, Text};

use super::{Input, Places, document, elsewhere, policy, shown};

/// What each holder of policies had and has, and statements that are gone from where they were.
pub(super) struct Held {
    base: BTreeMap<String, Policies>,
    head: BTreeMap<String, Policies>,
    gone: BTreeMap<String, String>,
}

/// The policies of one holder in one tree.
#[derive(Default)]
struct Policies {
    documents: Vec<Document>,
    /// Whether some of them cannot be read.
    are_open: bool,
    /// Whether it has others, from elsewhere.
    are_more: bool,
}

/// What one holder had and has.
#[derive(Default)]
pub(super) struct Holder<'a> {
    /// Its name, where the source says it.
    pub(super) name: Option<String>,
    pub(super) had: &'a [Document],
    pub(super) has: &'a [Document],
    /// Whether not all of what it has in the repository can be read.
    pub(super) is_open: bool,
    /// Whether it has policies from elsewhere, too.
    pub(super) has_more: bool,
}

/// What a holder is called, where that is known: `web` of `role web`.
pub(super) fn identity(holder: &Text) -> Option<&str> {
    Some(holder.known()?.split_once(' ')?.1)
}

impl Held {
    /// Of all places of both trees.
    pub(super) fn of(input: &Input<'_>, places: &Places<'_>) -> Self {
        let mut gone = BTreeMap::new();
        for (key, place) in &places.before {
            let left = places.after.get(key).map(|place| place.statements()).unwrap_or_default();
            let left: BTreeSet<String> = left.iter().map(said).collect();
            for one in place.statements() {
                let said = said(one);
                if !left.contains(&said) {
                    gone.entry(said)
                        .or_insert_with(|| format!("{}:{}", shown(input.base, one.file), one.line));
                }
            }
        }
        Self { base: by_holder(input.base), head: by_holder(input.head), gone }
    }

    /// Those who have the policy of a place, as far as the source tells.
    pub(super) fn holders(&self, place: &Place) -> Vec<Holder<'_>> {
        place.names.holders.iter().map(|name| self.holder(name)).collect()
    }

    /// What a role, user or group had and has.
    pub(super) fn holder(&self, name: &Text) -> Holder<'_> {
        let key = elsewhere::text(name);
        let (base, head) = (self.base.get(&key), self.head.get(&key));
        Holder {
            name: identity(name).map(str::to_owned),
            had: base.map(|one| one.documents.as_slice()).unwrap_or_default(),
            has: head.map(|one| one.documents.as_slice()).unwrap_or_default(),
            is_open: head.is_some_and(|one| one.are_open),
            has_more: head.is_some_and(|one| one.are_more),
        }
    }

    /// From where a statement moved, where it is gone from there.
    pub(super) fn moved_from(&self, statement: &Statement) -> Option<&str> {
        self.gone.get(&said(statement)).map(String::as_str)
    }
}

/// What a statement says, whatever it is called and wherever it is.
fn said(statement: &Statement) -> String {
    let plain = document::said(std::slice::from_ref(statement)).into_iter();
    let plain: Vec<_> =
        plain.map(|(one, effect)| (remit_policy::Statement { sid: None, ..one }, effect)).collect();
    format!("{plain:?} {:?}", statement.reasons)
}

fn by_holder(repository: &Repository) -> BTreeMap<String, Policies> {
    let mut all: BTreeMap<String, Policies> = BTreeMap::new();
    for place in repository.places.iter().filter(|place| !place.names.holders.is_empty()) {
        let written = document::of(place.statements());
        let is_open = matches!(place.content, Content::Unknown)
            || policy::unread(repository, place).is_some()
            || !written.open.is_empty();
        for holder in &place.names.holders {
            let policies = all.entry(elsewhere::text(holder)).or_default();
            policies.documents.push(written.document.clone());
            policies.are_open |= is_open;
        }
    }
    for holder in repository.attachments.iter().filter_map(|one| one.holder.as_ref()) {
        all.entry(elsewhere::text(holder)).or_default().are_more = true;
    }
    all
}
