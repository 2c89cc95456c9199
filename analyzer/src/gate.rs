//! The gate: what a change of a repository's policies grants that they did not grant before.
//!
//! Two trees are compared place by place. A statement grants more if it is not shown that the policy at the same place allowed all
//! of it before, and the request that it grows by is told; so is a rule of a role, and who is newly bound. What an expression or
//! template decides cannot be told, and is told as that.

mod attachment;
mod boundary;
mod cluster;
pub(crate) mod code_quality;
mod denial;
mod document;
mod elsewhere;
mod gain;
mod guest;
mod holders;
pub(crate) mod markdown;
mod membership;
mod objection;
mod policy;
mod resource_policy;
mod review;
pub(crate) mod sarif;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
mod whom;

use std::collections::BTreeMap;
use std::path::PathBuf;

use remit_catalog::{AccessLevel, Catalog};
use remit_policy::{Expander, Usage};
use remit_source::{Content, FileId, Form, Place, Repository};

pub(crate) use self::objection::{Counts, Demand, GATE_RULES, Objection, Severity};
pub(crate) use self::whom::Whom;
use crate::finding::level_order;
use crate::mutes::Mutes;
use crate::pattern::Pattern;

/// What a change may grant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// Actions that nothing may be granted newly.
    pub(crate) forbidden: Vec<Pattern>,
    /// The most dangerous access level that may be granted newly.
    pub(crate) most: Option<AccessLevel>,
    /// Whether who is granted more needs an owner.
    pub(crate) needs_owner: bool,
    /// Whether wildcards and the right to change permissions need a date of review or expiry.
    pub(crate) needs_review: bool,
}

/// What is compared with what, and what of it is asked.
pub(crate) struct Input<'a> {
    /// What is known of actions.
    pub(crate) catalog: &'a Catalog,
    /// Before.
    pub(crate) base: &'a Repository,
    /// After.
    pub(crate) head: &'a Repository,
    /// The rules.
    pub(crate) policy: &'a Policy,
    /// What principals were seen to do, by the last part of their name; none where no ledger is given.
    pub(crate) usage: Option<&'a BTreeMap<String, Usage>>,
    /// Owners of what is granted more.
    pub(crate) owner: &'a dyn Fn(Whom<'_>) -> Option<String>,
    /// What is accepted.
    pub(crate) mutes: &'a Mutes,
    /// The day of the check.
    pub(crate) today: jiff::civil::Date,
}

/// One thing that a change grants, before it is held against the rules.
struct Growth {
    /// The rule that tells of it, and how bad it is by itself.
    rule: &'static str,
    severity: Severity,
    /// The file in the tree, and the line.
    file: String,
    line: u32,
    /// What it is called in its file.
    address: String,
    /// The role or user that has it, where the source says.
    identity: Option<String>,
    /// How it grows, in words.
    how: String,
    /// Actions or permissions that it did not have at all.
    names: Vec<String>,
    /// Those that it had, and has more of now.
    widened: Vec<String>,
    /// The most dangerous access level of what it gains.
    level: AccessLevel,
    /// Whether what it grants is written with a pattern for all actions of a service, or more.
    is_wildcard: bool,
    /// The date of review or expiry that is written at it.
    review: Option<jiff::civil::Date>,
    /// Patterns of actions that it grants, as written.
    written: Vec<String>,
}

/// Everything to be said of a change, the worst first.
pub(crate) fn check(input: &Input<'_>) -> Vec<Objection> {
    let mut expander = Expander::new(input.catalog);
    let places = Places::of(input, |repository| &repository.places);
    let of_resources = Places::of(input, |repository| &repository.resource_policies);
    let held = holders::Held::of(input, &places);
    let mut grown = Vec::new();
    let unread = |head: &Place, base: Option<&Place>| {
        policy::unclear(input, head, base).unwrap_or_else(|| unknown(input, head))
    };
    for (head, base) in changed(input, &places) {
        grown.extend(match &head.content {
            Content::Statements(_) => policy::growth(input, &mut expander, head, base, &held),
            Content::Rules(_) => cluster::growth_of_role(input, head, base),
            Content::Binding(_) => cluster::growth_of_binding(input, head, base),
            Content::Unknown => vec![Err(unread(head, base))],
        });
    }
    for (head, base) in changed(input, &of_resources) {
        grown.extend(match &head.content {
            Content::Statements(_) => resource_policy::growth(input, &mut expander, head, base),
            _ => vec![Err(unread(head, base))],
        });
    }
    denial::of_identities(input, &mut expander, &places, &held, &mut grown);
    let members = membership::Members::of(input);
    denial::of_leavers(input, &mut expander, &members, &held, &mut grown);
    denial::of_resources(input, &mut expander, &of_resources, &mut grown);
    grown.extend(attachment::growth(input));
    grown.extend(boundary::growth(input, &mut expander, &held));
    grown.extend(membership::growth(input, &mut expander, &members, &held));
    let mut objections = Vec::new();
    for growth in grown {
        match growth {
            Ok(growth) => objection::objections(input, &mut expander, &growth, &mut objections),
            Err(unjudged) => objections.push(*unjudged),
        }
    }
    for objection in &mut objections {
        let whom = objection.identity.as_deref().unwrap_or(&objection.address);
        objection.muted = input.mutes.of_names(whom, objection.rule, &objection.names);
    }
    objections.sort_by_cached_key(|one| {
        (one.severity, level_order(one.access), one.file.clone(), one.line, one.rule, one.message.clone())
    });
    objections
}

/// Places of both trees.
struct Places<'a> {
    before: BTreeMap<Key, &'a Place>,
    after: BTreeMap<Key, &'a Place>,
}

impl<'a> Places<'a> {
    fn of(input: &Input<'a>, places: impl Fn(&'a Repository) -> &'a [Place]) -> Self {
        let of = |repository: &'a Repository| by_key(repository, places(repository));
        Self { before: of(input.base), after: of(input.head) }
    }
}

/// Places that say something else than before, with what they were. What one said that is gone from where it was has moved.
fn changed<'a>(
    input: &Input<'a>,
    Places { before, after }: &Places<'a>,
) -> Vec<(&'a Place, Option<&'a Place>)> {
    let gone = before.iter().filter(|(key, _)| !after.contains_key(key));
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    gone.for_each(|(_, place)| *left.entry(said(input.base, place)).or_default() += 1);
    let pairs = after.iter().map(|(key, head)| (*head, before.get(key).copied()));
    // Each moves to one place: a second that says the same is new.
    let mut has_moved = |now: &str| {
        let left = left.get_mut(now).filter(|left| **left > 0);
        left.is_some_and(|left| {
            *left -= 1;
            true
        })
    };
    let mut is_known = |head: &Place, base: Option<&Place>| {
        let now = said(input.head, head);
        base.map_or_else(|| has_moved(&now), |base| said(input.base, base) == now)
    };
    pairs.filter(|(head, base)| !is_known(head, *base)).collect()
}

/// A place's file, its address, and which of several of that address it is.
type Key = (PathBuf, String, usize);

fn by_key<'a>(repository: &Repository, all: &'a [Place]) -> BTreeMap<Key, &'a Place> {
    let mut places = BTreeMap::new();
    let mut of_address: BTreeMap<(PathBuf, String), usize> = BTreeMap::new();
    for place in all {
        let path = repository.path(place.file).to_owned();
        let namespace = place.names.namespace.as_ref().map(|text| format!(" in {text}")).unwrap_or_default();
        // A manifest's role is called by its name, one of Terraform by its block.
        let name = match (&place.content, place.form, &place.names.name) {
            (Content::Rules(_) | Content::Binding(_), Form::Terraform, Some(name)) => {
                format!(" named {name}")
            }
            _ => String::new(),
        };
        let address = format!("{}{name}{namespace}", place.address);
        let next = of_address.entry((path.clone(), address.clone())).or_default();
        places.insert((path, address, *next), place);
        *next += 1;
    }
    places
}

/// What a place says, without where it says so.
fn said(repository: &Repository, place: &Place) -> String {
    let names = (&place.names.holder, &place.names.holders, &place.names.namespace);
    let own = match &place.content {
        Content::Statements(statements) => {
            format!("{names:?} {:?} {:?}", document::said(statements), policy::unread(repository, place))
        }
        Content::Rules(rules) => {
            let reasons: Vec<_> = rules.iter().map(|rule| (&rule.reasons, &rule.inputs)).collect();
            let rules: Vec<_> = rules.iter().map(cluster::rule).collect();
            let name = &place.names.name;
            format!("{names:?} {name:?} {rules:?} {} {reasons:?} {:?}", place.address, place.reasons)
        }
        Content::Binding(bound) => {
            let subjects: Vec<_> =
                bound.subjects.iter().map(|one| (&one.kind, &one.name, &one.namespace)).collect();
            format!("{names:?} {:?} {:?} {subjects:?} {:?}", bound.role_kind, bound.role, place.reasons)
        }
        // Reasons are the same for many texts, so the text is what tells one from another.
        Content::Unknown => {
            let written = policy::written(repository, place);
            format!("{names:?} {:?} {} {written:?}", place.reasons, place.address)
        }
    };
    format!("{own} {:?} {:?}", place.context, place.inputs)
}

/// A file as messages name it.
fn shown(repository: &Repository, file: FileId) -> String {
    repository.path(file).to_string_lossy().into_owned()
}

/// That it cannot be told what is granted at a line of what there is now.
fn unjudged(input: &Input<'_>, file: FileId, line: u32, address: &str, why: &str) -> Box<Objection> {
    Box::new(Objection::unjudged(&shown(input.head, file), line, address, why))
}

/// That it cannot be told what a place grants, since what its expressions stand for is another.
fn others_than(input: &Input<'_>, head: &Place, base: &Place) -> Option<Box<Objection>> {
    let why = elsewhere::changed(&head.inputs, &base.inputs)?;
    Some(unjudged(input, head.file, head.line, &head.address, &why))
}

fn unknown(input: &Input<'_>, place: &Place) -> Box<Objection> {
    let why = place.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    unjudged(input, place.file, place.line, &place.address, &why)
}
