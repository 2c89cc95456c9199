//! Where a protected permission is needed, in view of the old policies.

use remit_catalog::ActionId;

use super::Protected;
use super::grants::Grants;
use crate::Glob;

/// A permission and where it is needed.
pub(super) struct Need {
    pub(super) action: ActionId,
    /// Recorded resources; none where it is needed wherever it was granted.
    pub(super) resources: Option<Vec<Glob>>,
}

impl Need {
    /// A resource that no old statement names tells that log and grant do not fit together: then the
    /// permission is needed wherever it was granted.
    pub(super) fn of(permission: &Protected, before: &Grants<'_>) -> Self {
        let resources: Option<Vec<_>> = permission
            .resources
            .as_ref()
            .map(|resources| resources.iter().map(|resource| Glob::recorded(resource)).collect());
        let is_named =
            |resource: &Glob| before.allowing(permission.action).any(|(_, allow)| allow.meets(resource));
        let fits = |resources: &Vec<Glob>| !resources.is_empty() && resources.iter().all(is_named);
        Self { action: permission.action, resources: resources.filter(fits) }
    }
}
