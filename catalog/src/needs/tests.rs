use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Call, Certainty, Need, Scope};
use crate::{Catalog, Resolution, Visibility};

fn needs(service: &str, operation: &str, resources: &[&str], parameters: &[(&str, &str)]) -> Vec<Need> {
    let resources: Vec<String> = resources.iter().map(|&arn| arn.to_owned()).collect();
    let parameters: BTreeMap<String, String> =
        parameters.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    let call = Call {
        service,
        operation,
        resources: &resources,
        parameters: &parameters,
        account: Some("123456789012"),
        region: Some("eu-west-1"),
    };
    Catalog::embedded().unwrap().needs(&call)
}

fn names(needs: &[Need], certainty: Certainty) -> Vec<String> {
    let catalog = Catalog::embedded().unwrap();
    let mut names: Vec<String> = needs
        .iter()
        .filter(|need| need.certainty == certainty)
        .map(|need| catalog.action(need.action).unwrap().full_name())
        .collect();
    names.sort();
    names
}

fn scope(needs: &[Need], action: &str) -> Scope {
    let id = Catalog::embedded().unwrap().find(action).unwrap();
    needs.iter().find(|need| need.action == id).unwrap().scope.clone()
}

/// What each of the traps needs for certain; the log's names.
#[test]
fn operations_need_their_actions() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("lambda", "CreateFunction20150331", &["lambda:CreateFunction"]),
        ("lambda", "Invoke", &["lambda:InvokeFunction"]),
        ("lambda", "InvokeWithResponseStream", &["lambda:InvokeFunction"]),
        ("lambda", "GetLayerVersionByArn", &["lambda:GetLayerVersion"]),
        ("s3", "ListObjects", &["s3:ListBucket"]),
        ("s3", "ListObjectsV2", &["s3:ListBucket"]),
        ("s3", "ListObjectVersions", &["s3:ListBucketVersions"]),
        ("s3", "HeadBucket", &["s3:ListBucket"]),
        ("s3", "HeadObject", &["s3:GetObject"]),
        ("s3", "GetObject", &["s3:GetObject"]),
        ("s3", "PutObject", &["s3:PutObject"]),
        ("s3", "CreateMultipartUpload", &["s3:PutObject"]),
        ("s3", "UploadPart", &["s3:PutObject"]),
        ("s3", "CompleteMultipartUpload", &["s3:PutObject"]),
        ("s3", "AbortMultipartUpload", &["s3:AbortMultipartUpload"]),
        ("s3", "ListParts", &["s3:ListMultipartUploadParts"]),
        ("s3", "ListMultipartUploads", &["s3:ListBucketMultipartUploads"]),
        ("s3", "CopyObject", &["s3:PutObject"]),
        ("s3", "DeleteObjects", &[]),
        ("s3", "ListBuckets", &["s3:ListAllMyBuckets"]),
        ("s3", "GetBucketLifecycle", &["s3:GetLifecycleConfiguration"]),
        ("s3", "PutBucketLifecycle", &["s3:PutLifecycleConfiguration"]),
        ("s3", "DeleteBucketLifecycle", &["s3:PutLifecycleConfiguration"]),
        ("s3", "GetBucketEncryption", &["s3:GetEncryptionConfiguration"]),
        ("s3", "PutBucketEncryption", &["s3:PutEncryptionConfiguration"]),
        ("s3", "GetBucketReplication", &["s3:GetReplicationConfiguration"]),
        ("s3", "PutBucketReplication", &["s3:PutReplicationConfiguration"]),
        ("s3", "DeleteBucketReplication", &["s3:PutReplicationConfiguration"]),
        ("s3", "GetBucketPublicAccessBlock", &["s3:GetBucketPublicAccessBlock"]),
        ("s3", "GetAccountPublicAccessBlock", &["s3:GetAccountPublicAccessBlock"]),
        ("s3", "GetAccelerateConfiguration", &["s3:GetAccelerateConfiguration"]),
        ("s3", "GetBucketObjectLockConfiguration", &["s3:GetBucketObjectLockConfiguration"]),
        ("s3", "GetBucketCors", &["s3:GetBucketCORS"]),
        ("s3", "DeleteBucketTagging", &["s3:PutBucketTagging"]),
        ("s3", "ListAccessPoints", &["s3:ListAccessPoints"]),
        ("kms", "ReEncrypt", &["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
        ("budgets", "CreateBudget", &["budgets:ModifyBudget"]),
        ("budgets", "DescribeBudgets", &["budgets:ViewBudget"]),
        ("sqs", "SendMessageBatch", &["sqs:SendMessage"]),
        ("sns", "PublishBatch", &["sns:Publish"]),
        ("dynamodb", "TransactGetItems", &["dynamodb:GetItem"]),
        ("dynamodb", "TransactWriteItems", &[]),
        ("dynamodb", "ExecuteStatement", &[]),
        ("dynamodb", "BatchExecuteStatement", &[]),
        ("dynamodb", "ExecuteTransaction", &[]),
        ("dynamodb", "DescribeEndpoints", &[]),
        ("mediaconvert", "DescribeEndpoints", &["mediaconvert:DescribeEndpoints"]),
        ("s3express", "ListObjectsV2", &["s3express:CreateSession"]),
        ("rdsdata", "ExecuteStatement", &["rds-data:ExecuteStatement"]),
        ("autoscaling", "PutScalingPolicy", &["autoscaling:PutScalingPolicy"]),
        ("autoscaling", "RegisterScalableTarget", &["application-autoscaling:RegisterScalableTarget"]),
        ("kms", "GenerateDataKey", &["kms:GenerateDataKey"]),
        ("kms", "CreateGrant", &["kms:CreateGrant"]),
        ("apigateway", "GetRestApis", &["apigateway:GET"]),
        ("apigateway", "CreateRestApi", &["apigateway:POST"]),
        ("monitoring", "PutMetricData", &["cloudwatch:PutMetricData"]),
        ("tagging", "GetResources", &["tag:GetResources"]),
        ("bedrock", "Converse", &["bedrock:InvokeModel"]),
        ("ec2", "RunInstances", &["ec2:RunInstances"]),
        ("sts", "AssumeRole", &["sts:AssumeRole"]),
        (
            "cloudfront",
            "CreateDistributionWithTags2020_05_31",
            &["cloudfront:CreateDistribution", "cloudfront:TagResource"],
        ),
    ];
    for (service, operation, expected) in cases {
        let needs = needs(service, operation, &[], &[]);
        assert_eq!(&names(&needs, Certainty::Certain), expected, "{service}:{operation}");
    }
}

#[test]
fn some_operations_need_nothing() {
    let catalog = Catalog::embedded().unwrap();
    for (service, operation) in [
        ("sts", "GetCallerIdentity"),
        ("sts", "GetSessionToken"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("sts", "AssumeRoleWithSAML"),
        ("secretsmanager", "EndSecretVersionDelete"),
        ("cognito-idp", "InitiateAuth"),
    ] {
        assert!(
            matches!(catalog.operation(service, operation), Resolution::Permissionless(_)),
            "{operation}"
        );
        assert_eq!(needs(service, operation, &[], &[]), []);
    }
}

/// One action takes the place of another, and is no addition to it.
#[test]
fn a_version_changes_the_action() {
    let object = ["arn:aws:s3:::b/k"];
    for (operation, plain, versioned) in [
        ("GetObject", "s3:GetObject", "s3:GetObjectVersion"),
        ("HeadObject", "s3:GetObject", "s3:GetObjectVersion"),
        ("DeleteObject", "s3:DeleteObject", "s3:DeleteObjectVersion"),
        ("GetObjectAcl", "s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
        ("GetObjectTagging", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    ] {
        assert_eq!(names(&needs("s3", operation, &object, &[]), Certainty::Certain), [plain]);
        let with = needs("s3", operation, &object, &[("versionId", "")]);
        assert_eq!(names(&with, Certainty::Certain), [versioned]);
        assert_eq!(scope(&with, versioned), Scope::Known(vec!["arn:aws:s3:::b/k".to_owned()]));
    }
}

#[test]
fn what_depends_on_the_request_is_possible_until_the_request_shows_it() {
    let plain = needs("s3", "PutObject", &["arn:aws:s3:::b/k"], &[]);
    assert!(names(&plain, Certainty::Possible).contains(&"s3:PutObjectAcl".to_owned()));
    let with = needs("s3", "PutObject", &["arn:aws:s3:::b/k"], &[("x-amz-acl", "")]);
    assert_eq!(names(&with, Certainty::Certain), ["s3:PutObject", "s3:PutObjectAcl"]);

    let plain = needs("ec2", "RunInstances", &[], &[]);
    assert!(names(&plain, Certainty::Possible).contains(&"ec2:CreateTags".to_owned()));
    let tagged = needs("ec2", "RunInstances", &[], &[("tagSpecificationSet", "")]);
    assert_eq!(names(&tagged, Certainty::Certain), ["ec2:CreateTags", "ec2:RunInstances"]);
    assert_eq!(scope(&tagged, "ec2:CreateTags"), Scope::Unknown);
    let newer = needs("ec2", "CreateNatGateway", &[], &[("CreateNatGatewayRequest.TagSpecification", "")]);
    assert_eq!(names(&newer, Certainty::Certain), ["ec2:CreateNatGateway", "ec2:CreateTags"]);
    assert_eq!(names(&newer, Certainty::Possible), [""; 0]);

    // Which statements a transaction or a PartiQL text holds is not recorded.
    let possible = |operation: &str| names(&needs("dynamodb", operation, &[], &[]), Certainty::Possible);
    assert_eq!(
        possible("TransactWriteItems"),
        ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    );
    for operation in ["ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"] {
        assert_eq!(
            possible(operation),
            [
                "dynamodb:PartiQLDelete",
                "dynamodb:PartiQLInsert",
                "dynamodb:PartiQLSelect",
                "dynamodb:PartiQLUpdate"
            ]
        );
    }
    assert_eq!(possible("DescribeEndpoints"), ["dynamodb:DescribeEndpoints"]);
    // A copy reads its source, by a permission that the source's version decides.
    let copy = names(&needs("s3", "CopyObject", &[], &[]), Certainty::Possible);
    assert!(["s3:GetObject", "s3:GetObjectVersion"].iter().all(|name| copy.contains(&(*name).to_owned())));

    // One event source of two services, told apart by a parameter that only one has.
    let target = needs("autoscaling", "PutScalingPolicy", &[], &[("serviceNamespace", "")]);
    assert_eq!(names(&target, Certainty::Certain), ["application-autoscaling:PutScalingPolicy"]);

    let session = needs("sts", "AssumeRole", &[], &[("sourceIdentity", "")]);
    assert_eq!(names(&session, Certainty::Certain), ["sts:AssumeRole", "sts:SetSourceIdentity"]);
}

/// Whether tags were given or not: the log does not tell it in one way for all services.
#[test]
fn what_is_made_may_be_tagged() {
    for (service, operation, tagging) in [
        ("iam", "CreateRole", "iam:TagRole"),
        ("iam", "CreateUser", "iam:TagUser"),
        ("iam", "CreateVirtualMFADevice", "iam:TagMFADevice"),
        ("s3", "CreateBucket", "s3:TagResource"),
        ("s3", "CreateJob", "s3:PutJobTagging"),
        ("rds", "CreateDBInstance", "rds:AddTagsToResource"),
        ("kinesis", "CreateStream", "kinesis:AddTagsToStream"),
        ("elasticloadbalancing", "CreateLoadBalancer", "elasticloadbalancing:AddTags"),
        ("elasticmapreduce", "RunJobFlow", "elasticmapreduce:AddTags"),
        ("elasticfilesystem", "CreateFileSystem", "elasticfilesystem:TagResource"),
        ("autoscaling", "CreateAutoScalingGroup", "autoscaling:CreateOrUpdateTags"),
        ("logs", "CreateLogGroup", "logs:TagResource"),
        ("ssm", "PutParameter", "ssm:AddTagsToResource"),
        ("ecs", "RunTask", "ecs:TagResource"),
        ("apigateway", "CreateRestApi", "apigateway:PUT"),
        ("ec2", "AllocateAddress", "ec2:CreateTags"),
        ("mobiletargeting", "CreateApp", "mobiletargeting:TagResource"),
    ] {
        let possible = names(&needs(service, operation, &[], &[]), Certainty::Possible);
        assert!(possible.contains(&tagging.to_owned()), "{service}:{operation}: {possible:?}");
    }
    for (service, operation) in [
        ("iam", "UntagRole"),
        ("iam", "GetRole"),
        ("ec2", "ModifyInstanceMetadataOptions"),
        ("ecr", "PutImageTagMutability"),
        ("ses", "SendEmail"),
        ("s3", "DeleteBucket"),
    ] {
        let possible = names(&needs(service, operation, &[], &[]), Certainty::Possible);
        assert!(!possible.iter().any(|name| name.contains("Tag")), "{service}:{operation}: {possible:?}");
    }
    assert_eq!(names(&needs("iam", "CreateRole", &[], &[]), Certainty::Possible), ["iam:TagRole"]);
}

#[test]
fn a_passed_role_is_needed_on_the_role() {
    let role = "arn:aws:iam::123456789012:role/r";
    let without = needs("lambda", "CreateFunction20150331", &[], &[]);
    assert!(names(&without, Certainty::Possible).contains(&"iam:PassRole".to_owned()));
    assert_eq!(scope(&without, "iam:PassRole"), Scope::Unknown);
    let with = needs("lambda", "CreateFunction20150331", &[], &[("role", role)]);
    assert_eq!(names(&with, Certainty::Certain), ["iam:PassRole", "lambda:CreateFunction"]);
    assert_eq!(scope(&with, "iam:PassRole"), Scope::Known(vec![role.to_owned()]));

    let other = "arn:aws:iam::123456789012:role/s";
    let task = needs(
        "ecs",
        "RegisterTaskDefinition",
        &[],
        &[("taskRoleArn", role), ("executionRoleArn", &format!("{other},{role}"))],
    );
    assert_eq!(scope(&task, "iam:PassRole"), Scope::Known(vec![role.to_owned(), other.to_owned()]));
    let named = needs("lambda", "CreateFunction20150331", &[], &[("role", "not-an-arn")]);
    assert_eq!(scope(&named, "iam:PassRole"), Scope::Unknown);
    let target = needs("events", "PutTargets", &[], &[("targets[].roleArn", role)]);
    assert!(names(&target, Certainty::Certain).contains(&"iam:PassRole".to_owned()));
}

#[test]
fn a_scope_is_known_only_when_the_record_shows_all() {
    let known = |arns: &[&str]| Scope::Known(arns.iter().map(|&arn| arn.to_owned()).collect());
    let bucket = "arn:aws:s3:::b";
    let object = "arn:aws:s3:::b/k";
    let get = needs("s3", "GetObject", &[bucket, object], &[]);
    assert_eq!(scope(&get, "s3:GetObject"), known(&[object]));
    assert_eq!(scope(&needs("s3", "GetObject", &[bucket], &[]), "s3:GetObject"), Scope::Unknown);
    assert_eq!(scope(&needs("s3", "ListObjects", &[bucket], &[]), "s3:ListBucket"), known(&[bucket]));
    assert_eq!(scope(&needs("s3", "ListBuckets", &[bucket], &[]), "s3:ListAllMyBuckets"), Scope::Any);
    // Through an access point the object has a name of the point's, which the log does not list.
    let point = "arn:aws:s3:eu-west-1:1:accesspoint/a";
    let through = needs("s3", "GetObject", &[bucket, object, point], &[]);
    assert_eq!(scope(&through, "s3:GetObject"), Scope::Unknown);
    let named = "arn:aws:s3:eu-west-1:1:accesspoint/a/object/k";
    let through = needs("s3", "GetObject", &[object, named, point], &[]);
    assert_eq!(scope(&through, "s3:GetObject"), known(&[object, named]));
    let delete = needs("s3", "DeleteAccessPoint", &[point], &[]);
    assert_eq!(scope(&delete, "s3:DeleteAccessPoint"), known(&[point]));

    let key = "arn:aws:kms:eu-west-1:1:key/k";
    assert_eq!(scope(&needs("kms", "Decrypt", &[key], &[]), "kms:Decrypt"), known(&[key]));
    // The log lists the key that an alias stood for.
    assert_eq!(
        scope(&needs("kms", "Decrypt", &[key], &[("keyId", "alias/a")]), "kms:Decrypt"),
        known(&[key])
    );
    assert_eq!(scope(&needs("kms", "Decrypt", &[], &[("keyId", "alias/a")]), "kms:Decrypt"), Scope::Unknown);
    assert_eq!(scope(&needs("kms", "ReEncrypt", &[key], &[]), "kms:ReEncryptFrom"), Scope::Unknown);
    assert_eq!(scope(&needs("s3", "CopyObject", &[object], &[]), "s3:PutObject"), Scope::Unknown);
    // The key that the alias stood for before is not in the log.
    let alias = "arn:aws:kms:eu-west-1:1:alias/a";
    assert_eq!(
        scope(&needs("kms", "CreateAlias", &[alias, key], &[]), "kms:CreateAlias"),
        known(&[alias, key])
    );
    assert_eq!(scope(&needs("kms", "UpdateAlias", &[alias, key], &[]), "kms:UpdateAlias"), Scope::Unknown);

    let table = "arn:aws:dynamodb:eu-west-1:1:table/t";
    let index = "arn:aws:dynamodb:eu-west-1:1:table/t/index/i";
    for (operation, action) in [("Query", "dynamodb:Query"), ("Scan", "dynamodb:Scan")] {
        assert_eq!(scope(&needs("dynamodb", operation, &[table], &[]), action), known(&[table]));
        assert_eq!(
            scope(&needs("dynamodb", operation, &[table, index], &[]), action),
            known(&[table, index])
        );
        let unplaced = needs("dynamodb", operation, &[table], &[("indexName", "i")]);
        assert_eq!(scope(&unplaced, action), Scope::Unknown);
    }

    let function = "arn:aws:lambda:eu-west-1:1:function:f";
    let qualified = "arn:aws:lambda:eu-west-1:1:function:f:*";
    let invoke = needs("lambda", "Invoke", &[function, qualified], &[]);
    assert_eq!(scope(&invoke, "lambda:InvokeFunction"), known(&[function, qualified]));

    // Operations of two models under one name: a request of one is not read as one of the other.
    let application = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/*";
    let create = needs("elasticloadbalancing", "CreateLoadBalancer", &[application], &[]);
    assert_eq!(scope(&create, "elasticloadbalancing:CreateLoadBalancer"), known(&[application]));
    let classic = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/old";
    let create = needs("elasticloadbalancing", "CreateLoadBalancer", &[classic], &[]);
    assert_eq!(scope(&create, "elasticloadbalancing:CreateLoadBalancer"), known(&[classic]));
    let cluster = "arn:aws:rds:eu-west-1:1:cluster:c";
    let remove = needs("rds", "RemoveFromGlobalCluster", &[cluster, "arn:aws:rds::1:global-cluster:g"], &[]);
    assert_eq!(scope(&remove, "rds:RemoveFromGlobalCluster"), Scope::Unknown);

    // The list of actions names a type that the calls are not checked on.
    let metrics = needs("monitoring", "PutMetricData", &[], &[]);
    assert_eq!(scope(&metrics, "cloudwatch:PutMetricData"), Scope::Unknown);
    let api = "arn:aws:apigateway:eu-west-1::/restapis/a1";
    assert_eq!(scope(&needs("apigateway", "GetRestApi", &[api], &[]), "apigateway:GET"), known(&[api]));

    let vpc = "arn:aws:ec2:eu-west-1:1:vpc/vpc-1";
    let subnet = "arn:aws:ec2:eu-west-1:1:subnet/*";
    assert_eq!(scope(&needs("ec2", "CreateSubnet", &[vpc], &[]), "ec2:CreateSubnet"), Scope::Unknown);
    assert_eq!(
        scope(&needs("ec2", "CreateSubnet", &[vpc, subnet], &[]), "ec2:CreateSubnet"),
        known(&[subnet, vpc])
    );
    let parameters = [("launchTemplate.launchTemplateId", "lt-1")];
    let image = "arn:aws:ec2:eu-west-1::image/ami-1";
    let run = [
        image,
        "arn:aws:ec2:eu-west-1:*:security-group/*",
        "arn:aws:ec2:eu-west-1:*:subnet/*",
        "arn:aws:ec2:eu-west-1:1:instance/*",
        "arn:aws:ec2:eu-west-1:1:network-interface/*",
    ];
    let by_parameter = [("instancesSet.items[].imageId", "resolve:ssm:/images/web")];
    assert!(matches!(scope(&needs("ec2", "RunInstances", &run, &[]), "ec2:RunInstances"), Scope::Known(_)));
    let resolved = needs("ec2", "RunInstances", &run, &by_parameter);
    assert_eq!(scope(&resolved, "ec2:RunInstances"), Scope::Unknown);
    assert_eq!(
        scope(&needs("ec2", "RunInstances", &[image], &parameters), "ec2:RunInstances"),
        Scope::Unknown
    );
}

#[test]
fn visibility_follows_from_the_operations() {
    let catalog = Catalog::embedded().unwrap();
    let visibility = |action: &str| catalog.action(catalog.find(action).unwrap()).unwrap().visibility.clone();
    let object = |write| Visibility::Data { resource_type: "AWS::S3::Object", write };
    assert_eq!(visibility("s3:PutObject"), object(true));
    assert_eq!(visibility("s3:ListBucket"), object(false));
    // A copy reads its source, and is recorded as a write.
    match visibility("s3:GetObject") {
        Visibility::Mixed(classes) => assert_eq!(classes, [object(false), object(true)]),
        other => panic!("{other:?}"),
    }
    assert_eq!(visibility("s3:ListAllMyBuckets"), Visibility::Management { write: false });
    assert_eq!(visibility("iam:CreateRole"), Visibility::Management { write: true });
    assert_eq!(visibility("kms:Decrypt"), Visibility::Management { write: false });
    assert_eq!(visibility("ec2:TerminateInstances"), Visibility::Management { write: true });
    assert!(matches!(visibility("lambda:InvokeFunction"), Visibility::Data { .. }));
    assert_eq!(
        visibility("s3-object-lambda:WriteGetObjectResponse"),
        Visibility::Data { resource_type: "AWS::S3ObjectLambda::AccessPoint", write: true }
    );
    assert_eq!(visibility("airflow:CreateEnvironment"), Visibility::Management { write: true });
    for action in [
        "airflow:GetEnvironment",
        "airflow:InvokeRestApi",
        "airflow:ListEnvironments",
        "airflow:ListTagsForResource",
        "airflow:PublishMetrics",
        "iam:PassRole",
        "logs:PutLogEvents",
        "ses:SendRawEmail",
        "ec2messages:GetMessages",
        "bedrock:InvokeModel",
        "machinelearning:Predict",
        "nova-act:CreateAct",
        "ssm:StartExecutionPreview",
    ] {
        assert!(matches!(visibility(action), Visibility::NotLogged(_)), "{action}: {:?}", visibility(action));
    }
    for action in ["s3:ReplicateObject", "sts:GetCallerIdentity", "ssm:UpdateInstanceInformation"] {
        let seen = visibility(action);
        assert!(matches!(seen, Visibility::NoOperation | Visibility::NotLogged(_)), "{action}: {seen:?}");
    }
}

proptest! {
    /// Whatever a record holds, a known scope consists of the record's own resources.
    #[test]
    fn scopes_come_from_the_record(
        place in 0_usize..19_000,
        arns in prop::collection::vec("arn:aws:(s3|ec2|iam|kms):(eu-west-1)?:(1)?:[a-z/:*]{1,20}", 0..4),
        values in prop::collection::vec(".{0,12}", 0..4),
    ) {
        let catalog = Catalog::embedded().unwrap();
        let (service, operation) = catalog.operations().nth(place).unwrap();
        let parameters: BTreeMap<String, String> = operation
            .parameters()
            .iter()
            .zip(&values)
            .map(|(parameter, value)| (parameter.path.to_owned(), value.clone()))
            .collect();
        let call = Call {
            service,
            operation: operation.name,
            resources: &arns,
            parameters: &parameters,
            account: None,
            region: None,
        };
        for need in catalog.needs(&call) {
            let action = catalog.action(need.action).unwrap();
            if let Scope::Known(resources) = need.scope
                && action.full_name() != "iam:PassRole"
            {
                prop_assert!(!resources.is_empty());
                prop_assert!(resources.iter().all(|arn| arns.contains(arn)));
            }
        }
    }
}
