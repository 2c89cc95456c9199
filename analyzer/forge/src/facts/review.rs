//! What a review says: why each permission goes or stays, and what came of such proposals in the past.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Replay, parsed, text};
use crate::error::Error;

/// What is read of `review.json`.
#[derive(Debug, Deserialize)]
pub(super) struct Review {
    pub(super) tier: String,
    pub(super) replay: Option<Replay>,
    permissions: Vec<Group>,
}

/// Permissions of which the same is said.
#[derive(Debug, Deserialize)]
struct Group {
    why: String,
    permissions: Vec<String>,
}

impl Review {
    /// Reads that of a proposal's folder, where there is one.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join("review.json");
        if path.is_file() { parsed(&path, &text(&path)?).map(Some) } else { Ok(None) }
    }

    /// Why each permission goes or stays.
    pub(super) fn reasons(&self) -> BTreeMap<&str, &str> {
        self.permissions
            .iter()
            .flat_map(|group| group.permissions.iter().map(|one| (one.as_str(), group.why.as_str())))
            .collect()
    }
}
