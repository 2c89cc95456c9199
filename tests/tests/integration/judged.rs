//! Proposals judged by the independent simulator: they allow every recorded call that the old policies allow, and
//! hold nothing without which all that is needed would still be allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use remit_catalog::{Call, Catalog, Certainty, Scope};
use remit_ledger::{Outcome, Snapshot};
use remit_policy::{Decision, Evidence, Glob};
use remit_tests::referee::{Question, Ruling, rule};
use serde_json::{Map, Value, json};

use crate::referee::decide;

/// An action on a resource, as a request has it.
type Needed = (String, String);

/// A proposal on disk.
pub(crate) struct Proposed {
    pub(crate) evidence: Evidence,
    pub(crate) before: Vec<Value>,
    pub(crate) after: Vec<Value>,
    pub(crate) boundary: Option<Value>,
}

/// What was judged, so that a test can tell that it was not nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Judged {
    /// Recorded calls that the old policies allow, by principal, action and resource.
    pub(crate) calls: usize,
    /// Recorded calls that they do not allow as far as can be told without the request's context.
    pub(crate) undecided: usize,
    /// Elements of new policies.
    pub(crate) elements: usize,
}

/// Judges every proposal below a folder; none where the referee was not prepared.
pub(crate) fn judge(ledger: &Path, proposals: &Path) -> Option<Judged> {
    let mut recorded = recorded(ledger);
    let all: Vec<(Proposed, BTreeSet<Needed>)> = folders(proposals)
        .iter()
        .map(|folder| read(folder))
        .map(|proposed| {
            let calls = recorded.remove(&proposed.evidence.principal).unwrap_or_default();
            (proposed, calls)
        })
        .collect();
    let ask = |policies: fn(&Proposed) -> &[Value], needed: &[BTreeSet<Needed>]| {
        let questions: Vec<Question> = std::iter::zip(&all, needed)
            .flat_map(|((one, _), needed)| needed.iter().map(|needed| one.question(policies(one), needed)))
            .collect();
        Some(rule(&questions)?.into_iter().map(|ruling| ruling == Ruling::Allowed).collect())
    };
    let keep_allowed = |needed: &[BTreeSet<Needed>], allowed: Vec<bool>| -> Vec<BTreeSet<Needed>> {
        let mut allowed = allowed.into_iter();
        needed
            .iter()
            .map(|needed| needed.iter().filter(|_| allowed.next() == Some(true)).cloned().collect())
            .collect()
    };
    let calls: Vec<BTreeSet<Needed>> = all.iter().map(|(_, calls)| calls.clone()).collect();
    let allowed = keep_allowed(&calls, ask(|one| &one.before, &calls)?);
    let kept = keep_allowed(&allowed, ask(|one| &one.after, &allowed)?);
    for ((proposed, _), (allowed, kept)) in std::iter::zip(&all, std::iter::zip(&allowed, &kept)) {
        let lost: Vec<&Needed> = allowed.difference(kept).collect();
        assert!(lost.is_empty(), "{} loses {lost:?}", proposed.evidence.principal);
    }
    // What stays because nobody can tell whether it is used, on everything that it was granted on.
    let unseen: Vec<BTreeSet<Needed>> = all.iter().map(|(one, _)| unobservable(one)).collect();
    let unseen = keep_allowed(&unseen, ask(|one| &one.after, &unseen)?);
    let mut denied = Vec::new();
    for ((proposed, _), (allowed, unseen)) in std::iter::zip(&all, std::iter::zip(&allowed, &unseen)) {
        denied.extend(
            elements(&proposed.after).iter().map(|element| witness(proposed, element, allowed, unseen)),
        );
    }
    for (question, ruling) in std::iter::zip(&denied, rule(&denied)?) {
        assert_eq!(ruling, Ruling::DeniedImplicitly, "{question:#?}");
    }
    let count = |sets: &[BTreeSet<Needed>]| sets.iter().map(BTreeSet::len).sum::<usize>();
    let undecided = count(&calls) - count(&allowed);
    Some(Judged { calls: count(&allowed), undecided, elements: denied.len() })
}

/// A request, recorded if one is, that the policies deny without the element.
fn witness(
    proposed: &Proposed,
    element: &Element,
    recorded: &BTreeSet<Needed>,
    unseen: &BTreeSet<Needed>,
) -> Question {
    let mut concerned = recorded.iter().chain(unseen).filter(|(action, _)| element.concerns(action));
    let denied = concerned.find_map(|needed| {
        let question = proposed.question(&element.rest, needed);
        decide(&question).is_ok_and(|decision| decision == Decision::DeniedImplicitly).then_some(question)
    });
    assert!(
        denied.is_some(),
        "{} needs `{}` for nothing that is recorded or unobservable",
        proposed.evidence.principal,
        element.name
    );
    denied.unwrap()
}

/// What the ledger's allowed calls needed for certain, on resources that are known, by principal.
fn recorded(ledger: &Path) -> BTreeMap<String, BTreeSet<Needed>> {
    let catalog = Catalog::embedded().unwrap();
    let snapshot = Snapshot::of_folder(ledger).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut recorded: BTreeMap<String, BTreeSet<Needed>> = BTreeMap::new();
    for row in runtime.block_on(snapshot.usage()).unwrap() {
        if row.outcome == Outcome::Denied {
            continue;
        }
        let parameters = row.parameters.into_iter().collect();
        let needs = catalog.needs(&Call {
            service: &row.service,
            operation: &row.operation,
            resources: &row.resources,
            parameters: &parameters,
            account: row.account.as_deref(),
            region: row.region.as_deref(),
        });
        let all = recorded.entry(row.principal).or_default();
        for need in needs.into_iter().filter(|need| need.certainty == Certainty::Certain) {
            let Some(action) = catalog.action(need.action) else { continue };
            let action = format!("{}:{}", action.service, action.name);
            match need.scope {
                Scope::Any => drop(all.insert((action, "*".to_owned()))),
                Scope::Known(names) => all.extend(names.iter().map(|name| (action.clone(), example(name)))),
                Scope::Unknown => {}
            }
        }
    }
    recorded
}

/// A resource that a pattern means.
pub(crate) fn example(pattern: &str) -> String {
    if pattern == "*" { pattern.to_owned() } else { pattern.replace(['*', '?'], "x") }
}

/// Permissions that stay unobserved, on an example of every resource pattern of the old policies.
fn unobservable(proposed: &Proposed) -> BTreeSet<Needed> {
    let patterns: BTreeSet<String> = proposed
        .before
        .iter()
        .chain(&proposed.after)
        .flat_map(statements)
        .flat_map(|statement| texts(statement.get("Resource")))
        .collect();
    let reasons = proposed.evidence.kept.iter().filter(|kept| kept.reason.is_some() || !kept.resources_known);
    let mut needed = BTreeSet::new();
    for kept in reasons {
        needed.insert((kept.permission.clone(), "*".to_owned()));
        needed.extend(patterns.iter().map(|pattern| (kept.permission.clone(), example(pattern))));
        // On everything means on what no pattern names, too.
        needed.insert((kept.permission.clone(), "arn:aws:x:eu-west-1:111122223333:x/x".to_owned()));
    }
    needed
}

/// An element of a policy, and all policies without it.
struct Element {
    name: String,
    rest: Vec<Value>,
    actions: Vec<String>,
    is_inverted: bool,
}

impl Element {
    fn concerns(&self, action: &str) -> bool {
        let is_named = self.actions.iter().any(|pattern| Glob::action(pattern).matches(action));
        is_named != self.is_inverted
    }
}

/// Every statement that allows, every one of its actions, and every one of its resources.
fn elements(policies: &[Value]) -> Vec<Element> {
    let mut found = Vec::new();
    for (at, policy) in policies.iter().enumerate() {
        for (number, statement) in statements(policy).iter().enumerate() {
            if statement.get("Effect").and_then(Value::as_str) != Some("Allow") {
                continue;
            }
            let is_inverted = statement.contains_key("NotAction");
            let all = texts(statement.get(if is_inverted { "NotAction" } else { "Action" }));
            let mut add = |name: String, actions: Vec<String>, edit: &dyn Fn(&mut Vec<Value>)| {
                let mut rest = policies.to_vec();
                let list = rest.get_mut(at).and_then(|policy| policy.get_mut("Statement")).unwrap();
                if !list.is_array() {
                    *list = Value::Array(vec![list.take()]);
                }
                edit(list.as_array_mut().unwrap());
                found.push(Element { name, rest, actions, is_inverted });
            };
            add(format!("statement {number}"), all.clone(), &|list| drop(list.remove(number)));
            for key in ["Action", "Resource"] {
                let names = texts(statement.get(key));
                for name in names.iter().filter(|_| names.len() > 1) {
                    let left: Vec<Value> =
                        names.iter().filter(|other| *other != name).cloned().map(Value::from).collect();
                    let actions = if key == "Action" { vec![name.clone()] } else { all.clone() };
                    add(name.clone(), actions, &|list| {
                        if let Some(slot) = list.get_mut(number).and_then(|one| one.get_mut(key)) {
                            *slot = Value::Array(left.clone());
                        }
                    });
                }
            }
        }
    }
    found
}

impl Proposed {
    fn question(&self, policies: &[Value], (action, resource): &Needed) -> Question {
        Question {
            identity: policies.to_vec(),
            boundary: self.boundary.clone(),
            resource_policy: delegating(action, &self.evidence.principal),
            principal: self.evidence.principal.clone(),
            action: action.clone(),
            resource: resource.clone(),
            context: context(&self.before, &self.evidence.principal),
            checked: false,
        }
    }
}

/// A key's policy that leaves the decision to the identity's policies: without one everything is denied.
fn delegating(action: &str, principal: &str) -> Option<Value> {
    let account = principal.split(':').nth(4).unwrap_or_default();
    let root = json!({ "AWS": format!("arn:aws:iam::{account}:root") });
    let statement = json!({ "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*" });
    action.starts_with("kms:").then(|| json!({ "Version": "2012-10-17", "Statement": [statement] }))
}

/// A context that meets the conditions of the statements that allow, where one value can.
fn context(policies: &[Value], principal: &str) -> BTreeMap<String, Vec<String>> {
    let mut context = BTreeMap::new();
    let name = principal.rsplit('/').next().unwrap_or_default();
    context.insert("aws:username".to_owned(), vec![name.to_owned()]);
    let allowing = policies
        .iter()
        .flat_map(statements)
        .filter(|statement| statement.get("Effect").and_then(Value::as_str) == Some("Allow"));
    for statement in allowing {
        let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
        for (_, keys) in operators.filter(|(operator, _)| !operator.contains("Not") && *operator != "Null") {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let values = texts(Some(values)).into_iter().take(1).map(|value| example(&value)).collect();
                context.entry(key.clone()).or_insert(values);
            }
        }
    }
    context
}

fn statements(policy: &Value) -> Vec<&Map<String, Value>> {
    match policy.get("Statement") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_object).collect(),
        Some(Value::Object(one)) => vec![one],
        _ => Vec::new(),
    }
}

/// One text or a list of them.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(other) => other.as_str().map(str::to_owned).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Reads a principal's folder.
pub(crate) fn read(folder: &Path) -> Proposed {
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let value = |name: &String| serde_json::from_str::<Value>(&text(name)).unwrap();
    let evidence: Evidence = serde_json::from_str(&text("evidence.json")).unwrap();
    let after = evidence.policies.iter().flat_map(|policy| &policy.after);
    Proposed {
        before: evidence.policies.iter().map(|policy| value(&policy.before)).collect(),
        after: after.map(|after| value(&after.file)).collect(),
        boundary: evidence.boundary.as_ref().map(value),
        evidence,
    }
}

/// The principals' folders below a folder.
pub(crate) fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        if folder.join("evidence.json").is_file() {
            found.push(folder);
            continue;
        }
        let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        open.extend(entries.filter(|path| path.is_dir()));
    }
    found.sort();
    found
}
