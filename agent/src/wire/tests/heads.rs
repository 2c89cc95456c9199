//! Heads as real clients sent them to a server on the loopback interface, with made-up credentials.

/// boto3 `get_caller_identity`.
#[rustfmt::skip]
pub(super) const STS: &str = concat!(
    "POST / HTTP/1.1\r\n",
    "Host: 127.0.0.1:18101\r\n",
    "Accept-Encoding: identity\r\n",
    "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n",
    "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.11.7\r\n",
    "X-Amz-Date: 20261128T051744Z\r\n",
    "X-Amz-Security-Token: hunter2\r\n",
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/eu-west-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=4233e652e5a01078c6e5f76a92086c5ecd025ae583e3c5a9fc94e51309f71a3f\r\n",
    "amz-sdk-invocation-id: 35661e82-b825-494b-b456-cf701540a791\r\n",
    "amz-sdk-request: attempt=1\r\n",
    "Content-Length: 43\r\n",
    "\r\n",
    "Action=GetCallerIdentity&Version=2011-06-15",
);

/// boto3 `list_objects_v2`.
#[rustfmt::skip]
pub(super) const LIST: &str = concat!(
    "GET /my-bucket?list-type=2&prefix=secret%2F&encoding-type=url HTTP/1.1\r\n",
    "Host: 127.0.0.1:18102\r\n",
    "Accept-Encoding: identity\r\n",
    "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.11.7\r\n",
    "X-Amz-Date: 20261128T051753Z\r\n",
    "X-Amz-Security-Token: hunter2\r\n",
    "X-Amz-Content-SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\r\n",
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=10feb5dddde1017988907149fb05a9624c34183e514f6ee61f373e7804b32069\r\n",
    "amz-sdk-invocation-id: 97735140-e7f4-4d4f-a901-5a526b63d21b\r\n",
    "amz-sdk-request: attempt=1\r\n",
    "\r\n",
);

/// boto3 `put_object`, which waits for the server before the body.
#[rustfmt::skip]
pub(super) const PUT: &str = concat!(
    "PUT /my-bucket/a%20b HTTP/1.1\r\n",
    "Host: 127.0.0.1:18116\r\n",
    "Accept-Encoding: identity\r\n",
    "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.11.7\r\n",
    "Expect: 100-continue\r\n",
    "x-amz-checksum-crc32: J0f8Vg==\r\n",
    "x-amz-sdk-checksum-algorithm: CRC32\r\n",
    "X-Amz-Date: 20261128T051850Z\r\n",
    "X-Amz-Security-Token: hunter2\r\n",
    "X-Amz-Content-SHA256: f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7\r\n",
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-checksum-crc32;x-amz-content-sha256;x-amz-date;x-amz-sdk-checksum-algorithm;x-amz-security-token, Signature=1d60ebbdcdbe3af727c412d8ece7787769cb66ac9d84e7493e3cf6401123b1d1\r\n",
    "amz-sdk-invocation-id: 56df2b8e-d9cc-4292-af4f-6cca12ae218a\r\n",
    "amz-sdk-request: attempt=1\r\n",
    "Content-Length: 7\r\n",
    "\r\n",
);

/// boto3 `copy_object`.
#[rustfmt::skip]
pub(super) const COPY: &str = concat!(
    "PUT /my-bucket/b HTTP/1.1\r\n",
    "Host: 127.0.0.1:18117\r\n",
    "Accept-Encoding: identity\r\n",
    "x-amz-copy-source: other/a%20b\r\n",
    "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.11.7\r\n",
    "X-Amz-Date: 20261128T051859Z\r\n",
    "X-Amz-Security-Token: hunter2\r\n",
    "X-Amz-Content-SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\r\n",
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-copy-source;x-amz-date;x-amz-security-token, Signature=29234d47527923c91bcfb6366f87677e2ba419eee32372629d6ca3908edf326d\r\n",
    "amz-sdk-invocation-id: db69d103-2cac-4f76-8b96-e88db44611d5\r\n",
    "amz-sdk-request: attempt=1\r\n",
    "Content-Length: 0\r\n",
    "\r\n",
);

/// boto3 `get_item`.
#[rustfmt::skip]
pub(super) const ITEM: &str = concat!(
    "POST / HTTP/1.1\r\n",
    "Host: 127.0.0.1:18103\r\n",
    "Accept-Encoding: identity\r\n",
    "X-Amz-Target: DynamoDB_20120810.GetItem\r\n",
    "Content-Type: application/x-amz-json-1.0\r\n",
    "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.11.7\r\n",
    "X-Amz-Date: 20261128T051802Z\r\n",
    "X-Amz-Security-Token: hunter2\r\n",
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/eu-west-1/dynamodb/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=edf32d5bd90912277fc7868efa05ef75d6cfbe44239c1397c7d95ca18f914f84\r\n",
    "amz-sdk-invocation-id: b7454b5c-0063-44ac-993f-c810ce5871d7\r\n",
    "amz-sdk-request: attempt=1\r\n",
    "Content-Length: 51\r\n",
    "\r\n",
    "{\"TableName\": \"t\", \"Key\": {\"id\": {\"S\": \"hunter2\"}}}",
);

/// curl.
#[rustfmt::skip]
pub(super) const CURL: &str = concat!(
    "GET /v1/things?token=hunter2 HTTP/1.1\r\n",
    "Host: 127.0.0.1:18104\r\n",
    "Authorization: Basic dXNlcjpodW50ZXIy\r\n",
    "User-Agent: curl/7.88.1\r\n",
    "Accept: */*\r\n",
    "Cookie: a=hunter2\r\n",
    "\r\n",
);

/// `http` of Node.js.
#[rustfmt::skip]
pub(super) const NODE: &str = concat!(
    "POST /mcp HTTP/1.1\r\n",
    "content-type: application/json\r\n",
    "authorization: Bearer hunter2\r\n",
    "Host: 127.0.0.1:18115\r\n",
    "Connection: keep-alive\r\n",
    "Content-Length: 107\r\n",
    "\r\n",
    "{\"method\":\"tools/call\",\"params\":{\"name\":\"read_file\",\"arguments\":{\"path\":\"hunter2\"}},\"jsonrpc\":\"2.0\",\"id\":1}",
);

/// kubectl, written in Go.
#[rustfmt::skip]
pub(super) const KUBECTL: &str = concat!(
    "GET /api/v1/namespaces/default/pods?labelSelector=hunter2&watch=true HTTP/1.1\r\n",
    "Host: 127.0.0.1:18106\r\n",
    "User-Agent: kubectl/v1.32.4 (linux/amd64) kubernetes/4cb5f07\r\n",
    "Accept: application/json, */*\r\n",
    "Kubectl-Command: kubectl get\r\n",
    "Kubectl-Session: f5ef4633-e284-4e28-b7b8-44b31bfee042\r\n",
    "Accept-Encoding: gzip\r\n",
    "\r\n",
);

/// Three calls of gRPC by `http2` of Node.js, as they were written.
pub(super) const GRPC_WRITTEN: &str = "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a00000004000000000000004501040000000183048f62beb3 \
    2fb8b677310ac682a673c80f418b089d5c0b8170dc0bc200bf865f8b1d75d0620d263d4c4d65641f088aba51d85b149e \
    da925b0540027465864d833505b11f00000b00010000000168756e74657232626f647900000004010000000000002301 \
    040000000383048f62beb32fb8b677310ac682a673c81fc086bf1f088aba51d85b149eda925b05be00000b0001000000 \
    0368756e74657232626f647900002301040000000583048f62beb32fb8b677310ac682a673c82fc086bf1f088aba51d8 \
    5b149eda925b05be00000b00010000000568756e74657232626f64790000080700000000000000000000000000000008 \
    0700000000000000000000000000";

/// What `http2` of Node.js answered.
pub(super) const GRPC_READ: &str = "0000000400000000000000000401000000000000360104000000014882100340861db2192b1a4f84348b081f5f8b1d75 \
    d0620d263d4c7441ea6196dc34fd282794d27eea0802714037702f5c65c53168df0000020001000000017b7d00000401 \
    0400000003c1c0bfbe0000020001000000037b7d000004010400000005c1c0bfbe0000020001000000057b7d00000807 \
    000000000000000005000000000000080700000000000000000500000000";

/// curl with HTTP/2, as it was written.
pub(super) const CURL2_WRITTEN: &str = "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a000012040000000000000300000064000402000000000200 \
    00000000000408000000000001ff00010000480105000000018204916075998ee162b3c88ff3c0d249e04d969786418b \
    089d5c0b8170dc0bc200bf7a8825b650c3abbcf2e153032a2f2a1f088aba51d85b149eda925b051f11871c13db524b60 \
    bf000000040100000000";

/// What it was answered.
pub(super) const CURL2_READ: &str = "0000000400000000000000000401000000000000360104000000014882100340861db2192b1a4f84348b099f5f8b1d75 \
    d0620d263d4c7441ea6196dc34fd282794d27eea0802714037702f5c65c53168df0000020001000000017b7d";
