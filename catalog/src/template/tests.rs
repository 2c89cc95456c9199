use proptest::prelude::*;

use crate::{Catalog, Operation, Place, Resolution};

const PLACE: Place<'static> = Place { partition: "aws", region: "eu-west-1", account: "123456789012" };

/// Service, operation, parameters with their values, ARNs.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

fn operation(service: &str, name: &str) -> &'static Operation {
    match Catalog::embedded().unwrap().operation(service, name) {
        Resolution::Known(operation) | Resolution::Permissionless(operation) => operation,
        Resolution::Unknown => panic!("{service}:{name} is unknown"),
    }
}

fn resources(service: &str, name: &str, values: &[(&str, &str)]) -> Vec<String> {
    operation(service, name).resources(&PLACE, values)
}

#[test]
fn request_parameters_make_arns() {
    let cases: &[Case<'_>] = &[
        ("s3", "GetObject", &[("bucketName", "b"), ("key", "k/l")], &["arn:aws:s3:::b/k/l"]),
        ("s3", "GetBucketLifecycle", &[("bucketName", "b")], &["arn:aws:s3:::b"]),
        ("dynamodb", "GetItem", &[("TableName", "t")], &["arn:aws:dynamodb:eu-west-1:123456789012:table/t"]),
        (
            "dynamodb",
            "Query",
            &[("tableName", "t"), ("indexName", "i")],
            &[
                "arn:aws:dynamodb:eu-west-1:123456789012:table/t",
                "arn:aws:dynamodb:eu-west-1:123456789012:table/t/index/i",
            ],
        ),
        (
            "sqs",
            "SendMessage",
            &[("queueUrl", "https://sqs.us-east-2.amazonaws.com/210987654321/q")],
            &["arn:aws:sqs:us-east-2:210987654321:q"],
        ),
        (
            "sqs",
            "SendMessage",
            &[("queueUrl", "https://sqs.us-iso-east-1.c2s.ic.gov/210987654321/q")],
            &["arn:aws-iso:sqs:us-iso-east-1:210987654321:q"],
        ),
        (
            "lambda",
            "UpdateFunctionCode20150331v2",
            &[("functionName", "f")],
            &[
                "arn:aws:lambda:eu-west-1:123456789012:function:f",
                "arn:aws:lambda:eu-west-1:123456789012:function:f:*",
            ],
        ),
        (
            "lambda",
            "CreateFunction20150331",
            &[("functionName", "f")],
            &["arn:aws:lambda:eu-west-1:123456789012:function:f"],
        ),
        (
            "lambda",
            "Invoke",
            &[("functionName", "f:prod")],
            &[
                "arn:aws:lambda:eu-west-1:123456789012:function:f",
                "arn:aws:lambda:eu-west-1:123456789012:function:f:*",
            ],
        ),
        (
            "lambda",
            "Invoke",
            &[("functionName", "arn:aws:lambda:eu-west-1:1:function:f")],
            &["arn:aws:lambda:eu-west-1:1:function:f", "arn:aws:lambda:eu-west-1:1:function:f:*"],
        ),
        (
            "lambda",
            "Invoke",
            &[("functionName", "arn:aws:lambda:eu-west-1:1:function:f:prod")],
            &["arn:aws:lambda:eu-west-1:1:function:f:prod"],
        ),
        ("lambda", "Invoke", &[("functionName", "123456789012:f")], &[]),
        (
            "dynamodb",
            "Query",
            &[("tableName", "arn:aws:dynamodb:eu-west-1:1:table/t"), ("indexName", "i")],
            &["arn:aws:dynamodb:eu-west-1:1:table/t", "arn:aws:dynamodb:eu-west-1:1:table/t/index/i"],
        ),
        ("lambda", "Invoke", &[("functionName", "1:function:f")], &[]),
        (
            "logs",
            "FilterLogEvents",
            &[("logGroupIdentifier", "arn:aws:logs:eu-west-1:1:log-group:g")],
            &["arn:aws:logs:eu-west-1:1:log-group:g", "arn:aws:logs:eu-west-1:1:log-group:g:*"],
        ),
        (
            "logs",
            "StartQuery",
            &[
                ("logGroupIdentifiers[]", "arn:aws:logs:eu-west-1:1:log-group:g"),
                ("logGroupIdentifiers[]", "arn:aws:logs:eu-west-1:1:log-group:h"),
            ],
            &[
                "arn:aws:logs:eu-west-1:1:log-group:g",
                "arn:aws:logs:eu-west-1:1:log-group:g:*",
                "arn:aws:logs:eu-west-1:1:log-group:h",
                "arn:aws:logs:eu-west-1:1:log-group:h:*",
            ],
        ),
        (
            "logs",
            "PutTransformer",
            &[("logGroupIdentifier", "g")],
            &[
                "arn:aws:logs:eu-west-1:123456789012:log-group:g",
                "arn:aws:logs:eu-west-1:123456789012:log-group:g:*",
            ],
        ),
        ("kms", "DescribeKey", &[("keyId", "k-1")], &["arn:aws:kms:eu-west-1:123456789012:key/k-1"]),
        ("kms", "DescribeKey", &[("keyId", "alias/a")], &[]),
        (
            "ssm",
            "GetParameters",
            &[("names[]", "/a/b"), ("names[]", "c:3")],
            &[
                "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b",
                "arn:aws:ssm:eu-west-1:123456789012:parameter/c",
            ],
        ),
        (
            "ssm",
            "ListTagsForResource",
            &[("resourceType", "Parameter"), ("resourceId", "/a")],
            &["arn:aws:ssm:eu-west-1:123456789012:parameter/a"],
        ),
        ("iam", "CreateRole", &[("roleName", "r")], &["arn:aws:iam::123456789012:role/r"]),
        (
            "iam",
            "CreateRole",
            &[("roleName", "r"), ("path", "/a/b/")],
            &["arn:aws:iam::123456789012:role/a/b/r"],
        ),
        (
            "iam",
            "GetRole",
            &[("roleName", "r")],
            &["arn:aws:iam::123456789012:role/*/r", "arn:aws:iam::123456789012:role/r"],
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            &[("secretId", "s")],
            &["arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-??????"],
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            &[("secretId", "arn:aws:secretsmanager:eu-west-1:1:secret:s-a1B2c3")],
            &["arn:aws:secretsmanager:eu-west-1:1:secret:s-a1B2c3"],
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            &[("secretId", "arn:aws:secretsmanager:eu-west-1:1:secret:my-secret")],
            &[
                "arn:aws:secretsmanager:eu-west-1:1:secret:my-secret",
                "arn:aws:secretsmanager:eu-west-1:1:secret:my-secret-??????",
            ],
        ),
        (
            "ec2",
            "TerminateInstances",
            &[("instancesSet.items[].instanceId", "i-1"), ("instancesSet.items[].instanceId", "i-2")],
            &[
                "arn:aws:ec2:eu-west-1:123456789012:instance/i-1",
                "arn:aws:ec2:eu-west-1:123456789012:instance/i-2",
            ],
        ),
        (
            "ec2",
            "CreateTags",
            &[("resourcesSet.items[].resourceId", "ami-1"), ("resourcesSet.items[].resourceId", "vol-1")],
            &["arn:aws:ec2:eu-west-1:123456789012:volume/vol-1", "arn:aws:ec2:eu-west-1::image/ami-1"],
        ),
        ("ec2", "CreateInternetGateway", &[], &["arn:aws:ec2:eu-west-1:123456789012:internet-gateway/*"]),
        ("rds", "DescribeDBInstances", &[], &["arn:aws:rds:eu-west-1:123456789012:db:*"]),
        ("apigateway", "GetRestApi", &[("restApiId", "a1")], &["arn:aws:apigateway:eu-west-1::/restapis/a1"]),
        (
            "elasticloadbalancing",
            "CreateLoadBalancer",
            &[("loadBalancerName", "old")],
            &["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/old"],
        ),
        (
            "elasticloadbalancing",
            "CreateLoadBalancer",
            &[("name", "web")],
            &["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/*"],
        ),
        (
            "elasticloadbalancing",
            "CreateLoadBalancer",
            &[("name", "web"), ("type", "network")],
            &["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/web/*"],
        ),
        (
            "events",
            "DeleteConnection",
            &[("name", "c")],
            &[
                "arn:aws:events:eu-west-1:123456789012:connection/c",
                "arn:aws:events:eu-west-1:123456789012:connection/c/*",
            ],
        ),
        // A `ResourceId` is of something else: a mailbox of an organisation, the VPC of a configuration, a service to scale.
        (
            "workmail",
            "DeleteResource",
            &[("organizationId", "m-1"), ("resourceId", "r-1")],
            &["arn:aws:workmail:eu-west-1:123456789012:organization/m-1"],
        ),
        ("application-autoscaling", "RegisterScalableTarget", &[("resourceId", "service/c/s")], &[]),
        (
            "sagemaker",
            "DescribeApp",
            &[
                ("domainId", "d-1"),
                ("userProfileName", "u"),
                ("appType", "JupyterServer"),
                ("appName", "default"),
            ],
            &["arn:aws:sagemaker:eu-west-1:123456789012:app/d-1/u/*/default"],
        ),
        (
            "wafv2",
            "GetRateBasedStatementManagedKeys",
            &[("scope", "REGIONAL"), ("webACLName", "w"), ("webACLId", "i")],
            &["arn:aws:wafv2:eu-west-1:123456789012:*/webacl/w/i"],
        ),
        // What gets its id from the service is not called by the name that the request gives it.
        (
            "rds",
            "CreateIntegration",
            &[("integrationName", "n")],
            &["arn:aws:rds:eu-west-1:123456789012:integration:*"],
        ),
        (
            "bedrock",
            "CreateModelInvocationJob",
            &[("jobName", "n")],
            &["arn:aws:bedrock:eu-west-1:123456789012:model-invocation-job/*"],
        ),
        (
            "personalize",
            "CreateSchema",
            &[("name", "n"), ("schema", "{}")],
            &["arn:aws:personalize:eu-west-1:123456789012:schema/*"],
        ),
        (
            "quicksight",
            "CreateDashboard",
            &[("dashboardId", "d")],
            &["arn:aws:quicksight:eu-west-1:123456789012:dashboard/d"],
        ),
        ("ecs", "UpdateService", &[("cluster", "arn:aws:ecs:eu-west-1:1:cluster/c"), ("service", "s")], &[]),
        (
            "ecs",
            "UpdateService",
            &[("service", "s")],
            &["arn:aws:ecs:eu-west-1:123456789012:service/default/s"],
        ),
        // What stands for a parameter stands for none that the operation does not have.
        (
            "ecs",
            "CreateCluster",
            &[("clusterName", "c1")],
            &["arn:aws:ecs:eu-west-1:123456789012:cluster/c1"],
        ),
        ("ecs", "CreateCluster", &[], &["arn:aws:ecs:eu-west-1:123456789012:cluster/default"]),
        (
            "ecs",
            "DescribeClusters",
            &[("clusters[]", "c2")],
            &["arn:aws:ecs:eu-west-1:123456789012:cluster/c2"],
        ),
        (
            "ecs",
            "TagResource",
            &[("resourceArn", "arn:aws:ecs:eu-west-1:123456789012:service/c1/s")],
            &["arn:aws:ecs:eu-west-1:123456789012:service/c1/s"],
        ),
        (
            "iam",
            "GenerateServiceLastAccessedDetails",
            &[("arn", "arn:aws:iam::123456789012:role/r")],
            &["arn:aws:iam::123456789012:role/r"],
        ),
        ("iam", "ChangePassword", &[], &["arn:aws:iam::123456789012:user/*"]),
    ];
    for (service, name, values, expected) in cases {
        assert_eq!(&resources(service, name, values), expected, "{service}:{name} {values:?}");
    }
}

#[test]
fn what_becomes_no_resource_is_kept() {
    let reading = operation("kms", "Decrypt").read(&PLACE, &[("keyId", "alias/a")]);
    assert_eq!(reading.kept, [("keyId", "alias/a")]);
    let reading = operation("lambda", "CreateFunction20150331").read(
        &PLACE,
        &[("functionName", "f"), ("role", "arn:aws:iam::123456789012:role/r"), ("nothing", "of this")],
    );
    assert_eq!(reading.resources, ["arn:aws:lambda:eu-west-1:123456789012:function:f"]);
    assert_eq!(reading.kept, [("role", "arn:aws:iam::123456789012:role/r")]);
    let image = ("instancesSet.items[].imageId", "resolve:ssm:/images/web");
    let reading = operation("ec2", "RunInstances").read(&PLACE, &[image]);
    assert!(reading.resources.iter().all(|arn| !arn.contains(":image/")), "{:?}", reading.resources);
    assert_eq!(reading.kept, [image]);
    // A part of a name that its other parts are missing for.
    let reading = operation("dynamodb", "Query").read(&PLACE, &[("indexName", "i")]);
    assert_eq!((reading.resources.as_slice(), reading.kept.as_slice()), (&[][..], &[("indexName", "i")][..]));
    let cluster = "arn:aws:ecs:eu-west-1:1:cluster/c";
    let reading = operation("ecs", "UpdateService").read(&PLACE, &[("cluster", cluster), ("service", "s")]);
    assert_eq!(reading.kept, [("cluster", cluster), ("service", "s")]);
    let reading =
        operation("s3", "GetObject").read(&PLACE, &[("bucketName", "b"), ("key", "k"), ("versionId", "v")]);
    assert_eq!(reading.kept, [("versionId", "")]);
}

#[test]
fn what_makes_arns_that_go_on_behind_it_is_told_apart() {
    for (service, name, path, expected) in [
        ("lambda", "Invoke", "FunctionName", true),
        ("lambda", "CreateFunction20150331", "functionName", false),
        ("logs", "DescribeLogStreams", "logGroupName", true),
        ("dynamodb", "Query", "tableName", false),
        ("s3", "GetObject", "key", false),
    ] {
        assert_eq!(operation(service, name).goes_on(path), expected, "{service}:{name} {path}");
    }
}

#[test]
fn an_unknown_place_makes_no_arn() {
    let place = Place { account: "", ..PLACE };
    let values = [("functionName", "f")];
    assert_eq!(operation("lambda", "GetFunction").resources(&place, &values), [""; 0]);
    let values = [("bucketName", "b"), ("key", "k")];
    assert_eq!(operation("s3", "GetObject").resources(&place, &values), ["arn:aws:s3:::b/k"]);
}

#[test]
fn an_arn_of_another_type_is_no_resource() {
    let values = [("functionName", "arn:aws:s3:::b")];
    let reading = operation("lambda", "GetFunction").read(&PLACE, &values);
    assert_eq!(reading.resources, [""; 0]);
    assert_eq!(reading.kept, values);
}

proptest! {
    /// Nothing that an event may hold makes more than the values it has, or anything but ARNs.
    #[test]
    fn any_value_may_come(place in 0_usize..19_000, texts in prop::collection::vec(".{0,30}", 0..6)) {
        let (_, operation) = Catalog::embedded().unwrap().operations().nth(place).unwrap();
        let parameters = operation.parameters();
        let values: Vec<(&str, &str)> = texts
            .iter()
            .enumerate()
            .filter_map(|(at, text)| Some((parameters.get(at % parameters.len().max(1))?.path, text.as_str())))
            .collect();
        let reading = operation.read(&PLACE, &values);
        prop_assert!(reading.resources.iter().all(|arn| arn.starts_with("arn:")));
        prop_assert!(reading.resources.len() <= operation.templates().len() * (texts.len() + 1) + texts.len());
        prop_assert_eq!(&reading, &operation.read(&PLACE, &values.iter().rev().copied().collect::<Vec<_>>()));
    }
}
