use super::Routes;
use crate::{Request, Route, Segment};

fn routes() -> &'static Routes {
    Routes::embedded().unwrap()
}

fn routed(scope: &str, method: &str, path: &str, query: &[(&str, Option<&str>)]) -> Option<Route> {
    routes().signed(scope).routed(&Request { method, path, query, is_copy: false })
}

fn operation(scope: &str, method: &str, path: &str, query: &[(&str, Option<&str>)]) -> String {
    routed(scope, method, path, query)
        .map_or_else(String::new, |route| format!("{}:{}", route.service, route.operation))
}

#[test]
fn requests_of_every_operation_lead_back_to_it() {
    let mut count = 0;
    for service in routes().services() {
        assert_eq!(service.read().unwrap().len(), service.operations().len(), "{}", service.endpoint);
        for operation in service.operations() {
            count += 1;
            let candidates = routes().signed(service.scope).narrowed(service.endpoint);
            let expected = (service.service, operation.event);
            let found = if operation.method.is_empty() {
                candidates.named(operation.name)
            } else {
                let path: Vec<&str> = operation
                    .template
                    .iter()
                    .map(|segment| match segment {
                        Segment::Literal(text) => text,
                        Segment::Label(_) => "one",
                        Segment::Greedy(_) => "one/two",
                    })
                    .collect();
                let query: Vec<_> = operation
                    .constraints
                    .iter()
                    .map(|constraint| (constraint.name, Some(constraint.value)))
                    .collect();
                candidates.routed(&Request {
                    method: operation.method,
                    path: &format!("/{}", path.join("/")),
                    query: &query,
                    is_copy: operation.is_copy,
                })
            };
            let found = found.map(|route| (route.service, route.operation));
            assert_eq!(found, Some(expected), "{} of {}", operation.name, service.endpoint);
        }
    }
    assert!(count > 19_000, "{count}");
}

#[test]
fn queries_tell_operations_of_s3_apart() {
    let key = "/b/k/l%20m";
    for (method, path, query, expected) in [
        ("GET", "/", &[][..], "s3:ListBuckets"),
        ("GET", "/b", &[], "s3:ListObjects"),
        ("GET", "/b/", &[("list-type", Some("2")), ("prefix", None)], "s3:ListObjects"),
        ("GET", "/b", &[("versions", Some(""))], "s3:ListObjectVersions"),
        ("GET", key, &[("versionId", None)], "s3:GetObject"),
        ("GET", key, &[("uploadId", None), ("max-parts", None)], "s3:ListParts"),
        ("GET", key, &[("X-Amz-Signature", None), ("X-Amz-Expires", None)], "s3:GetObject"),
        ("GET", key, &[("AWSAccessKeyId", None), ("Signature", None), ("Expires", None)], "s3:GetObject"),
        ("PUT", key, &[("partNumber", None), ("uploadId", None)], "s3:UploadPart"),
        ("PUT", key, &[("x-id", Some("PutObject"))], "s3:PutObject"),
        ("POST", "/b", &[("delete", Some(""))], "s3:DeleteObjects"),
        ("GET", "/b", &[("publicAccessBlock", None)], "s3:GetBucketPublicAccessBlock"),
        // What the models do not know is not known.
        ("GET", key, &[("later", None)], ""),
        ("PUT", key, &[("x-id", Some("Later"))], ""),
        ("POST", "/b", &[], ""),
        ("BREW", "/b", &[], ""),
    ] {
        assert_eq!(operation("s3", method, path, query), expected, "{method} {path} {query:?}");
    }
    let copied = |query: &[(&str, Option<&str>)]| {
        let request = Request { method: "PUT", path: key, query, is_copy: true };
        routes().signed("s3").routed(&request).map(|route| route.operation)
    };
    assert_eq!(copied(&[]), Some("CopyObject"));
    assert_eq!(copied(&[("partNumber", None), ("uploadId", None)]), Some("UploadPartCopy"));
    let route = routed("s3", "GET", key, &[]).unwrap();
    assert_eq!(route.parameters, [("bucketName", "b".to_owned()), ("key", "k/l m".to_owned())]);
    assert_eq!(operation("s3express", "GET", "/", &[]), "s3express:ListDirectoryBuckets");
}

#[test]
fn keys_keep_their_slashes() {
    for (path, key) in
        [("/b/k/", "k/"), ("/b//k", "/k"), ("/b/%2Fk%C3%A4", "/kä"), ("/b/%FF", "%FF"), ("/b/%", "%")]
    {
        assert_eq!(routed("s3", "PUT", path, &[]).unwrap().parameters[1].1, key, "{path}");
    }
    assert_eq!(operation("s3", "PUT", "/b/", &[]), "s3:CreateBucket");
}

#[test]
fn names_and_paths_of_other_protocols_are_read() {
    let named = |scope: &str, name: &str| routes().signed(scope).named(name).map(|route| route.service);
    assert_eq!(named("rds", "DescribeDBClusters"), Some("rds"));
    assert_eq!(named("ec2", "DescribeNothing"), None);
    assert_eq!(named("nowhere", "DescribeInstances"), None);
    let target = "DynamoDB_20120810.GetItem";
    assert_eq!(routes().targeted(target).target(target).unwrap().service, "dynamodb");
    for wrong in ["GetItem", ".GetItem", "DynamoDB_20120810.", "DynamoDB_20120810.Get.Item", ""] {
        assert_eq!(routes().signed("dynamodb").target(wrong), None, "{wrong}");
    }
    let metrics = routes().signed("monitoring");
    let path = "/base/service/GraniteServiceVersion20100801/operation/PutMetricData";
    assert_eq!(metrics.rpc(path).unwrap().operation, "PutMetricData");
    assert_eq!(metrics.rpc("/operation/PutMetricData"), None);
    assert_eq!(metrics.rpc("/service//operation/PutMetricData"), None);
    assert_eq!(operation("lambda", "GET", "/2015-03-31/functions/f", &[]), "lambda:GetFunction20150331v2");
    let function = routed("lambda", "POST", "/2015-03-31/functions/f/invocations", &[]).unwrap();
    assert_eq!(function.parameters, [("functionName", "f".to_owned())]);
}

#[test]
fn services_of_one_scope_have_to_agree() {
    let prepare = |candidates: crate::Candidates<'_>| {
        let request = Request { method: "POST", path: "/agents/a/", query: &[], is_copy: false };
        candidates.routed(&request)
    };
    let bedrock = routes().signed("bedrock");
    assert_eq!(prepare(bedrock.clone().narrowed("bedrock-agent")).unwrap().operation, "PrepareAgent");
    assert_eq!(bedrock.service(), Some("bedrock"));
    assert_eq!(routes().signed("chime").service(), None);
    assert_eq!(routes().at("monitoring").service(), Some("monitoring"));
    assert_eq!(routes().at("nowhere").service(), None);
}

#[test]
fn damage_is_an_error() {
    let table = include_bytes!("../../data/aws.routes.zst");
    assert!(Routes::decode(&[]).is_err());
    assert!(Routes::decode(&table[..table.len() / 2]).is_err());
    let bytes = zstd::bulk::decompress(table, super::LIMIT).unwrap();
    for cut in [20, 1_000, 100_000, bytes.len() - 1] {
        let cut = zstd::bulk::compress(&bytes[..cut], 1).unwrap();
        assert!(Routes::decode(&cut).is_err());
    }
    let other = zstd::bulk::compress(b"remit-routes-0\nrest", 1).unwrap();
    assert!(Routes::decode(&other).unwrap_err().to_string().contains("of another form"));
}
