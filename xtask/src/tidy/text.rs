//! Text files: no trace of one machine, no postponed work, no untidy ends of lines.

use super::tree::{File, Problem, Tree};

/// The one place that knows where real data lies.
const KNOWS_DATA: &str = "tests/src/data.rs";

/// Folders of data whose bytes are what they are.
const DATA: &[&str] = &["tests/data/", "catalog/data/", "analyzer/source/corpus/"];

/// Paths that exist on one machine only.
const MACHINES: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/tm", "p/target"),
];

/// Words for work that was put off.
const POSTPONED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

pub(super) fn problems(tree: &Tree) -> Vec<Problem> {
    tree.files
        .iter()
        .filter(|file| !DATA.iter().any(|data| file.path.starts_with(data)))
        .flat_map(file)
        .collect()
}

fn file(file: &File) -> Vec<Problem> {
    let File { path, text } = file;
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        if line.ends_with([' ', '\t', '\r']) {
            problems.push(Problem::at(path, number, "white space at the end of a line", "remove it"));
        }
        for machine in MACHINES.iter().filter(|machine| names(line, machine)) {
            problems.push(Problem::at(
                path,
                number,
                format!("`{machine}` is on one machine only"),
                "use a path from the root of the repository",
            ));
        }
        for word in POSTPONED.iter().filter(|word| says(line, word)) {
            problems.push(Problem::at(
                path,
                number,
                format!("`{word}`"),
                "do it now, or open an issue and remove the mark",
            ));
        }
        if path != KNOWS_DATA && line.contains(concat!("../sha", "red")) {
            problems.push(Problem::at(
                path,
                number,
                "the place of the real data",
                "ask `remit_tests::data`, which alone knows it",
            ));
        }
    }
    if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        problems.push(Problem::at(
            path,
            text.lines().count(),
            "the file does not end with one new line",
            "end it with one",
        ));
    }
    problems
}

/// Whether a line has an absolute path that begins so; a longer path or an address that contains it does not count.
fn names(line: &str, machine: &str) -> bool {
    line.match_indices(machine).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|letter| letter.is_alphanumeric() || "._-/*}".contains(letter))
    })
}

/// Whether a line has the word by itself.
fn says(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        ![before, after].into_iter().flatten().any(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> usize {
        file(&File { path: "docs/x.md".to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn clean_text_is_tidy() {
        assert_eq!(check(""), 0);
        assert_eq!(check("one\ntwo\n"), 0);
        assert_eq!(
            check("https://host/work/items and s3://bucket/home/x and arn:aws:iam::1:user/root/x\n"),
            0
        );
    }

    #[test]
    fn ends_are_checked() {
        assert_eq!(check("one \n"), 1);
        assert_eq!(check("one\r\n"), 1);
        assert_eq!(check("one"), 1);
        assert_eq!(check("one\n\n"), 1);
    }

    #[test]
    fn traces_of_a_machine_and_postponed_work_are_found() {
        assert_eq!(check(concat!("see `/wo", "rk/x`\n")), 1);
        assert_eq!(check(concat!("/ho", "me/me/x\n")), 1);
        assert_eq!(check(concat!("// TO", "DO: later\n")), 1);
        assert_eq!(check(concat!("../sha", "red/data\n")), 1);
    }
}
