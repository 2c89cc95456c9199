//! The obligations, on generated policies and calls. What a document allows is judged by the reference evaluator.

use proptest::sample::Index;

use super::world::{
    CROWD, EXPANDER, Outcome, RESOURCES, SEEN, World, after_of, before_of, documents, worlds,
};
use super::*;
use crate::prove::check;
use crate::reference::{KnownContext, decide};
use crate::usage::{Call, CallOutcome};
use crate::verdict::Verdict;
use crate::{Claim, Document, Violation, parse};

fn known_contexts() -> Vec<KnownContext> {
    let mut contexts = Vec::new();
    for region in ["eu-west-1", "eu-north-1", "us-east-1"] {
        for secure in ["true", "false"] {
            for name in [Some("ana"), Some("x"), Some("${aws:username}"), None] {
                let values = [
                    ("aws:requestedregion", Some(region)),
                    ("aws:securetransport", Some(secure)),
                    ("aws:username", name),
                ];
                let known =
                    |(key, value): (&str, Option<&str>)| Some((key.to_owned(), vec![value?.to_owned()]));
                contexts.push(values.into_iter().filter_map(known).collect());
            }
        }
    }
    contexts
}

/// Resources of a pattern, among them one that patterns beside it do not name.
fn examples(pattern: &str) -> Vec<String> {
    let fill = |many: &str, one: &str, name: &str| {
        pattern.replace("${aws:username}", name).replace('*', many).replace('?', one)
    };
    let mut examples = Vec::new();
    for many in ["z/z", "zz", "q", "x/1", "r", ""] {
        for (one, name) in [("z", "ana"), ("x", "${aws:username}"), ("1", "x")] {
            examples.push(fill(many, one, name));
        }
    }
    examples
}

/// An action and the resources on which it must stay; none for all.
struct Wanted {
    action: String,
    resources: Option<Vec<String>>,
}

/// What recorded calls needed for certain, and what cannot be told to be unused.
fn wanted(outcome: &Outcome) -> Vec<Wanted> {
    let (probes, contexts) = (probes(), known_contexts());
    let proposal = outcome.proven.proposal();
    let granted = allowing(&before_of(proposal));
    let granted: Vec<_> = granted.iter().collect();
    let catalog = Catalog::embedded().unwrap();
    let mut wanted = Vec::new();
    for (id, verdict) in &outcome.judgement.verdicts {
        let action = catalog.action(*id).unwrap().full_name();
        let use_ = outcome.usage.actions.get(id).filter(|_| *verdict == Verdict::Used);
        // What stays for another reason than its calls stays wherever it was granted.
        let is_hidden = proposal.kept.iter().any(|kept| kept.action == *id && kept.reason.is_some());
        match use_ {
            Some(use_) if !is_hidden && !use_.resource_unknown && !use_.any_resource => {
                let on = |resource: &String| Wanted {
                    action: action.clone(),
                    resources: Some(vec![resource.clone()]),
                };
                // Where log and grant do not fit together, the permission stays wherever it was granted.
                let fits = use_.resources.keys().all(|resource| {
                    let one = on(resource);
                    let mut named = probes.iter().filter(|probe| one.is_on(probe));
                    named.any(|probe| {
                        contexts.iter().any(|context| {
                            decide(&granted, None, &action, probe, context) == Decision::Allowed
                        })
                    })
                });
                let resources = fits.then(|| use_.resources.keys().cloned().collect());
                wanted.push(Wanted { action, resources });
            }
            _ if !outcome.judgement.removes(*id) => wanted.push(Wanted { action, resources: None }),
            _ => {}
        }
    }
    // A call of an operation that the catalog lacks may have needed an action of that name.
    let unlisted = ["sqs:NewThing", "sqs:Other", "sqs:SOther", "sqs:ReceiveOther", "newservice:DoIt"]
        .into_iter()
        .filter(|name| {
            outcome.judgement.unlisted.protected.keys().any(|names| crate::Glob::action(names).matches(name))
        });
    wanted.extend(unlisted.map(|name| Wanted { action: name.to_owned(), resources: None }));
    wanted
}

fn probes() -> Vec<String> {
    let patterns = RESOURCES.iter().chain(SEEN.iter().map(|(.., resource)| resource)).chain(&CROWD);
    let probes: BTreeSet<_> =
        patterns.flat_map(|pattern| examples(pattern)).filter(|one| !one.is_empty()).collect();
    probes.into_iter().collect()
}

impl Wanted {
    fn is_on(&self, resource: &str) -> bool {
        let matches = |seen: &String| crate::Glob::resource_without_variables(seen).matches(resource);
        self.resources.as_ref().is_none_or(|resources| resources.iter().any(matches))
    }
}

/// Documents without one element: a statement, an action or a resource.
struct Drop {
    /// The pattern of the resource, where it is one.
    resource: String,
    /// The actions for which it may be needed.
    actions: crate::Matcher,
    /// What the element grants, of any action.
    alone: Document,
    documents: Vec<Document>,
}

impl Drop {
    fn concerns(&self, action: &str) -> bool {
        let is_named = |pattern: &String| crate::Glob::action(pattern).matches(action);
        self.actions.patterns.iter().any(is_named) != self.actions.negated
    }
}

fn drops(after: &[&Document]) -> Vec<Drop> {
    let mut drops = Vec::new();
    for (policy, document) in after.iter().enumerate() {
        for (at, statement) in document.statements.iter().enumerate() {
            let mut drop = |resource: &str,
                            actions: &crate::Matcher,
                            edit: &dyn Fn(&mut Vec<crate::Statement>)| {
                let mut documents: Vec<Document> = after.iter().copied().cloned().collect();
                edit(&mut documents[policy].statements);
                let mut alone = statement.clone();
                alone.actions = crate::Matcher { negated: false, patterns: vec!["*".to_owned()], bare: true };
                if !resource.is_empty() {
                    alone.resources.as_mut().unwrap().patterns = vec![resource.to_owned()];
                }
                let alone = Document { statements: vec![alone], ..(*document).clone() };
                drops.push(Drop {
                    resource: resource.to_owned(),
                    actions: actions.clone(),
                    alone,
                    documents,
                });
            };
            let (actions, resources) = (&statement.actions, statement.resources.as_ref().unwrap());
            drop("", actions, &|statements| _ = statements.remove(at));
            if !actions.negated && actions.patterns.len() > 1 {
                for pattern in &actions.patterns {
                    let only = crate::Matcher { patterns: vec![pattern.clone()], ..actions.clone() };
                    drop("", &only, &|all| all[at].actions.patterns.retain(|other| other != pattern));
                }
            }
            if !resources.negated && resources.patterns.len() > 1 {
                for pattern in &resources.patterns {
                    let keep = |other: &String| other != pattern;
                    drop(pattern, actions, &|all| all[at].resources.as_mut().unwrap().patterns.retain(keep));
                }
            }
        }
    }
    drops
}

/// The documents with what they allow only. A grant under a deny that is not of everything is left as it is.
fn allowing(documents: &[&Document]) -> Vec<Document> {
    let mut allowing: Vec<Document> = documents.iter().copied().cloned().collect();
    for document in &mut allowing {
        document.statements.retain(|statement| statement.effect == crate::Effect::Allow);
    }
    allowing
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn proofs_hold_by_the_reference(
        world in worlds(),
        picks in proptest::collection::vec(any::<[Index; 3]>(), 40),
    ) {
        let Some(outcome) = world.outcome() else { return Ok(()) };
        let proposal = outcome.proven.proposal();
        let (before, after) = (before_of(proposal), after_of(proposal));
        let (probes, contexts, wanted) = (probes(), known_contexts(), wanted(&outcome));
        let allows = |documents: &[&Document], action: &str, resource: &str, context: &KnownContext| {
            decide(documents, world.boundary(), action, resource, context) == Decision::Allowed
        };
        let mut others: Vec<String> = CALLS.iter().map(|(action, _)| (*action).to_owned()).collect();
        others.extend(["sqs:NewThing", "sqs:PurgeQueue", "iam:CreateUser", "newservice:DoIt"].map(str::to_owned));
        for [action, resource, context] in &picks {
            let (resource, context) = (resource.get(&probes), context.get(&contexts));
            // Sufficient.
            if !wanted.is_empty() {
                let one = action.get(&wanted);
                if one.is_on(resource) && allows(&before, &one.action, resource, context) {
                    let is_kept = allows(&after, &one.action, resource, context);
                    prop_assert!(is_kept, "{} on {resource} {context:?} is lost\n{}", one.action, documents(&after));
                }
            }
            // No wider.
            let action = action.get(&others);
            if allows(&after, action, resource, context) {
                prop_assert!(allows(&before, action, resource, context), "{action} on {resource} {context:?} is new");
            }
        }
        for one in wanted.iter().filter(|one| one.resources.is_some()) {
            for resource in probes.iter().filter(|resource| one.is_on(resource)) {
                for context in &contexts {
                    if allows(&before, &one.action, resource, context) {
                        prop_assert!(allows(&after, &one.action, resource, context), "{} on {resource}", one.action);
                    }
                }
            }
        }
        // Necessary: a few of the elements, since there may be hundreds.
        let granted = allowing(&after);
        let granted: Vec<_> = granted.iter().collect();
        let drops = drops(&granted);
        for [pick, ..] in picks.iter().take(if drops.is_empty() { 0 } else { 5 }) {
            let drop = pick.get(&drops);
            // What stays for names beyond the catalog, a wildcard that stays for other actions may grant as well.
            let is_beyond =
                |pattern: &String| EXPANDER.with_borrow_mut(|expander| expander.pattern(pattern).is_empty());
            if drop.actions.patterns.iter().any(is_beyond) {
                continue;
            }
            let dropped: Vec<_> = drop.documents.iter().collect();
            let concerned: Vec<_> = wanted.iter().filter(|one| drop.concerns(&one.action)).collect();
            let own = examples(&drop.resource);
            let allows = |documents: &[&Document], action: &str, resource: &str, context: &KnownContext| {
                decide(documents, None, action, resource, context) == Decision::Allowed
            };
            let is_needed = own.iter().chain(&probes).any(|resource| {
                let mut granting = contexts.iter().filter(|context| allows(&[&drop.alone], "a:a", resource, context));
                granting.any(|context| {
                    let mut wanting = concerned.iter().filter(|one| one.is_on(resource));
                    wanting.any(|one| !allows(&dropped, &one.action, resource, context))
                })
            });
            prop_assert!(
                is_needed,
                "`{}` is not needed in\n{}\nof\n{}",
                drop.resource,
                documents(&granted),
                documents(&dropped)
            );
        }
    }
}

proptest! {
    // Each case makes several proposals.
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_was_only_denied_is_never_granted_for_it(world in worlds()) {
        let Some(outcome) = world.outcome() else { return Ok(()) };
        let proposal = outcome.proven.proposal();
        let mut without = world.clone();
        without.calls.retain(|call| call.outcome != CallOutcome::Denied);
        let Some(same) = without.outcome() else { return Err(TestCaseError::fail("a denied call makes it fit")) };
        prop_assert_eq!(after_of(proposal), after_of(same.proven.proposal()));
        let denied = outcome.usage.actions.iter().filter(|(_, use_)| use_.denied.distinct() > 0 && use_.seen.is_none());
        for (id, _) in denied {
            let verdict = outcome.judgement.verdicts.get(id);
            prop_assert_ne!(verdict, Some(&Verdict::Used));
            let is_allowed = |resource: &String| {
                let name = Catalog::embedded().unwrap().action(*id).unwrap().full_name();
                let decide = |context| decide(&after_of(proposal), world.boundary(), &name, resource, context);
                known_contexts().iter().any(|context| decide(context) == Decision::Allowed)
            };
            if outcome.judgement.removes(*id) {
                prop_assert!(!probes().iter().any(is_allowed));
            }
        }
    }

    #[test]
    fn neither_order_nor_parts_of_the_calls_change_a_byte(
        (world, parts) in worlds().prop_flat_map(|world| {
            let parts: Vec<Call> = world.calls.iter().flat_map(in_two).collect();
            (Just(world), Just(parts).prop_shuffle())
        }),
    ) {
        let Some(outcome) = world.outcome() else { return Ok(()) };
        let files = world.files(&outcome.proven);
        let split = World { calls: parts.clone(), ..world.clone() };
        prop_assert_eq!(&files, &split.files(&split.outcome().unwrap().proven));
        let twice = World { calls: [parts, world.calls.clone()].concat(), ..world.clone() };
        let mut merged = world;
        merged.calls.iter_mut().for_each(|call| call.seen.count.logged *= 2);
        let merged = merged.files(&merged.outcome().unwrap().proven);
        prop_assert_eq!(merged, twice.files(&twice.outcome().unwrap().proven));
        // What is written is what was proven.
        let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.clone()).unwrap();
        let evidence = serde_json::from_str(&text("evidence.json")).unwrap();
        let read = |path: &str| Ok::<_, crate::NoAction>(parse(&text(path)).unwrap());
        let checked = EXPANDER.with_borrow_mut(|expander| -> Result<_, Vec<Violation>> {
            check(expander, &Claim::of_evidence(&evidence, expander.catalog(), read).unwrap())
        });
        prop_assert_eq!(checked, Ok(outcome.proven.proof()));
    }
}

/// A call as two that say together what it says.
fn in_two(call: &Call) -> Vec<Call> {
    let middle = call.seen.first.midpoint(call.seen.last);
    let mut earlier = call.clone();
    earlier.seen =
        Seen { count: (call.seen.count.logged - 1).into(), last: middle, sample: None, ..earlier.seen };
    let mut later = call.clone();
    later.seen = Seen { count: 1.into(), first: middle, ..later.seen };
    if earlier.seen.count.logged == 0 { vec![call.clone()] } else { vec![earlier, later] }
}
