//! Whether what the files of a proposal say agrees: evidence with the documents, and the review with both.

use std::collections::BTreeSet;
use std::path::Path;

use remit_policy::{ActionSet, Claim, Document, Evidence, Expander, SeenEntry, Window, granted_by, rbac};

use super::folder::Expected;
use crate::output::counted;
use crate::proposals::read_file;
use crate::review::WrittenReview;

/// What evidence says of each permission.
pub(super) struct Said {
    principal: String,
    kept: BTreeSet<String>,
    removed: BTreeSet<String>,
}

impl Said {
    /// By the evidence of a principal of an account.
    pub(super) fn of_account(evidence: &Evidence) -> Self {
        Self {
            principal: evidence.principal.clone(),
            kept: evidence.kept.iter().map(|kept| kept.permission.clone()).collect(),
            removed: evidence.removed.iter().flat_map(|removed| &removed.permissions).cloned().collect(),
        }
    }

    /// By the evidence of a subject of a cluster.
    pub(super) fn of_cluster(evidence: &rbac::Evidence) -> Self {
        let kept = evidence.kept.iter().map(|kept| kept.permission.permission().to_string());
        let removed = evidence.removed.iter().map(|removed| removed.permission.permission().to_string());
        Self { principal: evidence.principal.clone(), kept: kept.collect(), removed: removed.collect() }
    }

    /// What the review says otherwise. Its text is among what is expected of the folder then.
    pub(super) fn unlike_review(
        &self,
        folder: &Path,
        service_of: &dyn Fn(&str) -> String,
        expected: &mut Expected,
    ) -> anyhow::Result<Vec<String>> {
        let path = folder.join("review.json");
        // That it is missing is told with other files that are.
        if !path.is_file() {
            return Ok(Vec::new());
        }
        let review = match WrittenReview::read(&read_file(&path)?) {
            Ok(review) => review,
            // The rest of the folder is looked at all the same.
            Err(error) => return Ok(vec![format!("`review.json` cannot be read: {error:#}")]),
        };
        expected.insert("review.md".to_owned(), Some(review.text(service_of)?));
        let mut unlike = Vec::new();
        if review.principal != self.principal {
            unlike.push(format!("`review.json` is about `{}`", review.principal));
        }
        for (go, own) in [(true, &self.removed), (false, &self.kept)] {
            let own: BTreeSet<&str> = own.iter().map(String::as_str).collect();
            let differing: Vec<&str> = review.permissions(go).symmetric_difference(&own).copied().collect();
            let what = if go { "goes" } else { "stays" };
            unlike.extend(one_of(&differing, &|name| {
                format!("`review.json` and the evidence do not both say that `{name}` {what}")
            }));
        }
        Ok(unlike)
    }

    /// What the evidence of a principal of an account says that the documents do not.
    pub(super) fn unlike_documents(
        &self,
        expander: &mut Expander<'_>,
        evidence: &Evidence,
        claim: &Claim,
    ) -> Vec<String> {
        let before: Vec<&Document> = claim.before.iter().map(|(_, document)| document).collect();
        let after: Vec<&Document> = claim.after.iter().map(|new| &new.document).collect();
        let before = granted_by(expander, &before, claim.boundary.as_ref());
        let after = granted_by(expander, &after, claim.boundary.as_ref());
        let (before, after) = (names(expander, &before), names(expander, &after));
        let mut unlike = Vec::new();
        let mut tell = |differing: Vec<&String>, why: &str| {
            unlike.extend(one_of(&differing, &|name| format!("the evidence {why}: `{name}`")));
        };
        // Another catalog knows other actions.
        if evidence.catalog == expander.catalog().version() {
            let told: BTreeSet<String> = self.kept.union(&self.removed).cloned().collect();
            tell(before.difference(&told).collect(), "does not tell of what is granted");
            tell(told.difference(&before).collect(), "tells of what is not granted");
        }
        tell(self.removed.intersection(&self.kept).collect(), "says that the same goes and stays");
        tell(self.removed.intersection(&after).collect(), "says that something goes that is granted after");
        unlike
    }
}

/// What the evidence of a principal of an account says of time that cannot be: calls that do not count, and other windows than its own.
pub(super) fn times_of_account(evidence: &Evidence, counted: Window) -> Vec<String> {
    let mut wrong = Vec::new();
    if evidence.removed.iter().any(|removed| removed.window != evidence.window) {
        wrong.push(format!("the evidence tells of other windows than `{}`", evidence.window));
    }
    let seen = evidence.kept.iter().filter_map(|kept| Some((kept.permission.clone(), kept.seen.as_ref()?)));
    wrong.extend(uncounted(seen, counted));
    wrong
}

/// The same of a subject of a cluster.
pub(super) fn times_of_cluster(evidence: &rbac::Evidence, counted: Window) -> Vec<String> {
    let seen = evidence
        .kept
        .iter()
        .filter_map(|kept| Some((kept.permission.permission().to_string(), kept.seen.as_ref()?)));
    uncounted(seen, counted)
}

/// Calls that the evidence counts although they were made before any counts; what was seen on the wire may be later than the window.
fn uncounted<'a>(seen: impl Iterator<Item = (String, &'a SeenEntry)>, counted: Window) -> Vec<String> {
    let moment = |text: &str| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    let start = counted.start.div_euclid(1_000_000);
    let counts = |seen: &SeenEntry| match (moment(&seen.first_seen), moment(&seen.last_seen)) {
        (Some(first), Some(last)) => first <= last && start <= last,
        _ => false,
    };
    let wrong: Vec<String> = seen.filter(|(_, seen)| !counts(seen)).map(|(name, _)| name).collect();
    one_of(&wrong, &|name| format!("the evidence counts calls outside of its window: `{name}`"))
        .into_iter()
        .collect()
}

fn names(expander: &Expander<'_>, actions: &ActionSet) -> BTreeSet<String> {
    let catalog = expander.catalog();
    actions.iter().filter_map(|id| catalog.action(id)).map(remit_catalog::Action::full_name).collect()
}

/// What is said of the first of some names, and how many others there are.
fn one_of<T: AsRef<str>>(names: &[T], say: &dyn Fn(&str) -> String) -> Option<String> {
    let (first, others) = names.split_first()?;
    let said = say(first.as_ref());
    Some(match others.len() {
        0 => said,
        more => format!("{said} and {}", counted(more as u64, "other", "others")),
    })
}

#[cfg(test)]
mod tests;
