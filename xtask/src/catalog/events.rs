//! Events of operations that no model has: the console's and agents' own.

use std::collections::BTreeMap;

use super::actions::Services;
use super::classes::{Asked, kept};
use super::draft::{Class, NeedDraft, OperationDraft, Origin, WhenDraft};
use super::overrides::Overrides;

/// Adds an operation for every action that none is named like, so that events of its name are resolved. Unless a
/// hand-kept row tells how they are recorded it does not make the action observable: nobody says that every call
/// that needs it is.
pub(super) fn add(
    services: &Services,
    overrides: &Overrides,
    label: &str,
    prefix: &str,
    operations: &mut BTreeMap<String, OperationDraft>,
) {
    let Some(service) = services.get(prefix) else { return };
    for (key, action) in &service.actions {
        if operations.contains_key(key) {
            continue;
        }
        let asked = Asked { label, model: "", operation: &action.name, level: Some(action.level) };
        let class = kept(overrides, asked).unwrap_or(Class::NoOperation);
        let mut draft = OperationDraft::unknown(&action.name, class);
        draft.origin = Origin::SameName;
        draft.needs.push(NeedDraft {
            action: format!("{prefix}:{key}"),
            when: WhenDraft::Always,
            origin: Origin::SameName,
            ambiguous: false,
        });
        operations.insert(key.clone(), draft);
    }
}
