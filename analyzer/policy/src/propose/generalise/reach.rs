//! How far names of an action's resources are opened.

use remit_catalog::{ActionId, Catalog};

use super::alone::stands_alone;
use super::tried::tried;
use super::{Generalise, Surroundings, Thresholds};
use crate::usage::Usage;

/// How far names of an action's resources are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// They stay as they were seen.
    Seen,
    /// They are opened.
    Opened {
        /// From how many on.
        thresholds: Thresholds,
        /// Whether names that begin alike are one.
        prefixes: bool,
        /// Whether what lies in one container is one.
        containers: bool,
    },
    /// Resources stay as they are granted.
    Granted,
}

/// Verbs of actions that make what they name, or take it away again.
const MAKES: [&str; 14] = [
    "Create",
    "Delete",
    "Put",
    "Run",
    "Terminate",
    "Register",
    "Deregister",
    "Upload",
    "Import",
    "Allocate",
    "Request",
    "Restore",
    "Copy",
    "Start",
];

impl Reach {
    /// Names are opened; or they stay as they were seen, where there are no thresholds: to change who may do what with some things is
    /// no reason to do so with others like them.
    pub(super) fn opened(thresholds: Option<Thresholds>, prefixes: bool, containers: bool) -> Self {
        thresholds.map_or(Self::Seen, |thresholds| Self::Opened { thresholds, prefixes, containers })
    }
}

impl Generalise {
    /// How far names of an action's resources are opened, of a principal that does all this.
    pub(crate) fn reach(self, surroundings: Surroundings<'_>, action: ActionId, usage: &Usage) -> Reach {
        let catalog = surroundings.catalog;
        let level = catalog.action(action).map(|action| action.level);
        let thresholds = level.and_then(Thresholds::of);
        match self {
            Self::Exact => Reach::Seen,
            Self::Templates => Reach::opened(thresholds, is_of_made(catalog, action, usage), false),
            Self::Containers => Reach::opened(thresholds, true, true),
            Self::Granted if thresholds.is_some() && !is_alone(action, usage) => Reach::Granted,
            Self::Granted | Self::Tried => tried(action, usage, surroundings, thresholds),
        }
    }
}

/// Whether all resources of an action are permissions of their own.
fn is_alone(action: ActionId, usage: &Usage) -> bool {
    usage
        .actions
        .get(&action)
        .is_some_and(|use_| use_.resources.keys().all(|resource| stands_alone(resource)))
}

/// Whether an action is done to what the principal itself makes: the next of them has another name.
pub(super) fn is_of_made(catalog: &Catalog, action: ActionId, usage: &Usage) -> bool {
    let makes = |id: ActionId| {
        let name = catalog.action(id).map_or("", |action| action.name);
        MAKES.iter().any(|verb| {
            name.strip_prefix(verb)
                .is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_uppercase()))
        })
    };
    if makes(action) {
        return true;
    }
    let Some(use_) = usage.actions.get(&action) else { return false };
    let mut made =
        usage.actions.iter().filter(|(id, _)| makes(**id)).flat_map(|(_, use_)| use_.resources.keys());
    made.any(|resource| use_.resources.contains_key(resource))
}
