//! `remit verify` of a subject of a cluster.

use std::path::Path;

use remit_catalog::kubernetes::Request;
use remit_ledger::Provider;
use remit_policy::rbac::{Claim, Evidence, check};

use super::{Line, counted, text_of};
use crate::cluster::usage_of;
use crate::ledgers::Ledger;
use crate::rollup::{Filter, by_principal};

/// One line where the folder holds, or one per thing that does not.
pub(super) fn verify(
    folder: &Path,
    evidence: &Evidence,
    ledger: Option<&Ledger>,
) -> anyhow::Result<Vec<Line>> {
    let strange = super::folder::strange(folder, super::folder::of_cluster(evidence))?;
    let claim = Claim::of_evidence(evidence, |file| text_of(folder, file))?;
    let mut claim = claim.map_err(anyhow::Error::msg)?;
    if let Some(ledger) = ledger {
        claim.replayed.extend(recorded_requests(folder, ledger, evidence)?);
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
fn recorded_requests(folder: &Path, ledger: &Ledger, evidence: &Evidence) -> anyhow::Result<Vec<Request>> {
    let window = counted(folder, &evidence.window, evidence.used_since.as_deref())?;
    let filter = Filter {
        window: Some(window),
        principal: Some(evidence.principal.clone()),
        provider: Some(Provider::Kubernetes),
        ..Filter::default()
    };
    let calls = by_principal(&mut ledger.roll_up(&filter)?, Provider::Kubernetes);
    let usage = usage_of(evidence.cluster.as_deref(), &calls, &evidence.principal);
    Ok(usage.uses.into_keys().collect())
}
