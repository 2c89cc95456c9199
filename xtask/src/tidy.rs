//! `cargo xtask tidy`: invariants of the repository that the compiler does not see.
//!
//! Each check is a function from the tree to its problems, and all of them also run as an ordinary test.

mod architecture;
mod changelog;
mod features;
mod layers;
mod links;
mod manifests;
mod rust;
mod text;
mod tree;

use anyhow::bail;

use crate::place::Place;
use tree::{Problem, Tree};

/// What a check looks for.
type Check = fn(&Tree) -> Vec<Problem>;

/// All checks, by the name that their problems carry.
const CHECKS: &[(&str, Check)] = &[
    ("manifests", manifests::problems),
    ("layers", layers::problems),
    ("features", features::problems),
    ("rust", rust::problems),
    ("text", text::problems),
    ("architecture", architecture::problems),
    ("links", links::problems),
    ("changelog", changelog::problems),
];

/// Runs every check and prints what it found.
pub(crate) fn run() -> anyhow::Result<()> {
    let tree = Tree::read(Place::find()?)?;
    for (path, lines) in rust::long(&tree) {
        eprintln!("warning: {path}: {lines} lines: look twice whether it is two things");
    }
    let problems = all(&tree);
    for problem in &problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} problems", problems.len());
    }
    eprintln!("    {} checks over {} files found nothing", CHECKS.len(), tree.files.len());
    Ok(())
}

/// The problems of all checks, each with the name of its check.
fn all(tree: &Tree) -> Vec<String> {
    let found =
        CHECKS.iter().flat_map(|(name, check)| check(tree).into_iter().map(move |problem| (name, problem)));
    found.map(|(name, problem)| format!("{problem} [{name}]")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let tree = Tree::read(Place::find().unwrap()).unwrap();
        let problems = all(&tree);
        assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    }
}
