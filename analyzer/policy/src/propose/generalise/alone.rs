//! Resources each of which is a permission of its own, however many of them are used.

use super::name_start;
use super::token::is_hex;

/// Whether a name stays as it was seen, however many like it there are: a permission of its own, what may be of any account
/// but for its identifier, and EC2's identifiers that say nothing: what they begin with is their type, so that an opened one is all of it.
pub(super) fn stays_exact(arn: &str) -> bool {
    let mut fields = arn.splitn(6, ':').skip(2);
    let (service, account, name) = (fields.next(), fields.nth(1), fields.next());
    let is_of_anybody = account.is_some_and(|account| account.contains('*'));
    is_of_anybody || (service == Some("ec2") && name.is_some_and(ends_in_id)) || stands_alone(arn)
}

/// Whether a name is a type and an identifier, such as `subnet/subnet-0123456789abcdef0`.
fn ends_in_id(name: &str) -> bool {
    let id = name.split_once('/').and_then(|(_, id)| id.rsplit_once('-'));
    id.is_some_and(|(_, hex)| matches!(hex.len(), 8 | 17) && is_hex(hex))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_its_identifier_tells_apart_stays_exact() {
        for arn in [
            "arn:aws:ec2:eu-west-1:*:subnet/subnet-0123456789abcdef0",
            "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-0123abcd",
            "arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0",
            "arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint/vpce-0123456789abcdef0",
            "arn:aws:sqs:eu-west-1:*:orders-a",
            "arn:aws:iam::111122223333:role/app-a",
        ] {
            assert!(stays_exact(arn), "{arn}");
        }
        for arn in [
            "arn:aws:ec2:eu-west-1:111122223333:instance/*",
            "arn:aws:ec2:eu-west-1:111122223333:launch-template/web-a",
            "arn:aws:sqs:eu-west-1:111122223333:orders-a",
            "arn:aws:s3:::logs/2026/*",
        ] {
            assert!(!stays_exact(arn), "{arn}");
        }
    }
}
