//! What comes with an action that is used: who makes a thing looks at it and takes it away again.
//!
//! Sources: the developer guides of the services, where they say which permissions a task takes ("Uploading and copying
//! objects using multipart upload", "Amazon ECR repository policy examples: push and pull", "Amazon SQS API permissions");
//! and the names of actions themselves, which pair up in all services.

use remit_catalog::AccessLevel;
use remit_policy::Retained;

use super::meaning::Meaning;
use super::words::Words;

/// Verbs that undo others, with those they undo.
const UNDO: [(&str, &[&str]); 18] = [
    ("Delete", &["Create", "Put", "Import", "Publish", "Copy", "Upload"]),
    ("Terminate", &["Run", "Create", "Start"]),
    ("Deregister", &["Register"]),
    ("Remove", &["Add"]),
    ("Detach", &["Attach"]),
    ("Disassociate", &["Associate"]),
    ("Release", &["Allocate", "Acquire"]),
    ("Revoke", &["Authorize", "Grant"]),
    ("Disable", &["Enable"]),
    ("Enable", &["Disable"]),
    ("Stop", &["Start", "Run"]),
    ("Cancel", &["Request", "Schedule", "Create", "Start", "Submit"]),
    ("Untag", &["Tag"]),
    ("Unsubscribe", &["Subscribe"]),
    ("Abort", &["Create", "Start", "Put"]),
    ("Complete", &["Initiate", "Upload"]),
    ("Resume", &["Pause", "Suspend"]),
    ("Unlock", &["Lock"]),
];

/// Verbs that look at a thing without its content.
const LOOK: [&str; 3] = ["Describe", "List", "Get"];

/// Actions that come with others, where names do not tell.
pub(super) const TOGETHER: [(&str, &[&str]); 19] = [
    (
        "s3:PutObject",
        &["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:ListBucketMultipartUploads"],
    ),
    ("s3:GetObject", &["s3:ListBucket", "s3:GetObjectAttributes"]),
    ("s3:ListBucket", &["s3:GetBucketLocation"]),
    (
        "sqs:ReceiveMessage",
        &["sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"],
    ),
    ("sqs:SendMessage", &["sqs:GetQueueUrl", "sqs:GetQueueAttributes"]),
    ("dynamodb:GetItem", &["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem"]),
    ("dynamodb:PutItem", &["dynamodb:BatchWriteItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"]),
    ("dynamodb:DeleteItem", &["dynamodb:BatchWriteItem"]),
    (
        "dynamodb:GetRecords",
        &["dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"],
    ),
    (
        "kinesis:GetRecords",
        &["kinesis:GetShardIterator", "kinesis:DescribeStreamSummary", "kinesis:ListShards"],
    ),
    ("kinesis:PutRecord", &["kinesis:PutRecords"]),
    ("kms:GenerateDataKey", &["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"]),
    ("ecr:BatchGetImage", &["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"]),
    (
        "ecr:PutImage",
        &[
            "ecr:BatchCheckLayerAvailability",
            "ecr:InitiateLayerUpload",
            "ecr:UploadLayerPart",
            "ecr:CompleteLayerUpload",
        ],
    ),
    ("logs:PutLogEvents", &["logs:CreateLogStream", "logs:DescribeLogStreams"]),
    ("logs:CreateLogStream", &["logs:PutLogEvents"]),
    ("logs:StartQuery", &["logs:GetQueryResults", "logs:StopQuery"]),
    ("athena:StartQueryExecution", &["athena:GetQueryExecution", "athena:GetQueryResults"]),
    ("sts:AssumeRole", &["sts:TagSession"]),
];

/// Why an unused action comes with one that is used.
pub(super) fn of(meaning: &Meaning<'_>, words: &Words<'_>) -> Option<Retained> {
    if meaning.level == AccessLevel::PermissionsManagement {
        return None;
    }
    let together =
        TOGETHER.iter().find(|(used, with)| with.contains(&meaning.name.as_str()) && words.has(used));
    if let Some((used, _)) = together {
        return Some(Retained::Companion((*used).to_owned()));
    }
    if meaning.is_sensitive || meaning.noun.is_empty() {
        return None;
    }
    let is_look = LOOK.contains(&meaning.verb) && meaning.is_look();
    let undone =
        UNDO.iter().find(|(undo, _)| *undo == meaning.verb).map(|(_, undone)| *undone).unwrap_or_default();
    let of = words.done_to(meaning).find(|used| {
        (is_look && used.level != AccessLevel::List && used.level != AccessLevel::Read)
            || undone.contains(&used.verb)
    });
    of.map(|used| Retained::Companion(used.name.clone()))
}
