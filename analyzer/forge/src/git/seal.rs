//! A seal on a commit, by which Remit knows its own: whatever a person changes of it breaks the seal.

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

/// What a sealed commit says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    /// Digest of the evidence it was made from.
    pub(crate) evidence: String,
    /// The day on which its branch was pushed first, where no forge tells.
    pub(crate) opened: Option<Date>,
}

/// Trailers of a message.
pub(crate) const UNIT: &str = "Remit-Unit: ";
pub(crate) const EVIDENCE: &str = "Remit-Evidence: ";
pub(crate) const OPENED: &str = "Remit-Opened: ";
const SEAL: &str = "Remit-Seal: ";

impl Seal {
    /// A message with its seal.
    pub(super) fn message(message: &str, tree: &str, parent: &str) -> String {
        let message = message.trim_end();
        format!("{message}\n{SEAL}{}\n", sum(message, tree, parent))
    }

    /// Reads a commit, as `git cat-file commit` prints it. None where it is no single commit that was sealed.
    pub(super) fn read(commit: &str) -> Option<Self> {
        let (head, message) = commit.split_once("\n\n")?;
        let values =
            |name: &str| head.lines().filter_map(move |line| line.strip_prefix(name)).collect::<Vec<_>>();
        let ([tree], [parent]): ([&str; 1], [&str; 1]) =
            (values("tree ").try_into().ok()?, values("parent ").try_into().ok()?);
        let (message, seal) = message.trim_end().rsplit_once('\n')?;
        if seal.strip_prefix(SEAL)? != sum(message, tree, parent) {
            return None;
        }
        let last = |name: &str| message.lines().rev().find_map(|line| line.strip_prefix(name));
        Some(Self {
            evidence: last(EVIDENCE)?.to_owned(),
            opened: last(OPENED).and_then(|day| day.parse().ok()),
        })
    }
}

/// The day on which a message says that the branch of a unit was pushed first, whether or not its seal is whole: a commit that others stand on or
/// that somebody wrote anew tells it still. A commit of another unit, which the base may hold, tells nothing.
pub(super) fn opened(message: &str, unit: &str) -> Option<Date> {
    message.lines().any(|line| line.strip_prefix(UNIT) == Some(unit)).then_some(())?;
    message.lines().rev().find_map(|line| line.strip_prefix(OPENED)).and_then(|day| day.parse().ok())
}

fn sum(message: &str, tree: &str, parent: &str) -> String {
    let sum = Sha256::digest(format!("{tree}\n{parent}\n{message}"));
    sum.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
