//! What was ingested before.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;
use remit_ledger::{Address, Commit, Extent, HOUR, Provider, Snapshot, SourcePosition, read_identifiers};
use twox_hash::XxHash3_128;

use crate::diagnostic::Diagnostics;
use crate::duplicates::Seen;
use crate::format::Names;

/// Sources that were ingested, told by name, size and time of change, or by content.
#[derive(Debug, Default)]
pub(crate) struct Checkpoint {
    /// Hashes of name, size and time of change.
    names: HashSet<u128, FixedState>,
    /// Hashes of bytes as stored.
    contents: HashSet<u128, FixedState>,
    /// Those of this run.
    claimed: Mutex<HashSet<u128, FixedState>>,
    /// How far sources that were not read to their end were read, by name.
    prefixes: HashMap<String, Prefix>,
    /// Sources that were read with losses, by the hash of their content.
    damaged: HashMap<u128, SourcePosition, FixedState>,
    /// How many events were lost of a source, by the name under which it was ingested last.
    losses: HashMap<String, u64>,
    /// The names, with their folders, of delivered files that were not read whole.
    lossy: HashMap<String, Vec<String>>,
    names_tell: Names,
}

/// Whose a content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The claimant's.
    New,
    /// Another source's of this run, which may not have been counted yet.
    Underway,
    /// That of a source which was ingested before.
    Ingested,
}

/// How far a source was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// Offset in the decompressed bytes.
    pub(crate) offset: u64,
    /// Hash of the decompressed bytes before it.
    pub(crate) content: u128,
    /// Events met before it, and those of them that were lost.
    pub(crate) read: u64,
    pub(crate) lost: u64,
    /// The hours, since the Unix epoch, of the first of them and of the last.
    pub(crate) hours: Option<(i32, i32)>,
}

impl Checkpoint {
    /// Reads the checkpoint of a ledger, and fills `seen` with the events counted last: those of a provider, since a file
    /// that was taken for a log of another has told nothing.
    pub(crate) fn read(
        snapshot: &Snapshot,
        root: &std::path::Path,
        provider: Provider,
        names_tell: Names,
        seen: &Seen,
        diagnostics: &Diagnostics,
    ) -> Self {
        let mut checkpoint = Self { names_tell, ..Self::default() };
        let folder = format!("provider={}/", provider.as_str());
        let is_own = |path: &String| path.contains(&folder);
        let commits: Vec<_> = snapshot.commits().filter(|commit| commit.usage.iter().any(is_own)).collect();
        for commit in &commits {
            for source in &commit.sources {
                checkpoint.add(source);
            }
        }
        // What a sound copy of another name has made good is not said again.
        if !checkpoint.losses.is_empty() {
            let lossy: BTreeSet<&str> = snapshot.lossy_sources().iter().map(|source| source.name).collect();
            checkpoint.losses.retain(|name, _| lossy.contains(name.as_str()));
        }
        let files = snapshot.usage_files().iter();
        let ends: HashMap<&str, i64> =
            files.filter_map(|file| Some((file.path.as_str(), file.footer.span?.1))).collect();
        let mut is_full = false;
        for commit in commits.into_iter().rev() {
            for path in &commit.identifiers {
                if is_full {
                    // An older log may have been read later: what is not remembered may be newer than what is.
                    seen.forget(newest_hour(commit, &ends));
                    continue;
                }
                match read_identifiers(root, path) {
                    Ok(identifiers) => is_full = !seen.load(&identifiers),
                    Err(error) => {
                        seen.forget(newest_hour(commit, &ends));
                        diagnostics.source(path, error.to_string());
                    }
                }
            }
        }
        checkpoint
    }

    pub(crate) fn add(&mut self, source: &SourcePosition) {
        let is_whole = matches!(source.extent, Extent::Whole { .. }) && source.lost == 0;
        if let Some(name) = (self.names_tell.delivered)(&source.name).filter(|_| !is_whole) {
            self.lossy.entry(name.to_owned()).or_default().push(source.name.clone());
        }
        match &source.extent {
            Extent::Whole { content } => {
                let Ok(content) = u128::from_str_radix(content, 16) else { return };
                self.prefixes.remove(&source.name);
                self.names.insert(name_hash(&source.name, source.size, source.modified));
                self.contents.insert(content);
                self.losses.remove(&source.name);
                if source.lost > 0 {
                    self.losses.insert(source.name.clone(), source.lost);
                    self.damaged.insert(content, source.clone());
                }
            }
            Extent::Prefix { offset, content } => {
                let Ok(content) = u128::from_str_radix(content, 16) else { return };
                // Of a source that could not be opened nothing was read, and nothing is lost once it can be.
                let lost = if *offset == 0 { 0 } else { source.lost };
                let prefix = Prefix {
                    offset: *offset,
                    content,
                    read: source.read,
                    lost,
                    hours: source.span.and_then(hours_of),
                };
                self.prefixes.insert(source.name.clone(), prefix);
            }
        }
    }

    /// Whether a source of this name, size and time of change was ingested; a time of zero tells nothing. One that
    /// could not be read since is looked at again, which takes its loss back.
    pub(crate) fn knows_name(&self, name: &str, size: u64, modified: i64) -> bool {
        modified != 0
            && !self.prefixes.contains_key(name)
            && self.names.contains(&name_hash(name, size, modified))
    }

    /// How many events were lost of a source that is known by this name.
    pub(crate) fn lost_of(&self, name: &str) -> Option<u64> {
        self.losses.get(name).copied()
    }

    /// Claims a content for this run.
    pub(crate) fn claim(&self, content: u128) -> Claim {
        if self.contents.contains(&content) {
            return Claim::Ingested;
        }
        let is_new = self.claimed.lock().unwrap_or_else(PoisonError::into_inner).insert(content);
        if is_new { Claim::New } else { Claim::Underway }
    }

    /// The position of a content that was ingested with losses.
    pub(crate) fn damaged(&self, content: u128) -> Option<&SourcePosition> {
        self.damaged.get(&content)
    }

    /// The names under which a delivered file was ingested with losses, in other folders.
    pub(crate) fn lossy_names(&self, name: &str) -> impl Iterator<Item = &String> {
        let delivered = if self.lossy.is_empty() { None } else { (self.names_tell.delivered)(name) };
        let names = delivered.and_then(|delivered| self.lossy.get(delivered)).into_iter().flatten();
        names.filter(move |other| *other != name)
    }

    /// What is known of sources before they are read.
    pub(crate) fn names(&self) -> &Names {
        &self.names_tell
    }

    /// The parts of a bucket within this one, and itself, that were not read to their end, and objects that cannot be named.
    pub(crate) fn prefixes_within(&self, name: &str) -> impl Iterator<Item = &str> {
        let names = self.prefixes.keys().map(String::as_str);
        let is_part = |other: &str| other.ends_with('/') || Address::parse(other).is_err();
        names.filter(move |other| other.starts_with(name) && is_part(other))
    }

    /// How far a source of this name was read, if not to its end.
    pub(crate) fn prefix(&self, name: &str) -> Option<Prefix> {
        self.prefixes.get(name).copied()
    }
}

/// The last hour of which a commit may hold an event, as far as its sources and files tell.
fn newest_hour(commit: &Commit, ends: &HashMap<&str, i64>) -> i64 {
    let sources = commit.sources.iter().filter_map(|source| Some(source.span?.1.saturating_sub(1)));
    let files = commit.usage.iter().filter_map(|path| ends.get(path.as_str()).copied());
    sources.chain(files).max().unwrap_or(commit.committed_at).div_euclid(HOUR)
}

/// The first and last hour of a span that begins and ends with hours.
fn hours_of((start, end): (i64, i64)) -> Option<(i32, i32)> {
    let hour = |time: i64| i32::try_from(time.div_euclid(HOUR)).ok();
    Some((hour(start)?, hour(end.saturating_sub(1))?))
}

pub(crate) fn name_hash(name: &str, size: u64, modified: i64) -> u128 {
    let mut hasher = XxHash3_128::new();
    hasher.write(name.as_bytes());
    hasher.write(&[0]);
    hasher.write(&size.to_le_bytes());
    hasher.write(&modified.to_le_bytes());
    hasher.finish_128()
}
