//! What is told of small templates, in YAML as in JSON.

use crate::repository::Repository;

fn of(path: &str, template: &str) -> Repository {
    Repository::of([(path.into(), template.to_owned())])
}

/// The same template with its one property of a resource, in YAML and in JSON.
fn both(kind: &str, yaml: &str, json: &str) -> [Repository; 2] {
    let own = "Bound:\n    Type: AWS::IAM::ManagedPolicy\n    Properties: {}\n";
    let yaml = format!("Resources:\n  {own}  App:\n    Type: {kind}\n    Properties:\n      {yaml}\n");
    let json = format!(
        "{{\"Resources\": {{\"Bound\": {{\"Type\": \"AWS::IAM::ManagedPolicy\", \"Properties\": {{}}}}, \
         \"App\": {{\"Type\": \"{kind}\", \"Properties\": {{{json}}}}}}}}}"
    );
    [of("a.yaml", &yaml), of("a.json", &json)]
}

#[test]
fn a_boundary_is_the_same_in_both_notations() {
    for kind in ["AWS::IAM::Role", "AWS::Serverless::Function", "AWS::Serverless::StateMachine"] {
        for (yaml, json, policy) in [
            ("!Ref Bound", "{\"Ref\": \"Bound\"}", "Bound"),
            ("!Sub '${Bound}'", "{\"Fn::Sub\": \"${Bound}\"}", "${Bound}"),
            ("Bound", "\"Bound\"", "Bound"),
            ("arn:strict", "\"arn:strict\"", "arn:strict"),
            ("!GetAtt Bound.PolicyArn", "{\"Fn::GetAtt\": [\"Bound\", \"PolicyArn\"]}", "Bound.PolicyArn"),
        ] {
            let (yaml, json) =
                (format!("PermissionsBoundary: {yaml}"), format!("\"PermissionsBoundary\": {json}"));
            for repository in both(kind, &yaml, &json) {
                let [one] = repository.declared() else { panic!("{:?}", repository.declared()) };
                let [(name, Some(boundary))] = one.holders.as_slice() else { panic!("{:?}", one.holders) };
                assert_eq!(name.to_string(), format!("role App in {}", repository.files[0].path.display()));
                assert_eq!(boundary.policy.to_string(), policy);
                let is_own = boundary.policy.known().is_none();
                assert_eq!(boundary.address.as_deref(), is_own.then_some("Resources.Bound"), "{policy}");
                assert_eq!(boundary.file, is_own.then_some(0));
            }
        }
    }
}

#[test]
fn no_value_is_no_boundary_and_no_attachment() {
    let yaml = "PermissionsBoundary: !Ref AWS::NoValue\n      ManagedPolicyArns: [!Ref AWS::NoValue]";
    let json = "\"PermissionsBoundary\": {\"Ref\": \"AWS::NoValue\"}, \"ManagedPolicyArns\": [{\"Ref\": \"AWS::NoValue\"}]";
    for repository in both("AWS::IAM::Role", yaml, json) {
        let holders: Vec<_> = repository.declared().iter().flat_map(|one| &one.holders).collect();
        assert!(matches!(holders.as_slice(), [(_, None)]), "{holders:?}");
        assert_eq!(repository.attachments, []);
    }
}

#[test]
fn a_function_that_is_given_a_role_makes_none() {
    let (yaml, json) = ("Role: arn:role", "\"Role\": \"arn:role\"");
    for repository in both("AWS::Serverless::Function", yaml, json) {
        assert!(repository.declared().iter().all(|one| one.holders.is_empty()));
    }
}

#[test]
fn what_all_functions_are_given_bounds_each_of_them() {
    let template = "Globals:\n  Function: {PermissionsBoundary: arn:strict}\nResources:\n  \
        App: {Type: 'AWS::Serverless::Function', Properties: {}}\n  \
        Own: {Type: 'AWS::Serverless::Function', Properties: {PermissionsBoundary: arn:own}}\n  \
        Role: {Type: 'AWS::IAM::Role', Properties: {}}\n";
    let declared = of("a.yaml", template).declared().to_vec();
    let boundaries = declared.iter().flat_map(|one| &one.holders).map(|(_, boundary)| {
        let policy = boundary.as_ref().map(|boundary| boundary.policy.to_string());
        policy.unwrap_or_default()
    });
    assert_eq!(boundaries.collect::<Vec<_>>(), ["arn:strict", "arn:own", ""]);
}

#[test]
fn own_groups_are_recognised_in_both_notations() {
    let yaml = "GroupName: !Ref Ops\n      Users: [!Ref Ann]";
    let json = "\"GroupName\": {\"Ref\": \"Ops\"}, \"Users\": [{\"Ref\": \"Ann\"}]";
    for repository in both("AWS::IAM::UserToGroupAddition", yaml, json) {
        let path = repository.files[0].path.display();
        let members: Vec<_> = repository.declared().iter().flat_map(|one| &one.members).collect();
        let [(user, group)] = members.as_slice() else { panic!("{members:?}") };
        assert_eq!(user.to_string(), format!("user Ann in {path}"));
        assert_eq!(group.to_string(), format!("group Ops in {path}"));
    }
}

#[test]
fn policies_that_a_permission_set_finds_by_their_names_are_attached() {
    let yaml = "CustomerManagedPolicyReferences: [{Name: AdministratorAccess}, {Name: own, Path: /team/}]";
    let json = "\"CustomerManagedPolicyReferences\": [{\"Name\": \"AdministratorAccess\"}, \
        {\"Name\": \"own\", \"Path\": \"/team/\"}]";
    for repository in both("AWS::SSO::PermissionSet", yaml, json) {
        let policies: Vec<_> = repository.attachments.iter().map(|one| one.policy.to_string()).collect();
        assert_eq!(
            policies,
            ["customer managed policy AdministratorAccess", "customer managed policy /team/own"]
        );
        let set = format!("permission-set App in {}", repository.files[0].path.display());
        for one in &repository.attachments {
            assert_eq!(one.policy.known(), None);
            assert_eq!(one.holder.as_ref().unwrap().to_string(), set);
        }
    }
}
