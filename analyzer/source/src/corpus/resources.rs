//! Resources of every policy of the corpus are narrowed where they are written out, and nothing else changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use remit_policy::{Document, Matcher, PolicySet, Statement as Given, contain};

use super::support::{called, document, filled};
use super::{edit, is_policy, read, repositories};
use crate::{Content, Options, Place, Repository, Statement};

/// How a statement is narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// To one resource for each.
    One,
    /// To several.
    Several,
    /// The first action to one, and the others to another.
    Apart,
    /// The first action to one, while the others stay.
    Partly,
}

const WAYS: [Way; 4] = [Way::One, Way::Several, Way::Apart, Way::Partly];

/// Narrower resources than those of a statement.
fn below(resources: &[String], ends: &[&str]) -> Vec<String> {
    let of = |one: &String, end: &&str| match one.as_str() {
        "*" => format!("arn:aws:s3:::{end}/*"),
        _ => one.replacen('*', end, 1),
    };
    let all: BTreeSet<String> =
        resources.iter().flat_map(|one| ends.iter().map(move |end| of(one, end))).collect();
    all.into_iter().collect()
}

/// What is left of a statement; none where it cannot be narrowed so.
fn narrowed(given: &Given, way: Way) -> Option<Vec<Given>> {
    let resources = given.resources.as_ref().filter(|resources| !resources.negated)?;
    let is_open = resources.patterns.iter().any(|one| one.contains('*'));
    if !is_open || given.actions.negated || given.effect != remit_policy::Effect::Allow {
        return None;
    }
    let with = |actions: &[String], ends: &[&str]| Given {
        actions: Matcher { patterns: actions.to_vec(), ..given.actions.clone() },
        resources: Some(Matcher {
            patterns: if ends.is_empty() {
                resources.patterns.clone()
            } else {
                below(&resources.patterns, ends)
            },
            ..resources.clone()
        }),
        ..given.clone()
    };
    let all = given.actions.patterns.as_slice();
    let (first, rest) = all.split_at(1);
    match way {
        Way::One => Some(vec![with(all, &["one"])]),
        Way::Several => Some(vec![with(all, &["one", "two", "three"])]),
        _ if rest.is_empty() => None,
        Way::Apart => Some(vec![with(first, &["one"]), with(rest, &["two"])]),
        Way::Partly => Some(vec![with(first, &["one"]), with(rest, &[])]),
    }
}

/// Whether all that a statement says of actions and resources is written out.
fn is_literal(statement: &Statement) -> bool {
    statement.actions.known().is_some()
        && statement.resources.known().is_some()
        && statement.resources.reason.is_none()
        && statement.sid.as_ref().is_none_or(|sid| sid.text.known().is_some())
}

/// What the repository says of a place once a file has other bytes.
fn again(repository: &Repository, place: &Place, path: &PathBuf, text: &str) -> Option<Document> {
    let files = repository.files.iter().map(|file| {
        let text = if file.path == *path { text } else { file.text() };
        (file.path.clone(), text.to_owned())
    });
    let again = Repository::of(files);
    let at = repository.places.iter().position(|one| std::ptr::eq(one, place))?;
    match &again.places.get(at)?.content {
        Content::Statements(statements) => Some(document(statements, &BTreeSet::new())),
        _ => None,
    }
}

fn is_same(one: &Document, other: &Document) -> bool {
    let set = |document: &Document| PolicySet::new(&[document], None);
    contain(&set(one), &set(other)).is_ok() && contain(&set(other), &set(one)).is_ok()
}

/// What is wrong with an edit of one statement, if anything: bytes before and behind it, and behind its resources' list, where it
/// stays one statement, are those that were there.
fn wrong(before: &str, after: &str, statement: &Statement, is_one: bool) -> Option<String> {
    let span = match (&statement.resources.sequence, is_one) {
        (Some(list), true) => list.span.clone(),
        (None, true) => statement.resources.items.first()?.span.clone(),
        (_, false) => statement.span.clone(),
    };
    // Of lists after dashes it is not the last line\'s end.
    let head = before.get(..span.start)?.trim_end().trim_end_matches('-').trim_end();
    // The comment behind the last item goes with its line.
    let tail = before.get(span.end..)?;
    let below = tail.split_once('\n').map_or("", |(_, below)| below);
    let is_behind = after.ends_with(tail) || tail.trim_start().starts_with('#') && after.ends_with(below);
    let is_kept = after.starts_with(head) && is_behind;
    (!is_kept).then(|| format!("other bytes changed\n--- became\n{after}"))
}

/// Tries to narrow one statement, which has to come out as wanted, or as told.
fn tried(repository: &Repository, place: &Place, at: usize, way: Way) -> Option<Result<bool, String>> {
    let Content::Statements(statements) = &place.content else { return None };
    let before = document(statements, &BTreeSet::new());
    if before.statements.len() != statements.len() {
        return None;
    }
    let (own, given) = (&statements[at], &before.statements[at]);
    let parts = narrowed(given, way)?;
    let mut all = before.statements.clone();
    all.splice(at..=at, parts.clone());
    let after = Document { statements: all, ..before.clone() };
    let edits = edit(repository, place, before.clone(), after.clone(), Options { resources: true });
    let [outcome] = edits.outcomes.as_slice() else { return Some(Err("no outcome".to_owned())) };
    if !outcome.is_edited {
        return Some(Err(format!("not edited: {:?}", edits.suggestions)));
    }
    let is_told = edits.suggestions.iter().any(|one| one.why.starts_with("its resources stay as they are: "));
    if is_told {
        let is_right = edits.files.is_empty();
        return Some(if is_right { Ok(false) } else { Err("edited and suggested".to_owned()) });
    }
    if !is_literal(own) {
        return Some(Err("written although not all of it is known".to_owned()));
    }
    let [file] = edits.files.as_slice() else { return Some(Err("no file changed".to_owned())) };
    if let Some(problem) = wrong(&file.before, &file.after, own, parts.len() == 1) {
        return Some(Err(problem));
    }
    // What is there then is read by itself, without what the edit says of itself.
    match again(repository, place, &file.path, &file.after) {
        Some(document) if is_same(&document, &after) => Some(Ok(true)),
        other => Some(Err(format!("it says {other:?}\n--- became\n{}", file.after))),
    }
}

/// A repository by its folders, since each edit reads all of one again.
fn parts(folder: &Path) -> Vec<Repository> {
    let mut parts: BTreeMap<PathBuf, Vec<(PathBuf, String)>> = BTreeMap::new();
    for file in &read(folder).files {
        let first = file.path.components().next().map(|one| PathBuf::from(one.as_os_str())).unwrap();
        parts.entry(first).or_default().push((file.path.clone(), file.text().to_owned()));
    }
    parts.into_values().map(Repository::of).collect()
}

#[test]
fn resources_of_any_policy_can_be_narrowed() {
    let mut problems = Vec::new();
    let (mut written, mut told) = ([0; WAYS.len()], 0);
    let folders = repositories();
    let parts = folders.iter().flat_map(|folder| parts(folder).into_iter().map(move |one| (folder, one)));
    for (folder, repository) in parts {
        for place in repository.places.iter().filter(|place| is_policy(place) && place.reasons.is_empty()) {
            let Content::Statements(statements) = &place.content else { continue };
            if statements.iter().any(|one| !one.reasons.is_empty()) {
                continue;
            }
            let name = called(place);
            let holder = place.names.holder.as_ref().map(|_| filled(&place.names.holder));
            let whole = document(statements, &BTreeSet::new());
            let grant = crate::Grant::Policy { name: &name, holder: holder.as_deref(), document: &whole };
            if !matches!(repository.find(&grant), crate::Found::One { .. }) {
                continue;
            }
            for (at, statement) in statements.iter().enumerate() {
                for (number, way) in WAYS.into_iter().enumerate() {
                    let here = || format!("{}/{} {at} {way:?}", folder.display(), repository.position(place));
                    match tried(&repository, place, at, way) {
                        None => {}
                        Some(Ok(true)) => written[number] += 1,
                        Some(Ok(false)) if !is_literal(statement) || place.form == crate::Form::Terraform => {
                            told += 1;
                        }
                        Some(Ok(false)) => problems.push(format!("{}: only told", here())),
                        Some(Err(problem)) => problems.push(format!("{}: {problem}", here())),
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}:\n{}", problems.len(), problems.join("\n"));
    assert!(written.iter().all(|count| *count > 30) && told > 20, "{written:?} written, {told} told");
}
