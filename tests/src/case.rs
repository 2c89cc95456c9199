//! Golden cases: folders of input files with the files that must come out of them.
//!
//! `tests/data/<group>/<case>/` holds what a test reads and what it expects. A test walks its group, so a new
//! case is a new folder and no code. `cargo xtask bless` rewrites what is expected; a file that no test
//! reads or expects is an error, since it would be believed to be tested.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::data;

/// The environment variable under which expected files are rewritten instead of compared.
pub const BLESS: &str = "REMIT_BLESS";

/// One folder of input and expected files.
#[derive(Debug)]
pub struct Case {
    name: String,
    folder: PathBuf,
    known: BTreeSet<PathBuf>,
    problems: Vec<String>,
    bless: bool,
}

/// Runs `check` on every case of a group, and fails with the problems of all of them.
///
/// # Panics
///
/// Where a case does not hold, a folder cannot be read, or the group has no case.
pub fn walk(group: &str, check: impl Fn(&mut Case)) {
    let folder = data::repository().join("tests/data").join(group);
    let bless = std::env::var_os(BLESS).is_some();
    let problems = problems(&folder, bless, check);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

impl Case {
    /// The name of the folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of an input, a file or a folder, which may be absent.
    pub fn path(&mut self, file: &str) -> PathBuf {
        let path = self.folder.join(file);
        self.known.insert(path.clone());
        path
    }

    /// The text of an input file; none where the case has no such file.
    ///
    /// # Panics
    ///
    /// Where it cannot be read.
    pub fn text(&mut self, file: &str) -> Option<String> {
        let path = self.path(file);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                self.problems.push(format!("{}: {error}", path.display()));
                None
            }
        }
    }

    /// Compares a text with the expected file, or rewrites the file when blessing.
    pub fn expect(&mut self, file: &str, actual: &str) {
        let path = self.path(file);
        let expected = std::fs::read_to_string(&path).ok();
        if expected.as_deref() == Some(actual) {
            return;
        }
        if self.bless {
            if let Err(error) = path
                .parent()
                .map_or(Ok(()), std::fs::create_dir_all)
                .and_then(|()| std::fs::write(&path, actual))
            {
                self.problems.push(format!("{}: cannot be written: {error}", path.display()));
            }
            return;
        }
        let difference = match expected {
            None => "is missing".to_owned(),
            Some(expected) => first_difference(&expected, actual),
        };
        self.problems.push(format!(
            "{}: {difference}\nhint: `cargo xtask bless` accepts what came out",
            path.display()
        ));
    }

    /// What is wrong with the case after its check has run.
    fn problems(self) -> Vec<String> {
        let mut problems = self.problems;
        for file in files(&self.folder) {
            if !file.ancestors().any(|path| self.known.contains(path)) {
                problems.push(format!("{}: no test reads or expects this file", file.display()));
            }
        }
        problems
    }
}

/// The problems of all cases in a folder.
fn problems(folder: &Path, bless: bool, check: impl Fn(&mut Case)) -> Vec<String> {
    let mut folders: Vec<PathBuf> = entries(folder).into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    if folders.is_empty() {
        return vec![format!("{}: no cases", folder.display())];
    }
    let mut problems = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut case = Case { name, folder, known: BTreeSet::new(), problems: Vec::new(), bless };
        // A panic in one case must not hide the others; its own message has been printed by the hook.
        if catch_unwind(AssertUnwindSafe(|| check(&mut case))).is_err() {
            problems.push(format!("{}: panicked, see above", case.folder.display()));
            problems.append(&mut case.problems);
        } else {
            problems.extend(case.problems());
        }
    }
    problems
}

/// The first line in which two texts differ.
fn first_difference(expected: &str, actual: &str) -> String {
    let mut actual_lines = actual.split('\n');
    for (number, line) in expected.split('\n').enumerate() {
        let other = actual_lines.next();
        if other != Some(line) {
            let number = number + 1;
            return format!(
                "line {number} differs\n  expected: {line}\n  actual:   {}",
                other.unwrap_or("(end of text)")
            );
        }
    }
    let number = expected.split('\n').count() + 1;
    format!(
        "line {number} differs\n  expected: (end of text)\n  actual:   {}",
        actual_lines.next().unwrap_or("")
    )
}

/// Every file below a folder, sorted; none where there is no such folder.
#[must_use]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(folder) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What a folder holds; nothing where it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(Result::ok).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group with one case that holds the given files.
    fn group(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("one")).unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join("one").join(name), text).unwrap();
        }
        folder
    }

    /// Upper-cases `input` into `output`.
    fn shout(case: &mut Case) {
        let input = case.text("input").unwrap_or_default();
        case.expect("output", &input.to_uppercase());
    }

    #[test]
    fn a_case_that_holds_has_no_problem() {
        let group = group(&[("input", "a\nb\n"), ("output", "A\nB\n")]);
        assert_eq!(problems(group.path(), false, shout), Vec::<String>::new());
    }

    #[test]
    fn the_first_difference_is_named() {
        let group = group(&[("input", "a\nb\n"), ("output", "A\nC\n")]);
        let problems = problems(group.path(), false, shout);
        assert!(
            problems[0].contains("output: line 2 differs\n  expected: C\n  actual:   B\n"),
            "{problems:?}"
        );
    }

    #[test]
    fn a_file_that_nobody_reads_is_a_problem() {
        let group = group(&[("input", ""), ("output", ""), ("ouptut", "")]);
        let problems = problems(group.path(), false, shout);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].ends_with("ouptut: no test reads or expects this file"));
    }

    #[test]
    fn blessing_writes_what_came_out() {
        let group = group(&[("input", "a")]);
        assert_eq!(problems(group.path(), false, shout).len(), 1);
        assert_eq!(problems(group.path(), true, shout), Vec::<String>::new());
        assert_eq!(problems(group.path(), false, shout), Vec::<String>::new());
    }

    #[test]
    fn a_group_without_cases_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(problems(folder.path(), false, shout).len(), 1);
    }
}
