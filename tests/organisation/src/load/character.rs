//! Kinds of roles in the bulk log: what they call, and how.

use crate::background::BROWSER;

/// A kind of role: name, share in hundred, the service that assumes it, user agent, operations, the frequent first.
pub(super) struct Character {
    pub(super) name: &'static str,
    share: usize,
    pub(super) service: &'static str,
    pub(super) agent: &'static str,
    pub(super) operations: &'static [&'static str],
}

const BOTO: &str = "Boto3/1.40.61 md/Botocore#1.40.61 ua/2.1 os/linux#6.1.150 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython cfg/retry-mode#standard Botocore/1.40.61";
const GO: &str =
    "aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.25.1 md/GOOS#linux md/GOARCH#arm64 api/s3#1.88.0 m/E,g";
const JAVA: &str = "aws-sdk-java/2.34.5 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM m/E";
const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 (+https://www.terraform.io) terraform-provider-aws/6.15.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.39.2 os/linux lang/go#1.25.1";

const CHARACTERS: &[Character] = &[
    Character {
        name: "web",
        share: 22,
        service: "ecs-tasks.amazonaws.com",
        agent: JAVA,
        operations: &[
            "s3:GetObject",
            "dynamodb:DescribeTable",
            "secretsmanager:GetSecretValue",
            "sqs:GetQueueAttributes",
            "s3:PutObject",
            "kms:Decrypt",
            "sqs:GetQueueUrl",
            "ssm:GetParametersByPath",
            "logs:CreateLogStream",
        ],
    },
    Character {
        name: "stream",
        share: 18,
        service: "glue.amazonaws.com",
        agent: GO,
        operations: &[
            "s3:GetObject",
            "s3:PutObject",
            "glue:GetPartitions",
            "glue:GetTable",
            "s3:ListObjects",
            "kms:GenerateDataKey",
            "s3:UploadPart",
            "glue:BatchCreatePartition",
            "s3:HeadObject",
            "s3:DeleteObject",
        ],
    },
    Character {
        name: "function",
        share: 14,
        service: "lambda.amazonaws.com",
        agent: BOTO,
        operations: &[
            "logs:CreateLogStream",
            "states:DescribeExecution",
            "lambda:Invoke",
            "states:StartExecution",
            "secretsmanager:GetSecretValue",
            "s3:PutObject",
            "ssm:GetParameter",
        ],
    },
    Character {
        name: "infra",
        share: 14,
        service: "codebuild.amazonaws.com",
        agent: TERRAFORM,
        operations: &[
            "ec2:DescribeRouteTables",
            "iam:GetRole",
            "ec2:DescribeVpcs",
            "ec2:DescribeSecurityGroups",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "ec2:DescribeVpcAttribute",
            "s3:GetBucketTagging",
            "lambda:GetFunction20150331v2",
            "rds:ListTagsForResource",
            "ec2:DescribeSubnets",
            "iam:PutRolePolicy",
            "lambda:UpdateFunctionConfiguration20150331v2",
            "iam:CreateRole",
            "ec2:RunInstances",
        ],
    },
    Character {
        name: "scan",
        share: 10,
        service: "config.amazonaws.com",
        agent: BOTO,
        operations: &[
            "ec2:DescribeInstances",
            "iam:GetPolicyVersion",
            "ec2:DescribeNetworkInterfaces",
            "s3:GetBucketPolicy",
            "iam:ListAccessKeys",
            "ec2:DescribeSecurityGroupRules",
            "kms:GetKeyRotationStatus",
            "iam:GetRolePolicy",
            "s3:GetBucketEncryption",
            "rds:DescribeDBInstances",
            "lambda:GetPolicy20150331v2",
            "ecr:DescribeImages",
        ],
    },
    Character {
        name: "fleet",
        share: 10,
        service: "ec2.amazonaws.com",
        agent: GO,
        operations: &[
            "ec2:DescribeInstances",
            "autoscaling:DescribeAutoScalingGroups",
            "ec2:DescribeInstanceTypes",
            "elasticloadbalancing:DescribeTargetHealth",
            "ec2:DescribeVolumes",
            "ssm:UpdateInstanceInformation",
            "ec2:CreateTags",
            "ec2:RunInstances",
            "ec2:TerminateInstances",
            "ec2:CreateNetworkInterface",
        ],
    },
    Character {
        name: "deploy",
        share: 5,
        service: "codebuild.amazonaws.com",
        agent: BOTO,
        operations: &[
            "ecs:DescribeServices",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStacks",
            "ecr:GetAuthorizationToken",
            "ecs:DescribeTaskDefinition",
            "ecs:RegisterTaskDefinition",
            "ecs:UpdateService",
            "lambda:UpdateFunctionCode20150331v2",
            "ecr:PutImage",
            "cloudformation:CreateChangeSet",
            "s3:PutObject",
        ],
    },
    Character {
        name: "people",
        share: 4,
        service: "sso.amazonaws.com",
        agent: BROWSER,
        operations: &[
            "health:DescribeEventAggregates",
            "ec2:DescribeInstances",
            "logs:StartQuery",
            "logs:GetQueryResults",
            "iam:ListRoles",
            "dynamodb:ListTables",
            "lambda:ListFunctions20150331",
            "ce:GetCostAndUsage",
        ],
    },
    Character {
        name: "report",
        share: 2,
        service: "states.amazonaws.com",
        agent: BOTO,
        operations: &[
            "athena:GetQueryExecution",
            "glue:GetTable",
            "athena:StartQueryExecution",
            "s3:GetObject",
            "athena:GetQueryResults",
            "bedrock:InvokeModel",
        ],
    },
    Character {
        name: "backup",
        share: 1,
        service: "lambda.amazonaws.com",
        agent: BOTO,
        operations: &[
            "ec2:DescribeSnapshots",
            "ec2:CreateSnapshot",
            "ec2:DeleteSnapshot",
            "rds:CreateDBSnapshot",
            "rds:DescribeDBSnapshots",
            "dynamodb:CreateBackup",
        ],
    },
];

/// The character of a role, by its place among hundred.
pub(super) fn at(place: usize) -> &'static Character {
    static LAST: Character = Character { name: "web", share: 0, service: "", agent: BOTO, operations: &[] };
    let mut before = 0;
    CHARACTERS
        .iter()
        .find(|character| {
            before += character.share;
            place < before
        })
        .unwrap_or(&LAST)
}

/// The service through which an operation is called now and then, and how often.
pub(super) fn via(operation: &str) -> (&'static str, f64) {
    match operation.split(':').next().unwrap_or_default() {
        "kms" => ("secretsmanager.amazonaws.com", 0.8),
        "glue" => ("athena.amazonaws.com", 0.3),
        "health" => ("health.amazonaws.com", 1.0),
        _ => ("cloudformation.amazonaws.com", 0.03),
    }
}
