//! No secret ever enters the ledger, nor what is said about the input.

use std::path::Path;

use futures::FutureExt as _;
use remit_ingest::cloudtrail::ingest;
use remit_ingest::{NoProgress, Options};
use remit_ledger::Snapshot;

/// What stands in every place that nobody may read from. Its parts are no words that anything else has.
const SECRET: &str = "Zq9-SECRET-xW7";

/// A call with the secret wherever an event may hold one.
fn event(number: u64, source: &str, name: &str, request: &str, members: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:job","arn":"arn:aws:sts::111122223333:assumed-role/app/job","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","extra":"{SECRET}","sessionContext":{{"token":"{SECRET}","attributes":{{"note":"{SECRET}"}},"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::111122223333:role/app","accountId":"111122223333"}}}}}},"eventTime":"2026-10-01T10:{:02}:00Z","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userAgent":"[{SECRET}]","errorMessage":"{SECRET} is wrong","requestParameters":{request},"responseElements":{{"x-amz-request-id":"{SECRET}","credentials":{{"accessKeyId":"ASIANEW","secretAccessKey":"{SECRET}","sessionToken":"{SECRET}"}},"accessKey":{{"accessKeyId":"AKIANEW","secretAccessKey":"{SECRET}"}}}},"additionalEventData":{{"SignatureVersion":"{SECRET}","x-amz-id-2":"{SECRET}"}},"requestID":"{SECRET}","eventID":"{number:08x}-0000-4000-8000-000000000000","apiVersion":"{SECRET}","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","sharedEventID":"{SECRET}","vpcEndpointId":"{SECRET}","serviceEventDetails":{{"a":"{SECRET}"}},"tlsDetails":{{"tlsVersion":"TLSv1.3","clientProvidedHostHeader":"{SECRET}"}},"headers":{{"authorization":"{SECRET}"}},"sessionCredentialFromConsole":"{SECRET}"{members}}}"#,
        number % 60
    )
}

fn log() -> String {
    let calls = [
        (
            "s3",
            "GetObject",
            format!(
                r#"{{"bucketName":"data","key":"a/b.csv","Host":"{SECRET}","X-Amz-Signature":"{SECRET}","X-Amz-Security-Token":"{SECRET}","X-Amz-Credential":"{SECRET}"}}"#
            ),
        ),
        (
            "sts",
            "AssumeRole",
            format!(
                r#"{{"roleArn":"arn:aws:iam::111122223333:role/other","externalId":"{SECRET}","policy":"{SECRET}","tokenCode":"{SECRET}"}}"#
            ),
        ),
        ("iam", "CreateAccessKey", r#"{"userName":"bot"}"#.to_owned()),
        ("iam", "CreateLoginProfile", format!(r#"{{"userName":"bot","password":"{SECRET}"}}"#)),
        (
            "secretsmanager",
            "PutSecretValue",
            format!(r#"{{"secretId":"db","secretString":"{SECRET}","secretBinary":"{SECRET}"}}"#),
        ),
        (
            "ssm",
            "PutParameter",
            format!(r#"{{"name":"/db/password","value":"{SECRET}","type":"SecureString"}}"#),
        ),
        (
            "rds",
            "CreateDBInstance",
            format!(r#"{{"dBInstanceIdentifier":"db","masterUserPassword":"{SECRET}"}}"#),
        ),
        (
            "lambda",
            "CreateFunction20150331",
            format!(
                r#"{{"functionName":"f","role":"arn:aws:iam::111122223333:role/worker","environment":{{"variables":{{"KEY":"{SECRET}"}}}},"code":{{"zipFile":"{SECRET}"}}}}"#
            ),
        ),
        (
            "ec2",
            "RunInstances",
            format!(r#"{{"userData":"{SECRET}","instancesSet":{{"items":[{{"imageId":"ami-1"}}]}}}}"#),
        ),
        ("dynamodb", "PutItem", format!(r#"{{"tableName":"t","item":{{"id":{{"s":"{SECRET}"}}}}}}"#)),
        (
            "kms",
            "Decrypt",
            format!(
                r#"{{"keyId":"alias/k","encryptionContext":{{"a":"{SECRET}"}},"ciphertextBlob":"{SECRET}"}}"#
            ),
        ),
        (
            "sqs",
            "SendMessage",
            format!(
                r#"{{"queueUrl":"https://a:{SECRET}@sqs.eu-west-1.amazonaws.com/111122223333/q?X-Amz-Signature={SECRET}","messageBody":"{SECRET}"}}"#
            ),
        ),
        (
            "cloudformation",
            "CreateStack",
            format!(
                r#"{{"stackName":"s","templateURL":"https://b.s3.amazonaws.com/t.json?X-Amz-Signature={SECRET}","parameters":[{{"parameterKey":"p","parameterValue":"{SECRET}"}}]}}"#
            ),
        ),
        ("unheard", "OfThis", format!(r#"{{"name":"{SECRET}"}}"#)),
    ];
    let denied = r#","errorCode":"AccessDenied""#;
    let events = calls.iter().enumerate().flat_map(|(number, (source, name, request))| {
        let number = u64::try_from(number).unwrap();
        [event(number, source, name, request, ""), event(number + 100, source, name, request, denied)]
    });
    let lines: Vec<String> = events.collect();
    // What cannot be read is said, without what it holds.
    format!(
        "{}\nnot json {SECRET}\n{{\"eventVersion\":\"1.09\",\"eventTime\":\"{SECRET}\"}}\n",
        lines.join("\n")
    )
}

/// Bytes of every file under a folder that other programs read.
fn files(folder: &Path, use_file: &mut impl FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, use_file);
        } else {
            use_file(&path, &std::fs::read(&path).unwrap());
        }
    }
}

#[test]
fn no_secret_enters_the_ledger_or_a_message() {
    let place = tempfile::tempdir().unwrap();
    let input = place.path().join("events.jsonl");
    std::fs::write(&input, log()).unwrap();
    let ledger = place.path().join("ledger");
    let inputs = vec![input.to_string_lossy().into_owned()];
    let summary =
        ingest(Options { inputs, ledger: ledger.clone(), ..Options::default() }, None, &NoProgress).unwrap();
    assert_eq!((summary.counts.recorded, summary.counts.lost_total()), (28, 2), "{summary:?}");
    assert!(!format!("{summary:?}").contains(SECRET), "{summary:?}");

    let snapshot = Snapshot::of_folder(&ledger).unwrap();
    let usage = format!("{:?}", snapshot.usage().now_or_never().unwrap().unwrap());
    assert!(!usage.contains(SECRET), "{usage}");
    for kept in [
        "ASIANEW",
        "AKIANEW",
        "role/worker",
        "arn:aws:s3:::data/a/b.csv",
        "table/t",
        "sqs:eu-west-1:111122223333:q",
    ] {
        assert!(usage.contains(kept), "{kept} in {usage}");
    }
    let rest = format!(
        "{:?} {:?}",
        snapshot.coverage().now_or_never().unwrap().unwrap(),
        snapshot.commits().collect::<Vec<_>>()
    );
    assert!(!rest.contains(SECRET), "{rest}");
    let mut count = 0;
    files(&ledger, &mut |path, bytes| {
        count += 1;
        let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!found, "{}", path.display());
    });
    assert!(count > 2);
}
