//! What is read of the heads of real clients.

use super::{heads::*, *};

#[test]
fn heads_of_aws_are_read() {
    assert_eq!(
        written(STS.as_bytes()),
        [concat!(
            "POST 127.0.0.1:18101 / AKIAIOSFODNN7EXAMPLE/eu-west-1/sts ",
            "application/x-www-form-urlencoded Action(\"GetCallerIdentity\")"
        )]
    );
    assert_eq!(
        written(LIST.as_bytes()),
        [concat!(
            "GET 127.0.0.1:18102 /my-bucket ?list-type=2 ?prefix ?encoding-type ",
            "AKIAIOSFODNN7EXAMPLE/eu-west-1/s3"
        )]
    );
    assert_eq!(
        written(PUT.as_bytes()),
        ["PUT 127.0.0.1:18116 /my-bucket/a%20b AKIAIOSFODNN7EXAMPLE/eu-west-1/s3"]
    );
    assert_eq!(
        written(COPY.as_bytes()),
        ["PUT 127.0.0.1:18117 /my-bucket/b AKIAIOSFODNN7EXAMPLE/eu-west-1/s3 from other/a%20b"]
    );
    assert_eq!(
        written(ITEM.as_bytes()),
        [concat!(
            "POST 127.0.0.1:18103 / DynamoDB_20120810.GetItem AKIAIOSFODNN7EXAMPLE/eu-west-1/dynamodb ",
            "application/x-amz-json-1.0"
        )]
    );
}

#[test]
fn heads_of_other_clients_are_read() {
    assert_eq!(written(CURL.as_bytes()), ["GET 127.0.0.1:18104 /v1/things ?token"]);
    assert_eq!(
        written(NODE.as_bytes()),
        [concat!(
            "POST 127.0.0.1:18115 /mcp bearer application/json ",
            "Rpc { method: \"tools/call\", tool: Some(\"read_file\") }"
        )]
    );
    assert_eq!(
        written(KUBECTL.as_bytes()),
        ["GET 127.0.0.1:18106 /api/v1/namespaces/default/pods ?labelSelector ?watch=true"]
    );
}

#[test]
fn calls_of_grpc_are_read_with_their_answers() {
    let mut seen = Seen::new();
    seen.write(&unhex(GRPC_WRITTEN));
    seen.read(&unhex(GRPC_READ));
    let expected: Vec<String> = (0..3)
        .map(|n| format!("POST 127.0.0.1:18202 /pkg.Service/Method{n} bearer application/grpc -> 201 id-20"))
        .collect();
    assert_eq!(lines(&seen.calls), expected);
    assert_eq!(seen.end().1.unmatched, 0);
}

#[test]
fn a_call_of_http2_by_curl_is_read() {
    let mut seen = Seen::new();
    seen.write(&unhex(CURL2_WRITTEN));
    seen.read(&unhex(CURL2_READ));
    assert_eq!(lines(&seen.end().0), ["GET 127.0.0.1:18202 /api/v1/pods ?watch=true bearer -> 201 id-23"]);
}
