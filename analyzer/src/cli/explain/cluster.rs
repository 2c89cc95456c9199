//! `remit explain` of a subject of a cluster.

use std::collections::BTreeSet;
use std::io::Write;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use remit_policy::rbac::{BoundRole, On, Permission, VERBS, allows};
use remit_policy::{Seen, Verdict, moment};

use crate::cli::WrongUsage;
use crate::cluster::{AnalysedSubject, Cluster, Outcome};
use crate::output::{calls_seen, counted, grouped, number_seen};
use crate::report::build::report_window;
use crate::typo::nearest;

/// Requests listed per permission.
const SHOWN: usize = 10;

/// Verbs that are known without a role that has them, beside those of requests for resources: those of paths, and others.
const MORE_VERBS: [&str; 8] = ["head", "post", "put", "options", "bind", "escalate", "impersonate", "use"];

/// What is known of the subject.
pub(super) fn summary(
    cluster: &Cluster,
    subject: &AnalysedSubject,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let counts = subject.judgement.counts();
    let window = report_window(cluster.coverage.window);
    writeln!(out, "{}", subject.user.name)?;
    writeln!(out, "  window        {}", window.words())?;
    let last = subject.usage.last.map_or_else(|| "never".to_owned(), moment);
    writeln!(out, "  allowed calls {}, last {last}", number_seen(subject.usage.calls))?;
    let denied = subject.usage.denied.values().map(|count| count.distinct()).sum();
    writeln!(out, "  denied calls  {}", grouped(denied))?;
    writeln!(
        out,
        "  permissions   {}: {} used, {} unused, {} unobservable",
        grouped(counts.granted() as u64),
        grouped(counts.used as u64),
        grouped(counts.unused as u64),
        grouped(counts.unobservable as u64)
    )?;
    writeln!(out, "  bindings")?;
    for (binding, role) in &subject.granted.own {
        let origin = &binding.origin;
        writeln!(
            out,
            "    {} of {}  {}:{}",
            binding.name.of_binding(),
            role.name.of_role(),
            origin.file,
            origin.line
        )?;
    }
    for (binding, role) in &subject.granted.fixed {
        writeln!(
            out,
            "    {} of {}  (of a group or the system, stays)",
            binding.name.of_binding(),
            role.name.of_role()
        )?;
    }
    writeln!(out, "  used permissions")?;
    let used = subject.judgement.verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Used);
    for (permission, _) in used {
        if let Some(seen) = seen(subject, permission) {
            writeln!(out, "    {permission}  {}, last {}", calls_seen(seen.count), moment(seen.last))?;
        }
    }
    for (user, calls) in cluster.unnamed.iter().filter(|(user, _)| **user == subject.user.name) {
        writeln!(out, "  {} of {user} are of no known request", counted(*calls, "call", "calls"))?;
    }
    writeln!(out, "  proposal      {}", subject.outcome.words())?;
    Ok(())
}

fn seen(subject: &AnalysedSubject, permission: &Permission) -> Option<Seen> {
    Seen::of_all(subject.usage.of(permission).map(|(_, use_)| &use_.seen))
}

/// What is known of the permissions that a request needs, such as `list configmaps` or `get deployments.apps/scale`.
pub(super) fn permissions(
    cluster: &Cluster,
    subject: &AnalysedSubject,
    asked: &Asked,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut is_granted = false;
    for (permission, verdict) in &subject.judgement.verdicts {
        if !asked.concerns(permission) {
            continue;
        }
        is_granted = true;
        writeln!(out, "{permission}: {}", verdict.as_str())?;
        match verdict {
            Verdict::Unobservable(reason) => {
                writeln!(out, "  because {}", reason.explain())?;
                if let Some(remedy) = reason.remedy() {
                    writeln!(out, "  to see it: {remedy}")?;
                }
            }
            Verdict::Unused => {
                let window = report_window(cluster.coverage.window);
                writeln!(out, "  every request would have been recorded in {}, and none was", window.length)?;
            }
            Verdict::Used => {}
        }
        let uses: Vec<_> = subject.usage.of(permission).collect();
        for (request, use_) in uses.iter().take(SHOWN) {
            let request = Permission::of_request(request);
            let seen = &use_.seen;
            writeln!(
                out,
                "  {request}: {}, first {}, last {}",
                calls_seen(seen.count),
                moment(seen.first),
                moment(seen.last)
            )?;
            if let Some(sample) = &seen.sample {
                writeln!(out, "    for example event {sample}")?;
            }
            for how in &use_.inferred {
                writeln!(out, "    checked without a request of its own: {how}")?;
            }
        }
        if let Some(more @ 1..) = uses.len().checked_sub(SHOWN) {
            writeln!(out, "  and {}", counted(more as u64, "other request", "other requests"))?;
        }
        for at in subject.granted.permissions.get(permission).into_iter().flatten() {
            if let Some((binding, role)) = subject.granted.own.get(*at) {
                let origin = &role.origin;
                writeln!(
                    out,
                    "  granted by {} of {} ({}:{})",
                    binding.name.of_binding(),
                    role.name.of_role(),
                    origin.file,
                    origin.line
                )?;
            }
        }
    }
    for (request, count) in subject.usage.denied.iter().filter(|(request, _)| asked.is(request)) {
        is_granted = true;
        let were = counted(count.distinct(), "call was", "calls were");
        writeln!(out, "{}: {were} denied, which is not use", Permission::of_request(request))?;
    }
    if !is_granted {
        writeln!(out, "{asked}: not granted by a binding that names it")?;
        let rules = cluster.state.roles().flat_map(|role| &role.rules);
        let verbs = rules.flat_map(|rule| &rule.verbs).map(String::as_str);
        if let Some(note) = unheard(&asked.verb, &verbs.chain(VERBS).chain(MORE_VERBS).collect()) {
            writeln!(out, "  {note}")?;
        }
    }
    Ok(())
}

/// What is to be said of a verb that nothing knows, which may be a slip.
fn unheard(verb: &str, known: &BTreeSet<&str>) -> Option<String> {
    if known.contains(verb) {
        return None;
    }
    let similar =
        nearest(verb, known.iter().copied()).map(|one| format!("; similar: `{one}`")).unwrap_or_default();
    Some(format!("no role of the cluster has the verb `{verb}`{similar}"))
}

/// What is asked about: a verb with a resource and its group, or with a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    text: String,
    verb: String,
    /// A path, or group and resource with its subresource.
    on: Result<String, (String, String)>,
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Asked {
    /// Reads `list configmaps`, `get deployments.apps/scale` or `get /metrics`.
    pub(super) fn parse(text: &str) -> Result<Self, WrongUsage> {
        let wrong = || {
            WrongUsage(format!(
                "`{text}` is no request\nhint: write it like `list configmaps`, `patch deployments.apps/scale` or `get /metrics`"
            ))
        };
        let (verb, on) = text.split_once(' ').ok_or_else(wrong)?;
        if verb.is_empty() || on.is_empty() || on.contains(' ') {
            return Err(wrong());
        }
        let on = if on.starts_with('/') {
            Ok(on.to_owned())
        } else {
            let (name, subresource) = on.split_once('/').map_or((on, None), |(name, sub)| (name, Some(sub)));
            let (resource, group) = name.split_once('.').unwrap_or((name, ""));
            let resource = match subresource {
                Some(subresource) => format!("{resource}/{subresource}"),
                None => resource.to_owned(),
            };
            Err((group.to_owned(), resource))
        };
        Ok(Self { text: text.to_owned(), verb: verb.to_owned(), on })
    }

    /// A request of it: in no namespace, or in one, of a name or of none (`NAMESPACE/NAME`, `NAMESPACE/` or `NAME`).
    pub(super) fn request(&self, place: &str) -> Request {
        let target = match &self.on {
            Ok(path) => Target::Url(path.clone()),
            Err((group, resource)) => {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                let (namespace, name) = match place.split_once('/') {
                    Some(both) => both,
                    // A namespace is itself in it.
                    None if resource == "namespaces" => (place, place),
                    None => ("", place),
                };
                Target::Resource(ResourceRequest {
                    group: group.clone(),
                    resource: resource.to_owned(),
                    subresource: subresource.to_owned(),
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                })
            }
        };
        Request { verb: self.verb.clone(), target }
    }

    fn concerns(&self, permission: &Permission) -> bool {
        let pattern = Permission::new(None, self.on(), &self.verb);
        permission.meet(&pattern).is_some()
    }

    fn is(&self, request: &Request) -> bool {
        Permission::new(None, self.on(), &self.verb).matches(request)
    }

    fn on(&self) -> On {
        match &self.on {
            Ok(path) => On::Url(path.clone()),
            Err((group, resource)) => {
                On::Resource { group: group.clone(), resource: resource.clone(), name: None }
            }
        }
    }
}

/// What decides a request, today and as proposed.
pub(super) fn request(
    cluster: &Cluster,
    subject: &AnalysedSubject,
    asked: &Asked,
    place: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let request = asked.request(place);
    writeln!(out, "request {}", Permission::of_request(&request))?;
    let mut decide = |label: &str, by: Vec<String>| -> anyhow::Result<()> {
        let word = if by.is_empty() { "denied, since nothing allows it" } else { "allowed" };
        writeln!(out, "  {label}: {word}")?;
        by.iter().try_for_each(|by| writeln!(out, "    by {by}"))?;
        Ok(())
    };
    let allowances = cluster.state.allowances(&subject.user, &request);
    let by =
        |(binding, role): BoundRole<'_>| format!("{} of {}", binding.name.of_binding(), role.name.of_role());
    decide("today", allowances.iter().map(|allowance| by((allowance.binding, allowance.role))).collect())?;
    if let Outcome::Proven(proven) = &subject.outcome {
        let bound = proven.proposal().after().into_iter();
        decide("proposed", bound.filter(|bound| allows(*bound, &request)).map(by).collect())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_that_nothing_knows_is_told() {
        let known = VERBS.into_iter().chain(MORE_VERBS).chain(["sign"]).collect();
        assert_eq!(unheard("list", &known), None);
        assert_eq!(unheard("sign", &known), None);
        assert_eq!(
            unheard("lst", &known).as_deref(),
            Some("no role of the cluster has the verb `lst`; similar: `list`")
        );
        assert_eq!(unheard("xyz", &known).as_deref(), Some("no role of the cluster has the verb `xyz`"));
    }
}
