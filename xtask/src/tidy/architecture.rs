//! ARCHITECTURE.md and the tree say the same: every crate has a heading, every top-level module is named under
//! it, and nothing is described that is not there.

use super::tree::{Problem, Tree};

const DOCUMENT: &str = "ARCHITECTURE.md";

/// A part of the document that describes one crate or folder.
#[derive(Debug)]
struct Section<'a> {
    /// Line of the heading.
    line: usize,
    /// The path in the heading.
    path: &'a str,
    /// Line number and text.
    lines: Vec<(usize, &'a str)>,
}

pub(super) fn problems(tree: &Tree) -> Vec<Problem> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Problem::of(
            DOCUMENT,
            "missing",
            "describe the repository: a bird's-eye view, a code map, invariants",
        )];
    };
    let crates: Vec<(String, Vec<&str>)> =
        tree.members().into_iter().map(|(_, folder)| (folder.clone(), modules(tree, &folder))).collect();
    document(text, &crates, |path| tree.has(path))
}

/// The names of a crate's top-level module files.
fn modules<'a>(tree: &'a Tree, folder: &str) -> Vec<&'a str> {
    let prefix = format!("{folder}/src/");
    let files = tree.rust().filter_map(|file| file.path.strip_prefix(&prefix));
    files.filter(|file| !file.contains('/') && !["lib.rs", "main.rs"].contains(file)).collect()
}

/// The problems of a document, given the crates with their modules, and what exists.
fn document(text: &str, crates: &[(String, Vec<&str>)], has: impl Fn(&str) -> bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    let sections = sections(text);
    for (folder, modules) in crates {
        let Some(section) = sections.iter().find(|section| section.path.trim_end_matches('/') == folder)
        else {
            problems.push(Problem::of(
                DOCUMENT,
                format!("the crate `{folder}` has no heading"),
                "add a section to the code map with the crate's path in backticks: ### `path`",
            ));
            continue;
        };
        let missing = modules.iter().filter(|module| !section.mentions(module));
        let missing = missing.map(|module| format!("`{module}`")).collect::<Vec<_>>().join(", ");
        if !missing.is_empty() {
            problems.push(Problem::at(
                DOCUMENT,
                section.line,
                format!("modules of `{folder}` are not described: {missing}"),
                "name each in backticks in the crate's section, and say what is there",
            ));
        }
    }
    for section in &sections {
        let folder = section.path.trim_end_matches('/');
        if !has(folder) {
            problems.push(Problem::at(
                DOCUMENT,
                section.line,
                format!("`{folder}` does not exist"),
                "remove the section",
            ));
        }
        for (line, file) in section.files() {
            let places = [format!("{folder}/{file}"), format!("{folder}/src/{file}"), file.to_owned()];
            if !places.iter().any(|place| has(place)) {
                problems.push(Problem::at(
                    DOCUMENT,
                    line,
                    format!("`{folder}` has no `{file}`"),
                    "remove or rename the mention",
                ));
            }
        }
    }
    problems
}

/// The sections whose headings are a path in backticks.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines()) {
        let heading = line.strip_prefix("### `").and_then(|rest| rest.split_once('`'));
        if let Some((path, _)) = heading {
            sections.push(Section { line: number, path, lines: Vec::new() });
            open = true;
        } else if ["# ", "## ", "### "].iter().any(|level| line.starts_with(level)) {
            open = false;
        } else if open && let Some(section) = sections.last_mut() {
            section.lines.push((number, line));
        }
    }
    sections
}

impl<'a> Section<'a> {
    /// What stands in backticks, with its line.
    fn quoted(&self) -> impl Iterator<Item = (usize, &'a str)> {
        self.lines
            .iter()
            .flat_map(|(line, text)| text.split('`').skip(1).step_by(2).map(|word| (*line, word)))
    }

    /// Rust files named in backticks.
    fn files(&self) -> impl Iterator<Item = (usize, &'a str)> {
        self.quoted().filter(|(_, word)| word.ends_with(".rs") && !word.contains(['*', '<', ' ']))
    }

    /// Whether a module is named, by its file or by its name alone.
    fn mentions(&self, module: &str) -> bool {
        let name = module.trim_end_matches(".rs");
        self.quoted().any(|(_, word)| word.trim_start_matches("src/").trim_end_matches(".rs") == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Architecture\n\n## Code map\n\n### `ledger`\n\n`record` is a row, `src/parquet.rs` writes it.\n\n## Invariants\n\n`nothing.rs` here counts.\n";

    fn check(text: &str, modules: Vec<&'static str>) -> Vec<String> {
        let exists = ["ledger", "ledger/src/record.rs", "ledger/src/parquet.rs"];
        let found = document(text, &[("ledger".to_owned(), modules)], |path| exists.contains(&path));
        found.iter().map(|problem| problem.to_string().lines().next().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_document_that_names_everything_is_tidy() {
        assert!(check(TEXT, vec!["record.rs", "parquet.rs"]).is_empty());
    }

    #[test]
    fn what_is_not_described_is_found() {
        assert_eq!(
            check("# Architecture\n", vec![]),
            ["ARCHITECTURE.md:1: the crate `ledger` has no heading"]
        );
        let problems = check(TEXT, vec!["record.rs", "coverage.rs"]);
        assert_eq!(problems, ["ARCHITECTURE.md:5: modules of `ledger` are not described: `coverage.rs`"]);
    }

    #[test]
    fn what_is_gone_is_found() {
        let problems = check(&TEXT.replace("parquet.rs", "arrow.rs"), vec!["record.rs"]);
        assert_eq!(problems, ["ARCHITECTURE.md:7: `ledger` has no `src/arrow.rs`"]);
        let problems = check(&TEXT.replace("## Inv", "### `agent`\n\n## Inv"), vec![]);
        assert_eq!(problems, ["ARCHITECTURE.md:9: `agent` does not exist"]);
    }
}
