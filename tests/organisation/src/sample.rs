//! The demo's organisation: Larkspur Outfitters, which does not exist.

use crate::error::Error;
use crate::profile::{PrincipalDescription, Profile};

/// The seed of the committed sample.
pub const SAMPLE_SEED: u64 = 20_261_031;

/// Account, trail, policies, groups and background; the principals are one file each.
const ACCOUNT: &str = include_str!("../sample/account.json");

/// Principals, in the order of the account's listing.
const PRINCIPALS: &[&str] = &[
    include_str!("../sample/principals/orders-api.json"),
    include_str!("../sample/principals/catalog-api.json"),
    include_str!("../sample/principals/invoice-renderer.json"),
    include_str!("../sample/principals/thumbnail-maker.json"),
    include_str!("../sample/principals/payments-worker.json"),
    include_str!("../sample/principals/ecs-task-execution.json"),
    include_str!("../sample/principals/ci-deployer.json"),
    include_str!("../sample/principals/nightly-backup.json"),
    include_str!("../sample/principals/weekly-report.json"),
    include_str!("../sample/principals/month-end-close.json"),
    include_str!("../sample/principals/restore-drill.json"),
    include_str!("../sample/principals/lake-ingest.json"),
    include_str!("../sample/principals/security-auditor.json"),
    include_str!("../sample/principals/break-glass-admin.json"),
    include_str!("../sample/principals/support-agent.json"),
    include_str!("../sample/principals/developer-access.json"),
    include_str!("../sample/principals/fleet-manager.json"),
    include_str!("../sample/principals/tag-collector.json"),
    include_str!("../sample/principals/returns-service.json"),
    include_str!("../sample/principals/beacon-cost-reader.json"),
    include_str!("../sample/principals/etl-launcher.json"),
    include_str!("../sample/principals/etl-transform.json"),
    include_str!("../sample/principals/etl-publish.json"),
    include_str!("../sample/principals/service-linked-ecs.json"),
    include_str!("../sample/principals/cloudformation-execution.json"),
    include_str!("../sample/principals/terraform-runner.json"),
    include_str!("../sample/principals/bastion-host.json"),
    include_str!("../sample/principals/legacy-import.json"),
    include_str!("../sample/principals/terraform.json"),
    include_str!("../sample/principals/maya.lindqvist.json"),
    include_str!("../sample/principals/reporting-bot.json"),
    include_str!("../sample/principals/svc-fax-gateway.json"),
];

impl Profile {
    /// The profile of the demo's organisation: 90 days up to the end of October 2026.
    ///
    /// # Errors
    /// A description that is not in its format.
    pub fn sample() -> Result<Self, Error> {
        let mut profile: Self = parse("sample/account.json", ACCOUNT)?;
        for (position, text) in PRINCIPALS.iter().enumerate() {
            let principal: PrincipalDescription =
                parse(&format!("principal {position} of the sample"), text)?;
            profile.principals.push(principal);
        }
        Ok(profile)
    }
}

fn parse<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|source| Error::Description { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests;
