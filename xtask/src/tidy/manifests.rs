//! Every package takes its lints, edition, licence and the versions of its dependencies from the workspace.

use super::tree::{Problem, Tree};

/// What `[package]` must take from the workspace.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

/// What is linked into the kernel's programs has a licence that the kernel accepts.
const OWN_LICENCE: &str = "ebpf/abi/Cargo.toml";

pub(super) fn problems(tree: &Tree) -> Vec<Problem> {
    let manifests = tree.members().into_iter().map(|(_, folder)| format!("{folder}/Cargo.toml"));
    manifests.flat_map(|path| manifest(&path, tree.text(&path).unwrap_or_default())).collect()
}

/// The problems of one manifest. Line by line, which is enough for manifests as we write them.
fn manifest(path: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut table = "";
    let mut lints = false;
    let mut inherited = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.starts_with('[') {
            table = line.trim_matches(['[', ']']);
        } else if table == "lints" && line == "workspace = true" {
            lints = true;
        } else if table == "package" {
            inherited.extend(line.strip_suffix(".workspace = true"));
        } else if table.ends_with("dependencies")
            && !line.is_empty()
            && !line.starts_with('#')
            && !line.contains("workspace = true")
        {
            problems.push(Problem::at(
                path,
                number,
                "a dependency with a version of its own",
                "put the version in `[workspace.dependencies]` and write `name.workspace = true`",
            ));
        }
    }
    if !lints {
        problems.push(Problem::of(
            path,
            "the workspace's lints do not bind this package",
            "add `[lints]` with `workspace = true`",
        ));
    }
    let expected = INHERITED.iter().filter(|key| path != OWN_LICENCE || **key != "license");
    for key in expected.filter(|key| !inherited.contains(key)) {
        problems.push(Problem::of(
            path,
            format!("`{key}` is not the workspace's"),
            "write `key.workspace = true` in `[package]`",
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"x\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\n\
        [lints]\nworkspace = true\n\n[dependencies]\nserde.workspace = true\n";

    #[test]
    fn a_manifest_that_inherits_is_tidy() {
        assert_eq!(manifest("Cargo.toml", GOOD), []);
    }

    #[test]
    fn lints_that_do_not_bind_are_found() {
        let problems = manifest("Cargo.toml", &GOOD.replace("[lints]\nworkspace = true\n", ""));
        assert_eq!(problems.len(), 1, "{problems:?}");
        let problems = manifest("Cargo.toml", &GOOD.replace("serde.workspace = true", "serde = \"1\""));
        assert!(
            problems[0].to_string().starts_with("Cargo.toml:13: a dependency with a version"),
            "{problems:?}"
        );
        let problems =
            manifest("Cargo.toml", &GOOD.replace("edition.workspace = true", "edition = \"2021\""));
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
}
