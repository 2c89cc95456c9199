//! Who has policies: a statement that moves between those of one holder gives it nothing new.

use std::collections::{BTreeMap, BTreeSet};

use remit_policy::Document;
use remit_source::{Content, Place, Repository, Statement, Text};

use super::{Input, Places, document, policy, shown};

/// What each holder of policies had and has, and statements that are gone from where they were.
pub(super) struct Held {
    base: BTreeMap<String, Vec<Document>>,
    head: BTreeMap<String, Vec<Document>>,
    gone: BTreeMap<String, String>,
    /// Holders now of whom not all policies can be read.
    unread: BTreeSet<String>,
    /// Holders now who have policies from elsewhere.
    foreign: BTreeSet<String>,
}

/// What one holder had and has.
pub(super) struct Holder<'a> {
    /// Its name, where the source says it.
    pub(super) name: Option<String>,
    pub(super) had: &'a [Document],
    pub(super) has: &'a [Document],
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
        let foreign = input.head.attachments.iter().filter_map(|one| one.holder.as_ref()).map(document::text);
        Self {
            base: by_holder(input.base),
            head: by_holder(input.head),
            gone,
            unread: unread(input.head),
            foreign: foreign.collect(),
        }
    }

    /// Those who have the policy of a place, as far as the source tells.
    pub(super) fn holders(&self, place: &Place) -> Vec<Holder<'_>> {
        place.names.holders.iter().map(|name| self.holder(name)).collect()
    }

    /// What a role, user or group had and has.
    pub(super) fn holder(&self, name: &Text) -> Holder<'_> {
        let key = document::text(name);
        Holder {
            name: name.known().and_then(|name| Some(name.split_once(' ')?.1.to_owned())),
            had: self.base.get(&key).map(Vec::as_slice).unwrap_or_default(),
            has: self.head.get(&key).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Whether all of what it has in the repository now can be read.
    pub(super) fn is_readable(&self, name: &Text) -> bool {
        !self.unread.contains(&document::text(name))
    }

    /// Whether that is all that it has, as far as the source tells.
    pub(super) fn is_whole(&self, name: &Text) -> bool {
        self.is_readable(name) && !self.foreign.contains(&document::text(name))
    }

    /// From where a statement moved, where it is gone from there.
    pub(super) fn moved_from(&self, statement: &Statement) -> Option<&str> {
        self.gone.get(&said(statement)).map(String::as_str)
    }
}

/// What a statement says, whatever it is called and wherever it is.
fn said(statement: &Statement) -> String {
    let plain = document::said(std::slice::from_ref(statement)).into_iter();
    let plain: Vec<_> = plain.map(|one| remit_policy::Statement { sid: None, ..one }).collect();
    format!("{plain:?} {:?}", statement.reasons)
}

fn unread(repository: &Repository) -> BTreeSet<String> {
    let is_open = |place: &&Place| {
        matches!(place.content, Content::Unknown)
            || policy::unread(repository, place).is_some()
            || !document::of(place.statements()).open.is_empty()
    };
    let open = repository.places.iter().filter(is_open);
    open.flat_map(|place| &place.names.holders).map(document::text).collect()
}

fn by_holder(repository: &Repository) -> BTreeMap<String, Vec<Document>> {
    let mut all: BTreeMap<String, Vec<Document>> = BTreeMap::new();
    for place in &repository.places {
        for holder in &place.names.holders {
            let document = document::of(place.statements()).document;
            all.entry(document::text(holder)).or_default().push(document);
        }
    }
    all
}
