//! A real API server's decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use remit_ledger::DAY;
use remit_policy::rbac::{
    AuditPolicy, Call, Claim, Closure, Coverage, EvidenceContext, Granted, NoProposal, Object, Permission,
    Proposal, State, Usage, User, check, emit, judge, propose, prove, read_objects,
};
use remit_policy::{CallOutcome, Origin, Seen, Window};
use remit_tests::data;
use serde_json::{Value, json};

/// A time at which the real cluster's objects were no longer new.
const START: i64 = 30_000 * DAY;

fn objects(manifest: &Value) -> Vec<Object> {
    let (objects, problems) = read_objects(manifest, &Origin { file: "dump.json".to_owned(), line: 1 });
    assert_eq!(problems, []);
    objects
}

/// The state of a real cluster, 3,000 access reviews and what the API server said to each. Aggregated roles had no rules
/// there, since nothing had written them: the state is taken as it was.
fn oracle(folder: &Path) -> (Vec<Object>, Vec<(User, Request, bool)>) {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let (reviews, decisions) = (read("sar_reqs.jsonl"), read("sar_dec.txt"));
    let decided = reviews.lines().zip(decisions.lines()).map(|(review, decision)| {
        let (user, request) = ask(&serde_json::from_str(review).unwrap());
        (user, request, decision == "true")
    });
    (objects(&serde_json::from_str(&read("rbac_dump.json")).unwrap()), decided.collect())
}

#[test]
fn the_authorizer_decides_as_the_api_server() {
    let Some(folder) = data::require("kubernetes/oracle") else { return };
    let (objects, decided) = oracle(&folder);
    let state = State::new(objects);
    let mut allowed = 0;
    for (user, request, is_allowed) in &decided {
        assert_eq!(!state.allowances(user, request).is_empty(), *is_allowed, "{user:?} {request:?}");
        allowed += usize::from(*is_allowed);
    }
    assert_eq!((decided.len(), allowed), (3000, 346));
}

/// Calls of one subject, as they were decided.
type Decided = Vec<(Request, bool)>;

fn calls(decided: &Decided) -> Vec<Call> {
    let call = |(request, is_allowed): &(Request, bool)| Call {
        request: request.clone().into(),
        groups: Arc::default(),
        outcome: if *is_allowed { CallOutcome::Use } else { CallOutcome::Denied },
        created: false,
        upgraded: false,
        impersonator: None,
        authorizer: None,
        seen: Seen {
            count: 1.into(),
            first: START,
            last: START + 9 * DAY,
            sample: None,
            days: remit_policy::Days::default(),
        },
    };
    decided.iter().map(call).collect()
}

/// What is proposed for a subject of which everything was logged, without rules by which more stays than was seen.
fn proposal<'a>(state: &'a State, user: &str, calls: &[Call]) -> Result<Proposal<'a>, NoProposal> {
    let coverage = Coverage {
        window: Window { start: START, end: START + 90 * DAY },
        since: START,
        minimum: 30 * DAY,
        has_gaps: false,
        lost: 0,
        unreadable: 0,
        shows_reviews: true,
        served: BTreeSet::new(),
    };
    let audit = AuditPolicy::read(
        &json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}),
    );
    let off = Closure::ALL.into_iter().collect();
    let usage = Usage::gather(calls);
    let granted = Granted::of(state, &usage.user(user));
    let judgement = judge(&granted, &usage, &coverage, audit.as_ref().ok(), &off);
    propose(state, &granted, &usage, &judgement, &coverage, &off)
}

/// Proves, writes and reads back what is proposed for each subject, and asks its calls again: every allowed one is allowed,
/// and no refused one, but for those that every role refuses no more which allows what was allowed. How many calls were
/// allowed, and how many refused.
fn ask_again(state: &State, subjects: &BTreeMap<String, Decided>) -> (usize, usize) {
    let (mut allowed, mut refused) = (0, 0);
    for (user, decided) in subjects {
        let mut calls = calls(decided);
        let Ok(first) = proposal(state, user, &calls) else { continue };
        calls.reverse();
        let again = proposal(state, user, &calls).unwrap();
        let proven = prove(first, &again).unwrap();
        let files = emit(&proven, EvidenceContext::default()).unwrap();
        let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.clone());
        let evidence = serde_json::from_str(&text("evidence.json").unwrap()).unwrap();
        let claim = Claim::of_evidence(&evidence, |path| text(path).ok_or(())).unwrap().unwrap();
        assert_eq!(check(&claim), Ok(proven.proof()));
        let kept = &proven.proposal().kept;
        let fixed = &proven.proposal().fixed;
        let is_fixed = |request: &Request| {
            let rules = fixed.iter().filter(|(binding, _)| binding.name.namespace.is_none());
            rules.flat_map(|(_, role)| &role.rules).any(|rule| rule.matches(request))
        };
        let may =
            |request: &Request| kept.iter().any(|kept| kept.permission.matches(request)) || is_fixed(request);
        for (request, is_allowed) in decided {
            let is_implied = |(other, is_allowed): &(Request, bool)| {
                *is_allowed && Permission::of_request(other).matches(request)
            };
            if *is_allowed {
                assert!(may(request), "{user} {request:?}");
                allowed += 1;
            } else if !decided.iter().any(is_implied) {
                assert!(!may(request), "{user} {request:?}");
                refused += 1;
            }
        }
    }
    (allowed, refused)
}

/// What a real server decided, taken for calls.
#[test]
fn roles_for_what_the_api_server_decided_allow_just_that() {
    let Some(folder) = data::require("kubernetes/oracle") else { return };
    let (objects, decided) = oracle(&folder);
    let mut subjects: BTreeMap<String, Decided> = BTreeMap::new();
    for (user, request, is_allowed) in decided {
        subjects.entry(user.name).or_default().push((request, is_allowed));
    }
    assert_eq!(ask_again(&State::new(objects), &subjects), (346, 2101));
}

/// audit2rbac's demonstration log, whose roles would allow what was refused: its subjects may do everything, so that
/// only their calls tell what they need.
#[test]
fn roles_for_the_log_of_audit2rbac_allow_all_that_was_allowed_and_nothing_that_was_refused() {
    let Some(log) = data::require("kubernetes/audit/audit2rbac-demo.log") else { return };
    let Some(folder) = data::require("kubernetes/oracle") else { return };
    let mut subjects: BTreeMap<String, Decided> = BTreeMap::new();
    for line in fs::read_to_string(log).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let text = |pointer: &str| event.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let path = text("/requestURI").split('?').next().unwrap().to_owned();
        assert!(["list", "get"].contains(&text("/verb").as_str()));
        let request = Request::read("GET", &path, |_| None).unwrap().request;
        let is_allowed = event.pointer("/responseStatus/code").unwrap() == &json!(200);
        subjects.entry(text("/impersonatedUser/username")).or_default().push((request, is_allowed));
    }
    let subject = |name: &String| json!({"kind": "User", "name": name});
    let (mut objects, _) = oracle(&folder);
    objects.extend(self::objects(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "demo"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": subjects.keys().map(subject).collect::<Vec<_>>(),
    })));
    assert_eq!(ask_again(&State::new(objects), &subjects), (26, 6));
}

/// Peak memory is the process's, so the work is done in one of its own.
#[test]
fn ten_thousand_subjects_and_five_thousand_roles_fit_in_a_gigabyte() {
    const INNER: &str = "REMIT_TEST_SCALE";
    if std::env::var_os(INNER).is_some() {
        println!("proposed {}", many());
        println!("{}", fs::read_to_string("/proc/self/status").unwrap());
        return;
    }
    let test = "rbac::ten_thousand_subjects_and_five_thousand_roles_fit_in_a_gigabyte";
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program)
        .args(["--exact", test, "--nocapture"])
        .env(INNER, "1")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("proposed 10000"), "{told}");
    let peak = told.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 1_000_000, "{peak} kB");
    println!("peak {peak} kB");
}

/// Makes a proposal for each of 10,000 subjects of 5,000 roles, and proves every twentieth: each holds its memory alone.
fn many() -> usize {
    let version = "rbac.authorization.k8s.io/v1";
    let mut all = Vec::new();
    for at in 0..5_000 {
        let resources: Vec<_> = (0..12).map(|kind| format!("kind{}", (at + kind) % 100)).collect();
        all.extend(objects(&json!({
            "apiVersion": version, "kind": "ClusterRole", "metadata": {"name": format!("role-{at}")},
            "rules": [
                {"apiGroups": [format!("group{}.example.com", at % 50)], "resources": resources, "verbs": ["get", "list", "watch", "create", "update", "delete"]},
                {"apiGroups": [""], "resources": ["pods", "secrets", "configmaps"], "verbs": ["*"]},
            ],
        })));
    }
    for at in 0..10_000 {
        all.extend(objects(&json!({
            "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": {"name": format!("binding-{at}")},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": format!("role-{}", at % 5_000)},
            "subjects": [{"kind": "ServiceAccount", "namespace": format!("ns-{}", at % 500), "name": format!("sa-{at}")}],
        })));
    }
    let state = State::new(all);
    let proposed = (0..10_000).map(|at| {
        let user = User::service_account(&format!("ns-{}", at % 500), &format!("sa-{at}")).name;
        let asked = |verb: &str, group: &str, resource: &str, namespace: &str| {
            let [group, resource, namespace] = [group, resource, namespace].map(str::to_owned);
            let asked = ResourceRequest { group, resource, namespace, ..ResourceRequest::default() };
            (Request { verb: verb.to_owned(), target: Target::Resource(asked) }, true)
        };
        let (group, kind) = (format!("group{}.example.com", at % 50), format!("kind{}", at % 100));
        let calls = calls(&vec![asked("list", &group, &kind, ""), asked("list", "", "pods", "ns-1")]);
        let proposed = proposal(&state, &user, &calls).unwrap();
        if at % 20 == 0 {
            let again = proposal(&state, &user, &calls).unwrap();
            assert_eq!(prove(proposed, &again).unwrap().proof().allowed, 2);
        } else {
            assert_eq!(proposed.replayed.len(), 2);
        }
        1
    });
    proposed.sum::<usize>()
}

fn ask(review: &Value) -> (User, Request) {
    let text = |name: &str| review[name].as_str().unwrap().to_owned();
    let groups = review["Groups"].as_array().unwrap().iter();
    let user = User {
        name: text("User"),
        groups: groups.map(|group| group.as_str().unwrap().to_owned()).collect(),
        is_group: false,
    };
    let asked = ResourceRequest {
        group: text("Group"),
        resource: text("Resource"),
        subresource: text("Subresource"),
        namespace: text("Namespace"),
        name: String::new(),
    };
    (user, Request { verb: text("Verb"), target: Target::Resource(asked) })
}
