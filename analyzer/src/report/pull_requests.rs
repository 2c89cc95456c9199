//! Pull requests that propose new policies, as whoever opens them tells.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::model::PullRequest;

/// Version of the format.
const SCHEMA: &str = "remit.pull-requests/v1";

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

/// Reads pull requests by whose policies they change; of several of one principal the last in the file counts.
pub(crate) fn read(path: &Path) -> anyhow::Result<BTreeMap<String, PullRequest>> {
    let text = crate::proposals::read_file(path)?;
    let read = || -> anyhow::Result<File> { Ok(serde_json::from_str(&text)?) };
    let File { schema, pull_requests } =
        read().with_context(|| format!("cannot read pull requests in `{}`", path.display()))?;
    if schema != SCHEMA {
        bail!(
            "`{}` has the format `{}`, and `{SCHEMA}` is known",
            path.display(),
            crate::output::plain(&schema)
        );
    }
    Ok(pull_requests.into_iter().map(|entry| (entry.principal, entry.pull_request)).collect())
}
