//! Verdicts on a cluster's subjects that are worth acting on.

use remit_policy::moment;
use remit_policy::rbac::{Permission, Privilege, privileges};

use super::{AnalysedSubject, Cluster, judged};
use crate::finding::{Finding, FindingKind, Severity, denied, no_proposal, unused};
use crate::mutes::Mutes;
use crate::output::calls_seen;

/// Every finding on a cluster, in the order of its subjects.
pub(crate) fn findings(cluster: &Cluster, mutes: &Mutes) -> Vec<Finding> {
    cluster.subjects.iter().flat_map(|subject| of_subject(cluster, subject, mutes)).collect()
}

fn of_subject(cluster: &Cluster, subject: &AnalysedSubject, mutes: &Mutes) -> Vec<Finding> {
    let mut findings = unused(&subject.user.name, judged(subject), mutes);
    let finding = |severity, kind, permissions, detail| {
        Finding::new(severity, kind, &subject.user.name, permissions, detail)
    };
    let counts = subject.judgement.counts();
    let usage = &subject.usage;
    if usage.uses.is_empty() && usage.undecided.is_empty() && counts.unused > 0 {
        let detail = format!("no allowed call was recorded since {}", moment(cluster.coverage.window.start));
        findings.push(finding(Severity::Medium, FindingKind::IdlePrincipal, counts.granted(), detail));
    }
    findings.extend(usage.denied.iter().map(|(request, count)| {
        denied(&subject.user.name, Permission::of_request(request).to_string(), count.distinct())
    }));
    for binding in &subject.granted.unknown {
        let detail = format!(
            "binding `{}` names a role that is not there, or of which not all is known",
            binding.name.of_binding()
        );
        let mut dangling = finding(Severity::Low, FindingKind::DanglingBinding, 0, detail);
        dangling.about = binding.name.of_binding().to_string();
        findings.push(dangling);
    }
    findings.extend(privileges(&subject.granted, usage).iter().map(|privilege| {
        let mut found =
            finding(severity(privilege), FindingKind::Privilege, privilege.by.len(), detail(privilege));
        found.about = format!("{} {}", privilege.path.name, privilege.is_cluster_wide);
        found.names = privilege.by.iter().map(|(permission, _)| permission.to_string()).collect();
        found
    }));
    let none = no_proposal(&subject.outcome, counts);
    findings.extend(none.map(|why| finding(Severity::Low, FindingKind::NoProposal, counts.unused, why)));
    findings
}

/// Whoever may come to the whole cluster and never did so is the worst; who does it needs to be known.
fn severity(privilege: &Privilege) -> Severity {
    match (privilege.used.is_some(), privilege.path.weight, privilege.is_cluster_wide) {
        (false, 8.., true) => Severity::High,
        (false, _, _) => Severity::Medium,
        (true, _, _) => Severity::Low,
    }
}

fn detail(privilege: &Privilege) -> String {
    let place = if privilege.is_cluster_wide { "in all namespaces" } else { "in some namespaces" };
    let used = match &privilege.used {
        Some(seen) => format!("used by {}", calls_seen(seen.count)),
        None => "not seen used".to_owned(),
    };
    format!("{} {place}: {}; {used}", privilege.path.name, privilege.path.leads_to)
}
