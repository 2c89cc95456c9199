//! `remit explain`

mod cluster;

use std::collections::BTreeMap;
use std::io::Write;

use remit_catalog::Visibility;
use remit_policy::rbac::User;
use remit_policy::{
    ActionUse, Context, Decision, Document, Glob, GrantRef, Layer, PolicySet, Request, Verdict, moment,
};

use super::analysing::{Analysed, AnalysingArguments, Wanted, analysed};
use super::{Streams, WrongUsage};
use crate::analysis::{Analysed as Principal, Outcome};
use crate::cluster::{AnalysedSubject, Cluster};
use crate::exit::Exit;
use crate::output::{calls_seen, counted, grouped, number_seen, plain};
use crate::proposals::each_once;
use crate::report::build::report_window;
use crate::typo::nearest;

/// Say why a permission is used, unused or unobservable, and what decides a request
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    analysing: AnalysingArguments,
    /// The principal, by ARN or name; of a cluster by user name, or by `NAMESPACE/NAME` of a ServiceAccount
    #[arg(value_name = "PRINCIPAL")]
    who: String,
    /// A permission such as `s3:GetObject`, or a pattern such as `s3:Get*`; of a cluster `list configmaps` or
    /// `patch deployments.apps/scale`
    #[arg(value_name = "ACTION")]
    action: Option<String>,
    /// A resource, as an ARN; of a cluster `NAMESPACE/NAME`, `NAMESPACE/` or `NAME`
    #[arg(value_name = "RESOURCE", requires = "action")]
    resource: Option<String>,
}

/// Resources listed per permission.
const SHOWN: usize = 10;

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let analysed =
        analysed(&arguments.analysing, Wanted { only: Some(&arguments.who), ..Wanted::default() }, streams)?;
    let mut text = Vec::new();
    let of_cluster = analysed.cluster.as_ref().and_then(|cluster| Some((cluster, cluster.all().next()?)));
    match (analysed.analysis.principals.first(), of_cluster) {
        (Some(principal), _) => of_account(arguments, &analysed, principal, &mut text)?,
        (None, Some((cluster, subject))) => of_subject(arguments, cluster, subject, &mut text)?,
        (None, None) if User::group_of(&arguments.who).is_some() => {
            let message = format!(
                "`{}` has bindings of the server's own alone, which stay\nhint: `kubectl describe clusterrolebinding` shows them",
                arguments.who
            );
            return Err(WrongUsage(message).into());
        }
        (None, None) => return Err(WrongUsage(format!("no principal `{}`", arguments.who)).into()),
    }
    for line in String::from_utf8_lossy(&text).lines() {
        writeln!(streams.out, "{}", plain(line))?;
    }
    Ok(if analysed.problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn of_account(
    arguments: &Arguments,
    analysed: &Analysed,
    principal: &Principal,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    match (&arguments.action, &arguments.resource) {
        (None, _) => summary(analysed, principal, out),
        (Some(action), None) => permissions(analysed, principal, action, out),
        (Some(action), Some(resource)) => {
            check(action, resource)?;
            permissions(analysed, principal, action, out)?;
            request(analysed, principal, action, resource, out)
        }
    }
}

fn of_subject(
    arguments: &Arguments,
    cluster: &Cluster,
    subject: &AnalysedSubject,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Some(action) = &arguments.action else { return cluster::summary(cluster, subject, out) };
    if let (true, Some(place)) = (action.contains('*'), &arguments.resource) {
        return Err(WrongUsage(format!(
            "`{action}` is a pattern, and a request has one verb on one resource\nhint: leave out `{place}` to ask about permissions"
        ))
        .into());
    }
    let asked = cluster::Asked::parse(action)?;
    cluster::permissions(cluster, subject, &asked, out)?;
    match &arguments.resource {
        Some(place) => cluster::request(cluster, subject, &asked, place, out),
        None => Ok(()),
    }
}

/// A request is of one action on one resource; anything else would be decided, and mean nothing.
fn check(action: &str, resource: &str) -> Result<(), WrongUsage> {
    if action.contains(['*', '?']) {
        return Err(WrongUsage(format!(
            "`{action}` is a pattern, and a request is of one action\nhint: leave out `{resource}` to ask about permissions"
        )));
    }
    if !resource.starts_with("arn:") && resource != "*" {
        return Err(WrongUsage(format!(
            "`{resource}` is no ARN\nhint: write it like `arn:aws:s3:::bucket/key`, or `*` for none in particular"
        )));
    }
    Ok(())
}

fn summary(analysed: &Analysed, principal: &Principal, out: &mut dyn Write) -> anyhow::Result<()> {
    let counts = principal.judgement.counts();
    let window = report_window(principal.coverage.window);
    writeln!(out, "{}", principal.principal.arn)?;
    writeln!(out, "  window        {}", window.words())?;
    let last = principal.usage.last.map_or_else(|| "never".to_owned(), moment);
    writeln!(out, "  allowed calls {}, last {last}", number_seen(principal.usage.calls))?;
    writeln!(out, "  denied calls  {}", number_seen(principal.usage.denied))?;
    if principal.usage.undecided.distinct() > 0 {
        writeln!(out, "  unknown calls {}", number_seen(principal.usage.undecided))?;
    }
    writeln!(
        out,
        "  permissions   {}: {} used, {} unused, {} unobservable",
        grouped(counts.granted() as u64),
        grouped(counts.used as u64),
        grouped(counts.unused as u64),
        grouped(counts.unobservable as u64)
    )?;
    writeln!(out, "  policies")?;
    for attachment in &principal.principal.attachments {
        let Some(policy) = analysed.analysis.account.policies.get(attachment.policy) else { continue };
        let group =
            attachment.group.as_ref().map(|group| format!(" through group {group}")).unwrap_or_default();
        writeln!(out, "    {}{group}  {}:{}", policy.name, policy.origin.file, policy.origin.line)?;
    }
    writeln!(out, "  used permissions")?;
    let used = || principal.judgement.verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Used);
    let names = used().filter_map(|(id, _)| analysed.catalog.action(*id));
    let width = names.map(|action| action.full_name().len()).max().unwrap_or(0);
    for (id, _) in used() {
        if let Some(action) = analysed.catalog.action(*id) {
            let seen = principal.usage.actions.get(id).and_then(|use_| use_.seen.as_ref());
            let calls = calls_seen(seen.map(|seen| seen.count).unwrap_or_default());
            let last = seen.map(|seen| moment(seen.last)).unwrap_or_default();
            writeln!(out, "    {:width$}  {calls}, last {last}", action.full_name())?;
        }
    }
    let unlisted = &principal.judgement.unlisted.protected;
    if !unlisted.is_empty() {
        writeln!(out, "  kept beyond the catalog")?;
        for (names, reason) in unlisted {
            writeln!(out, "    {names}  because {}", reason.explain())?;
        }
    }
    writeln!(out, "  proposal      {}", principal.outcome.words())?;
    Ok(())
}

fn permissions(
    analysed: &Analysed,
    principal: &Principal,
    pattern: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let glob = Glob::action(pattern);
    let matching: Vec<_> =
        analysed.catalog.actions().filter(|(_, action)| glob.matches(&action.full_name())).collect();
    // What is named in full and listed is nothing beyond the catalog.
    let is_listed = analysed.catalog.find(pattern).is_some();
    let beyond = if is_listed { BTreeMap::new() } else { beyond_catalog(principal, &glob) };
    if matching.is_empty() && beyond.is_empty() {
        let names: Vec<String> = analysed.catalog.actions().map(|(_, action)| action.full_name()).collect();
        let hint = match nearest(pattern, names.iter().map(String::as_str)) {
            Some(name) => format!("similar: `{name}`"),
            None => "write it like `s3:GetObject` or `s3:Get*`".to_owned(),
        };
        let message = format!("`{pattern}` names no action that exists\nhint: {hint}");
        return Err(WrongUsage(message).into());
    }
    for (id, action) in matching {
        let name = action.full_name();
        let Some(verdict) = principal.judgement.verdicts.get(&id) else {
            let why = if principal.judgement.granted.ineffective.contains(id) {
                "granted, and taken away whole by a deny or the boundary"
            } else {
                "not granted"
            };
            writeln!(out, "{name}: {why}")?;
            continue;
        };
        writeln!(out, "{name}: {}", verdict.as_str())?;
        match verdict {
            Verdict::Unobservable(reason) => {
                writeln!(out, "  because {}", reason.explain())?;
                if let Some(remedy) = reason.remedy() {
                    writeln!(out, "  to see it: {remedy}")?;
                }
            }
            Verdict::Unused => {
                let window = report_window(principal.coverage.window);
                let class = class(&action.visibility);
                writeln!(
                    out,
                    "  every call would have been recorded ({class}) in {}, and none was",
                    window.length
                )?;
                if let Some(why) = principal.judgement.retained.get(&id) {
                    writeln!(out, "  stays all the same: {}", why.explain())?;
                }
            }
            Verdict::Used => {}
        }
        if let Some(use_) = principal.usage.actions.get(&id) {
            calls(use_, out)?;
        }
        if let Some(reason) = principal.judgement.partly_hidden.get(&id) {
            writeln!(out, "  resources are not narrowed, since {}", reason.explain())?;
        }
        for at in principal.judgement.granted.statements(id) {
            writeln!(out, "  granted by {}", place(analysed, at))?;
        }
    }
    for (names, why) in beyond {
        writeln!(out, "{names} beyond the catalog: {why}")?;
        let granted = principal.judgement.granted.unknown_patterns.iter();
        for (at, _) in granted.filter(|(_, pattern)| *pattern == names) {
            writeln!(out, "  granted by {}", place(analysed, *at))?;
        }
    }
    Ok(())
}

/// Patterns of names that the catalog lacks and that meet the one asked for, and what becomes of them.
fn beyond_catalog(principal: &Principal, asked: &Glob) -> BTreeMap<String, String> {
    let unlisted = &principal.judgement.unlisted;
    let kept = unlisted
        .protected
        .iter()
        .map(|(names, reason)| (names.clone(), format!("kept, because {}", reason.explain())));
    let gone = unlisted.given_up.iter().map(|(_, names)| (names.clone(), "given up by the user".to_owned()));
    kept.chain(gone).filter(|(names, _)| Glob::action(names).intersects(asked)).collect()
}

fn class(visibility: &Visibility) -> String {
    match visibility {
        Visibility::Management { write } => {
            format!("management {} events", if *write { "write" } else { "read" })
        }
        Visibility::Data { resource_type, .. } => format!("data events of {resource_type}"),
        Visibility::Mixed(classes) => each_once(classes.iter().map(class)),
        Visibility::NotLogged(_) | Visibility::NoOperation => "given up by the user".to_owned(),
    }
}

fn calls(use_: &ActionUse, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(seen) = &use_.seen {
        let operations: Vec<_> = use_.operations.iter().map(String::as_str).collect();
        writeln!(out, "  {} of {}", calls_seen(seen.count), operations.join(", "))?;
        writeln!(out, "  first {}, last {}", moment(seen.first), moment(seen.last))?;
        if let Some(sample) = &seen.sample {
            let what = if seen.count.logged > 0 { "event" } else { "request" };
            writeln!(out, "  for example {what} {sample}")?;
        }
    }
    if !use_.via.is_empty() {
        let via: Vec<_> = use_.via.iter().map(String::as_str).collect();
        writeln!(out, "  also on its behalf by {}", via.join(", "))?;
    }
    for (resource, seen) in use_.resources.iter().take(SHOWN) {
        writeln!(out, "  on {resource} ({})", calls_seen(seen.count))?;
    }
    if let Some(more @ 1..) = use_.resources.len().checked_sub(SHOWN) {
        writeln!(out, "  and on {}", counted(more as u64, "other resource", "other resources"))?;
    }
    if use_.resource_unknown {
        writeln!(out, "  of some calls the resource is not known, so the old scope stays")?;
    }
    let denied = use_.denied.distinct();
    if denied > 0 {
        let were = counted(denied, "call was", "calls were");
        writeln!(out, "  {were} denied, which is not use")?;
    }
    Ok(())
}

/// Policy, statement and where it stands.
fn place(analysed: &Analysed, at: GrantRef) -> String {
    let Some(policy) = analysed.analysis.account.policies.get(at.policy) else { return String::new() };
    let statement = policy.document.statements.get(at.statement);
    let sid = statement.and_then(|statement| statement.sid.as_deref());
    let sid =
        sid.map_or_else(|| format!("statement {}", at.statement + 1), |sid| format!("statement `{sid}`"));
    let line = statement.map_or(0, |statement| statement.line);
    format!("{sid} of policy `{}` ({}:{line})", policy.name, policy.origin.file)
}

fn request(
    analysed: &Analysed,
    principal: &Principal,
    action: &str,
    resource: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let account = &analysed.analysis.account;
    let policies: Vec<_> = principal
        .principal
        .attachments
        .iter()
        .filter_map(|attachment| account.policies.get(attachment.policy))
        .collect();
    let boundary = principal.principal.boundary.and_then(|at| account.policies.get(at));
    let boundary = boundary.map(|policy| &policy.document);
    writeln!(out, "request {action} on {resource}")?;
    let documents: Vec<&Document> = policies.iter().map(|policy| &policy.document).collect();
    let names: Vec<String> =
        policies.iter().map(|policy| format!("{} ({})", policy.name, policy.origin.file)).collect();
    let today = PolicySet::new(&documents, boundary);
    decide("today", &today, &names, action, resource, out)?;
    if let Outcome::Proven(proven) = &principal.outcome {
        let after: Vec<_> = proven.proposal().changes.iter().flat_map(|change| &change.after).collect();
        let names: Vec<String> = after.iter().map(|new| new.name.clone()).collect();
        let documents: Vec<_> = after.iter().map(|new| &new.document).collect();
        let proposed = PolicySet::new(&documents, boundary);
        decide("proposed", &proposed, &names, action, resource, out)?;
    }
    Ok(())
}

fn decide(
    label: &str,
    set: &PolicySet,
    names: &[String],
    action: &str,
    resource: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let context = Context::unknown();
    let evaluation = set.evaluate(&Request { action, resource, context: &context });
    let word = match evaluation.decision {
        Decision::Allowed => "allowed",
        Decision::DeniedExplicitly => "denied by a deny statement",
        Decision::DeniedImplicitly => "denied, since nothing allows it",
        Decision::Undetermined => "depends on the request's context",
    };
    writeln!(out, "  {label}: {word}")?;
    let unknown = evaluation.undetermined.iter().map(|unknown| (unknown.statement, unknown.condition));
    for (at, condition) in evaluation.determining.iter().map(|at| (*at, None)).chain(unknown) {
        let name = match at.layer {
            Layer::Identity => names.get(at.policy).map_or("", String::as_str),
            Layer::Boundary => "the boundary",
        };
        let condition =
            condition.map(|condition| format!(", condition {}", condition + 1)).unwrap_or_default();
        writeln!(out, "    statement {} of {name}{condition}", at.statement + 1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
