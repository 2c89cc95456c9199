//! Boundaries that a change takes away or widens: what policies allow beyond them counts from then on.
//!
//! AWS, IAM User Guide, "Permissions boundaries for IAM entities": an identity may do what both its policies and its boundary allow.

use std::collections::BTreeMap;
use std::path::Path;

use remit_policy::{Document, Expander, PolicySet};
use remit_source::{Boundary, Declared, Inputs, Repository, Text};

use super::elsewhere::{self, changed};
use super::gain::{self, Gain, gain};
use super::holders::Held;
use super::policy::unread;
use super::{Growth, Input, Objection, document, unjudged};

type Told = Result<Growth, Box<Objection>>;

/// Each role or user of a tree that is declared there, with what bounds it.
type Bounded<'r> = BTreeMap<String, Vec<(&'r Declared, Option<&'r Boundary>)>>;

/// What each role or user gains by a boundary that is gone or another.
pub(super) fn growth(input: &Input<'_>, expander: &mut Expander<'_>, held: &Held) -> Vec<Told> {
    let (before, after) = (bounded(input.base), bounded(input.head));
    let mut told = Vec::new();
    for one in input.head.declared() {
        for (holder, is) in one.bounded() {
            let name = elsewhere::text(holder);
            let base = before.get(&name).map(Vec::as_slice).unwrap_or_default();
            let head = after.get(&name).map(Vec::as_slice).unwrap_or_default();
            let Some((declared, Some(was))) = former(input, one, base, head) else { continue };
            if is.is_some_and(|is| said(is) == said(was)) {
                continue;
            }
            let change = Change {
                before: (was, document_of(input.base, declared, was)),
                after: is.map(|is| (is, document_of(input.head, one, is))),
                inputs: &declared.inputs,
            };
            told.extend(change.told(input, expander, one, holder, held));
        }
    }
    told
}

fn bounded(repository: &Repository) -> Bounded<'_> {
    let mut all = Bounded::new();
    for one in repository.declared() {
        for (holder, boundary) in one.bounded() {
            all.entry(elsewhere::text(holder)).or_default().push((one, boundary));
        }
    }
    all
}

/// What a role was: the one of its folder or template, or the only one of its name that is gone from where it was.
fn former<'r>(
    input: &Input<'_>,
    one: &Declared,
    base: &[(&'r Declared, Option<&'r Boundary>)],
    head: &[(&Declared, Option<&Boundary>)],
) -> Option<(&'r Declared, Option<&'r Boundary>)> {
    let here = scope(input.head, one);
    let same = base.iter().find(|(old, _)| scope(input.base, old) == here);
    let mut gone = base.iter().filter(|(old, _)| {
        let there = scope(input.base, old);
        head.iter().all(|(new, _)| scope(input.head, new) != there)
    });
    same.or_else(|| gone.next().filter(|_| gone.next().is_none())).copied()
}

/// Within what a name or an address means one thing: a folder of Terraform, or a template.
fn scope<'r>(repository: &'r Repository, one: &Declared) -> Option<&'r Path> {
    let path = repository.path(one.file);
    if one.is_of_template() { Some(path) } else { path.parent() }
}

fn said(boundary: &Boundary) -> String {
    elsewhere::text(&boundary.policy)
}

/// The policy that bounds, where all of it can be read.
fn document_of(repository: &Repository, declared: &Declared, boundary: &Boundary) -> Option<Document> {
    let address = boundary.address.as_ref()?;
    let folder = |file| repository.path(file).parent();
    let is_there = |file| match boundary.file {
        Some(only) => file == only,
        None => folder(file) == folder(declared.file),
    };
    let mut places = repository.places.iter().filter(|place| place.address == *address);
    let place = places.find(|place| is_there(place.file))?;
    let written = document::of(place.statements());
    (unread(repository, place).is_none() && written.open.is_empty()).then_some(written.document)
}

/// What a boundary was and is, with the policies where they can be read.
struct Change<'r> {
    before: (&'r Boundary, Option<Document>),
    after: Option<(&'r Boundary, Option<Document>)>,
    /// What expressions of it referred to.
    inputs: &'r Inputs,
}

impl Change<'_> {
    fn told(
        &self,
        input: &Input<'_>,
        expander: &mut Expander<'_>,
        one: &Declared,
        name: &Text,
        held: &Held,
    ) -> Option<Told> {
        let holder = held.holder(name);
        let (was, before) = (self.before.0, self.before.1.as_ref());
        // Where not all of its policies can be read, it may have any.
        let is_whole = !holder.is_open && !holder.has_more && !holder.has.is_empty();
        let has = is_whole.then_some(holder.has);
        let (how, gain) = match (&self.after, before, has) {
            (None, Some(before), Some(has)) => {
                let gain = of_bounded(expander, has, before, None)?;
                let allowed = gain.shown(input);
                (format!("has no boundary any more; `{}` allowed no {allowed}", was.policy), Some(gain))
            }
            (None, ..) => (format!("has no boundary any more, which was `{}`", was.policy), None),
            (Some((_, Some(after))), Some(before), has) => {
                let gain = match has {
                    Some(has) => of_bounded(expander, has, before, Some(after)),
                    None => {
                        let old = PolicySet::new(&[before], None);
                        gain(expander, std::slice::from_ref(after), None, &old, &[before])
                    }
                }?;
                let allowed = gain.shown(input);
                let how = format!("has another boundary, which allows {allowed}; `{}` did not", was.policy);
                (how, Some(gain))
            }
            (Some((is, _)), ..) => {
                let why = match changed(&one.inputs, self.inputs) {
                    Some(other) if is.policy.to_string() == was.policy.to_string() => {
                        format!("its boundary is `{}`, and {other}", is.policy)
                    }
                    _ => format!("its boundary is `{}` in place of `{}`", is.policy, was.policy),
                };
                return Some(Err(unjudged(input, one.file, *one.lines.start(), &one.address, &why)));
            }
        };
        // Of what is not in the repository nobody knows what it was kept from.
        Some(Ok(gain::growth(input, one, holder.name, how, gain.as_ref())))
    }
}

/// What policies allow within one boundary, or without any, and did not within another.
fn of_bounded(
    expander: &mut Expander<'_>,
    has: &[Document],
    before: &Document,
    after: Option<&Document>,
) -> Option<Gain> {
    let all: Vec<&Document> = has.iter().collect();
    gain(expander, has, after, &PolicySet::new(&all, Some(before)), &[before])
}
