//! Findings as a report lists them.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::Catalog;
use remit_policy::Origin;

use crate::analysis::{Analysed, Analysis};
use crate::cluster::Cluster;
use crate::finding::{Finding, Severity};
use crate::report::model::{FindingLine, Place, PrincipalSection};

/// Said of principals without a finding.
pub(super) const NO_RISK: &str = "none";

/// Permissions listed of a finding.
const NAMES: usize = 25;

/// Findings as lines, in their order.
pub(super) fn lines(
    catalog: &Catalog,
    analysis: &Analysis,
    cluster: Option<&Cluster>,
    findings: Vec<Finding>,
) -> Vec<FindingLine> {
    let principals: BTreeMap<&str, &Analysed> =
        analysis.principals.iter().map(|analysed| (analysed.principal.arn.as_str(), analysed)).collect();
    let subjects = cluster.into_iter().flat_map(Cluster::all);
    let bindings: BTreeMap<&str, &Origin> = subjects
        .filter_map(|subject| Some((subject.user.name.as_str(), &subject.granted.own.first()?.0.origin)))
        .collect();
    let place = |finding: &Finding| {
        let of_account = principals.get(finding.principal.as_str());
        let origin = of_account.and_then(|analysed| origin(catalog, analysis, analysed, finding));
        // A repository is where something can be done about it. Without one, what was read is all that is known.
        let made = || analysis.written.made(&finding.principal);
        let origin = match origin {
            Some((policy, read)) => analysis.written.policy(policy).or_else(made).unwrap_or(read),
            None => {
                let written = || analysis.written.identity(&finding.principal).next();
                written().or_else(|| bindings.get(finding.principal.as_str()).copied())?
            }
        };
        Some(Place::of(origin))
    };
    findings
        .into_iter()
        .map(|finding| FindingLine {
            id: finding.id(),
            rule: finding.kind.as_str(),
            severity: finding.severity.as_str(),
            place: place(&finding),
            principal: finding.principal,
            service: finding.service,
            permissions: finding.permissions,
            detail: finding.detail,
            names: finding.names.into_iter().take(NAMES).collect(),
            muted: finding.muted,
            change: None,
        })
        .collect()
}

/// The policy that grants the first of a finding's permissions, or else the principal's first, and where it was read.
fn origin<'a>(
    catalog: &Catalog,
    analysis: &'a Analysis,
    analysed: &Analysed,
    finding: &Finding,
) -> Option<(usize, &'a Origin)> {
    let id = finding.names.first().and_then(|name| catalog.find(name));
    let mut allowing = analysed.judgement.granted.allowing.iter();
    let granting = id.and_then(|id| allowing.find(|one| one.actions.contains(id)));
    let policy = granting.map(|one| one.at.policy);
    let policy = policy.or_else(|| analysed.principal.attachments.first().map(|one| one.policy))?;
    Some((policy, &analysis.account.policies.get(policy)?.origin))
}

/// Tells of each principal how bad the worst of its findings is. A principal that is muted has none that is not.
pub(super) fn rate(principals: &mut [PrincipalSection], findings: &[FindingLine]) {
    let open = findings.iter().filter(|finding| finding.muted.is_none());
    let at_risk: BTreeSet<(&str, &str)> =
        open.map(|finding| (finding.principal.as_str(), finding.severity)).collect();
    for principal in principals {
        let severities = [Severity::High, Severity::Medium, Severity::Low].map(Severity::as_str);
        let worst = severities.into_iter().find(|severity| at_risk.contains(&(&principal.arn, severity)));
        principal.risk = worst.unwrap_or(NO_RISK);
    }
}
