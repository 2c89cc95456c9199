//! Which expressions may read a file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::place::FileId;
use crate::repository::{joined, named, slashed};
use crate::text::{Fit, Text};

use super::Module;
use super::references::{References, Said, Use};

/// The quoted texts of a folder's expressions that may be paths of files, each with the place of its expression.
#[derive(Default)]
pub(super) struct Paths {
    /// Those that name a file from the folder on.
    named: BTreeMap<FileId, Vec<usize>>,
    /// Those that name none, by their last parts: what is read from the folder in which the program runs is not below this one.
    tails: BTreeMap<String, Vec<(usize, String)>>,
    /// Those that are interpolated, or patterns, where something is read.
    open: Vec<(usize, Text)>,
}

/// The expressions of all modules that may read a file, local names followed.
pub(super) fn uses<'s>(all: &[Module<'_>], references: &'s [References<'_>], file: FileId) -> Vec<Use<'s>> {
    let path = all.first().and_then(|module| module.files.get(file)).map(|file| file.path.as_path());
    let Some(path) = path else { return Vec::new() };
    let of =
        |own: &'s References<'_>| own.behind(own.paths.reading(file, path).into_iter().map(|at| (at, "")));
    references.iter().flat_map(of).collect()
}

/// What takes a path.
const READING: [&str; 4] = ["file(", "filebase64(", "fileset(", "format("];

impl Paths {
    pub(super) fn of(module: &Module<'_>, all: &[Said<'_>]) -> Self {
        let mut paths = Self::default();
        for (at, said) in all.iter().enumerate() {
            let is_pattern = said.text.contains("fileset(");
            for (before, text) in quoted(said.text) {
                let is_read = READING.iter().any(|function| before.trim_end().ends_with(function))
                    || said.by.contains("local_file.")
                    || is_pattern && text.contains('*');
                paths.add(module, at, text, (is_read, is_pattern));
            }
        }
        paths
    }

    fn add(&mut self, module: &Module<'_>, at: usize, text: &str, (is_read, is_pattern): (bool, bool)) {
        let folders = ["${path.module}", "${path.cwd}", "${path.root}"];
        let own = folders.iter().fold(text.to_owned(), |text, folder| text.replace(folder, "."));
        if own.contains("${") || own.contains("%s") || is_pattern && own.contains(['*', '?', '{']) {
            if is_read {
                self.open.push((at, open(own.trim_start_matches("./"), is_pattern)));
            }
            return;
        }
        let file = joined(&module.folder, Path::new(&own)).and_then(|path| named(module.files, &path));
        if let Some(file) = file {
            self.named.entry(file).or_default().push(at);
            return;
        }
        let parts: Vec<_> = own.split('/').filter(|part| !matches!(*part, "." | ".." | "")).collect();
        if let Some(last) = parts.last() {
            self.tails.entry((*last).to_owned()).or_default().push((at, parts.join("/")));
        }
    }

    /// The expressions that may read a file, each as often as it does.
    fn reading(&self, file: FileId, path: &Path) -> Vec<usize> {
        let whole = slashed(path);
        let name = whole.rsplit('/').next().unwrap_or_default();
        let named = self.named.get(&file).into_iter().flatten().copied();
        let tails = self.tails.get(name).into_iter().flatten();
        let tails = tails.filter(|(_, tail)| path.ends_with(tail)).map(|(at, _)| *at);
        let is_open = |text: &Text| {
            let ends = whole.match_indices('/').filter_map(|(at, _)| whole.get(at + 1..));
            ends.chain([whole.as_str()]).any(|end| text.fit(end) != Fit::No)
        };
        let open = self.open.iter().filter(|(_, text)| is_open(text)).map(|(at, _)| *at);
        named.chain(tails).chain(open).collect()
    }
}

/// A text in which anything may stand for what is interpolated, and for signs of patterns.
fn open(quoted: &str, is_pattern: bool) -> Text {
    let (mut text, mut rest) = (Text::default(), quoted);
    let is_sign = |sign: char| is_pattern && matches!(sign, '*' | '?' | '{');
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("${") {
            text.push_opaque("${..}");
            rest = inner.split_once('}').map_or("", |(_, behind)| behind);
        } else if let Some(behind) = rest.strip_prefix("%s") {
            text.push_opaque("%s");
            rest = behind;
        } else if rest.starts_with(is_sign) {
            text.push_opaque("*");
            rest = match rest.strip_prefix('{') {
                Some(inner) => inner.split_once('}').map_or("", |(_, behind)| behind),
                None => rest.get(1..).unwrap_or_default(),
            };
        } else {
            let next = rest.char_indices().skip(1).find(|(at, sign)| {
                let behind = rest.get(*at..).unwrap_or_default();
                is_sign(*sign) || behind.starts_with("${") || behind.starts_with("%s")
            });
            let end = next.map_or(rest.len(), |(at, _)| at);
            text.push(rest.get(..end).unwrap_or_default());
            rest = rest.get(end..).unwrap_or_default();
        }
    }
    text
}

/// The quoted texts of an expression, as they are written, those within templates by themselves, each with what stands before it.
fn quoted(expression: &str) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    // Where those begin that are open, and in how many braces of a template the last of them is.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let (mut before, mut is_escaped) = (' ', false);
    for (at, sign) in expression.char_indices() {
        let was_escaped = std::mem::take(&mut is_escaped);
        match (sign, open.last_mut()) {
            // No text goes on in the next line.
            ('\n', _) => open.clear(),
            _ if was_escaped => {}
            ('\\', Some((_, 0))) => is_escaped = true,
            ('{', Some((_, depth))) if before == '$' => *depth += 1,
            ('}', Some((_, depth))) => *depth = depth.saturating_sub(1),
            ('"', Some((start, 0))) => {
                let (start, text) = (*start, expression.get(*start..at));
                all.extend(expression.get(..start - 1).zip(text));
                open.pop();
            }
            ('"', _) => open.push((at + 1, 0)),
            _ => {}
        }
        before = sign;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_within_templates() {
        let all = quoted("file(\"p/${var.a[\"k\"]}.json\")");
        assert!(all.contains(&("file(", "p/${var.a[\"k\"]}.json")), "{all:?}");
        assert!(all.iter().any(|(_, text)| *text == "k"), "{all:?}");
        let texts = |expression| quoted(expression).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(r#"join("a", ["b\"c", "d\\"])"#), ["a", r#"b\"c"#, r"d\\"]);
        assert_eq!(texts("\"open\nfile(\"a.json\")"), ["a.json"]);
    }

    #[test]
    fn patterns_and_templates_may_be_many_paths() {
        let fits = |text: &str, path: &str| open(text, true).fit(path) != Fit::No;
        assert!(fits("p/${var.who}.json", "p/a.json") && fits("*.json", "a.json"));
        assert!(
            fits("{a,b}.json", "a.json") && !fits("*.yaml", "a.json") && !fits("q/${x}.json", "p/a.json")
        );
    }
}
