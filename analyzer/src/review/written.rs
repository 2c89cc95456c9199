//! A review as it was written down, of which its text can be made again.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Group, Named, SCHEMA, markdown};
use crate::learn::Disposition;

/// What of `review.json` its text says as well.
#[derive(Debug, Deserialize)]
pub(crate) struct WrittenReview {
    schema: String,
    /// Whom it is about.
    pub(crate) principal: String,
    tier: String,
    says: String,
    #[serde(default)]
    waits: Vec<String>,
    permissions: Vec<WrittenGroup>,
}

/// Permissions of which the same is said.
#[derive(Debug, Deserialize)]
struct WrittenGroup {
    disposition: Disposition,
    why: String,
    permissions: Vec<String>,
}

impl WrittenReview {
    /// Reads `review.json`.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        let review: Self = serde_json::from_str(text)?;
        anyhow::ensure!(review.schema == SCHEMA, "it has version `{}`, and not `{SCHEMA}`", review.schema);
        Ok(review)
    }

    /// The permissions that go by it, or those that stay.
    pub(crate) fn permissions(&self, go: bool) -> BTreeSet<&str> {
        let groups = self.permissions.iter().filter(|group| (group.disposition == Disposition::Remove) == go);
        groups.flat_map(|group| &group.permissions).map(String::as_str).collect()
    }

    /// `review.md`, with the service that each permission is of.
    pub(crate) fn text(&self, service_of: &dyn Fn(&str) -> String) -> Result<String, std::fmt::Error> {
        let named =
            |permission: &String| Named { permission: permission.clone(), service: service_of(permission) };
        let groups = self.permissions.iter().map(|group| Group {
            disposition: group.disposition,
            why: group.why.clone(),
            permissions: group.permissions.iter().map(named).collect(),
        });
        let groups: Vec<_> = groups.collect();
        markdown(&self.principal, &self.tier, &self.says, &self.waits, &groups)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Forecasts, files};
    use super::*;
    use crate::learn::Disposed;

    #[test]
    fn the_text_can_be_made_again() {
        let disposed = |permission: &str, disposition, why: &str| Disposed {
            permission: permission.to_owned(),
            service: permission.split(':').next().unwrap().to_owned(),
            disposition,
            why: why.to_owned(),
        };
        let all = vec![
            disposed("sqs:SendMessage", Disposition::Keep, "21 calls"),
            disposed("sqs:DeleteQueue", Disposition::Remove, "no use in 59 days"),
            disposed("s3:GetObject", Disposition::Remove, "no use in 59 days"),
            disposed("s3:ListBucket", Disposition::Unknown, "not recorded"),
            disposed("rds:StopDBCluster", Disposition::Watch, "a drill"),
        ];
        let waits = vec![None, Some("Observe it 3 days more.".to_owned())];
        let files =
            files("arn:aws:iam::111122223333:role/app", all, None, waits, &Forecasts::default()).unwrap();
        let text = |path: &str| files.iter().find(|file| file.path == path).unwrap().text.clone();
        let review = WrittenReview::read(&text("review.json")).unwrap();
        let service_of = |name: &str| name.split(':').next().unwrap().to_owned();
        assert_eq!(review.text(&service_of).unwrap(), text("review.md"));
        assert!(text("review.md").contains("Observe it 3 days more."));
        assert_eq!(review.permissions(true), BTreeSet::from(["s3:GetObject", "sqs:DeleteQueue"]));
        assert_eq!(review.permissions(false).len(), 3);
        let other = text("review.json").replace("remit.review/v1", "remit.review/v0");
        assert!(WrittenReview::read(&other).is_err());
    }
}
