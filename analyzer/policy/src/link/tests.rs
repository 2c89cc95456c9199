use serde_json::{Value, json};

use super::*;
use crate::{AccountFile, read_account};

const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/A1";

pub(super) fn origin() -> Origin {
    Origin { file: "sa.yaml".to_owned(), line: 3 }
}

fn account(roles: &[(&str, Value)]) -> Account {
    let role = |(name, statements): &(&str, Value)| {
        json!({"Arn": format!("arn:aws:iam::111122223333:role/{name}"), "RoleName": name, "Path": "/",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": statements}})
    };
    let text = json!({"RoleDetailList": roles.iter().map(role).collect::<Vec<_>>()}).to_string();
    let account = read_account(&[AccountFile { name: "account.json", text: &text }]);
    assert_eq!(account.problems, []);
    account
}

pub(super) fn identities(manifests: &[Value]) -> Identities {
    let mut identities = Identities::default();
    manifests.iter().for_each(|manifest| identities.read(manifest, &origin()));
    identities
}

pub(super) fn service_account(name: &str, annotation: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"namespace": "shop", "name": name, "annotations": {annotation: value}}})
}

fn exchange(condition: &Value) -> Value {
    json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition,
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}")}})
}

fn subject(operator: &str, subject: &str) -> Value {
    let mut condition = json!({"StringEquals": {(format!("{ISSUER}:aud")): "sts.amazonaws.com"}});
    condition[operator][format!("{ISSUER}:sub")] = json!(subject);
    exchange(&condition)
}

/// Service account, role, trust and whether the cluster's side is there.
pub(super) fn told(identities: &Identities, account: &Account) -> Vec<(String, String, &'static str, bool)> {
    let short = |principal: &str| principal.rsplit('/').next().unwrap_or_default().to_owned();
    links(identities, account)
        .iter()
        .map(|link| {
            let name = link.service_account.to_string();
            (name, short(&link.principal), link.trust.as_str(), link.origin.is_some())
        })
        .collect()
}

pub(super) fn own(
    expected: &[(&str, &str, &'static str, bool)],
) -> Vec<(String, String, &'static str, bool)> {
    let one = |&(name, role, trust, is_there): &(&str, &str, &'static str, bool)| {
        (name.to_owned(), role.to_owned(), trust, is_there)
    };
    expected.iter().map(one).collect()
}

#[test]
fn a_role_has_to_trust_the_service_account_that_is_annotated() {
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    let annotated = |name: &str, of: &str| service_account(name, "eks.amazonaws.com/role-arn", &role(of));
    let identities = identities(&[
        annotated("web", "web"),
        annotated("other", "web"),
        annotated("jobs", "pattern"),
        annotated("gone", "gone"),
        annotated("odd", "odd"),
        annotated("banned", "banned"),
    ]);
    let ban = json!({"Effect": "Deny", "Action": "sts:*", "Principal": "*"});
    let account = account(&[
        ("web", json!([subject("StringEquals", "system:serviceaccount:shop:web")])),
        ("pattern", json!([subject("StringLike", "system:serviceaccount:shop:j*")])),
        (
            "odd",
            json!([exchange(&json!({"StringEquals": {"aws:SourceIp": "x", (format!("{ISSUER}:sub")):
            "system:serviceaccount:shop:odd"}}))]),
        ),
        ("banned", json!([subject("StringEquals", "system:serviceaccount:shop:banned"), ban])),
        // This operator takes a star for a star, as whom the role trusts shows.
        ("literal", json!([subject("StringEquals", "system:serviceaccount:shop:*")])),
        ("hidden", json!([subject("StringEquals", "system:serviceaccount:bank:till")])),
    ]);
    assert_eq!(
        told(&identities, &account),
        own(&[
            ("bank/till", "hidden", "given", false),
            ("shop/banned", "banned", "undetermined", true),
            ("shop/gone", "gone", "unknown", true),
            ("shop/jobs", "pattern", "given", true),
            ("shop/odd", "odd", "undetermined", true),
            ("shop/other", "web", "refused", true),
            ("shop/web", "web", "given", true),
        ])
    );
    let open: Vec<_> = open_trusts(&Identities::default(), &account)
        .into_iter()
        .map(|open| (open.role, open.subject))
        .collect();
    assert_eq!(open, [(role("pattern"), "system:serviceaccount:shop:j*".to_owned())]);
}

/// A role that asks for nothing but a token of the cluster can be had by every pod; one of another kind of issuer is no matter
/// of a cluster.
#[test]
fn a_role_without_a_subject_is_open_to_all() {
    let github = json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
        "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:me/*"}}});
    let account = account(&[("all", json!([exchange(&json!({}))])), ("ci", json!([github]))]);
    let open: Vec<_> =
        open_trusts(&Identities::default(), &account).into_iter().map(|open| open.subject).collect();
    assert_eq!(open, ["system:serviceaccount:*"]);
    assert_eq!(links(&Identities::default(), &account), []);
}

#[test]
fn associations_are_judged_by_the_tags_of_their_sessions() {
    let service = |condition: Value, actions: Value| {
        json!([{"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": actions,
            "Condition": condition}])
    };
    let both = json!(["sts:AssumeRole", "sts:TagSession"]);
    let account = account(&[
        ("free", service(json!({}), both.clone())),
        ("untagged", service(json!({}), json!("sts:AssumeRole"))),
        (
            "bank",
            service(json!({"StringEquals": {"aws:RequestTag/kubernetes-namespace": "bank"}}), both.clone()),
        ),
        ("here", service(json!({"StringEquals": {"aws:RequestTag/eks-cluster-name": "prod"}}), both.clone())),
        ("account", service(json!({"StringEquals": {"aws:SourceAccount": "111122223333"}}), both)),
    ]);
    let association = |name: &str| {
        json!({"namespace": "shop", "serviceAccount": "web", "clusterName": "prod", "associationId": "a-1",
            "roleArn": format!("arn:aws:iam::111122223333:role/{name}")})
    };
    let mut identities = Identities::default();
    let associations = ["free", "untagged", "bank", "here", "account"].map(association);
    let list = json!({"associations": associations});
    assert!(identities.read_associations(&list, &origin()));
    assert_eq!(
        told(&identities, &account),
        own(&[
            ("shop/web", "account", "undetermined", true),
            ("shop/web", "bank", "refused", true),
            ("shop/web", "free", "given", true),
            ("shop/web", "here", "given", true),
            ("shop/web", "untagged", "refused", true),
        ])
    );
    let mut listed = Identities::default();
    let list = json!({"associations": [{"clusterName": "prod", "namespace": "shop", "serviceAccount": "web",
        "associationId": "a-1"}]});
    assert!(listed.read_associations(&list, &origin()) && listed.links.is_empty());
    let message = &listed.problems[0].message;
    assert!(message.contains("--cluster-name prod --association-id a-1"), "{message}");
    assert!(!listed.read_associations(&json!({"kind": "Pod"}), &origin()));
}

#[test]
fn manifests_tell_accounts_workloads_and_other_clouds() {
    let deployment = |name: &str, pods: Value, owner: Value| {
        json!({"kind": "Deployment", "metadata": {"name": name, "namespace": "shop", "ownerReferences": owner},
            "spec": {"template": {"spec": pods}}})
    };
    let identities = identities(&[
        service_account("g", "iam.gke.io/gcp-service-account", "g@p.iam.gserviceaccount.com"),
        service_account("a", "azure.workload.identity/client-id", "6f9619ff"),
        service_account("none", "other", "x"),
        service_account("empty", "eks.amazonaws.com/role-arn", ""),
        deployment("web", json!({"serviceAccountName": "web"}), Value::Null),
        deployment("old", json!({"serviceAccount": "web"}), json!([])),
        deployment("plain", json!({}), Value::Null),
        deployment("owned", json!({}), json!([{"kind": "Other", "name": "x"}])),
        json!({"kind": "CronJob", "metadata": {"name": "c"}, "spec": {"jobTemplate": {"spec": {"template": {"spec":
            {"serviceAccountName": "web"}}}}}}),
        json!({"kind": "PodIdentityAssociation", "metadata": {"name": "p"}, "spec": {"namespace": "shop",
            "serviceAccount": "web", "clusterName": "prod", "roleARN": "arn:aws:iam::1:role/x",
            "targetRoleARN": "arn:aws:iam::2:role/y"}}),
        json!({"kind": "PodIdentityAssociation", "metadata": {"name": "q"}, "spec": {"namespace": "shop",
            "serviceAccount": "web", "roleRef": {"from": {"name": "role"}}}}),
        json!({"kind": "ConfigMap", "metadata": {"name": "x"}}),
        json!("nothing"),
    ]);
    assert_eq!(identities.service_accounts.len(), 4);
    let workloads = workloads(&identities);
    let told: Vec<_> = workloads
        .iter()
        .map(|(account, names)| format!("{account}: {}", names.iter().cloned().collect::<Vec<_>>().join(" ")))
        .collect();
    assert_eq!(
        told,
        [
            "default/web: CronJob/c",
            "shop/default: Deployment/plain",
            "shop/web: Deployment/old Deployment/web"
        ]
    );
    let links = links(&identities, &Account::default());
    let told: Vec<_> = links
        .iter()
        .map(|link| (link.service_account.name.as_str(), link.mechanism.as_str(), link.principal.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("a", "azure-workload-identity", "6f9619ff"),
            ("g", "gke-workload-identity", "g@p.iam.gserviceaccount.com"),
            ("web", "eks-pod-identity", "arn:aws:iam::1:role/x"),
        ]
    );
    assert_eq!(links[2].target.as_deref(), Some("arn:aws:iam::2:role/y"));
    assert!(
        identities.problems[0].message.contains("`role`, which is not looked up\nhint: "),
        "{:?}",
        identities.problems
    );
}

#[test]
fn user_names_of_service_accounts_are_told_from_others() {
    let account = ServiceAccount { namespace: "shop".to_owned(), name: "web".to_owned() };
    assert_eq!(ServiceAccount::of_user("system:serviceaccount:shop:web"), Some(account.clone()));
    assert_eq!(account.user(), "system:serviceaccount:shop:web");
    for other in [
        "system:node:a",
        "system:serviceaccount:shop",
        "system:serviceaccount:shop:*",
        "system:serviceaccount::web",
        "",
    ] {
        assert_eq!(ServiceAccount::of_user(other), None, "{other}");
    }
}

/// Without a cast or a guess: a token tells its service account, and the name of a session only the cluster and the pod.
#[test]
fn sessions_are_counted_for_the_links_that_they_can_be_of() {
    let link = |name: &str, mechanism, role: &str, cluster: Option<&str>| Link {
        service_account: ServiceAccount { namespace: "shop".to_owned(), name: name.to_owned() },
        mechanism,
        principal: format!("arn:aws:iam::1:role/{role}"),
        target: None,
        cluster: cluster.map(str::to_owned),
        since: None,
        origin: None,
        trust: Trust::Given,
    };
    let links = [
        link("web", Mechanism::Irsa, "team/web", None),
        link("other", Mechanism::Irsa, "team/web", None),
        link("one", Mechanism::PodIdentity, "one", Some("prod")),
        link("one", Mechanism::PodIdentity, "one", Some("test")),
        link("a", Mechanism::PodIdentity, "two", Some("prod")),
        link("b", Mechanism::PodIdentity, "two", Some("prod")),
        link("c", Mechanism::PodIdentity, "two", Some("pro")),
        link("idle", Mechanism::PodIdentity, "idle", Some("prod")),
    ];
    let session = |role: &str, user: Option<&str>, name: &str, last| Session {
        role: format!("arn:aws:iam::1:role/{role}"),
        service_account: user.and_then(ServiceAccount::of_user),
        name: Some(name.to_owned()),
        count: 2,
        first: last - 1,
        last,
    };
    let mut sessions = Sessions::of(&links);
    for session in [
        session("web", Some("system:serviceaccount:shop:web"), "x", 5),
        session("team/web", Some("system:serviceaccount:shop:web"), "eks-prod-a", 9),
        session("web", Some("system:serviceaccount:bank:web"), "x", 5),
        session("web", None, "eks-prod-web-1", 5),
        session("one", None, "eks-prod-one-1", 7),
        session("one", None, "somebody", 7),
        session("two", None, "eks-prod-a-1", 8),
        session("idle", None, "somebody", 8),
        session("unknown", None, "eks-prod-a-1", 8),
    ] {
        sessions.add(&session);
    }
    let seen = |count, first, last| LinkUse::Seen(LinkSeen { count, first, last });
    let ambiguous = LinkUse::Ambiguous(LinkSeen { count: 2, first: 7, last: 8 });
    assert_eq!(
        uses(sessions),
        [
            seen(4, 4, 9),
            LinkUse::NotSeen,
            seen(2, 6, 7),
            LinkUse::NotSeen,
            ambiguous,
            ambiguous,
            LinkUse::NotSeen,
            LinkUse::NotSeen,
        ]
    );
}

#[test]
fn a_cluster_whose_name_is_cut_off_may_be_meant() {
    let link = Link {
        service_account: ServiceAccount { namespace: "shop".to_owned(), name: "web".to_owned() },
        mechanism: Mechanism::PodIdentity,
        principal: "arn:aws:iam::1:role/web".to_owned(),
        target: None,
        cluster: Some("a-very-long-name".to_owned()),
        since: None,
        origin: None,
        trust: Trust::Given,
    };
    let links = [link];
    let mut sessions = Sessions::of(&links);
    let session = Session {
        role: "arn:aws:iam::1:role/web".to_owned(),
        service_account: None,
        name: Some("eks-a-very-lo".to_owned()),
        count: 1,
        first: 1,
        last: 1,
    };
    sessions.add(&session);
    assert_eq!(uses(sessions), [LinkUse::Ambiguous(LinkSeen { count: 1, first: 1, last: 1 })]);
}

fn uses(sessions: Sessions<'_>) -> Vec<LinkUse> {
    sessions.uses().into_iter().map(|(use_, _)| use_).collect()
}

/// A call tells whom it was made as by its token, or may be of whatever its pod can become.
#[test]
fn calls_of_pods_are_counted_for_the_links_that_they_can_be_of() {
    let account = |name: &str| ServiceAccount { namespace: "shop".to_owned(), name: name.to_owned() };
    let link = |name: &str, mechanism, principal: &str| Link {
        service_account: account(name),
        mechanism,
        principal: principal.to_owned(),
        target: None,
        cluster: None,
        since: None,
        origin: None,
        trust: Trust::Given,
    };
    let links = [
        link("web", Mechanism::Azure, "6FDB3A32"),
        link("web", Mechanism::Azure, "other"),
        link("web", Mechanism::Gke, "web@shop.iam.gserviceaccount.com"),
        link("jobs", Mechanism::Azure, "6fdb3a32"),
        link("jobs", Mechanism::Irsa, "arn:aws:iam::1:role/jobs"),
    ];
    let calls = |mechanism, name: &str, identity: Option<&str>, called: &str, last| PodCalls {
        mechanism,
        service_account: account(name),
        identity: identity.map(str::to_owned),
        called: called.to_owned(),
        seen: LinkSeen { count: 2, first: last - 1, last },
    };
    let mut sessions = Sessions::of(&links);
    for calls in [
        calls(Mechanism::Azure, "web", None, "storage:PutBlob", 3),
        calls(Mechanism::Azure, "web", Some("6fdb3a32"), "storage:GetBlob", 5),
        calls(Mechanism::Azure, "web", Some("6fdb3a32"), "keyvault:GET /secrets/{}", 7),
        calls(Mechanism::Azure, "web", Some("stranger"), "storage:GetBlob", 9),
        calls(Mechanism::Gke, "web", None, "storage:storage.objects.get", 9),
        calls(Mechanism::Azure, "nobody", Some("6fdb3a32"), "storage:GetBlob", 9),
    ] {
        sessions.add_calls(&calls);
    }
    let told = |count, first, last| LinkSeen { count, first, last };
    let called = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        sessions.uses(),
        [
            (LinkUse::Seen(told(4, 4, 7)), called(&["keyvault:GET /secrets/{}", "storage:GetBlob"])),
            (LinkUse::Ambiguous(told(2, 2, 3)), called(&[])),
            (LinkUse::Ambiguous(told(2, 8, 9)), called(&[])),
            (LinkUse::NotSeen, called(&[])),
            (LinkUse::NotSeen, called(&[])),
        ]
    );
}
