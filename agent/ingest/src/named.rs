//! What the user named, of which an ingest that ends early leaves something unread.
//!
//! What was published by then looks like all there is. So the first flush that others follow says of each name that it is
//! not read yet, and the last one takes that back: killed in between, the ledger knows that events are missing. The files of
//! a folder may be many, so it is said of the folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use remit_ledger::{Address, SourcePosition};

use crate::accounting::Work;
use crate::checkpoint::Checkpoint;
use crate::source::{Identification, begun_position, reached_position};

/// What the user named.
pub(crate) struct Named {
    names: Vec<String>,
    /// What was said to be unread and is not taken back, by name; none before anything was said.
    unread: Option<BTreeMap<Arc<str>, Identification>>,
}

impl Named {
    pub(crate) fn new(names: &[String]) -> Self {
        Self { names: names.to_vec(), unread: None }
    }

    /// Positions for a flush that others follow, which has those of `works` as well.
    pub(crate) fn begun(&mut self, works: &[Work], checkpoint: &Checkpoint) -> Vec<SourcePosition> {
        let is_said = self.unread.is_some();
        self.pass_over(works, checkpoint);
        let unread = self.unread.iter().flatten().filter(|_| !is_said);
        unread.map(|(_, source)| begun_position(source, checkpoint.names())).collect()
    }

    /// Positions for the last flush, which has those of `works` as well: all was read, or told of by itself.
    pub(crate) fn reached(&mut self, works: &[Work], checkpoint: &Checkpoint) -> Vec<SourcePosition> {
        if self.unread.is_none() {
            return Vec::new();
        }
        self.pass_over(works, checkpoint);
        let unread = self.unread.take().unwrap_or_default();
        unread.into_values().map(|source| reached_position(&source, checkpoint.names())).collect()
    }

    /// What has a position of its own needs no other: what it says would be taken back.
    fn pass_over(&mut self, works: &[Work], checkpoint: &Checkpoint) {
        let unread = self.unread.get_or_insert_with(|| identify(&self.names, checkpoint));
        for source in works.iter().flat_map(|work| &work.sources) {
            unread.remove(source.name.as_str());
        }
    }
}

/// All that is named and may hold events that were not read before.
fn identify(names: &[String], checkpoint: &Checkpoint) -> BTreeMap<Arc<str>, Identification> {
    let sources = names.iter().filter_map(|name| match Address::parse(name) {
        _ if name == "-" => Some(Identification::of_passing()),
        Ok(Some(address)) => Some(Identification::of_prefix(&address)),
        Ok(None) => of_path(Path::new(name), checkpoint),
        Err(_) => None,
    });
    // What an earlier run has said to be unread is so still.
    let unsaid = sources.filter(|source| checkpoint.prefix(&source.name).is_none());
    unsaid.map(|source| (Arc::clone(&source.name), source)).collect()
}

fn of_path(path: &Path, checkpoint: &Checkpoint) -> Option<Identification> {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => {
            let source = Identification::of_file(path, &metadata).ok()?;
            let is_known = checkpoint.knows_name(&source.name, source.size, source.modified);
            (!is_known).then_some(source)
        }
        Ok(metadata) if !metadata.is_dir() => Some(Identification::of_passing()),
        // A folder, or a pattern.
        _ => Some(Identification::of_path(path)),
    }
}
