//! Resources each of which is a permission of its own, however many of them are used.

use super::name_start;

/// Whether to use many of such resources is no reason to use them all: identities, accounts, what grants permissions to
/// these, and the secrets, keys and certificates with which one acts as another.
pub(super) fn stands_alone(arn: &str) -> bool {
    let Some((head, name)) = name_start(arn).and_then(|start| arn.split_at_checked(start)) else {
        return false;
    };
    let service = head.split(':').nth(2).unwrap_or_default();
    let kind = name.trim_start_matches('/').split(['/', ':']).next().unwrap_or_default();
    match service {
        // Nothing but identities, accounts and their permissions.
        "account"
        | "cognito-identity"
        | "cognito-idp"
        | "cognito-sync"
        | "ds"
        | "iam"
        | "identitystore"
        | "organizations"
        | "ram"
        | "rolesanywhere"
        | "sso"
        | "sts"
        | "verifiedpermissions" => true,
        // Nothing but secrets, keys and certificates.
        "acm"
        | "acm-pca"
        | "cloudhsm"
        | "codeconnections"
        | "codestar-connections"
        | "kms"
        | "payment-cryptography"
        | "secretsmanager" => true,
        "airflow" => kind == "role",
        "apigateway" => matches!(kind, "apikeys" | "clientcertificates" | "usageplans"),
        "appflow" => kind == "connectorprofile",
        "apprunner" | "events" | "glue" | "sqlworkbench" => kind == "connection",
        "bedrock-agentcore" => matches!(kind, "token-vault" | "workload-identity-directory"),
        "dms" => kind == "cert",
        "ec2" => kind == "key-pair",
        "eks" => matches!(kind, "access-entry" | "podidentityassociation"),
        "elasticache" => matches!(kind, "user" | "usergroup"),
        "geo" => kind == "api-key",
        "iot" => matches!(kind, "cacert" | "cert" | "policy" | "rolealias"),
        "iotmanagedintegrations" => kind == "credential-locker",
        "ivs" => matches!(kind, "playback-key" | "stream-key"),
        "lightsail" => matches!(kind, "Certificate" | "KeyPair"),
        "macie2" => kind == "member",
        "memorydb" => kind == "user",
        "quicksight" => matches!(kind, "account" | "group" | "user"),
        "rds-db" => kind == "dbuser",
        "redshift" => matches!(kind, "dbgroup" | "dbuser" | "hsmclientcertificate"),
        // What has no account is an object, whose name begins with its bucket's.
        "s3" => kind == "access-grants" && !head.ends_with("::"),
        "sagemaker" => kind == "user-profile",
        "ses" => kind == "identity",
        // The log does not tell which of them are encrypted.
        "ssm" => kind == "parameter",
        "transfer" => matches!(kind, "certificate" | "host-key" | "user"),
        _ => false,
    }
}
