//! `remit verify` of a subject of a cluster.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use remit_catalog::kubernetes::Request;
use remit_ledger::Provider;
use remit_policy::Window;
use remit_policy::rbac::{Claim, Evidence, Member, Usage, check};

use super::recorded::{EVER, Recorded};
use super::said::{Said, times_of_cluster};
use super::{Line, claimed, counted, text_of, window};
use crate::cluster::{is_log, usage_of};
use crate::learn::service_of;

/// One line where the folder holds, or one per thing that does not.
pub(super) fn verify(
    folder: &Path,
    evidence: &Evidence,
    recorded: Option<&mut Recorded<'_>>,
) -> anyhow::Result<Vec<Line>> {
    let said = Said::of_cluster(evidence);
    let kept = evidence.kept.iter().map(|kept| &kept.permission);
    let permissions = kept.chain(evidence.removed.iter().map(|removed| &removed.permission));
    let services = permissions.map(|entry| {
        let permission = entry.permission();
        (permission.to_string(), service_of(&permission).to_owned())
    });
    let services: BTreeMap<String, String> = services.collect();
    let mut expected = super::folder::of_cluster(evidence);
    // Of a permission that the evidence does not have the review says something else anyway.
    let service_of = |name: &str| services.get(name).cloned().unwrap_or_default();
    let mut wrong = said.unlike_review(folder, &service_of, &mut expected)?;
    wrong.extend(super::folder::strange(folder, expected)?);
    let counted = counted(folder, &evidence.window, evidence.used_since.as_deref())?;
    wrong.extend(times_of_cluster(evidence, counted));
    let claim = Claim::of_evidence(evidence, |file| text_of(folder, file))?;
    let mut claim = claim.map_err(anyhow::Error::msg)?;
    if let Some(recorded) = recorded {
        let requests = recorded_requests(recorded, evidence, counted)?;
        let used = evidence.kept.iter().filter(|kept| kept.seen.is_some()).count();
        if used > 0 && requests.is_empty() && recorded_requests(recorded, evidence, EVER)?.is_empty() {
            wrong.push(claimed::none(used, &evidence.principal));
        }
        claim.replayed.extend(requests);
        claim.replayed.sort();
        claim.replayed.dedup();
        let cluster = evidence.cluster.as_deref();
        let of_cluster =
            recorded.records().iter().filter(|record| is_log(record) && record.account.as_deref() == cluster);
        wrong.extend(claimed::outside(of_cluster, window(folder, &evidence.window)?));
    }
    let principal = evidence.principal.clone();
    let mut lines = Line::violations(&principal, &wrong);
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

/// Requests of the ledger that were allowed in a window.
fn recorded_requests(
    recorded: &mut Recorded<'_>,
    evidence: &Evidence,
    window: Window,
) -> anyhow::Result<Vec<Arc<Request>>> {
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
