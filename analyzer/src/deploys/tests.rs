use remit_policy::{AccountFile, read_account};

use super::change::{Change, Changed, owners_of, rollout};
use super::query::changed_images;
use super::*;

const ROLE: &str = "arn:aws:iam::111122223333:role/teams/app";

fn changed(service: &str, operation: &str, resources: &[&str], parameters: &[(&str, &str)]) -> Vec<Changed> {
    let own = |text: &&str| (*text).to_owned();
    let resources: Vec<String> = resources.iter().map(own).collect();
    let parameters = parameters.iter().map(|(name, value)| (own(name), own(value))).collect();
    let change = Change {
        service,
        operation,
        account: "111122223333",
        resources: &resources,
        parameters: &parameters,
    };
    change.changed()
}

fn marker(kind: Kind) -> Marker {
    Marker { kind, what: String::new(), sample: None }
}

/// An account with a role that trusts these, and has a policy of the account.
fn account(trusted: &serde_json::Value) -> Account {
    let trust = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole" }],
    });
    let arn = "arn:aws:iam::111122223333:policy/app";
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }],
    });
    let version = serde_json::json!({ "VersionId": "v1", "IsDefaultVersion": true, "Document": document });
    let text = serde_json::json!({
        "RoleDetailList": [{
            "Arn": ROLE, "RoleName": "app", "Path": "/teams/", "AssumeRolePolicyDocument": trust, "RolePolicyList": [],
            "AttachedManagedPolicies": [{ "PolicyName": "app", "PolicyArn": arn }],
        }],
        "Policies": [{ "PolicyName": "app", "Arn": arn, "AttachmentCount": 1, "PolicyVersionList": [version] }],
    });
    let account = read_account(&[AccountFile { name: "account.json", text: &text.to_string() }]);
    assert_eq!((account.principals.len(), account.problems.len()), (1, 0), "{:?}", account.problems);
    account
}

fn deployed(deploys: &Deploys, account: &Account) -> Deployed {
    deploys.of_account(account, account.principals.first().unwrap(), true)
}

#[test]
fn a_function_is_of_whose_sessions_are_named_so_or_whom_it_was_given() {
    let account = account(&serde_json::json!({ "Service": "lambda.amazonaws.com" }));
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:load";
    let mut deploys = Deploys::default();
    for one in changed("lambda", "UpdateFunctionCode20150331v2", &[arn, &format!("{arn}:*")], &[]) {
        assert_eq!(one.runs_as, None);
        deploys.add(20_000, one, Some("e-1".to_owned()));
    }
    assert_eq!(
        deployed(&deploys, &account).on(0, 30_000),
        Deploying::NotDeployed,
        "whose it is, nothing says"
    );
    let given = changed("lambda", "CreateFunction20150331", &[arn], &[("role", ROLE)]).remove(0);
    deploys.runs(&given.runs_as.clone().unwrap(), given.target.clone());
    let after = deployed(&deploys, &account);
    let (on, last) = after.last(20_000).unwrap();
    assert_eq!((on, last.kind, last.sample.as_deref()), (20_000, Kind::Function, Some("e-1")));
    assert_eq!(last.words(on), "on 2024-10-04 (`lambda:UpdateFunctionCode` of `load`)");
    assert_eq!(
        (after.on(20_000, 20_001), after.on(20_001, 20_030)),
        (Deploying::Deployed, Deploying::NotDeployed)
    );
    let mut by_session = Deploys { changes: deploys.changes, ..Deploys::default() };
    by_session.runs("arn:aws:iam::111122223333:role/app", given.target);
    assert_eq!(deployed(&by_session, &account).markers, after.markers, "a session does not tell the path");
}

#[test]
fn a_task_is_of_the_role_that_it_is_given_and_not_of_who_starts_it() {
    let passed = [
        ("executionRoleArn", "arn:aws:iam::111122223333:role/ecs-task-execution"),
        ("taskRoleArn", "arn:aws:iam::111122223333:role/app"),
    ];
    let task = "arn:aws:ecs:eu-west-1:111122223333:task-definition/load:*";
    let all = changed("ecs", "RegisterTaskDefinition", &[task], &passed);
    let targets: Vec<_> = all.iter().map(|one| (one.target.clone(), one.what.as_str())).collect();
    assert_eq!(
        targets,
        [(Target::Holder("111122223333:role/app".to_owned()), "`ecs:RegisterTaskDefinition` of `load`")]
    );
    let job = changed("glue", "UpdateJob", &[], &[("jobUpdate.role", "app")]);
    assert_eq!(job.len(), 1, "some services take a role by its name");
    assert!(changed("ecs", "RunTask", &[task], &passed).is_empty());
    assert!(changed("ecs", "RegisterTaskDefinition", &[task], &[]).is_empty());
    assert!(
        changed("lambda", "UpdateFunctionCodeSigning", &["arn:aws:lambda:x:1:function:f"], &[]).is_empty()
    );
}

#[test]
fn changes_of_a_roles_own_grants_are_deploys_of_it() {
    let account = account(&serde_json::json!({ "Service": "ec2.amazonaws.com" }));
    let mut deploys = Deploys::default();
    let role = ["arn:aws:iam::111122223333:role/*/app", "arn:aws:iam::111122223333:role/app"];
    changed("iam", "PutRolePolicy", &role, &[]).into_iter().for_each(|one| deploys.add(20_000, one, None));
    let policy = ["arn:aws:iam::111122223333:policy/app"];
    changed("iam", "CreatePolicyVersion", &policy, &[])
        .into_iter()
        .for_each(|one| deploys.add(20_010, one, None));
    let other = ["arn:aws:iam::111122223333:role/other"];
    changed("iam", "PutRolePolicy", &other, &[]).into_iter().for_each(|one| deploys.add(20_020, one, None));
    let deployed = deployed(&deploys, &account);
    assert_eq!(deployed.markers.keys().copied().collect::<Vec<_>>(), [20_000, 20_010]);
    // What runs on an instance may have changed unseen.
    assert_eq!(deployed.on(20_011, 20_040), Deploying::Unknown);
}

#[test]
fn what_would_not_be_seen_is_unknown() {
    let shown = |trusted: serde_json::Value, kinds: &[Kind]| {
        let account = account(&trusted);
        let mut deploys = Deploys::default();
        let target = Target::Holder("111122223333:role/app".to_owned());
        for (day, kind) in (0..).zip(kinds) {
            deploys.note(target.clone(), day, marker(*kind));
        }
        deployed(&deploys, &account).is_shown
    };
    let service = |name: &str| serde_json::json!({ "Service": name });
    assert!(shown(service("lambda.amazonaws.com"), &[]));
    assert!(!shown(serde_json::json!({ "Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"] }), &[]));
    assert!(!shown(service("ecs-tasks.amazonaws.com"), &[]), "its image may be replaced under one name");
    assert!(shown(service("ecs-tasks.amazonaws.com"), &[Kind::Task]));
    assert!(!shown(serde_json::json!({ "AWS": "arn:aws:iam::111122223333:root" }), &[Kind::Task]));
    let account = account(&service("lambda.amazonaws.com"));
    let none = Deploys::default().of_account(&account, account.principals.first().unwrap(), false);
    assert!(!none.is_shown, "of a log without calls that change something nothing is known");
}

#[test]
fn rollouts_are_of_whose_pods_are_named_so() {
    let one = |operation: &str, resource: &str| rollout("apps", operation, "c", resource);
    let found = one("patch deployments", "namespaces/shop/deployments/api").unwrap();
    assert_eq!(found.what, "`patch deployments` of `shop/api`");
    for (operation, resource) in [
        ("get deployments", "namespaces/shop/deployments/api"),
        ("patch deployments/scale", "namespaces/shop/deployments/api"),
        ("create deployments", "namespaces/shop/deployments"),
        ("patch replicasets", "namespaces/shop/replicasets/api"),
    ] {
        assert!(one(operation, resource).is_none(), "{operation} {resource}");
    }
    let mut deploys = Deploys::default();
    let user = "system:serviceaccount:shop:api";
    for (resource, name) in owners_of("api-*") {
        let (cluster, namespace) = ("c".to_owned(), "shop".to_owned());
        deploys.runs(user, Target::Workload { cluster, namespace, resource, name });
    }
    assert_eq!(deploys.of_subject(user).on(0, 10), Deploying::Unknown);
    deploys.add(7, found, None);
    assert_eq!(deploys.of_subject(user).on(0, 10), Deploying::Deployed);
    assert_eq!(deploys.of_subject(user).on(8, 10), Deploying::NotDeployed);
    assert_eq!(deploys.of_subject("system:serviceaccount:shop:web").on(0, 10), Deploying::Unknown);
    assert_eq!(owners_of("db-0"), [("statefulsets", "db".to_owned())]);
    assert!(owners_of("debug").is_empty());
}

#[test]
fn an_image_that_ran_the_day_before_is_no_deploy() {
    let set = |images: &[&str]| images.iter().map(|image| (*image).to_owned()).collect::<BTreeSet<_>>();
    let days = BTreeMap::from([
        (1, set(&["a"])),
        (2, set(&["a", "b"])),
        (5, set(&["b"])),
        (6, set(&["b"])),
        (9, set(&["a"])),
    ]);
    assert_eq!(changed_images(&days), [(2, "b"), (9, "a")]);
}

#[test]
fn of_several_changes_on_a_day_the_same_one_stays_whatever_their_order() {
    let target = Target::Holder("1:role/a".to_owned());
    let [a, b] = ["a", "b"].map(|what| Marker { what: what.to_owned(), ..marker(Kind::Task) });
    let all = |order: [&Marker; 2]| {
        let mut deploys = Deploys::default();
        order.iter().for_each(|one| deploys.note(target.clone(), 1, (*one).clone()));
        deploys
    };
    assert_eq!(all([&a, &b]), all([&b, &a]));
}

#[test]
fn a_deploy_settles_within_a_fortnight() {
    let markers = BTreeMap::from([(100, marker(Kind::Task))]);
    let deployed = Deployed { markers, is_shown: true };
    assert_eq!(deployed.settling(113, 14), Some(100));
    assert_eq!(
        (deployed.settling(114, 14), deployed.settling(99, 14), deployed.settling(100, 0)),
        (None, None, None)
    );
    assert!(deployed.follows(90, 114) && !deployed.follows(90, 115) && !deployed.follows(101, 110));
    assert_eq!(deployed.days(120).iter().collect::<Vec<_>>(), [100]);
}
