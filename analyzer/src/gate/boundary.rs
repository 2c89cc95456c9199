//! Boundaries that a change takes away or widens: what policies allow beyond them counts from then on.
//!
//! AWS, IAM User Guide, "Permissions boundaries for IAM entities": an identity may do what both its policies and its boundary allow.

use std::collections::BTreeMap;
use std::path::Path;

use remit_catalog::AccessLevel;
use remit_policy::{Document, Expander, PolicySet};
use remit_source::{Boundary, Declared, Repository, Text};

use super::gain::{Gain, gain};
use super::holders::Held;
use super::policy::unread;
use super::{Growth, Input, Objection, Severity, document, review, shown, unjudged};

type Told = Result<Growth, Box<Objection>>;

/// Each role or user of a tree that is declared there, with what bounds it.
type Bounded<'r> = BTreeMap<String, Vec<(&'r Declared, Option<&'r Boundary>)>>;

/// What each role or user gains by a boundary that is gone or another.
pub(super) fn growth(input: &Input<'_>, expander: &mut Expander<'_>, held: &Held) -> Vec<Told> {
    let (before, after) = (bounded(input.base), bounded(input.head));
    let mut told = Vec::new();
    for one in &input.head.declared {
        for (holder, is) in one.bounded() {
            let name = document::text(holder);
            let base = before.get(&name).map(Vec::as_slice).unwrap_or_default();
            let head = after.get(&name).map(Vec::as_slice).unwrap_or_default();
            let Some((declared, Some(was))) = former(input, one, base, head) else { continue };
            if is.is_some_and(|is| said(is) == said(was)) {
                continue;
            }
            let change = Change {
                before: (was, document_of(input.base, declared, was)),
                after: is.map(|is| (is, document_of(input.head, one, is))),
            };
            told.extend(change.told(input, expander, one, holder, held));
        }
    }
    told
}

fn bounded(repository: &Repository) -> Bounded<'_> {
    let mut all = Bounded::new();
    for one in &repository.declared {
        for (holder, boundary) in one.bounded() {
            all.entry(document::text(holder)).or_default().push((one, boundary));
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
    document::text(&boundary.policy)
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
        let line = *one.lines.start();
        let (was, before) = (self.before.0, self.before.1.as_ref());
        // Where not all of its policies can be read, it may have any.
        let has = (held.is_whole(name) && !holder.has.is_empty()).then_some(holder.has);
        let (how, gain) = match (&self.after, before) {
            (None, Some(before)) if has.is_some() => {
                let has = has.unwrap_or_default();
                let gain = of_bounded(expander, has, Some(before), None)?;
                let allowed = gain.shown(input);
                (format!("has no boundary any more; `{}` allowed no {allowed}", was.policy), Some(gain))
            }
            (None, _) => (format!("has no boundary any more, which was `{}`", was.policy), None),
            (Some((_, Some(after))), Some(before)) => {
                let gain = match has {
                    Some(has) => of_bounded(expander, has, Some(before), Some(after)),
                    None => gain(
                        expander,
                        std::slice::from_ref(after),
                        std::slice::from_ref(before),
                        None,
                        |part| (PolicySet::new(&[part], None), PolicySet::new(&[before], None)),
                    ),
                }?;
                let allowed = gain.shown(input);
                (
                    format!("has another boundary, which allows {allowed}; `{}` did not", was.policy),
                    Some(gain),
                )
            }
            (Some((is, _)), _) => {
                let why = format!("its boundary is `{}` in place of `{}`", is.policy, was.policy);
                return Some(Err(unjudged(input, one.file, line, &one.address, &why)));
            }
        };
        // Of what is not in the repository nobody knows what it was kept from.
        let everything = (AccessLevel::PermissionsManagement, vec!["*".to_owned()]);
        let (level, written) =
            gain.as_ref().map_or(everything, |gain| (gain.level(input), gain.written.clone()));
        Some(Ok(Growth {
            rule: "new_privilege",
            severity: Severity::of_privilege(false, level),
            file: shown(input.head, one.file),
            line,
            address: one.address.clone(),
            identity: name.known().and_then(|name| Some(name.split_once(' ')?.1.to_owned())),
            how,
            names: gain.as_ref().map(|gain| gain.new_names(input)).unwrap_or_default(),
            widened: gain.as_ref().map(|gain| gain.widened_names(input)).unwrap_or_default(),
            level,
            is_wildcard: false,
            review: review::date(input.head, one.file, one.span.clone(), None),
            written,
        }))
    }
}

/// What policies allow within one boundary and did not within another.
fn of_bounded(
    expander: &mut Expander<'_>,
    has: &[Document],
    before: Option<&Document>,
    after: Option<&Document>,
) -> Option<Gain> {
    let all: Vec<&Document> = has.iter().collect();
    let had: Vec<Document> = before.into_iter().cloned().collect();
    gain(expander, has, &had, after, |part| (PolicySet::new(&[part], after), PolicySet::new(&all, before)))
}
