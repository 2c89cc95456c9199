//! What a review says: why each permission goes or stays, and what came of such proposals in the past.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::{Line, Replay, Standing, parsed, text};
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
    disposition: String,
    why: String,
    permissions: Vec<String>,
}

impl Review {
    /// Reads that of a proposal's folder, where there is one.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join("review.json");
        if path.is_file() { parsed(&path, &text(&path)?).map(Some) } else { Ok(None) }
    }

    /// How many permissions of a proposal were used and are watched all the same.
    pub(super) fn watched(&self, kept: &[Line]) -> u64 {
        let groups = self.permissions.iter().filter(|group| group.disposition == "watch");
        let watched: BTreeSet<&String> = groups.flat_map(|group| &group.permissions).collect();
        let used = kept.iter().filter(|line| line.standing == Standing::Used);
        used.filter(|line| watched.contains(&line.permission)).count() as u64
    }

    /// Why each permission goes or stays.
    pub(super) fn reasons(&self) -> BTreeMap<&str, &str> {
        self.permissions
            .iter()
            .flat_map(|group| group.permissions.iter().map(|one| (one.as_str(), group.why.as_str())))
            .collect()
    }
}
