"""Calls AWS as programs do: port of a stand-in, to which all hosts lead.

Prints what the SDK sends, a line each: service, operation and resources, by the names of CloudTrail.
"""

import io
import json
import os
import sys
import zipfile

import boto3
import urllib3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from urllib3.util import connection

port = int(sys.argv[1])
os.environ.update(AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="hunter2", AWS_DEFAULT_REGION="eu-west-1")
urllib3.disable_warnings()
create_connection = connection.create_connection
connection.create_connection = lambda address, *rest, **named: create_connection(("127.0.0.1", port), *rest, **named)

# CloudTrail's own names of some services and operations, and of some only a version of the API.
SERVICES = {"cloudwatch": "monitoring"}
OPERATIONS = {
    "ListObjectsV2": "ListObjects",
    "ListFunctions": "ListFunctions20150331",
    "CreateFunction": "CreateFunction20150331",
    "GetFunction": "GetFunction20150331v2",
    "UpdateFunctionConfiguration": "UpdateFunctionConfiguration20150331v2",
    "DeleteFunction": "DeleteFunction20150331",
}
resources = ""


def sent(service, operation):
    words = SERVICES.get(service, service), OPERATIONS.get(operation, operation), resources
    # One write, so that lines of threads do not mix.
    print(" ".join(words).strip() + "\n", end="", flush=True)


def client(name, address=None, **settings):
    config = Config(retries={"mode": "standard"}, **settings)
    made = boto3.client(name, endpoint_url=address, verify=False, config=config)
    # Once for each attempt, whatever it is an attempt of.
    made.meta.events.register("before-send", lambda request, event_name, **_: sent(*event_name.split(".")[1:]))
    return made


def s3_calls(s3, bucket):
    """26 calls."""
    global resources
    at = f"arn:aws:s3:::{bucket}"
    within = lambda key: f"{at} {at}/{key}"
    resources = at
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.list_objects_v2(Bucket=bucket, Prefix="a")
    s3.list_object_versions(Bucket=bucket)
    s3.get_bucket_location(Bucket=bucket)
    s3.head_bucket(Bucket=bucket)
    key = "a+b/ü"
    resources = within(key)
    s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 100_000)
    s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.head_object(Bucket=bucket, Key=key)
    s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.get_object_tagging(Bucket=bucket, Key=key)
    # In chunks with a checksum behind them, since its length is not known beforehand.
    resources = within("streamed")
    s3.put_object(Bucket=bucket, Key="streamed", Body=io.BufferedReader(io.BytesIO(b"y" * 300_000)))
    # A body that looks like a request is none.
    resources = within("forged")
    s3.put_object(Bucket=bucket, Key="forged", Body=b"GET /forged HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n" * 50)
    resources = within("copy")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "forged"})
    # In parts, several at once.
    resources = within("large")
    transfer = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=3)
    s3.upload_fileobj(io.BytesIO(b"z" * (11 << 20)), bucket, "large", Config=transfer)
    # Twice, since it is answered only when it is asked again.
    resources = within("flaky")
    s3.put_object(Bucket=bucket, Key="flaky", Body=b"x")
    http = urllib3.PoolManager(cert_reqs="CERT_NONE")
    for operation, method in ("get_object", "GET"), ("put_object", "PUT"):
        resources = within("signed")
        sent("s3", "GetObject" if method == "GET" else "PutObject")
        address = s3.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": "signed"})
        http.request(method, address, body=b"x" if method == "PUT" else None)
    resources = within("copy")
    s3.delete_object(Bucket=bucket, Key="copy")
    resources = f"{at}/*"
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "forged"}]})
    resources = ""
    s3.list_buckets()


for style, address in ("path", f"https://localhost:{port}"), ("path", None), ("virtual", None):
    for version in "s3v4", "s3":
        s3_calls(client("s3", address, signature_version=version, s3={"addressing_style": style}), f"{style}-{version}-{bool(address)}".lower())

resources = ""
table = client("dynamodb")
table.create_table(
    TableName="t",
    KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    BillingMode="PAY_PER_REQUEST",
)
for number in range(5):
    table.put_item(TableName="t", Item={"k": {"S": str(number)}})
    table.get_item(TableName="t", Key={"k": {"S": str(number)}})
    table.query(TableName="t", KeyConditionExpression="k=:k", ExpressionAttributeValues={":k": {"S": "a"}})
sts = client("sts")
for number in range(2):
    sts.get_caller_identity()
    sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/x", RoleSessionName=f"session{number}")
sqs = client("sqs")
queue = sqs.create_queue(QueueName="q")["QueueUrl"]
for _ in range(3):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.receive_message(QueueUrl=queue)
iam = client("iam")
trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
for number in range(2):
    iam.create_user(UserName=f"u{number}")
    iam.get_user(UserName=f"u{number}")
    iam.list_users()
ec2 = client("ec2")
for _ in range(2):
    ec2.describe_instances()
    ec2.describe_regions()
functions = client("lambda")
functions.list_functions()
code = io.BytesIO()
zipfile.ZipFile(code, "w").writestr("a.py", "x")
functions.create_function(FunctionName="f", Runtime="python3.13", Role=role["Role"]["Arn"], Handler="a.b", Code={"ZipFile": code.getvalue()})
functions.get_function(FunctionName="f")
functions.update_function_configuration(FunctionName="f", Timeout=5)
functions.delete_function(FunctionName="f")
# Its body is compressed.
metrics = client("cloudwatch")
metrics.put_metric_data(Namespace="n", MetricData=[{"MetricName": f"m{number}", "Value": 1.0} for number in range(800)])
