//! Named rules that widen observed resources a little, always within the old grant: what the service
//! numbers anew each time would otherwise break at the next deployment.

mod alone;
mod siblings;

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{AccessLevel, ActionId, Catalog};

use self::siblings::open_crowded;

/// How observed resources become patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generalise {
    /// Exactly the resources seen.
    Exact,
    /// Identifiers that the service assigns become `*`, and many names under one ancestor become one wildcard.
    Names,
}

impl Generalise {
    /// How the resources of an action become patterns: to change who may do what with some things is no reason to do so with
    /// others like them.
    pub(crate) fn of(self, catalog: &Catalog, action: ActionId) -> Self {
        match catalog.action(action).map(|action| action.level) {
            Some(AccessLevel::PermissionsManagement) => Self::Exact,
            _ => self,
        }
    }
}

/// A pattern's rule and the resources it stands for.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) from: BTreeSet<String>,
}

/// The patterns that stand for these resources.
pub(crate) fn generalise(how: Generalise, catalog: &Catalog, resources: &[String]) -> BTreeMap<String, Rule> {
    let mut patterns = BTreeMap::new();
    for resource in resources {
        let assigned = (how == Generalise::Names).then(|| assigned_identifier(resource)).flatten();
        let (pattern, name) = match assigned {
            Some(pattern) => (pattern, "assigned identifier"),
            None => (resource.clone(), "as seen"),
        };
        add(&mut patterns, pattern, name, BTreeSet::from([resource.clone()]));
    }
    if how == Generalise::Names { open_crowded(catalog, patterns) } else { patterns }
}

fn add(patterns: &mut BTreeMap<String, Rule>, pattern: String, name: &'static str, from: BTreeSet<String>) {
    let rule = patterns.entry(pattern).or_insert_with(|| Rule { name, from: BTreeSet::new() });
    rule.from.extend(from);
}

/// The part of an ARN that names the resource, after `arn:partition:service:region:account:`.
fn name_start(arn: &str) -> Option<usize> {
    arn.match_indices(':').nth(4).map(|(at, _)| at + 1)
}

/// The ARN with the identifiers that its service assigns replaced, where it has any: EC2's
/// `i-0123456789abcdef0`, ECS task ids, CloudFormation stack ids, the six characters that Secrets Manager
/// appends (AWS's own advice is `name-??????`), and what is numbered anew with each deployment or run: revisions
/// of task and job definitions, versions of functions, layers and state machines, and executions.
fn assigned_identifier(arn: &str) -> Option<String> {
    let start = name_start(arn)?;
    let (head, name) = arn.split_at_checked(start)?;
    let service = head.split(':').nth(2)?;
    let generalised = match service {
        "ec2" => {
            let (kind, id) = name.split_once('/')?;
            is_ec2_id(id).then(|| format!("{kind}/*"))
        }
        "ecs" => {
            let (rest, id) = name.rsplit_once('/')?;
            let is_task = rest.starts_with("task/") || rest.starts_with("container-instance/");
            let task = (is_task && is_hex(id, 32)).then(|| format!("{rest}/*"));
            task.or_else(|| unnumbered(name, "task-definition/"))
        }
        "batch" => {
            let job = name.strip_prefix("job/").filter(|id| is_uuid(id)).map(|_| "job/*".to_owned());
            job.or_else(|| unnumbered(name, "job-definition/"))
        }
        "lambda" => unnumbered(name, "function:").or_else(|| unnumbered(name, "layer:")),
        "states" => match name.split(':').collect::<Vec<_>>().as_slice() {
            [kind @ ("execution" | "express"), machine, _, ..] => Some(format!("{kind}:{machine}:*")),
            _ => unnumbered(name, "stateMachine:"),
        },
        "cloudformation" => {
            let (rest, id) = name.rsplit_once('/')?;
            (rest.contains('/') && is_uuid(id)).then(|| format!("{rest}/*"))
        }
        "secretsmanager" => {
            let (rest, suffix) = name.rsplit_once('-')?;
            let is_suffix = suffix.len() == 6 && suffix.chars().all(|c| c.is_ascii_alphanumeric());
            (name.starts_with("secret:") && is_suffix).then(|| format!("{rest}-??????"))
        }
        _ => None,
    }?;
    Some(format!("{head}{generalised}"))
}

/// `kind` and a name with any number behind it, in place of the one that is there.
fn unnumbered(name: &str, kind: &str) -> Option<String> {
    let (rest, number) = name.rsplit_once(':')?;
    let is_numbered =
        rest.starts_with(kind) && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_numbered.then(|| format!("{rest}:*"))
}

/// EC2's identifiers of things that come and go with each deployment. Networks and images are long-lived
/// and stay exact.
fn is_ec2_id(id: &str) -> bool {
    const PASSING: [&str; 6] = ["i", "vol", "snap", "eni", "eipassoc", "spot"];
    id.split_once('-')
        .is_some_and(|(kind, hex)| PASSING.contains(&kind) && (is_hex(hex, 17) || is_hex(hex, 8)))
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.chars().all(|c| c.is_ascii_hexdigit())
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
