//! What is recorded of single events, shaped as AWS delivers them.

use futures::FutureExt as _;
use remit_ingest::cloudtrail::ingest;
use remit_ingest::{NoProgress, Options};
use remit_ledger::{CoverageRecord, Outcome, Snapshot, UsageRecord};

const ROLE: &str = r#"{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE001:job","arn":"arn:aws:sts::111122223333:assumed-role/app/job","accountId":"111122223333","accessKeyId":"ASIAEXAMPLEEXAMPLE01","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLEEXAMPLE001","arn":"arn:aws:iam::111122223333:role/shop/app","accountId":"111122223333","userName":"app"},"attributes":{"creationDate":"2026-10-01T09:00:00Z","mfaAuthenticated":"false"}}}"#;

/// An event of account 111122223333 with these members beside the usual ones.
fn event(call: &str, identity: &str, members: &str) -> String {
    let (service, operation) = call.split_once(':').unwrap();
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{identity},"eventTime":"2026-10-01T10:00:00Z","eventSource":"{service}.amazonaws.com","eventName":"{operation}","awsRegion":"eu-west-1","userAgent":"aws-cli/2","requestID":"r","eventID":"00000000-0000-4000-8000-000000000001","readOnly":false,"eventType":"AwsApiCall","managementEvent":true{members}}}"#
    )
}

fn own(members: &str) -> String {
    format!(r#","recipientAccountId":"111122223333","sourceIPAddress":"192.0.2.1"{members}"#)
}

fn ledger_of(text: &str) -> (Vec<UsageRecord>, Vec<CoverageRecord>) {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("events.json");
    std::fs::write(&file, text).unwrap();
    let ledger = place.path().join("ledger");
    let options = Options {
        inputs: vec![file.to_string_lossy().into_owned()],
        ledger: ledger.clone(),
        ..Options::default()
    };
    let summary = ingest(options, None, &NoProgress).unwrap();
    assert!(!summary.is_partial(), "{summary:?}");
    let snapshot = Snapshot::of_folder(&ledger).unwrap();
    (snapshot.usage().now_or_never().unwrap().unwrap(), snapshot.coverage().now_or_never().unwrap().unwrap())
}

fn recorded(text: &str) -> UsageRecord {
    let (mut records, _) = ledger_of(text);
    assert_eq!(records.len(), 1, "{text}");
    records.remove(0)
}

/// What one call by the role on these members is recorded with.
fn called(call: &str, members: &str) -> UsageRecord {
    recorded(&event(call, ROLE, &own(members)))
}

#[test]
fn names_met_before_there_were_too_many_are_cut_with_the_others() {
    let calls = |keys: std::ops::Range<u64>| -> String {
        let call = |key| {
            let request = format!(r#","requestParameters":{{"bucketName":"data","key":"k{key}"}}"#);
            let id = format!("00000000-0000-4000-8000-{key:012}");
            event("s3:GetObject", ROLE, &own(&request)).replace("00000000-0000-4000-8000-000000000001", &id)
        };
        keys.map(|key| call(key) + "\n").collect()
    };
    let (records, _) = ledger_of(&calls(10..74));
    assert_eq!(records.len(), 64);
    assert!(records.iter().all(|record| record.count == 1 && record.sample_id.is_some()));
    let (records, _) = ledger_of(&calls(10..110));
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(record.resources, ["arn:aws:s3:::data/*"]);
    assert_eq!(record.count, 100);
    assert_eq!(record.sample_id.as_deref(), Some("00000000-0000-4000-8000-000000000010"));
}

#[test]
fn credentials_that_are_handed_out() {
    let sts = r#","responseElements":{"credentials":{"accessKeyId":"ASIANEWNEWNEWNEWNEW1","expiration":"Oct 1, 2026, 11:00:00 AM","sessionToken":"TOKEN"},"assumedRoleUser":{"arn":"arn:aws:sts::111122223333:assumed-role/x/y"}}"#;
    let iam = r#","responseElements":{"accessKey":{"userName":"bot","status":"Active","accessKeyId":"AKIANEWNEWNEWNEWNEW1"}}"#;
    let cases = [
        ("sts:AssumeRole", sts),
        ("sts:AssumeRoleWithSAML", sts),
        ("sts:AssumeRoleWithWebIdentity", sts),
        ("sts:GetFederationToken", sts),
        ("sts:GetSessionToken", sts),
        ("iam:CreateAccessKey", iam),
    ];
    for (call, response) in cases {
        let issued = called(call, response).issued;
        let expected = if call.starts_with("iam") { "AKIANEWNEWNEWNEWNEW1" } else { "ASIANEWNEWNEWNEWNEW1" };
        assert_eq!(issued, [expected], "{call}");
    }
    assert!(called("sts:GetCallerIdentity", sts).issued.is_empty());
    assert!(
        called("sts:AssumeRole", r#","responseElements":null,"errorCode":"AccessDenied""#).issued.is_empty()
    );
}

#[test]
fn who_is_behind_a_session() {
    let with = |context: &str| {
        let identity = ROLE.replace(r#""attributes":"#, &format!(r#"{context},"attributes":"#));
        recorded(&event("sqs:ListQueues", &identity, &own(""))).source_identity
    };
    assert_eq!(with(r#""sourceIdentity":"ann""#).as_deref(), Some("ann"));
    let web = r#""webIdFederationData":{"federatedProvider":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com","attributes":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"repo:shop/cart:ref:refs/heads/main"}}"#;
    assert_eq!(with(web).as_deref(), Some("repo:shop/cart:ref:refs/heads/main"));
    assert_eq!(with(r#""sourceIdentity":"""#), None);
}

#[test]
fn services_that_call_for_a_principal() {
    let invoked =
        ROLE.replace(r#""sessionContext""#, r#""invokedBy":"cloudformation.amazonaws.com","sessionContext""#);
    let record = recorded(&event("sqs:CreateQueue", &invoked, &own("")));
    assert_eq!(record.via.as_deref(), Some("cloudformation.amazonaws.com"));
    assert_eq!(record.principal, "arn:aws:iam::111122223333:role/shop/app");
    let from = |origin: &str| {
        let members = format!(r#","recipientAccountId":"111122223333","sourceIPAddress":"{origin}""#);
        recorded(&event("sqs:CreateQueue", ROLE, &members)).via
    };
    assert_eq!(from("athena.amazonaws.com").as_deref(), Some("athena.amazonaws.com"));
    assert_eq!((from("192.0.2.1"), from("AWS Internal")), (None, None));
}

#[test]
fn callers_of_every_kind() {
    let cases = [
        (ROLE, "role", "arn:aws:iam::111122223333:role/shop/app", Some("job")),
        (
            r#"{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/ops/ann","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE","userName":"ann"}"#,
            "user",
            "arn:aws:iam::111122223333:user/ops/ann",
            None,
        ),
        (
            r#"{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":""}"#,
            "root",
            "arn:aws:iam::111122223333:root",
            None,
        ),
        (
            r#"{"type":"FederatedUser","principalId":"111122223333:bob","arn":"arn:aws:sts::111122223333:federated-user/bob","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/broker","accountId":"111122223333","userName":"broker"}}}"#,
            "federated_user",
            "arn:aws:iam::111122223333:user/broker",
            Some("bob"),
        ),
        (
            r#"{"type":"SAMLUser","principalId":"SampleUkh1i4+ExamplexL/jEvs=:SamlExample","userName":"SamlExample","identityProvider":"SampleUkh1i4+ExamplexL/jEvs="}"#,
            "saml_user",
            "SampleUkh1i4+ExamplexL/jEvs=:SamlExample",
            None,
        ),
        (
            r#"{"type":"WebIdentityUser","principalId":"accounts.google.com:app.apps.googleusercontent.com:123","userName":"123","identityProvider":"accounts.google.com"}"#,
            "web_identity_user",
            "accounts.google.com:app.apps.googleusercontent.com:123",
            None,
        ),
        (
            r#"{"type":"IdentityCenterUser","accountId":"111122223333","onBehalfOf":{"userId":"u-1","identityStoreArn":"arn:aws:identitystore::444455556666:identitystore/d-1"},"credentialId":"c-1"}"#,
            "identity_center_user",
            "arn:aws:identitystore::444455556666:identitystore/d-1/user/u-1",
            None,
        ),
        (
            r#"{"type":"AWSAccount","principalId":"AIDAOTHER","accountId":"444455556666"}"#,
            "account",
            "444455556666:AIDAOTHER",
            None,
        ),
        (
            r#"{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}"#,
            "anonymous",
            "anonymous",
            None,
        ),
        (r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#, "service", "ec2.amazonaws.com", None),
        (r#"{"invokedBy":"lambda.amazonaws.com"}"#, "service", "lambda.amazonaws.com", None),
        (r#"{"type":"Unknown","principalId":"thing"}"#, "unknown", "thing", None),
    ];
    for (identity, kind, principal, session) in cases {
        let record = recorded(&event("sqs:ListQueues", identity, &own("")));
        assert_eq!((record.principal_kind.as_str(), record.principal.as_str()), (kind, principal));
        assert_eq!(record.session.as_deref(), session, "{principal}");
    }
}

#[test]
fn a_principal_of_another_account_keeps_its_account() {
    let identity = ROLE.replace("111122223333", "444455556666");
    let record = recorded(&event("s3:GetBucketAcl", &identity, &own("")));
    assert_eq!(record.principal, "arn:aws:iam::444455556666:role/shop/app");
    assert_eq!(record.account.as_deref(), Some("444455556666"));
}

#[test]
fn coverage_is_of_the_account_whose_log_it_is() {
    let accounts = |identity: &str, members: &str| -> Vec<Option<String>> {
        let (_, coverage) = ledger_of(&event("sqs:ListQueues", identity, members));
        coverage.into_iter().map(|record| record.account).collect()
    };
    let other = ROLE.replace("111122223333", "444455556666");
    assert_eq!(accounts(&other, &own("")), [Some("111122223333".to_owned())]);
    // Old events do not say whose log it is: that of the caller.
    assert_eq!(accounts(&other, ""), [Some("444455556666".to_owned())]);
    let service = event("sqs:ListQueues", &other, r#","eventType":"AwsServiceEvent""#);
    assert_eq!(ledger_of(&service).1[0].account.as_deref(), Some("444455556666"));
    for nobody in
        [r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#, r#"{"accountId":"ANONYMOUS_PRINCIPAL"}"#]
    {
        assert_eq!(accounts(nobody, ""), [None], "{nobody}");
    }
}

#[test]
fn resources_that_are_listed_and_that_parameters_tell() {
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders";
    let listed = format!(
        r#","resources":[{{"accountId":"111122223333","type":"AWS::DynamoDB::Table","ARN":"{table}"}}]"#
    );
    let request = |index: &str| format!(r#","requestParameters":{{"tableName":"orders"{index}}}"#);
    let of = |members: &str| called("dynamodb:Query", members).resources;
    assert_eq!(of(&listed), [table]);
    assert_eq!(of(&request("")), [table]);
    assert_eq!(of(&format!("{listed}{}", request(""))), [table]);
    // An index is a resource of its own, whatever it is named.
    for index in ["by-day", "orders"] {
        let parameters = request(&format!(r#","indexName":"{index}""#));
        let expected = [table.to_owned(), format!("{table}/index/{index}")];
        assert_eq!(of(&parameters), expected);
        assert_eq!(of(&format!("{listed}{parameters}")), expected);
    }
    // The listed table of another account is the one, not one of that name here.
    let elsewhere = listed.replace("111122223333", "444455556666");
    assert_eq!(of(&format!("{elsewhere}{}", request(""))), [table.replace("111122223333", "444455556666")]);
}

#[test]
fn a_function_that_is_listed_stands_for_its_versions_too() {
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let listed = format!(
        r#","resources":[{{"accountId":"111122223333","type":"AWS::Lambda::Function","ARN":"{function}"}}]"#
    );
    let expected = [function.to_owned(), format!("{function}:*")];
    for name in ["f", "f:PROD", function] {
        let request = format!(r#","requestParameters":{{"functionName":"{name}","qualifier":"PROD"}}"#);
        assert_eq!(called("lambda:Invoke", &format!("{listed}{request}")).resources, expected, "{name}");
    }
}

#[test]
fn roles_that_are_passed() {
    let role = "arn:aws:iam::111122223333:role/worker";
    let request =
        format!(r#","requestParameters":{{"functionName":"f","role":"{role}","runtime":"python3.13"}}"#);
    let record = called("lambda:CreateFunction20150331", &request);
    assert_eq!(record.parameters.values().collect::<Vec<_>>(), [role]);
    assert!(record.parameters.contains_key("role"), "{record:?}");
    assert!(record.resources.iter().any(|arn| arn.ends_with(":function:f")), "{record:?}");
}

#[test]
fn outcomes_by_code_and_message() {
    let refused = r#","errorMessage":"User: arn:aws:sts::111122223333:assumed-role/app/job is not authorized to perform: sqs:ListQueues""#;
    let cases = [
        ("", Outcome::Allowed, None),
        (r#","errorCode":"AccessDenied""#, Outcome::Denied, Some("AccessDenied")),
        (
            r#","errorCode":"Client.UnauthorizedOperation""#,
            Outcome::Denied,
            Some("Client.UnauthorizedOperation"),
        ),
        (
            r#","errorCode":"AuthorizationErrorException""#,
            Outcome::Denied,
            Some("AuthorizationErrorException"),
        ),
        (r#","errorCode":"Strange""#, Outcome::Failed, Some("Strange")),
        (r#","errorCode":"OptInRequired""#, Outcome::Failed, Some("OptInRequired")),
        (r#","errorCode":"Client.DryRunOperation""#, Outcome::Allowed, Some("Client.DryRunOperation")),
    ];
    for (members, outcome, code) in cases {
        let record = called("sqs:ListQueues", members);
        assert_eq!((record.outcome, record.error_code.as_deref()), (outcome, code), "{members}");
    }
    let told = called("sqs:ListQueues", &format!(r#","errorCode":"Strange"{refused}"#));
    assert_eq!(told.outcome, Outcome::Denied);
}
