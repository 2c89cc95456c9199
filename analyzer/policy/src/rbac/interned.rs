//! Equal permissions of a cluster, kept once: what roles grant, they grant to many, and much of it alike.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::permission::Permission;

/// The permissions that were asked for so far.
#[derive(Debug, Default)]
pub(super) struct Interned(Mutex<HashSet<Permission>>);

impl Interned {
    /// These, as they were first made.
    pub(super) fn all(&self, permissions: impl Iterator<Item = Permission>) -> Vec<Permission> {
        // Made before anybody has to wait.
        let permissions: Vec<Permission> = permissions.collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |permission: Permission| match known.get(&permission) {
            Some(known) => known.clone(),
            None => {
                known.insert(permission.clone());
                permission
            }
        };
        permissions.into_iter().map(one).collect()
    }
}

/// What is found again need not be known again.
impl Clone for Interned {
    fn clone(&self) -> Self {
        Self::default()
    }
}
