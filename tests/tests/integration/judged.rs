//! Proposals judged by the independent simulator: they allow every recorded call that the old policies allow, and
//! hold nothing without which all that is needed would still be allowed.

mod element;
mod needs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use remit_catalog::{Call, Catalog, Certainty, Scope};
use remit_ledger::{Outcome, Snapshot};
use remit_policy::{
    Context, ContextValue, Decision, Evidence, Glob, KeptEntry, PolicySet, Request, from_value,
};
use remit_tests::referee::{Question, Ruling, rule};
use serde_json::{Map, Value, json};

use element::{Element, elements};
use needs::Needs;

/// The values of context keys.
type Values = BTreeMap<String, Vec<String>>;

/// An action on a resource, as a request has it.
type Needed = (String, String);

/// A proposal on disk.
pub(crate) struct Proposed {
    pub(crate) evidence: Evidence,
    pub(crate) before: Vec<Arc<Value>>,
    pub(crate) after: Vec<Arc<Value>>,
    pub(crate) boundary: Option<Arc<Value>>,
}

/// What was judged, so that a test can tell that it was not nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Judged {
    /// Recorded calls that the old policies allow, by principal, action and resource.
    pub(crate) calls: usize,
    /// Recorded calls that they do not allow as far as can be told without the request's context.
    pub(crate) undecided: usize,
    /// Elements of new policies without which something is denied.
    pub(crate) elements: usize,
    /// Elements for which no request was found that they allow.
    pub(crate) unjudged: usize,
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
    let ask = |policies: fn(&Proposed) -> &[Arc<Value>], needed: &[BTreeSet<Needed>]| {
        let questions: Vec<Question> = std::iter::zip(&all, needed)
            .flat_map(|((one, _), needed)| {
                let context = one.context(None);
                needed.iter().map(move |needed| one.question(policies(one).to_vec(), needed, context.clone()))
            })
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
    let (mut denied, mut unjudged) = (Vec::new(), 0);
    for ((proposed, _), allowed) in std::iter::zip(&all, &allowed) {
        let unseen = unobservable(proposed);
        let needs = Needs::new(allowed, &unseen);
        let after = After::new(proposed);
        for element in elements(&proposed.after) {
            match witness(proposed, &after, &element, &needs) {
                Some(question) => denied.push(question),
                None => unjudged += 1,
            }
        }
    }
    for (question, ruling) in std::iter::zip(&denied, rule(&denied)?) {
        assert_eq!(ruling, Ruling::DeniedImplicitly, "{question:#?}");
    }
    let count = |sets: &[BTreeSet<Needed>]| sets.iter().map(BTreeSet::len).sum::<usize>();
    let undecided = count(&calls) - count(&allowed);
    Some(Judged { calls: count(&allowed), undecided, elements: denied.len(), unjudged })
}

/// The new policies, compiled once for all elements: together, and each by itself.
struct After {
    all: PolicySet,
    each: Vec<PolicySet>,
}

impl After {
    fn new(proposed: &Proposed) -> Self {
        let each = proposed.after.iter().map(|policy| proposed.policy_set(std::slice::from_ref(policy)));
        Self { all: proposed.policy_set(&proposed.after), each: each.collect() }
    }
}

/// A request, recorded if one is, that the policies deny without the element. None where no request is found that the
/// element allows: a statement denies them all the same, or its conditions are not met by one value for each key.
fn witness(proposed: &Proposed, after: &After, element: &Element, needs: &Needs<'_>) -> Option<Question> {
    let concerned = needs.of(&element.statement);
    let rest = proposed.policy_set(std::slice::from_ref(&element.rest));
    let alone = json!({ "Version": "2012-10-17", "Statement": element.statement });
    let alone = proposed.policy_set(&[Arc::new(alone)]);
    let context = proposed.context(Some(&element.statement));
    let mut known = Context::complete();
    for (key, values) in &context {
        known.set(key, ContextValue::Known(values.clone()));
    }
    let mut is_allowed = false;
    // Whoever asks for its own identity needs no permission for it, and so no policy can be short of it.
    for needed in concerned.iter().filter(|(action, _)| action != "sts:GetCallerIdentity") {
        let decide = |set: &PolicySet| {
            let request = Request { action: &needed.0, resource: &needed.1, context: &known };
            set.evaluate(&request).decision
        };
        if decide(&alone) == Decision::Allowed && decide(&after.all) == Decision::Allowed {
            // Policies together deny implicitly what each of them does.
            let others = after.each.iter().enumerate().filter(|(at, _)| *at != element.at);
            let mut left = others.map(|(_, set)| set).chain([&rest]);
            if left.all(|set| decide(set) == Decision::DeniedImplicitly) {
                let mut policies = proposed.after.clone();
                policies.splice(element.at..=element.at, [Arc::clone(&element.rest)]);
                return Some(proposed.question(policies, needed, context));
            }
            is_allowed |= !is_conditional(proposed, &needed.0);
        }
    }
    assert!(
        !is_allowed,
        "{} needs `{}` for nothing that is recorded or unobservable: {concerned:#?}\n{:#?}",
        proposed.evidence.principal, element.name, proposed.after
    );
    None
}

/// Whether some new statement allows an action under conditions: then no single context shows what each is needed for.
fn is_conditional(proposed: &Proposed, action: &str) -> bool {
    let mut allowing = proposed
        .after
        .iter()
        .flat_map(|policy| statements(policy))
        .filter(|statement| is(statement, "Allow"));
    allowing.any(|statement| conditions(statement).next().is_some() && names(statement, action))
}

/// Whether a statement's actions have this one among them.
fn names(statement: &Map<String, Value>, action: &str) -> bool {
    let named =
        |key: &str| texts(statement.get(key)).iter().any(|pattern| Glob::action(pattern).matches(action));
    if statement.contains_key("NotAction") { !named("NotAction") } else { named("Action") }
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
            let action = action.full_name();
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

/// Whether a permission stays, in part at least, on what it was granted on.
fn keeps_scope(kept: &&KeptEntry) -> bool {
    kept.narrowed_to.is_empty() || kept.narrowed_to.values().any(|rule| rule == "as granted")
}

/// Permissions whose old scope stays, on an example of every resource pattern of the old policies.
fn unobservable(proposed: &Proposed) -> BTreeSet<Needed> {
    let name = proposed.evidence.principal.rsplit('/').next().unwrap_or_default();
    let named: BTreeSet<String> = proposed
        .before
        .iter()
        .chain(&proposed.after)
        .flat_map(|policy| statements(policy))
        .flat_map(|statement| texts(statement.get("Resource")))
        .filter(|pattern| pattern != "*")
        .map(|pattern| example(&pattern.replace("${aws:username}", name)))
        .collect();
    let catalog = Catalog::embedded().unwrap();
    let mut needed = BTreeSet::new();
    let kept = proposed.evidence.kept.iter().filter(keeps_scope).map(|kept| kept.permission.clone());
    // What the catalog does not list stays as it was written.
    let unlisted = proposed.evidence.unlisted.keys().map(|pattern| example(pattern));
    for permission in kept.chain(unlisted) {
        let action = catalog.find(&permission).and_then(|id| catalog.action(id));
        // On everything means on what no pattern names, too, or on nothing in particular.
        let types = action.map_or(&[][..], |action| action.resource_types);
        let other =
            types.iter().flat_map(|of| of.arns()).map(|arn| filled(arn, &proposed.evidence.principal));
        let other = other.chain(types.is_empty().then(|| "*".to_owned()));
        // The referee refuses what is no key where a key's policy is asked, too.
        let fits = |resource: &&String| !permission.starts_with("kms:") || resource.contains(":kms:");
        let examples = named.iter().filter(fits).cloned().chain(other);
        needed.extend(examples.map(|resource| (permission.clone(), resource)));
    }
    needed
}

/// An ARN of the principal's account that a pattern with placeholders stands for.
fn filled(pattern: &str, principal: &str) -> String {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        filled.push_str(before);
        filled.push_str(match name {
            "Partition" => "aws",
            "Region" => "eu-west-1",
            "Account" => account(principal),
            _ => "x",
        });
        rest = after;
    }
    filled + rest
}

impl Proposed {
    /// Policies under the boundary, to ask them many questions.
    pub(crate) fn policy_set(&self, policies: &[Arc<Value>]) -> PolicySet {
        let documents: Vec<_> = policies.iter().map(|policy| from_value(policy).unwrap()).collect();
        let boundary = self.boundary.as_ref().map(|policy| from_value(policy).unwrap());
        PolicySet::new(&documents.iter().collect::<Vec<_>>(), boundary.as_ref())
    }

    /// A context in which all statements would allow, or only the given one.
    fn context(&self, only: Option<&Map<String, Value>>) -> Values {
        let all = self.before.iter().chain(&self.boundary).flat_map(|policy| statements(policy));
        let others = all.clone().filter(|statement| only.is_none() || is(statement, "Deny"));
        let mut context = context(only.into_iter().chain(others), &self.evidence.principal);
        // Other statements shall not allow it, so the keys without which they would have other values.
        let conditions = all.filter(|_| only.is_some()).flat_map(conditions);
        let is_met_by_absence =
            |operator: &str| operator.starts_with("ForAllValues") || operator.ends_with("IfExists");
        for (_, keys) in conditions.filter(|(operator, _)| is_met_by_absence(operator)) {
            for key in keys.as_object().into_iter().flatten().map(|(key, _)| key) {
                context.entry(key.clone()).or_insert_with(|| vec!["of-no-statement".to_owned()]);
            }
        }
        context
    }

    fn question(&self, identity: Vec<Arc<Value>>, (action, resource): &Needed, context: Values) -> Question {
        let resource_policy = delegating(action, &self.evidence.principal);
        Question {
            identity,
            boundary: self.boundary.clone(),
            principal: self.evidence.principal.clone(),
            action: action.clone(),
            resource: resource.clone(),
            context,
            // Only so does the referee take a policy of the resource.
            checked: resource_policy.is_some(),
            resource_policy,
        }
    }
}

/// The account of an ARN.
fn account(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// A key's policy that leaves the decision to the identity's policies: without one everything is denied.
fn delegating(action: &str, principal: &str) -> Option<Value> {
    let root = json!({ "AWS": format!("arn:aws:iam::{}:root", account(principal)) });
    let statement = json!({ "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*" });
    action.starts_with("kms:").then(|| json!({ "Version": "2012-10-17", "Statement": [statement] }))
}

/// A context that meets the conditions of the statements that allow, and not those of the statements that deny, where one
/// value can.
fn context<'a>(statements: impl Iterator<Item = &'a Map<String, Value>>, principal: &str) -> Values {
    let account = account(principal);
    let name = principal.rsplit('/').next().unwrap_or_default();
    let mut context = BTreeMap::from(
        [("aws:username", name), ("aws:PrincipalAccount", account)]
            .map(|(key, value)| (key.to_owned(), vec![value.to_owned()])),
    );
    for statement in statements {
        let denies = is(statement, "Deny");
        for (operator, keys) in
            conditions(statement).filter(|(operator, _)| operator.contains("Not") == denies)
        {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let Some(value) = texts(Some(values)).into_iter().next() else { continue };
                let value = if operator == "Null" { "x".to_owned() } else { example(&value) };
                let value = value.replace("${aws:PrincipalAccount}", account);
                context.entry(key.clone()).or_insert(vec![value.replace("${aws:username}", name)]);
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

/// The condition operators of a statement with their keys and values.
fn conditions(statement: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    statement.get("Condition").and_then(Value::as_object).into_iter().flatten()
}

fn is(statement: &Map<String, Value>, effect: &str) -> bool {
    statement.get("Effect").and_then(Value::as_str) == Some(effect)
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
    let value = |name: &String| Arc::new(serde_json::from_str::<Value>(&text(name)).unwrap());
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
