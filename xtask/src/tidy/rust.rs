//! Rust files: their size, their names, and what they must not contain.

use super::tree::{File, Problem, Tree};

/// No Rust file is longer.
const LONGEST: usize = 600;

/// Longer files are named, so that somebody looks whether they are two things.
const LONG: usize = 450;

/// Names that say nothing about what a module holds.
const EMPTY_NAMES: &[&str] = &["common", "core", "helper", "helpers", "misc", "types", "util", "utils"];

/// Folders whose programs talk to the kernel; only they may be unsafe.
const UNSAFE: &[&str] = &["ebpf/", "agent/src/"];

pub(super) fn problems(tree: &Tree) -> Vec<Problem> {
    let mut problems: Vec<Problem> = tree.rust().flat_map(file).collect();
    for (name, folder) in tree.members() {
        let noun = name.trim_start_matches("remit-");
        if EMPTY_NAMES.contains(&noun) {
            problems.push(Problem::of(
                &format!("{folder}/Cargo.toml"),
                format!("`{name}` names nothing"),
                "name the crate by its noun",
            ));
        }
    }
    problems
}

/// Files worth a second look, with their numbers of lines.
pub(super) fn long(tree: &Tree) -> Vec<(&str, usize)> {
    let sizes = tree.rust().map(|file| (file.path.as_str(), file.text.lines().count()));
    sizes.filter(|(_, lines)| *lines > LONG).collect()
}

fn file(file: &File) -> Vec<Problem> {
    let File { path, text } = file;
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST {
        problems.push(Problem::at(
            path,
            LONGEST + 1,
            format!("{lines} lines, and {LONGEST} are allowed"),
            "split it by its nouns",
        ));
    }
    if path.ends_with("/mod.rs") {
        problems.push(Problem::of(path, "a `mod.rs`", "name the file after its module, beside the folder"));
    }
    for part in path.trim_end_matches(".rs").split('/').filter(|part| EMPTY_NAMES.contains(part)) {
        problems.push(Problem::of(path, format!("`{part}` names nothing"), "name the module by its noun"));
    }
    let safe = !UNSAFE.iter().any(|folder| path.starts_with(folder));
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.trim_start();
        if code.starts_with(concat!("#[", "ignore")) {
            problems.push(Problem::at(
                path,
                number,
                "an ignored test",
                "assert what happens now, and say that it is wrong",
            ));
        }
        if safe && !code.starts_with("//") && is_unsafe(code) {
            problems.push(Problem::at(
                path,
                number,
                "unsafe code",
                "only the crates that talk to the kernel may be unsafe",
            ));
        }
        if let Some(name) = EMPTY_NAMES.iter().find(|name| declares(code, name)) {
            problems.push(Problem::at(
                path,
                number,
                format!("a module `{name}`"),
                "name the module by its noun",
            ));
        }
    }
    problems
}

/// Whether a line of code opens something unsafe.
fn is_unsafe(code: &str) -> bool {
    let openings = [" {", " fn ", " impl ", " extern ", " trait ", "_code"];
    code.match_indices(concat!("un", "safe")).any(|(at, word)| {
        let before = code.get(..at).and_then(|text| text.chars().next_back());
        let after = code.get(at + word.len()..).unwrap_or_default();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == '"')
            && openings.iter().any(|opening| after.starts_with(opening))
    })
}

/// Whether a line declares a module of that name.
fn declares(code: &str, name: &str) -> bool {
    let module = code.split_once("mod ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"));
    module.is_some_and(|(_, rest)| rest.split([';', ' ', '{']).next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<String> {
        let found = file(&File { path: path.to_owned(), text: text.to_owned() });
        found.iter().map(|problem| problem.to_string().lines().next().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_small_file_named_by_its_noun_is_tidy() {
        assert!(
            check(
                "ledger/src/record.rs",
                concat!("//! One row.\n\nmod row;\n// un", "safe { is a word here }\n")
            )
            .is_empty()
        );
    }

    #[test]
    fn long_files_are_found() {
        assert!(check("a/src/b.rs", &"x\n".repeat(600)).is_empty());
        assert_eq!(
            check("a/src/b.rs", &"x\n".repeat(601)),
            ["a/src/b.rs:601: 601 lines, and 600 are allowed"]
        );
    }

    #[test]
    fn empty_names_are_found() {
        assert_eq!(check("a/src/utils.rs", ""), ["a/src/utils.rs:1: `utils` names nothing"]);
        assert_eq!(check("a/src/x.rs", "pub(crate) mod types {\n"), ["a/src/x.rs:1: a module `types`"]);
        assert!(check("a/src/x.rs", "mod typesetting;\n").is_empty());
    }

    #[test]
    fn what_must_not_be_written_is_found() {
        assert_eq!(check("a/src/x/mod.rs", "").len(), 1);
        assert_eq!(check("a/src/x.rs", concat!("#[", "ignore = \"slow\"]\n")).len(), 1);
        assert_eq!(check("a/src/x.rs", concat!("let x = un", "safe { y };\n")).len(), 1);
        assert_eq!(check("a/src/x.rs", concat!("#![expect(un", "safe_code, reason = \"\")]\n")).len(), 1);
        assert!(check("ebpf/src/x.rs", concat!("let x = un", "safe { y };\n")).is_empty());
    }
}
