use remit_catalog::{Routes, Segment};

use crate::head::{Body, Head, Query};
use crate::naming::UNKNOWN;
use crate::naming::tests::{head, line, named, scope};

fn signed(service: &str, method: &str, host: &str, address: &str) -> String {
    line(&named(&Head { scope: scope(service), ..head(method, host, address) }))
}

/// Requests of every operation of botocore's models, to the host of its service, signed and not.
#[test]
fn every_operation_is_named_as_the_audit_log_does() {
    let mut count = 0;
    for service in Routes::embedded().unwrap().services() {
        let host = format!("{}.eu-west-1.amazonaws.com", service.endpoint);
        for operation in service.operations() {
            let path: Vec<&str> = operation
                .template
                .iter()
                .map(|segment| match segment {
                    Segment::Literal(text) => text,
                    Segment::Label(_) => "one",
                    Segment::Greedy(_) => "one/two",
                })
                .collect();
            let query = operation.constraints.iter().map(|constraint| Query {
                name: constraint.name.to_owned(),
                value: Some(constraint.value.to_owned()),
            });
            let is_named = operation.method.is_empty();
            let target = Some(format!("{}.{}", service.target, operation.name));
            let request = Head {
                method: if is_named { "POST" } else { operation.method }.to_owned(),
                host: Some(host.clone()),
                path: format!("/{}", path.join("/")),
                query: query.collect(),
                copy_source: operation.is_copy.then(|| "from/there".to_owned()),
                amz_target: target.filter(|_| is_named && !service.target.is_empty()),
                body: is_named.then(|| Body::Action(operation.name.to_owned())),
                scope: scope(service.scope),
                ..Head::default()
            };
            let found = named(&request);
            let expected = (service.service, operation.event, Some("eu-west-1"));
            let names = (found.service.as_str(), found.operation.as_str(), found.region.as_deref());
            assert_eq!(names, expected, "{} of {host}", operation.name);
            let unsigned = named(&Head { scope: None, ..request });
            if unsigned.operation != UNKNOWN && unsigned.service == service.service {
                assert_eq!(unsigned.operation, operation.event, "{} of {host}", operation.name);
            }
            count += 1;
        }
    }
    assert!(count > 19_000, "{count}");
}

#[test]
fn buckets_are_found_in_hosts_and_paths() {
    let object = "aws s3 GetObject on arn:aws:s3:::b on arn:aws:s3:::b/k/l m";
    for (method, host, address, expected) in [
        ("GET", "s3.eu-west-1.amazonaws.com", "/b/k/l%20m", object),
        ("GET", "b.s3.eu-west-1.amazonaws.com", "/k/l%20m", object),
        ("GET", "localhost:9000", "/b/k/l%20m", object),
        ("GET", "127.0.0.1:9000", "/b/k/l%20m?X-Amz-Signature", object),
        ("GET", "b.localhost:9000", "/k/l%20m", object),
        // The bucket may be in either, but an object is read.
        ("GET", "b.minio.example.com", "/b/k/l", "aws s3 GetObject"),
        // A list of `k`, or the object `k` of `b`.
        ("GET", "b.minio.example.com", "/k", "aws s3 unknown"),
        ("GET", "b.minio.example.com", "/k?list-type=2", "aws s3 ListObjects on arn:aws:s3:::k"),
        ("GET", "b.minio.example.com", "/k?x-id=GetObject", "aws s3 GetObject"),
        ("GET", "a-1.s3-accesspoint.eu-west-1.amazonaws.com", "/k", "aws s3 GetObject"),
        ("GET", "x-s3alias.s3.eu-west-1.amazonaws.com", "/k", "aws s3 GetObject"),
        ("GET", "b.s3.amazonaws.com", "/?list-type=2", "aws s3 ListObjects on arn:aws:s3:::b"),
        ("GET", "s3.amazonaws.com", "/", "aws s3 ListBuckets"),
        ("GET", "b.s3.amazonaws.com", "/k?later", "aws s3 unknown"),
        (
            "PUT",
            "1.s3-control.eu-west-1.amazonaws.com",
            "/v20180820/configuration/publicAccessBlock",
            "aws s3 PutAccountPublicAccessBlock",
        ),
    ] {
        assert_eq!(signed("s3", method, host, address), expected, "{method} {host}{address}");
    }
    let unsigned = line(&named(&head("GET", "b.s3.amazonaws.com", "/k/l%20m")));
    assert_eq!(unsigned, object);
    let request = Head {
        scope: scope("s3"),
        copy_source: Some("from/there".to_owned()),
        ..head("PUT", "b.s3.eu-west-1.amazonaws.com", "/k")
    };
    let copied = named(&request);
    assert_eq!(copied.operation, "CopyObject");
    assert!(
        copied.parameters.contains(&("x-amz-copy-source".to_owned(), "from/there".to_owned())),
        "{copied:?}"
    );
}

#[test]
fn versions_are_marked_and_names_need_their_account() {
    let version = named(&Head { scope: scope("s3"), ..head("GET", "b.s3.amazonaws.com", "/k?versionId") });
    assert_eq!(version.parameters, [("versionId".to_owned(), String::new())]);
    let invoke = head("POST", "lambda.eu-west-1.amazonaws.com", "/2015-03-31/functions/f/invocations");
    let invoke = Head { scope: scope("lambda"), ..invoke };
    // Of any version, since the request may name one.
    let function = "arn:aws:lambda:eu-west-1:123456789012:function:f";
    assert_eq!(line(&named(&invoke)), format!("aws lambda Invoke on {function} on {function}:*"));
    let nowhere = crate::naming::name(&invoke, &crate::naming::Surroundings::default());
    assert_eq!(nowhere.resources, Vec::<String>::new());
    assert_eq!(nowhere.parameters, [("functionName".to_owned(), "f".to_owned())]);
    let send = head("POST", "sqs.eu-west-1.amazonaws.com", "/210987654321/q");
    let send = Head { scope: scope("sqs"), body: Some(Body::Action("SendMessage".to_owned())), ..send };
    assert_eq!(line(&named(&send)), "aws sqs SendMessage on arn:aws:sqs:eu-west-1:210987654321:q");
}

#[test]
fn what_is_not_certain_is_unknown() {
    let target = |service: Option<&str>, host: &str, target: &str| {
        let request = Head { amz_target: Some(target.to_owned()), ..head("POST", host, "/") };
        line(&named(&Head { scope: service.and_then(scope), ..request }))
    };
    assert_eq!(
        target(Some("dynamodb"), "localhost:8000", "DynamoDB_20120810.GetItem"),
        "aws dynamodb GetItem"
    );
    assert_eq!(
        target(None, "cognito-idp.eu-west-1.amazonaws.com", "AWSCognitoIdentityProviderService.InitiateAuth"),
        "aws cognito-idp InitiateAuth"
    );
    assert_eq!(
        target(None, "localhost:8000", "AWSCognitoIdentityProviderService.InitiateAuth"),
        "aws cognito-idp InitiateAuth"
    );
    assert_eq!(target(Some("dynamodb"), "localhost:8000", "DynamoDB_20120810.Later"), "aws dynamodb unknown");
    assert_eq!(target(Some("dynamodb"), "localhost:8000", "TrentService.Decrypt"), "aws dynamodb unknown");
    // Agents of the service itself call what no model has.
    let update = "AmazonSSM.UpdateInstanceInformation";
    let told = target(Some("ssm"), "ssm.eu-west-1.amazonaws.com", update);
    assert_eq!(told, "aws ssm UpdateInstanceInformation");
    assert_eq!(target(Some("ssm"), "localhost", "Other.UpdateInstanceInformation"), "aws ssm unknown");
    assert_eq!(target(Some("ssm"), "localhost", "AmazonSSM.updateinstanceinformation"), "aws ssm unknown");
    assert_eq!(target(None, "shop.example.com", "Shop.Buy"), "http shop.example.com POST /");
    let sts =
        signed("sts", "GET", "sts.eu-west-1.amazonaws.com", "/?Action=GetCallerIdentity&X-Amz-Signature");
    assert_eq!(sts, "aws sts GetCallerIdentity");
    let federated = Head {
        body: Some(Body::Action("AssumeRoleWithWebIdentity".to_owned())),
        ..head("POST", "sts.amazonaws.com", "/")
    };
    assert_eq!(line(&named(&federated)), "aws sts AssumeRoleWithWebIdentity");
    let metrics = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    let metrics = head("POST", "monitoring.eu-west-1.amazonaws.com", metrics);
    let metrics =
        Head { scope: scope("monitoring"), smithy_protocol: Some("rpc-v2-cbor".to_owned()), ..metrics };
    assert_eq!(line(&named(&metrics)), "aws monitoring PutMetricData");
    assert_eq!(signed("bedrock", "POST", "localhost:1", "/agents/a/"), "aws bedrock unknown");
    assert_eq!(signed("es", "GET", "search-x.eu-west-1.es.amazonaws.com", "/_search"), "aws es unknown");
    assert_eq!(
        signed("lambda", "POST", "x.lambda-url.eu-west-1.on.aws", "/2015-03-31/functions/f/invocations"),
        "aws lambda unknown"
    );
    assert_eq!(signed("a b", "GET", "example.com", "/"), "aws unknown unknown");
    // What a customer serves is not AWS's.
    let served = line(&named(&head("GET", "x.execute-api.eu-west-1.amazonaws.com", "/prod/orders")));
    assert_eq!(served, "http x.execute-api.eu-west-1.amazonaws.com GET /prod/orders");
}
