//! Proposals for generated clusters, calls and audit policies, held against the authorizer that is written to be read.

use std::collections::BTreeMap;

use proptest::prelude::*;
use remit_catalog::kubernetes::{Request, Target};
use serde_json::json;

use super::world::{DAY, World, policy};
use crate::EmittedFile;
use crate::rbac::tests::{all_requests, clusters, requests, users};
use crate::rbac::*;
use crate::usage::{CallOutcome, Seen};

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let outcome = prop_oneof![
        6 => Just(CallOutcome::Use),
        1 => Just(CallOutcome::Denied),
        1 => Just(CallOutcome::Unknown),
    ];
    let call = (requests(), outcome, prop::bool::ANY, 1u64..40, 0i64..5).prop_map(
        |(request, outcome, created, count, days)| Call {
            request: request.into(),
            groups: std::sync::Arc::default(),
            outcome,
            created,
            upgraded: false,
            impersonator: None,
            authorizer: None,
            seen: Seen {
                count: count.into(),
                first: DAY,
                last: (1 + days) * DAY,
                sample: Some(format!("event-{count}")),
                days: crate::Days::default(),
            },
        },
    );
    prop::collection::vec(call, 0..12)
}

/// A policy that hides some of what is asked for.
fn policies() -> impl Strategy<Value = AuditPolicy> {
    use prop::collection::vec;
    use prop::sample::select;
    let rule = (
        vec(select(&["get", "list", "create"][..]), 0..2),
        vec(select(&["", "a", "b"][..]), 0..2),
        vec(
            (
                select(&["", "apps"][..]),
                vec(select(&["pods", "pods/*", "*/log", "jobs", "pods/log"][..]), 0..2),
            ),
            0..2,
        ),
        vec(select(&["/a", "/a/*", "*"][..]), 0..2),
        prop::bool::weighted(0.7),
    )
        .prop_map(|(verbs, namespaces, resources, urls, is_of_resources)| {
            let resources: Vec<_> = resources
                .into_iter()
                .map(|(group, resources)| json!({"group": group, "resources": resources}))
                .collect();
            if is_of_resources {
                json!({"level": "None", "verbs": verbs, "namespaces": namespaces, "resources": resources})
            } else {
                json!({"level": "None", "verbs": verbs, "nonResourceURLs": urls})
            }
        });
    vec(rule, 0..3).prop_map(|mut rules| {
        rules.push(json!({"level": "Metadata"}));
        policy(&json!(rules))
    })
}

/// One object of each name.
fn distinct(objects: Vec<Object>) -> Vec<Object> {
    let key = |object: &Object| match object {
        Object::Role(role) => (false, role.name.clone()),
        Object::Binding(binding) => (true, binding.name.clone()),
    };
    let by_name: BTreeMap<_, _> = objects.into_iter().map(|object| (key(&object), object)).collect();
    by_name.into_values().collect()
}

/// The objects once a proposal is applied.
fn applied(objects: &[Object], proposal: &Proposal<'_>) -> Vec<Object> {
    let mut after: Vec<Object> = objects.to_vec();
    for change in proposal.changes.iter().filter(|change| change.edit != Edit::Keep) {
        let name = &change.before.0.name;
        after.retain(|object| !matches!(object, Object::Binding(binding) if binding.name == *name));
        after.extend(change.after.clone().map(Object::Binding));
    }
    for (binding, role) in &proposal.new {
        after.extend([Object::Binding(binding.clone()), Object::Role(role.clone())]);
    }
    after
}

/// The same calls, otherwise counted together.
fn split(calls: &[Call]) -> Vec<Call> {
    let mut parts = Vec::new();
    for call in calls.iter().rev() {
        let count = call.seen.count.logged;
        let part = |count: u64, first, last| {
            let seen = Seen { count: count.into(), first, last, ..call.seen.clone() };
            (count > 0).then(|| Call { seen, ..call.clone() })
        };
        let (first, last) = (call.seen.first, call.seen.last);
        if count < 2 {
            parts.push(call.clone());
        } else {
            parts.extend(part(count - 1, first, first).into_iter().chain(part(1, last, last)));
        }
    }
    parts
}

fn files(world: &World, user: &str, calls: &[Call]) -> Vec<EmittedFile> {
    match world.propose(user, calls) {
        Ok(_) => world.files(user, calls),
        Err(_) => Vec::new(),
    }
}

/// Whether an address and a method can ask for it: neither has a star in it, nor a verb of somebody's own.
fn can_be_made(request: &Request) -> bool {
    match &request.target {
        Target::Url(_) => request.verb == "get",
        Target::Resource(asked) => asked.subresource != "*" && request.verb != "other",
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// All obligations by the reference: what was seen allowed, may have been, or could not have been seen stays allowed;
    /// nothing else becomes so; and nobody else notices.
    #[test]
    fn obligations_hold_by_the_reference(
        objects in clusters(),
        user in users(),
        calls in calls(),
        audit in policies(),
    ) {
        let objects = distinct(objects);
        let mut world = World::new(&[]);
        world.state = State::new(objects.clone());
        world.audit = Some(audit);
        let Ok(proposal) = world.propose(&user.name, &calls) else { return Ok(()) };
        let user = proposal.user.clone();
        let after = applied(&objects, &proposal);
        let others: Vec<_> = [
            User { name: "ben".to_owned(), groups: vec!["ops".to_owned()], is_group: false },
            User::service_account("a", "web"),
            User::service_account("b", "web"),
            User::named("ann", ["ops".to_owned()]),
        ]
        .into_iter()
        .filter(|other| other.name != user.name)
        .collect();
        let audit = world.audit.as_ref().unwrap();
        let allows = |objects: &[Object], user: &User, request: &Request| reference::allows(objects, user, request);
        for request in all_requests().into_iter().filter(can_be_made) {
            let (old, new) = (allows(&objects, &user, &request), allows(&after, &user, &request));
            prop_assert!(old || !new, "wider: {:?}", request);
            if old && !new {
                prop_assert_eq!(audit.shows(&user, &request), Visibility::Shown, "hidden: {:?}", request);
                let seen = calls.iter().find(|call| *call.request == request && call.outcome != CallOutcome::Denied);
                prop_assert_eq!(seen, None, "seen: {:?}", request);
            }
        }
        for request in all_requests().iter().step_by(7) {
            for other in &others {
                let (old, new) = (allows(&objects, other, request), allows(&after, other, request));
                prop_assert_eq!(old, new, "another's: {:?} {:?}", other, request);
            }
        }
        world.files(&user.name, &calls);
    }

    /// R11: the same input in another order, in other parts, or given twice, makes the same bytes.
    #[test]
    fn r11_order_and_parts_of_input_make_no_difference(
        objects in clusters(),
        user in users(),
        calls in calls(),
        audit in policies(),
    ) {
        let objects = distinct(objects);
        let mut world = World::new(&[]);
        world.audit = Some(audit);
        world.state = State::new(objects.clone());
        let once = files(&world, &user.name, &calls);
        world.state = State::new(objects.iter().rev().chain(&objects).cloned());
        prop_assert_eq!(&once, &files(&world, &user.name, &split(&calls)));
    }
}

/// The properties would say nothing if hardly anything was ever proposed, kept or hidden.
#[test]
fn generated_proposals_remove_keep_and_hide() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut changed, mut new, mut hidden, mut replayed) = (0, 0, 0, 0);
    for _ in 0..400 {
        let mut world = World::new(&[]);
        world.state = State::new(distinct(clusters().new_tree(&mut runner).unwrap().current()));
        world.audit = Some(policies().new_tree(&mut runner).unwrap().current());
        let user = users().new_tree(&mut runner).unwrap().current();
        let calls = calls().new_tree(&mut runner).unwrap().current();
        let Ok(proposal) = world.propose(&user.name, &calls) else { continue };
        changed += usize::from(proposal.changes_anything());
        new += usize::from(!proposal.new.is_empty());
        hidden += usize::from(proposal.kept.iter().any(|kept| kept.reason.is_some()));
        replayed += proposal.replayed.len();
    }
    let all = [changed, new, hidden, replayed];
    assert!(all.iter().all(|count| *count > 60), "{all:?}");
}
