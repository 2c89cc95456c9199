//! Of whom it is asked who looks after it: the tags of the resource at a line, or of the role that has a policy.

use std::collections::BTreeMap;
use std::path::Path;

use remit_source::{Declared, Repository};

use super::holders::identity;

/// What is granted more: where, what it is called there, and to whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whom<'a> {
    /// The file in the tree.
    pub(crate) file: &'a str,
    /// The line, from 1.
    pub(crate) line: u32,
    /// What it is called in its file.
    pub(crate) address: &'a str,
    /// The role or user that has it, where the source says.
    pub(crate) identity: Option<&'a str>,
}

impl Whom<'_> {
    /// Tags of what is at the place itself, then of the roles, users or groups that have it.
    pub(crate) fn tags<'r>(
        &self,
        repository: &'r Repository,
    ) -> impl Iterator<Item = &'r BTreeMap<String, String>> {
        let folder = |file| repository.path(file).parent();
        let is_file = |file| repository.path(file).to_string_lossy() == self.file;
        let is_here = |one: &&Declared| {
            is_file(one.file) && (one.lines.contains(&self.line) || one.address == self.address)
        };
        // A policy that is written apart is of those who have it.
        let places = repository.places.iter();
        let places = places.filter(|place| place.address == self.address && is_file(place.file));
        let holders = places.flat_map(|place| {
            let of = folder(place.file);
            place.names.holders.iter().map(move |name| (of, name))
        });
        let holders: Vec<_> = holders.collect();
        // What else names an identity, such as an attachment, is of its own folder.
        let own_folder = Path::new(self.file).parent();
        let has_it = |one: &&Declared| {
            one.bounded().any(|(holder, _)| {
                let is_named = identity(holder).is_some_and(|name| self.identity == Some(name));
                holders.iter().any(|(of, other)| *of == folder(one.file) && *other == holder)
                    || (is_named && holders.is_empty() && own_folder == folder(one.file))
            })
        };
        let all = || repository.declared().iter();
        let own: Vec<_> = all().filter(is_here).chain(all().filter(has_it)).collect();
        own.into_iter().map(|one| &one.tags)
    }
}
