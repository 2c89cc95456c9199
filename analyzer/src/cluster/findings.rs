//! Verdicts on a cluster's subjects that are worth acting on.

use remit_policy::moment;
use remit_policy::rbac::{Permission, Privilege, privileges};

use super::{AnalysedSubject, Cluster, judged};
use crate::finding::{Finding, FindingKind, Severity, denied, no_proposal, unused};
use crate::mutes::Mutes;
use crate::output::calls_seen;

/// Every finding on a cluster, in the order of its subjects and groups. Those whom no binding names stand behind.
pub(crate) fn findings(cluster: &Cluster, mutes: &Mutes) -> Vec<Finding> {
    let subjects = cluster.all().flat_map(|subject| of_subject(cluster, subject, mutes));
    let unbound = cluster
        .unbound
        .iter()
        .flat_map(|(name, unbound)| privileged(cluster, name, &unbound.by_groups.taken).collect::<Vec<_>>());
    subjects.chain(unbound).collect()
}

/// What leads somebody to more than roles give.
fn privileged<'a>(
    cluster: &'a Cluster,
    principal: &'a str,
    privileges: &'a [Privilege],
) -> impl Iterator<Item = Finding> + 'a {
    let deliveries = &cluster.records.deliveries;
    let is_other = |delivery: &String| delivery == "gke" || delivery.starts_with("aks");
    // Only EKS reads it.
    let is_elsewhere = !deliveries.is_empty() && deliveries.iter().all(is_other);
    let privileges =
        privileges.iter().filter(move |privilege| !is_elsewhere || privilege.path.name != "aws-auth");
    privileges.map(move |privilege| {
        let mut found = Finding::new(
            severity(privilege),
            FindingKind::Privilege,
            principal,
            privilege.by.len(),
            detail(privilege),
        );
        found.about = format!("{} {}", privilege.path.name, privilege.is_cluster_wide);
        found.names = privilege.by.iter().map(|(permission, _)| permission.to_string()).collect();
        found
    })
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
    let privileges = privileges(&subject.granted, usage);
    findings.extend(privileged(cluster, &subject.user.name, &privileges));
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
