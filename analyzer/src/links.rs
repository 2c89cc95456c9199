//! Pods, the service accounts that they run as, the cloud identities that these can become, and what those do: one line each.

use std::collections::BTreeSet;

use remit_catalog::Catalog;
use remit_policy::link::{Link, LinkSeen, LinkUse, OpenTrust, Trust, links, open_trusts, workloads};
use remit_policy::{Reason, moment};

use crate::analysis::Analysis;
use crate::finding::{Finding, FindingKind, Severity};
use crate::grants::Grants;
use crate::ledgers::Ledger;
use crate::report::model::LinkLine;

/// The links of a cluster, before it is known whether they were used.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    /// The links.
    links: Vec<Link>,
    /// What runs as the service account of each.
    workloads: Vec<BTreeSet<String>>,
    /// Identities that trust more than single service accounts.
    open: Vec<OpenTrust>,
}

/// The links that grants tell of.
pub(crate) fn of_grants(grants: &Grants) -> Linked {
    let links = links(&grants.identities, &grants.account);
    let by_account = workloads(&grants.identities);
    let workloads =
        links.iter().map(|link| by_account.get(&link.service_account).cloned().unwrap_or_default());
    Linked { workloads: workloads.collect(), open: open_trusts(&grants.identities, &grants.account), links }
}

/// Finds out whether the links were used, and puts them into an analysis of the accounts that they lead to.
pub(crate) fn judge(
    catalog: &Catalog,
    ledger: &Ledger,
    cluster: Option<&str>,
    linked: Linked,
    analysis: &mut Analysis,
) -> anyhow::Result<()> {
    let uses = ledger.link_uses(&linked.links, analysis.window, cluster)?;
    analysis.links = lines(catalog, analysis, &linked, &uses);
    analysis.open_trusts = linked.open;
    Ok(())
}

/// An exchange of a token needs no permission, and is recorded as this is, by which associations get their sessions.
const ASSUME: (&str, &str) = ("sts", "AssumeRole");

/// The lines, in the order of service accounts. `uses` are those of the links, with what was called where that tells.
fn lines(
    catalog: &Catalog,
    analysis: &Analysis,
    linked: &Linked,
    uses: &[(LinkUse, BTreeSet<String>)],
) -> Vec<LinkLine> {
    let all = linked.links.iter().zip(&linked.workloads).zip(uses);
    all.map(|((link, workloads), use_)| line(catalog, analysis, link, workloads, use_)).collect()
}

fn line(
    catalog: &Catalog,
    analysis: &Analysis,
    link: &Link,
    workloads: &BTreeSet<String>,
    (use_, called): &(LinkUse, BTreeSet<String>),
) -> LinkLine {
    let role = analysis.principals.iter().find(|analysed| analysed.principal.arn == link.principal);
    let used = role.map(|role| {
        let actions = role.usage.actions.iter().filter(|(_, use_)| use_.seen.is_some());
        actions.filter_map(|(id, _)| Some(catalog.action(*id)?.full_name())).collect()
    });
    let (verdict, reason, seen) = match *use_ {
        LinkUse::Seen(seen) => ("used", None, Some(seen)),
        LinkUse::Ambiguous(seen) => {
            let why = if link.mechanism.is_of_aws() { SESSIONS } else { CALLS };
            ("unobservable", Some(why.to_owned()), Some(seen))
        }
        LinkUse::NotSeen => match hides(catalog, analysis, link) {
            Some(why) => ("unobservable", Some(why), None),
            None => ("unused", None, None),
        },
    };
    LinkLine {
        workloads: workloads.iter().cloned().collect(),
        service_account: link.service_account.to_string(),
        mechanism: link.mechanism.as_str().to_owned(),
        principal: link.principal.clone(),
        target: link.target.clone(),
        trust: link.trust.as_str().to_owned(),
        verdict: verdict.to_owned(),
        reason,
        calls: seen.map_or(0, |seen: LinkSeen| seen.count),
        last_seen: seen.map(|seen| moment(seen.last)),
        used: used.unwrap_or_else(|| called.iter().cloned().collect()),
        granted: role.map(|role| role.judgement.counts().granted()),
        origin: link.origin.as_ref().map(|origin| format!("{}:{}", origin.file, origin.line)),
    }
}

/// Why it is not known whether sessions were of a link.
const SESSIONS: &str = "some sessions may be its own, or those of others";

/// Why it is not known whether calls were of a link.
const CALLS: &str = "its pods called that cloud, and the calls do not tell whether as this identity or with a key of their own";

/// Why the link might have been used unseen.
fn hides(catalog: &Catalog, analysis: &Analysis, link: &Link) -> Option<String> {
    if !link.mechanism.is_of_aws() {
        return Some(
            "no log of that cloud is read, and no node agent saw a call of its pods that may be as it"
                .to_owned(),
        );
    }
    let Some(role) = analysis.principals.iter().find(|analysed| analysed.principal.arn == link.principal)
    else {
        return Some("the role is not in the grants".to_owned());
    };
    let coverage = &role.coverage;
    let (service, name) = ASSUME;
    let action = catalog.service_actions(service).find(|(_, action)| action.name == name);
    let hidden = match action {
        Some((_, action)) => coverage.hides(action, None),
        None => Some(Reason::NoOperation),
    };
    let is_young = |since: Option<i64>| since.is_some_and(|since| since > coverage.window.start);
    let young = is_young(link.since) || is_young(role.principal.created);
    hidden.or_else(|| young.then_some(Reason::GrantYounger)).map(|reason| reason.explain())
}

/// Links worth acting on.
pub(crate) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in &analysis.links {
        let (who, granted) = (&line.service_account, line.granted.unwrap_or(0));
        let whom = &line.principal;
        if line.trust == Trust::Refused.as_str() {
            let detail =
                format!("it does not trust the service account `{who}`, which is meant to become it");
            let mut broken = Finding::new(Severity::Low, FindingKind::BrokenLink, whom, 0, detail);
            broken.about.clone_from(who);
            findings.push(broken);
        } else if line.verdict == "unused" {
            let detail =
                format!("the service account `{who}` can become it ({}), and did not", line.mechanism);
            let mut unused = Finding::new(Severity::Medium, FindingKind::UnusedLink, whom, granted, detail);
            unused.about = format!("{who} {}", line.mechanism);
            findings.push(unused);
        }
    }
    for open in &analysis.open_trusts {
        let granted = analysis.principals.iter().find(|analysed| analysed.principal.arn == open.role);
        let granted = granted.map_or(0, |analysed| analysed.judgement.counts().granted());
        let detail = format!("every service account that `{}` matches can become it", open.subject);
        let mut trust = Finding::new(Severity::Medium, FindingKind::OpenTrust, &open.role, granted, detail);
        trust.about = open.subject.to_string();
        findings.push(trust);
    }
    findings
}
