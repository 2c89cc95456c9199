//! Which expressions may read a file.

use std::path::Path;

use crate::place::FileId;
use crate::repository::{joined, named, slashed};
use crate::text::{Fit, Text};

use super::Module;
use super::references::{References, Said, Use};

/// The expressions of all modules that may read a file, local names followed.
pub(super) fn uses<'s>(all: &[Module<'_>], references: &'s [References<'_>], file: FileId) -> Vec<Use<'s>> {
    let of = |(module, own): (&Module<'_>, &'s References<'_>)| {
        let reading = own
            .all
            .iter()
            .enumerate()
            .flat_map(|(at, said)| std::iter::repeat_n((at, ""), times(module, said, file)));
        own.behind(reading.collect::<Vec<_>>().into_iter())
    };
    all.iter().zip(references).flat_map(of).collect()
}

/// How many texts of an expression may be the path of a file.
fn times(module: &Module<'_>, said: &Said<'_>, file: FileId) -> usize {
    let Some(path) = module.files.get(file).map(|file| file.path.as_path()) else { return 0 };
    let is_pattern = said.text.contains("fileset(");
    let is_named = |(before, text): &(&str, &str)| {
        let is_read = READING.iter().any(|function| before.trim_end().ends_with(function))
            || said.by.contains("local_file.")
            || is_pattern && text.contains('*');
        names(module, text, path, (is_read, is_pattern))
    };
    quoted(said.text).iter().filter(|one| is_named(one)).count()
}

/// What takes a path.
const READING: [&str; 4] = ["file(", "filebase64(", "fileset(", "format("];

/// Whether a quoted text may be the path of a file. Where it is interpolated, only what is read is one.
fn names(module: &Module<'_>, quoted: &str, path: &Path, (is_read, is_pattern): (bool, bool)) -> bool {
    let own = ["${path.module}", "${path.cwd}", "${path.root}"]
        .iter()
        .fold(quoted.to_owned(), |text, folder| text.replace(folder, "."));
    let is_open = own.contains("${") || own.contains("%s") || is_pattern && own.contains(['*', '?', '{']);
    if !is_open {
        if let Some(resolved) = joined(&module.folder, Path::new(&own))
            && named(module.files, &resolved).is_some()
        {
            return resolved == path;
        }
        // What is read from the folder in which the program runs is not below this one.
        let bare: Vec<_> = own.split('/').filter(|part| !matches!(*part, "." | ".." | "")).collect();
        return !bare.is_empty() && path.ends_with(bare.join("/"));
    }
    let text = open(own.trim_start_matches("./"), is_pattern);
    let whole = slashed(path);
    let mut tails =
        whole.match_indices('/').filter_map(|(at, _)| whole.get(at + 1..)).chain([whole.as_str()]);
    is_read && tails.any(|tail| text.fit(tail) != Fit::No)
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
    // Each begins after the quotes of those around it, and ends at the first that is not within braces.
    let starts = expression.match_indices('"').map(|(at, _)| at + 1);
    let of = |start: usize| {
        let rest = expression.get(start..)?;
        let (mut depth, mut before) = (0_usize, ' ');
        for (at, sign) in rest.char_indices() {
            match sign {
                '{' if before == '$' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                '"' if depth == 0 && before != '\\' => {
                    return Some((expression.get(..start - 1)?, rest.get(..at)?));
                }
                '\n' => return None,
                _ => {}
            }
            before = sign;
        }
        None
    };
    starts.filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_within_templates() {
        let all = quoted("file(\"p/${var.a[\"k\"]}.json\")");
        assert!(all.contains(&("file(", "p/${var.a[\"k\"]}.json")), "{all:?}");
        assert!(all.iter().any(|(_, text)| *text == "k"), "{all:?}");
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
