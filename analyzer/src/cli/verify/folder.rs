//! Whether the files of a proposals folder are those that were written: what nobody proved must not lie beside what was.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use remit_policy::{Evidence, derived, rbac};

use super::Line;
use crate::proposals::{Index, read_file};

/// The files that a principal's folder may hold, and the texts of those that follow from the others.
pub(super) type Expected = BTreeMap<String, Option<String>>;

/// What is written of every proposal, beside its documents.
const BESIDE: [&str; 3] = ["evidence.json", "review.json", "review.md"];

/// The files of a principal of an account.
pub(super) fn of_account(
    evidence: &Evidence,
    read: impl FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<Expected> {
    let mut expected = expected(evidence.boundary.iter().map(String::as_str));
    for policy in &evidence.policies {
        let after = policy.after.iter().map(|after| &after.file);
        expected.extend(after.chain([&policy.before]).map(|file| (file.clone(), None)));
    }
    expected.extend(derived(evidence, read)?.map(|file| (file.path, Some(file.text))));
    Ok(expected)
}

/// The files of a subject of a cluster.
pub(super) fn of_cluster(evidence: &rbac::Evidence) -> Expected {
    expected(evidence.files.all().chain(["changes.diff", "steps.md"]))
}

fn expected<'a>(files: impl Iterator<Item = &'a str>) -> Expected {
    BESIDE.into_iter().chain(files).map(|file| (file.to_owned(), None)).collect()
}

/// What is wrong with the files of a folder.
pub(super) fn strange(folder: &Path, expected: Expected) -> anyhow::Result<Vec<String>> {
    let mut strange = Vec::new();
    let there = files(folder)?;
    for file in &there {
        if !expected.contains_key(file) {
            strange.push(format!("`{file}` is no part of the proposal"));
        }
    }
    let is_missing = |file: &&String| !there.contains(file);
    strange.extend(expected.keys().filter(is_missing).map(|file| format!("`{file}` is missing")));
    for (file, text) in expected {
        if let Some(text) = text
            && there.contains(&file)
            && read_file(&folder.join(&file))? != text
        {
            strange.push(format!("`{file}` does not say what the documents and the evidence do"));
        }
    }
    Ok(strange)
}

/// The files below a folder, relative to it, with slashes.
fn files(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("cannot read folder `{}`", folder.display()))?;
        if !entry.file_type().is_dir() {
            let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            found.push(parts.join("/"));
        }
    }
    Ok(found)
}

/// Proposals that the index names and that are not there, and such that are there and that it does not name.
pub(super) fn unlike(root: &Path, index: &Index, folders: &[PathBuf]) -> Vec<Line> {
    let there: BTreeSet<&Path> =
        folders.iter().map(|folder| folder.strip_prefix(root).unwrap_or(folder)).collect();
    let named: BTreeSet<&Path> = index.proposals.iter().map(|entry| Path::new(&entry.folder)).collect();
    let missing = index.proposals.iter().filter(|entry| !there.contains(Path::new(&entry.folder)));
    let missing = missing.map(|entry| {
        let detail = format!("`index.json` names it, and `{}` holds no `evidence.json`", entry.folder);
        Line::failed(entry.principal.clone(), detail)
    });
    let added = there
        .difference(&named)
        .map(|folder| Line::failed(folder.display().to_string(), "`index.json` does not name it".to_owned()));
    let is_outside = |file: &String| {
        file != "index.json" && !there.iter().any(|folder| Path::new(file).starts_with(folder))
    };
    // What cannot be read was told of already.
    let outside = files(root)
        .unwrap_or_default()
        .into_iter()
        .filter(is_outside)
        .map(|file| Line::failed(file, "it is no part of any proposal".to_owned()));
    missing.chain(added).chain(outside).collect()
}
