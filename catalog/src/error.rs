//! What can be wrong with the table.

/// The embedded table could not be read: a defect of the build, never of the user's input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalog's table is damaged: {reason}\nhint: build Remit again from an unchanged checkout")]
pub struct CatalogError {
    pub(crate) reason: String,
}

impl CatalogError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
