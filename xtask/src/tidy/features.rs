//! The product's dependencies have the same features alone and in the whole workspace.
//!
//! Otherwise what the tests test is not what users run, and whoever builds the one after the other compiles
//! DataFusion twice.

use std::collections::BTreeSet;
use std::process::Command;

use super::tree::{Problem, Tree};

/// The package that users build.
const PRODUCT: &str = "remit";

pub(super) fn problems(tree: &Tree) -> Vec<Problem> {
    let list = |selection: &[&str]| {
        let mut cargo =
            tree.place.cargo(&["tree", "--edges", "normal", "--prefix", "none", "--format", "{p} {f}"]);
        ask(cargo.args(selection))
    };
    match (list(&["--package", PRODUCT]), list(&["--workspace"])) {
        (Some(alone), Some(together)) => differences(&alone, &together),
        _ => vec![Problem::of("Cargo.toml", "`cargo tree` does not answer", "run it and see")],
    }
}

fn ask(cargo: &mut Command) -> Option<String> {
    let answer = cargo.output().ok().filter(|answer| answer.status.success())?;
    String::from_utf8(answer.stdout).ok()
}

/// Packages of the product that have other features in the workspace.
fn differences(alone: &str, together: &str) -> Vec<Problem> {
    let lines = |text| -> BTreeSet<String> {
        str::lines(text).map(|line| line.replace(" (*)", "").trim().to_owned()).collect()
    };
    let together = lines(together);
    let changed = lines(alone).into_iter().filter(|line| !together.contains(line));
    let problem = |line: String| {
        let name = line.split(' ').next().unwrap_or_default();
        Problem::of(
            "Cargo.toml",
            format!("`{name}` has other features in the workspace than in `{PRODUCT}` alone"),
            "ask for the same features in `[workspace.dependencies]`, or find who adds one with `cargo tree -e features -i`",
        )
    };
    changed.map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_another_package_adds_is_found() {
        let alone = "remit v0.1.0 (x) \nserde v1.0.0 std\nserde v1.0.0 std (*)\nlibc v0.2.0 \n";
        assert_eq!(differences(alone, &format!("{alone}xtask v0.1.0 (y)\n")), []);
        let problems = differences(alone, &alone.replace("1.0.0 std", "1.0.0 rc,std"));
        assert_eq!(problems.len(), 1);
        assert!(problems[0].to_string().contains("`serde` has other features"));
    }
}
