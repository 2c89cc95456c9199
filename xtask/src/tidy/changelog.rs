//! The change log has a place for what is not yet released.

use super::tree::{Problem, Tree};

pub(super) fn problems(tree: &Tree) -> Vec<Problem> {
    let text = tree.text("CHANGELOG.md").unwrap_or_default();
    if text.lines().any(|line| line.starts_with("## Unreleased") || line.starts_with("## [Unreleased]")) {
        return Vec::new();
    }
    vec![Problem::of("CHANGELOG.md", "no section for what is not yet released", "add `## Unreleased`")]
}
