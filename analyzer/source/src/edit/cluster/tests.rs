//! Texts that an edit must not leave of roles and bindings: each is refused, whoever wrote it.

use std::path::PathBuf;

use super::*;
use crate::edit::binding::Edit;

/// The worker's role, one of others, and who has them.
const BEFORE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: worker, namespace: shop}
rules:
- {apiGroups: [''], resources: [pods, services], verbs: [get, list, delete]}
- {apiGroups: [apps], resources: [deployments], resourceNames: [web, api], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: other, namespace: shop}
rules:
- {apiGroups: [batch], resources: [jobs], verbs: [create, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: worker, namespace: shop}
subjects: [{kind: ServiceAccount, name: worker}, {kind: User, name: ana}, {kind: Group, name: staff}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: worker}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: other, namespace: shop}
subjects: [{kind: ServiceAccount, name: other}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: other}
";

fn repository(text: &str) -> Repository {
    Repository::of([(PathBuf::from("roles.yaml"), text.to_owned())])
}

fn place(repository: &Repository, address: &str) -> usize {
    repository.places.iter().position(|place| place.address == address).unwrap()
}

/// The worker's role as a text has it, and what binds it.
fn role(text: &str, name: &str) -> (Binding, Role) {
    let repository = repository(text);
    let Content::Rules(rules) = &repository.places[place(&repository, "Role/worker")].content else {
        panic!()
    };
    let origin = || remit_policy::Origin { file: "cluster".to_owned(), line: 1 };
    let name = ObjectName { namespace: Some("shop".to_owned()), name: name.to_owned() };
    let role = Role {
        name: name.clone(),
        labels: BTreeMap::new(),
        rules: rules.iter().map(|rule| rule.known().unwrap()).collect(),
        aggregates: Vec::new(),
        since: None,
        origin: origin(),
    };
    let account =
        rbac::Subject::ServiceAccount { namespace: Some("shop".to_owned()), name: "worker".to_owned() };
    let binding = Binding {
        role: rbac::RoleRef::Role(name.name.clone()),
        name,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        subjects: vec![account],
        since: None,
        origin: origin(),
    };
    (binding, role)
}

/// The proposal that leaves the worker what its role says in a text.
fn change(wanted: &str) -> ClusterChange {
    let (old, new) = (role(BEFORE, "worker"), role(wanted, "remit-worker"));
    let claim = rbac::Claim {
        user: rbac::User::named("system:serviceaccount:shop:worker", []),
        own: vec![old.clone()],
        unchanged: BTreeSet::new(),
        edited: Vec::new(),
        gone: vec![old.0],
        fixed: Vec::new(),
        new: vec![new],
        protected: Vec::new(),
        replayed: Vec::new(),
    };
    let unbound = BTreeSet::from(["Role/shop/worker".to_owned()]);
    ClusterChange { claim, unbound, removed: Vec::new(), apply: None, edit: None }
}

/// Whether it is proven that a text leaves the worker what is wanted.
fn narrowed(after: &str, wanted: &str, options: Options) -> Result<(), String> {
    let (old, change) = (repository(BEFORE), change(wanted));
    let name = &change.claim.own[0].1.name;
    let narrowed = BTreeMap::from([(name, place(&old, "Role/worker"))]);
    let progress = Progress { narrowed, ..Progress::default() };
    proven(&old, &repository(after), &change, &progress, options).map_err(|why| match why {
        Unproven::Lacks(why) | Unproven::Otherwise(why) => why.to_string(),
    })
}

/// An edit that takes deleting away, which is what is proposed.
#[track_caller]
fn refused(after: &str, why: &str) {
    assert_ne!(after, BEFORE.replace(", delete", ""), "nothing is wrong with it");
    let told = narrowed(after, &BEFORE.replace(", delete", ""), Options::default()).unwrap_err();
    assert!(told.starts_with("the edit could not be proven: ") && told.contains(why), "{told}\n{after}");
}

#[test]
fn what_is_proposed_of_a_role_is_proven() {
    let right = BEFORE.replace(", delete", "");
    assert_eq!(narrowed(&right, &right, Options::default()), Ok(()));
    assert_eq!(narrowed(&right, &right, Options { resources: true }), Ok(()));
}

#[test]
fn permissions_that_are_to_go_are_gone_and_no_others() {
    let right = BEFORE.replace(", delete", "");
    refused(BEFORE, "it would allow more than proposed");
    for (old, new) in [
        ("[get, list]", "[get, list, watch]"),
        ("[get, list]", "['*']"),
        ("[pods, services]", "[pods, services, secrets]"),
        ("['']", "['', apps]"),
        ("resourceNames: [web, api], ", ""),
        ("[web, api]", "[web, api, db]"),
    ] {
        refused(&right.replacen(old, new, 1), "it would allow more than today");
    }
    for (old, new) in [
        ("[get, list]", "[get]"),
        ("[pods, services]", "[pods]"),
        ("['']", "[apps]"),
        ("[web, api]", "[web]"),
        ("- {apiGroups: [apps], resources: [deployments], resourceNames: [web, api], verbs: [get]}\n", ""),
    ] {
        let after = right.replacen(old, new, 1);
        assert_ne!(after, right);
        refused(&after, if new == "[apps]" { "it would " } else { "it would lack something" });
    }
}

#[test]
fn names_are_those_proposed_where_they_are_narrowed() {
    let right = BEFORE.replace("[web, api]", "[web]");
    let narrowing = Options { resources: true };
    assert_eq!(narrowed(&right, &right, narrowing), Ok(()));
    let told = narrowed(BEFORE, &right, narrowing).unwrap_err();
    assert!(told.contains("it would allow more than proposed"), "{told}");
    // Without that they stay as they are.
    assert_eq!(narrowed(BEFORE, &right, Options::default()), Ok(()));
    let told = narrowed(&BEFORE.replace("[web, api]", "[api]"), &right, narrowing).unwrap_err();
    assert!(told.contains("it would lack something"), "{told}");
}

#[test]
fn other_roles_and_bindings_are_what_they_were() {
    let right = BEFORE.replace(", delete", "");
    for (old, new) in [
        ("[create, list]", "[create]"),
        ("[create, list]", "[create, list, delete]"),
        ("[jobs]", "[cronjobs]"),
        ("{kind: User, name: ana}, ", ""),
        ("name: ana", "name: eve"),
        ("[{kind: ServiceAccount, name: other}]", "[]"),
        ("kind: Role, name: other}", "kind: ClusterRole, name: other}"),
    ] {
        let after = right.replacen(old, new, 1);
        assert_ne!(after, right);
        refused(&after, "other roles changed");
    }
    let (_, less) = right.rsplit_once("---\n").unwrap();
    refused(&right.replace(&format!("---\n{less}"), ""), "other roles came or went");
    refused(
        &right.replace("name: worker, namespace: shop}\nrules", "name: worker2, namespace: shop}\nrules"),
        "other roles came or went",
    );
    refused(&format!("{right}---\n{less}"), "other roles came or went");
}

/// Whether it is proven that a text lacks a subject of a binding, and only that; or the binding, where `gone` is none.
fn taken(after: &str, gone: Option<usize>) -> Result<(), String> {
    let old = repository(BEFORE);
    let gone = gone.map(|at| BTreeSet::from([at]));
    let edit = Edit { cuts: Cuts::new(), place: place(&old, "RoleBinding/worker"), gone };
    binding::proven(&old, &repository(after), &[edit]).map_err(|why| why.to_string())
}

#[test]
fn a_binding_lacks_whom_it_is_to_lack_and_nobody_else() {
    let right = BEFORE.replace("{kind: User, name: ana}, ", "");
    assert_eq!(taken(&right, Some(1)), Ok(()));
    let whole =
        BEFORE.split("---\n").filter(|one| !one.contains("name: ana")).collect::<Vec<_>>().join("---\n");
    assert_eq!(taken(&whole, None), Ok(()));
    for (after, why) in [
        (BEFORE.to_owned(), "it binds others than it is to"),
        (right.replace("name: worker}", "name: eve}"), "it binds others than it is to"),
        (right.replace(", {kind: Group, name: staff}", ""), "it binds others than it is to"),
        (BEFORE.replace(", {kind: Group, name: staff}", ""), "it binds others than it is to"),
        (
            right.replace("name: staff}]", "name: staff}, {kind: User, name: eve}]"),
            "it binds others than it is to",
        ),
        (
            right.replace("kind: Role, name: worker}", "kind: Role, name: other}"),
            "it binds others than it is to",
        ),
        (right.replace("[get, list, delete]", "[get, list]"), "something else changed"),
        (right.replace("name: other}]", "name: eve}]"), "something else changed"),
        (whole.clone(), "other bindings came or went"),
    ] {
        let told = taken(&after, Some(1)).unwrap_err();
        assert_eq!(told, format!("the edit could not be proven: {why}"), "{after}");
    }
    for (after, why) in [
        (right, "other bindings came or went"),
        (whole.replace("[create, list]", "[create]"), "something else changed"),
        (whole.replace("name: other}]", "name: eve}]"), "something else changed"),
    ] {
        let told = taken(&after, None).unwrap_err();
        assert_eq!(told, format!("the edit could not be proven: {why}"), "{after}");
    }
}
