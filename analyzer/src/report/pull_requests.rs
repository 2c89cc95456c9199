//! Pull requests that propose new policies, as whoever opens them tells.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use remit_forge::STATUS_SCHEMA as SCHEMA;
use serde::Deserialize;
use serde_json::Value;

use super::model::PullRequest;

/// What would be of the format.
const HINT: &str = "hint: give a file that `remit pr --report FILE` wrote";

#[derive(Debug, Deserialize)]
struct File {
    schema: String,
    pull_requests: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    principal: String,
    #[serde(flatten)]
    pull_request: PullRequest,
}

/// States in which there is something to do, those first in which it is most pressing.
const PRESSING: [&str; 10] =
    ["open", "stuck", "waiting", "by_hand", "snoozed", "closed", "kept", "taken_back", "merged", "resolved"];

/// States in which nobody is at it, and nobody said no. On the branch of what is stuck somebody is.
const FREE: [&str; 3] = ["waiting", "by_hand", "resolved"];

impl PullRequest {
    /// Whether its principal's proposal is still to be taken up.
    pub(crate) fn is_free(&self) -> bool {
        FREE.contains(&self.state.as_str())
    }

    fn rank(&self) -> usize {
        let at = PRESSING.iter().position(|state| *state == self.state);
        at.unwrap_or(PRESSING.len())
    }
}

/// Reads pull requests by whose policies they change: those of each file or, of a folder, of each of its `.json` files. A file is about one repository,
/// and of several in it of one principal the last counts. The most pressing comes first.
pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<BTreeMap<String, Vec<PullRequest>>> {
    let mut all: BTreeMap<String, Vec<PullRequest>> = BTreeMap::new();
    for path in paths {
        let files = if path.is_dir() { files_in(path)? } else { vec![path.clone()] };
        for file in files {
            for (principal, pull_request) in read_file(&file)? {
                all.entry(principal).or_default().push(pull_request);
            }
        }
    }
    // Equally pressing ones keep the order of the files.
    all.values_mut().for_each(|of_one| of_one.sort_by_key(PullRequest::rank));
    Ok(all)
}

fn files_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let read = || format!("cannot read folder `{}`", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(read)? {
        let path = entry.with_context(read)?.path();
        if path.extension().is_some_and(|end| end == "json") && path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!("no `.json` file is in `{}`\n{HINT}", folder.display());
    }
    files.sort();
    Ok(files)
}

fn read_file(path: &Path) -> anyhow::Result<BTreeMap<String, PullRequest>> {
    let text = crate::proposals::read_file(path)?;
    let name = path.display();
    // Its rows would be taken for a file without its first member, which helps nobody.
    if matches!(serde_json::from_str(&text), Ok(Value::Array(_))) {
        bail!(
            "`{name}` is a list, as `remit pr --format json` prints one, and not of the format `{SCHEMA}`\n{HINT}"
        );
    }
    let File { schema, pull_requests } = match serde_json::from_str(&text) {
        Ok(file) => file,
        Err(error) => bail!("cannot read pull requests in `{name}`: {error}\n{HINT}"),
    };
    if schema != SCHEMA {
        bail!("`{name}` has the format `{}`, and `{SCHEMA}` is known\n{HINT}", crate::output::plain(&schema));
    }
    // A typing error would be shown as if it meant something, and would keep its principal out of an hour of work.
    let unknown = pull_requests.iter().find(|entry| !PRESSING.contains(&entry.pull_request.state.as_str()));
    if let Some(Entry { principal, pull_request }) = unknown {
        let (principal, state) = (crate::output::plain(principal), crate::output::plain(&pull_request.state));
        let known = PRESSING.map(|state| format!("`{state}`")).join(", ");
        bail!(
            "`{name}` gives `{principal}` the state `{state}`, which is not known\nhint: states are {known}"
        );
    }
    Ok(pull_requests.into_iter().map(|entry| (entry.principal, entry.pull_request)).collect())
}

#[cfg(test)]
mod tests;
