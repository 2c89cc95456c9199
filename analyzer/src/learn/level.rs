//! How much a permission weighs.

use remit_catalog::{AccessLevel, Action, Visibility};

/// Services whose reads give away what is kept in them.
const STORES: [&str; 2] = ["secretsmanager", "ssmmessages"];

/// Reads that give away secrets or contents although their events are management events.
pub(super) const CONTENTS: [&str; 20] = [
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "ssm:GetParameterHistory",
    "kms:Decrypt",
    "ecr:GetAuthorizationToken",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "codecommit:GitPull",
    "codeartifact:GetAuthorizationToken",
    "lambda:GetFunction",
    "ec2:GetPasswordData",
    "ec2:GetConsoleOutput",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
    "logs:GetQueryResults",
    "athena:GetQueryResults",
    "rds:DownloadDBLogFilePortion",
    "rds:DownloadCompleteDBLogFile",
    "sts:GetFederationToken",
];

/// Whether a read gives away contents or secrets, and not only what exists.
pub(crate) fn is_sensitive(action: &Action) -> bool {
    if !matches!(action.level, AccessLevel::List | AccessLevel::Read) {
        return false;
    }
    let is_store = STORES.contains(&action.service) && action.name.contains("Value");
    let is_content = action.level == AccessLevel::Read && shows_data(&action.visibility);
    is_store || is_content || CONTENTS.contains(&action.full_name().as_str())
}

fn shows_data(visibility: &Visibility) -> bool {
    match visibility {
        Visibility::Data { .. } => true,
        Visibility::Mixed(classes) => classes.iter().any(shows_data),
        Visibility::Management { .. } | Visibility::NotLogged(_) | Visibility::NoOperation => false,
    }
}

/// Whether an action changes who may do what, makes one act as another, or gives away secrets: that likes of it are used says
/// nothing.
pub(super) fn is_grave(action: &Action) -> bool {
    let is_look = matches!(action.level, AccessLevel::List | AccessLevel::Read);
    match action.service {
        _ if action.level == AccessLevel::PermissionsManagement => true,
        "iam" | "sts" | "kms" => !is_look || is_sensitive(action),
        "ec2" | "ecr" | "codeartifact" => {
            is_sensitive(action)
                && ["Password", "AuthorizationToken"].iter().any(|word| action.name.contains(word))
        }
        "secretsmanager" | "ssm" => is_sensitive(action),
        _ => false,
    }
}

/// How much a permission weighs among privileges: as its level does, but reading contents or secrets as much as writing.
pub(crate) fn weight(level: AccessLevel, is_sensitive: bool) -> u64 {
    level_weight(if is_sensitive { AccessLevel::Write } else { level })
}

/// How much a level weighs among privileges: one for listing, two for reading and tagging, five for writing, ten for
/// changing who may do what.
pub(crate) fn level_weight(level: AccessLevel) -> u64 {
    match level {
        AccessLevel::List => 1,
        AccessLevel::Read | AccessLevel::Tagging => 2,
        AccessLevel::Write => 5,
        AccessLevel::PermissionsManagement => 10,
    }
}
