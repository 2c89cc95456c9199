//! Boundaries that a change takes away or widens: what policies allow beyond them counts from then on.
//!
//! AWS, IAM User Guide, "Permissions boundaries for IAM entities": an identity may do what both its policies and its boundary allow.

use std::collections::BTreeMap;

use remit_catalog::AccessLevel;
use remit_policy::{ActionSet, Document, Expander, PolicySet, contain};
use remit_source::{Boundary, Declared, Repository, Text};

use super::holders::{Held, Holder};
use super::policy::{granted_by, level, names, request};
use super::{Growth, Input, Objection, Severity, document, review, shown, unjudged};

type Told = Result<Growth, Box<Objection>>;

/// What each role or user gains by a boundary that is gone or another.
pub(super) fn growth(input: &Input<'_>, expander: &mut Expander<'_>, held: &Held) -> Vec<Told> {
    let mut before = BTreeMap::new();
    for one in &input.base.declared {
        let Some(was) = &one.boundary else { continue };
        before.extend(one.holders.iter().map(|holder| (document::text(holder), (one, was))));
    }
    let mut told = Vec::new();
    for one in &input.head.declared {
        for holder in &one.holders {
            let Some((declared, was)) = before.get(&document::text(holder)) else { continue };
            let is_same = one.boundary.as_ref().is_some_and(|is| said(is) == said(was));
            if !is_same {
                let was = (*was, document_of(input.base, declared, was));
                told.extend(changed(input, expander, one, holder, &held.holder(holder), was));
            }
        }
    }
    told
}

fn said(boundary: &Boundary) -> String {
    document::text(&boundary.policy)
}

/// The policy that bounds, where all of it can be read.
fn document_of(repository: &Repository, declared: &Declared, boundary: &Boundary) -> Option<Document> {
    let address = boundary.address.as_ref()?;
    let folder = |file| repository.path(file).parent();
    let mut places = repository.places.iter().filter(|place| place.address == *address);
    let place = places.find(|place| folder(place.file) == folder(declared.file))?;
    let written = document::of(place.statements());
    (place.reasons.is_empty() && written.open.is_empty()).then_some(written.document)
}

fn changed(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    one: &Declared,
    name: &Text,
    holder: &Holder<'_>,
    (was, before): (&Boundary, Option<Document>),
) -> Option<Told> {
    let after = one.boundary.as_ref().map(|is| (is, document_of(input.head, one, is)));
    let has: Vec<&Document> = holder.has.iter().collect();
    let line = *one.lines.start();
    let (how, gained) = match (&after, before) {
        (None, Some(before)) if !has.is_empty() => {
            let example = contain(&PolicySet::new(&has, None), &PolicySet::new(&has, Some(&before))).err()?;
            let mut gained = granted_by(expander, &has);
            gained.subtract(&granted_by(expander, &[&before]));
            let request = request(input, &example.action, &example.resource);
            let how = format!("has no boundary any more; `{}` allowed no {request}", was.policy);
            (how, Some(gained))
        }
        (None, _) => (format!("has no boundary any more, which was `{}`", was.policy), None),
        (Some((_, Some(after))), Some(before)) => {
            // Where its policies are elsewhere they may allow anything.
            let whole = [after];
            let has = if has.is_empty() { whole.as_slice() } else { &has };
            let bounded = |by| PolicySet::new(has, Some(by));
            let example = contain(&bounded(after), &bounded(&before)).err()?;
            let mut gained = granted_by(expander, has);
            gained.intersect_with(&granted_by(expander, &[after]));
            gained.subtract(&granted_by(expander, &[&before]));
            let request = request(input, &example.action, &example.resource);
            let how = format!("has another boundary, which allows {request}; `{}` did not", was.policy);
            (how, Some(gained))
        }
        (Some((is, _)), _) => {
            let why = format!("its boundary is `{}` in place of `{}`", is.policy, was.policy);
            return Some(Err(unjudged(input, one.file, line, &one.address, &why)));
        }
    };
    // Of a boundary that is not in the repository nobody knows what it kept from whom.
    let of = |gained: &ActionSet| level(input, gained, false);
    let level = gained.as_ref().map_or(AccessLevel::PermissionsManagement, of);
    Some(Ok(Growth {
        rule: "new_privilege",
        severity: Severity::of_privilege(false, level),
        file: shown(input.head, one.file),
        line,
        address: one.address.clone(),
        identity: name.known().and_then(|name| Some(name.split_once(' ')?.1.to_owned())),
        how,
        names: gained.map(|gained| names(input, &gained)).unwrap_or_default(),
        widened: Vec::new(),
        level,
        is_wildcard: false,
        review: review::date(input.head, one.file, one.span.clone(), None),
        written: Vec::new(),
    }))
}
