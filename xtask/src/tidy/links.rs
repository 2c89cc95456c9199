//! Links of Markdown files to files and headings of the repository lead somewhere.

use super::tree::{Problem, Tree};

pub(super) fn problems(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, target) in targets(&file.text) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if path.is_empty() { file.path.clone() } else { beside(&file.path, path) };
            if !tree.has(&path) {
                problems.push(Problem::at(
                    &file.path,
                    line,
                    format!("a link to `{target}`, which is not there"),
                    "correct the path",
                ));
            } else if !anchor.is_empty()
                && tree.text(&path).is_some_and(|text| !anchors(text).any(|found| found == anchor))
            {
                problems.push(Problem::at(
                    &file.path,
                    line,
                    format!("`{path}` has no heading `#{anchor}`"),
                    "correct the heading's name",
                ));
            }
        }
    }
    problems
}

/// Link targets within the repository, with their lines; code apart.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        // Every second part lies between backticks.
        for part in line.split('`').step_by(2) {
            let links = part.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            let targets = links.map(|(target, _)| target.split(' ').next().unwrap_or_default());
            found.extend(
                targets
                    .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
                    .map(|target| (number, target)),
            );
        }
    }
    found
}

/// Lines outside fenced code, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The anchors that a Markdown file's headings make.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = prose(text).filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    })
}

/// A path relative to a file, from the root.
fn beside(file: &str, path: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    if path.starts_with('/') {
        parts.clear();
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_and_code_is_not() {
        let text = "see [a](a.md) and [b](../b.rs#x \"title\")\n[w](https://w.org) `[c](c.md)`\n```\n[d](d.md)\n```\n[e](#e)\n";
        assert_eq!(targets(text), [(1, "a.md"), (1, "../b.rs#x"), (6, "#e")]);
    }

    #[test]
    fn paths_are_from_the_file() {
        assert_eq!(beside("docs/a.md", "b.md"), "docs/b.md");
        assert_eq!(beside("docs/a.md", "../README.md"), "README.md");
        assert_eq!(beside("docs/a.md", "./x/"), "docs/x");
    }

    #[test]
    fn headings_become_anchors() {
        let found: Vec<String> = anchors("# A bird's-eye view\n\n## `remit ingest`\n").collect();
        assert_eq!(found, ["a-birds-eye-view", "remit-ingest"]);
    }
}
