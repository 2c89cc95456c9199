//! Edits of bindings of Kubernetes: a subject is taken out, or the binding goes with the last one.

use std::collections::BTreeSet;

use remit_policy::rbac::{Binding, RoleRef, Subject};

use super::plan::Plan;
use super::{Cuts, NoEdit, because, proof};
use crate::place::Content;
use crate::repository::Repository;
use crate::statement::Removal;
use crate::subject::{Bound, SubjectPlace};
use crate::text::Text;

/// What takes subjects out of the source of a binding.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) cuts: Cuts,
    /// Its place.
    pub(super) place: usize,
    /// Which subjects go of those that the source lists; none where the binding goes with all of them.
    pub(super) gone: Option<BTreeSet<usize>>,
}

/// The cuts that leave of a binding what a proposal leaves of it.
pub(super) fn edit(
    repository: &Repository,
    at: usize,
    before: &Binding,
    after: Option<&Binding>,
) -> Result<Edit, NoEdit> {
    let place = repository.places.get(at).ok_or_else(|| because("it was not found"))?;
    if let Some(reason) = place.reasons.first() {
        return Err(NoEdit::Reason(reason.clone()));
    }
    if !place.tells_subjects() {
        return Err(because("a template decides who is bound"));
    }
    let Content::Binding(bound) = &place.content else { return Err(because("what it says is not known")) };
    let pairs =
        pairs(bound, before).ok_or_else(|| because("it says something else than what is in force"))?;
    let mut plan = Plan::new(repository, place.form);
    let Some(after) = after else {
        if let Removal::Item(list, _) = &bound.removal
            && list.items.len() < 2
        {
            return Err(because("it is all that its list holds: take it away with that"));
        }
        plan.take(place.file, &place.span, &bound.removal, &[])?;
        return Ok(Edit { cuts: plan.done()?, place: at, gone: None });
    };
    let is_gone = |subject: &&Subject| !after.subjects.contains(subject);
    let gone = before.subjects.iter().zip(pairs).filter(|(subject, _)| is_gone(subject));
    let gone: BTreeSet<usize> = gone.map(|(_, pair)| pair).collect();
    if gone.len() >= bound.subjects.len() {
        return Err(because("nobody would be bound by it any more"));
    }
    for (at, subject) in bound.subjects.iter().enumerate().filter(|(at, _)| gone.contains(at)) {
        let removal = match &bound.sequence {
            Some(list) => Removal::Item(list.clone(), at),
            // Terraform has a block for each.
            None => Removal::Lines,
        };
        plan.take(place.file, &subject.span, &removal, &[])?;
    }
    Ok(Edit { cuts: plan.done()?, place: at, gone: Some(gone) })
}

/// For each subject of a binding in force, the one of the source that it is. None where the source says something else.
fn pairs(bound: &Bound, binding: &Binding) -> Option<Vec<usize>> {
    let (kind, role) = match &binding.role {
        RoleRef::Role(name) => ("Role", name),
        RoleRef::ClusterRole(name) => ("ClusterRole", name),
    };
    let is_role = bound.role_kind.known() == Some(kind) && is_name(bound, &bound.role, role);
    if !is_role || bound.subjects.len() != binding.subjects.len() {
        return None;
    }
    let mut pairs: Vec<Option<usize>> = vec![None; binding.subjects.len()];
    // Those that are written as they are in force come first, then those that an overlay may have made of others.
    for overlaid in [false, true] {
        for (pair, subject) in pairs.iter_mut().zip(&binding.subjects) {
            if pair.is_some() {
                continue;
            }
            let fitting = bound.subjects.iter().enumerate().filter(|(_, own)| match overlaid {
                false => is_same(own, subject, binding),
                true => can_be(bound, own, subject),
            });
            let fitting: Vec<usize> = fitting.map(|(at, _)| at).collect();
            if let [only] = fitting.as_slice() {
                *pair = Some(*only);
            }
        }
    }
    let pairs: Vec<usize> = pairs.into_iter().collect::<Option<_>>()?;
    let distinct: BTreeSet<usize> = pairs.iter().copied().collect();
    (distinct.len() == pairs.len()).then_some(pairs)
}

/// Kind, name and namespace of a subject.
fn parts(subject: &Subject) -> (&'static str, &str, Option<&str>) {
    match subject {
        Subject::User(name) => ("User", name, None),
        Subject::Group(name) => ("Group", name, None),
        Subject::ServiceAccount { namespace, name } => ("ServiceAccount", name, namespace.as_deref()),
    }
}

/// Whether a subject is written as it is in force. One without a namespace is of that of the binding.
fn is_same(own: &SubjectPlace, subject: &Subject, binding: &Binding) -> bool {
    let (kind, name, namespace) = parts(subject);
    let is_there = match (&own.namespace, namespace) {
        (_, None) if kind != "ServiceAccount" => true,
        (None, None) => true,
        (Some(own), namespace) => own.known().is_some_and(|own| {
            Some(own) == namespace || namespace.is_none() && Some(own) == binding.name.namespace.as_deref()
        }),
        (None, Some(namespace)) => binding.name.namespace.as_deref() == Some(namespace),
    };
    own.kind.known() == Some(kind) && own.name.known() == Some(name) && is_there
}

/// Whether an overlay may make a subject of one that the source lists.
fn can_be(bound: &Bound, own: &SubjectPlace, subject: &Subject) -> bool {
    let (kind, name, namespace) = parts(subject);
    let Some(overlay) = bound.overlay.as_ref().filter(|_| kind == "ServiceAccount") else { return false };
    let written = own.namespace.as_ref().and_then(Text::known);
    own.kind.known() == Some(kind)
        && is_name(bound, &own.name, name)
        && namespace.is_some_and(|one| Some(one) == written || Some(one) == overlay.namespace.as_deref())
}

/// Whether a name is what is in force, as it is written or as an overlay makes it.
fn is_name(bound: &Bound, written: &Text, name: &str) -> bool {
    let Some(written) = written.known() else { return false };
    let overlay = bound.overlay.as_ref();
    written == name || overlay.is_some_and(|one| format!("{}{written}{}", one.prefix, one.suffix) == name)
}

/// Shows that bindings lack those subjects that were to go, that those which were to go whole did, and that nothing else changed.
pub(super) fn proven(old: &Repository, new: &Repository, edits: &[Edit]) -> Result<(), NoEdit> {
    let edit_of = |at: usize| edits.iter().find(|edit| edit.place == at);
    let gone = edits.iter().filter(|edit| edit.gone.is_none()).map(|edit| edit.place).collect();
    let pairs = old.others(new, &gone).ok_or_else(|| proof::unproven("other bindings came or went"))?;
    for (at, pair) in pairs {
        let (Some(before), Some(after)) = (old.places.get(at), new.places.get(pair)) else { continue };
        let Some(edit) = edit_of(at) else {
            if !before.content.is_same(&after.content) {
                return Err(proof::unproven("something else changed"));
            }
            continue;
        };
        let (Content::Binding(before), Content::Binding(after)) = (&before.content, &after.content) else {
            return Err(proof::unproven("it is no binding any more"));
        };
        let gone = edit.gone.clone().unwrap_or_default();
        let left = before.subjects.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        let left = Bound { subjects: left.map(|(_, one)| one.clone()).collect(), ..(**before).clone() };
        if !left.is_same(after) {
            return Err(proof::unproven("it binds others than it is to"));
        }
    }
    Ok(())
}
