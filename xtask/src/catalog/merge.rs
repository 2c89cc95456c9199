//! Joining operations of several models that are recorded under one name.

use std::collections::{BTreeMap, BTreeSet};

use super::arns::shape;
use super::draft::{Class, FillDraft, OperationDraft, TemplateDraft, WhenDraft};
use super::kept::PASS_ROLE;

/// Adds an operation to those of a label. Where the name is taken by another model's operation, a call is of
/// one of the two: certain is what both need, possible what one of them does. Where a request of the one could be
/// read by a template of the other, it is not known on what.
pub(super) fn insert(operations: &mut BTreeMap<String, OperationDraft>, new: OperationDraft) {
    let key = new.name.to_ascii_lowercase();
    match operations.get_mut(&key) {
        None => {
            operations.insert(key, new);
        }
        Some(old) if old.needs.is_empty() => *old = new,
        Some(_) if new.needs.is_empty() => {}
        Some(old) => join(old, new),
    }
}

fn join(old: &mut OperationDraft, new: OperationDraft) {
    let certain = |operation: &OperationDraft| -> BTreeSet<String> {
        let sure = operation.needs.iter().filter(|need| need.when == WhenDraft::Always);
        sure.map(|need| need.action.clone()).collect()
    };
    let both: BTreeSet<String> = certain(old).intersection(&certain(&new)).cloned().collect();
    let is_misread = misreads(old, &new) || misreads(&new, old);
    let mut needs = std::mem::take(&mut old.needs);
    needs.extend(new.needs);
    for need in &mut needs {
        // Passed roles are told by parameters of their own.
        need.ambiguous |= is_misread && need.action != PASS_ROLE;
        if !both.contains(&need.action) {
            need.when = WhenDraft::Perhaps;
        }
    }
    needs.sort();
    needs.dedup_by(|later, earlier| {
        let is_same = later.action == earlier.action;
        earlier.ambiguous |= is_same && later.ambiguous;
        is_same
    });
    old.needs = needs;
    for parameter in new.parameters {
        old.add_parameter(&parameter.path, parameter.used_for);
    }
    for mut template in new.templates {
        for fill in &mut template.fills {
            if let Some(spelling) = old.spelling(&fill.parameter) {
                fill.parameter = spelling.to_owned();
            }
        }
        if !old.templates.contains(&template) {
            old.templates.push(template);
        }
    }
    old.given.extend(new.given);
    old.class = either(&old.class, &new.class);
}

/// Whether a template of `own` that `other` does not have could be filled from a request of `other`.
fn misreads(own: &OperationDraft, other: &OperationDraft) -> bool {
    let parts = |fill: &FillDraft| {
        let parameter = fill.parameter.to_ascii_lowercase();
        (parameter, fill.transform, fill.prefix.clone(), fill.otherwise.clone())
    };
    let same = |left: &TemplateDraft, right: &TemplateDraft| {
        shape(&left.pattern) == shape(&right.pattern)
            && left.fills.iter().map(parts).eq(right.fills.iter().map(parts))
    };
    let is_filled = |fill: &FillDraft| {
        !fill.otherwise.is_empty() || other.given.contains(&fill.parameter.to_ascii_lowercase())
    };
    own.templates.iter().any(|template| {
        template.fills.iter().all(is_filled) && !other.templates.iter().any(|known| same(template, known))
    })
}

fn either(old: &Class, new: &Class) -> Class {
    let mut classes = BTreeSet::new();
    for class in [old, new] {
        match class {
            Class::NotLogged(_) => return class.clone(),
            Class::Mixed(several) => classes.extend(several.iter().cloned()),
            one => {
                classes.insert(one.clone());
            }
        }
    }
    match classes.len() {
        1 => old.clone(),
        _ => Class::Mixed(classes),
    }
}
