//! The files of a proven proposal. Nothing that is not proven can be emitted.

use std::collections::{BTreeMap, BTreeSet};

use twox_hash::XxHash3_64;

use crate::evidence::{AfterEntry, Evidence, EvidenceContext, policy_entry};
use crate::grant::Policy;
use crate::proposal::Edit;
use crate::prove::Proven;
use crate::{diff, steps};

/// A file of a proposal folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmittedFile {
    /// Path within the principal's folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The files of a principal's folder: `before/`, `after/`, `changes.diff`, `evidence.json`, `steps.md`.
pub fn emit(
    proven: &Proven,
    boundary: Option<&Policy>,
    context: EvidenceContext<'_>,
) -> Result<Vec<EmittedFile>, serde_json::Error> {
    let proposal = proven.proposal();
    let mut files = Vec::new();
    let mut names = Names::default();
    let mut entries = Vec::new();
    for change in &proposal.changes {
        let before = EmittedFile { path: names.free("before", &change.name), text: change.before.emit() };
        let mut after = Vec::new();
        for new in &change.after {
            let file = EmittedFile { path: names.free("after", &new.name), text: new.document.emit() };
            after.push(AfterEntry { name: new.name.clone(), inline: new.inline, file: file.path.clone() });
            files.push(file);
        }
        entries.push(policy_entry(change, before.path.clone(), after));
        files.push(before);
    }
    let boundary = boundary.map(|policy| {
        let file = EmittedFile { path: names.free("boundary", &policy.name), text: policy.document.emit() };
        let path = file.path.clone();
        files.push(file);
        path
    });
    let evidence = Evidence::of(proven, entries, boundary, context);
    let texts: BTreeMap<&str, &str> =
        files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let read = |file: &str| {
        Ok::<_, serde_json::Error>(texts.get(file).map(|text| (*text).to_owned()).unwrap_or_default())
    };
    let derived = derived(&evidence, read)?;
    let mut text = serde_json::to_string_pretty(&evidence)?;
    text.push('\n');
    files.push(EmittedFile { path: "evidence.json".to_owned(), text });
    files.extend(derived);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The files that say in other words what the evidence and the documents do: `steps.md` and `changes.diff`. `read` gives the text of a
/// document.
///
/// # Errors
/// What `read` says.
pub fn derived<E>(
    evidence: &Evidence,
    mut read: impl FnMut(&str) -> Result<String, E>,
) -> Result<[EmittedFile; 2], E> {
    let mut changes = String::new();
    for entry in &evidence.policies {
        let (old, before) = (policy_file_of(&entry.name), read(&entry.before)?);
        for (at, new) in entry.after.iter().enumerate() {
            let old = (at == 0).then_some((old.as_str(), before.as_str()));
            changes.push_str(&diff::unified(old, Some((&policy_file_of(&new.name), &read(&new.file)?))));
        }
        if entry.edit == Edit::Remove {
            changes.push_str(&diff::unified(Some((&old, &before)), None));
        }
    }
    let Evidence { principal, kind, leaves_groups, policies, .. } = evidence;
    let steps = steps::steps(principal, kind, leaves_groups, policies);
    Ok([
        EmittedFile { path: "changes.diff".to_owned(), text: changes },
        EmittedFile { path: "steps.md".to_owned(), text: steps },
    ])
}

fn policy_file_of(name: &str) -> String {
    format!("{}.json", file_stem(name))
}

/// A name as a file name. IAM allows `+=,.@_-` besides letters and digits, and a hostile account file may
/// hold anything.
pub fn file_stem(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "+=,.@_-".contains(c) { c } else { '_' };
    let stem: String = name.chars().take(128).map(safe).collect();
    let stem = stem.trim_start_matches('.').to_owned();
    if stem.is_empty() { "_".to_owned() } else { stem }
}

/// How much of a name a folder's has: systems of files take 255 bytes.
const LONGEST: usize = 200;

/// A name as a folder's that no other name has, whatever others there are: where it is not the name itself, or could be
/// another's, what tells them apart follows.
pub fn folder_stem(name: &str) -> String {
    let mut stem = file_stem(name);
    while stem.len() > LONGEST {
        stem.pop();
    }
    if stem == name && !ends_as_told(name) {
        return stem;
    }
    let hash = XxHash3_64::oneshot(name.as_bytes());
    format!("{stem}-{hash:016x}")
}

/// Whether a name ends as those that are told apart.
fn ends_as_told(name: &str) -> bool {
    let hash = name.rsplit_once('-').map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Names in use, so that two policies of one name (inline, managed, a group's) get two files.
#[derive(Default)]
struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    fn free(&mut self, folder: &str, name: &str) -> String {
        let stem = file_stem(name);
        let mut path = format!("{folder}/{stem}.json");
        let mut number = 2;
        while !self.taken.insert(path.to_lowercase()) {
            path = format!("{folder}/{stem}-{number}.json");
            number += 1;
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn folders_of_two_names_are_never_one() {
        let long = |last: &str| "b".repeat(127) + last;
        let cut = |last: &str| "b".repeat(250) + last;
        let wide = |last: &str| "é".repeat(110) + last;
        let mut names = vec![long("1"), long("2"), cut("1"), cut("2"), wide("1"), wide("2")];
        names.extend(["oidc:alice", "oidc_alice", "Oidc:alice", "a", ".a", "..", "_", ""].map(str::to_owned));
        // Somebody may be called as another's folder.
        names.extend(names.clone().iter().map(|name| folder_stem(name)));
        names.sort();
        names.dedup();
        let folders: BTreeSet<String> = names.iter().map(|name| folder_stem(name)).collect();
        assert_eq!(folders.len(), names.len(), "{folders:?}");
        assert!(folders.iter().all(|folder| folder.len() <= 217 && !folder.starts_with('.')), "{folders:?}");
        for name in ["shop", "orders-api", "alice@example.com", "web-0"] {
            assert_eq!(folder_stem(name), name);
        }
        assert_eq!(folder_stem("oidc:alice"), "oidc_alice-05184c1d86bad02d");
    }
}
