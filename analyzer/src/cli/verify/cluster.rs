//! `remit verify` of a subject of a cluster.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use remit_catalog::kubernetes::Request;
use remit_ledger::Provider;
use remit_policy::rbac::{Claim, Evidence, Member, Usage, check};

use super::recorded::Recorded;
use super::{Line, counted, text_of};
use crate::cluster::usage_of;

/// One line where the folder holds, or one per thing that does not.
pub(super) fn verify(
    folder: &Path,
    evidence: &Evidence,
    recorded: Option<&mut Recorded<'_>>,
) -> anyhow::Result<Vec<Line>> {
    let strange = super::folder::strange(folder, super::folder::of_cluster(evidence))?;
    let claim = Claim::of_evidence(evidence, |file| text_of(folder, file))?;
    let mut claim = claim.map_err(anyhow::Error::msg)?;
    if let Some(recorded) = recorded {
        claim.replayed.extend(recorded_requests(folder, recorded, evidence)?);
        claim.replayed.sort();
        claim.replayed.dedup();
    }
    let principal = evidence.principal.clone();
    let mut lines = Line::violations(&principal, &strange);
    match check(&claim) {
        Ok(_) if !lines.is_empty() => {}
        Ok(proof) => lines.push(Line {
            principal,
            result: "proven",
            protected: proof.protected,
            elements: proof.elements,
            detail: format!("{} of {} requests replayed are allowed", proof.allowed, proof.replayed),
        }),
        Err(violations) => lines.extend(Line::violations(&principal, &violations)),
    }
    Ok(lines)
}

/// Requests of the ledger that were allowed in the evidence's window.
fn recorded_requests(
    folder: &Path,
    recorded: &mut Recorded<'_>,
    evidence: &Evidence,
) -> anyhow::Result<Vec<Arc<Request>>> {
    let window = counted(folder, &evidence.window, evidence.used_since.as_deref())?;
    let cluster = evidence.cluster.as_deref();
    let usage = match evidence.user().as_group() {
        None => usage_of(cluster, &recorded.calls(Provider::Kubernetes, &evidence.principal, window)?),
        Some(group) => {
            let users = recorded.users_of(cluster, window);
            let users = users.context("cannot ask the ledger what was done by whoever is in a group")?;
            let users: Vec<_> = users.iter().map(|(name, usage)| Member::of(name, usage)).collect();
            Usage::of_group(group, &users)
        }
    };
    Ok(usage.uses.into_keys().collect())
}
