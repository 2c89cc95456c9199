//! What became of a call, from its error code.

use remit_ledger::Outcome;

/// Error codes, without a `Client.` or `Server.` before them, that mean the caller was not authorised. What failed to be
/// authenticated (`ExpiredToken`, `SignatureDoesNotMatch`, ...), lacks a subscription (`OptInRequired`) or was refused
/// another service's key (`KMSAccessDenied`) is not among them: only what was refused itself is no use.
const DENIED: [&str; 21] = [
    "AccessDenied",
    "AccessDeniedException",
    "AccessDeniedFault",
    "AuthorizationError",
    "AuthorizationErrorException",
    "AuthorizationErrorFault",
    "AuthorizationException",
    "AuthorizationFailure",
    "Forbidden",
    "ForbiddenException",
    "InsufficientPrivilegesException",
    "NotAuthorized",
    "NotAuthorizedException",
    "Unauthorized",
    "UnauthorizedAccess",
    "UnauthorizedAccessException",
    "UnauthorizedException",
    "UnauthorizedOperation",
    "UnauthorizedRequestException",
    "UserUnauthorized",
    "VpceAccessDenied",
];

/// Wordings by which a message tells a denial whose code does not.
const DENIAL_MESSAGES: [&str; 6] = [
    "is not authorized to perform",
    "not authorized to perform",
    "with an explicit deny",
    "because no identity-based policy allows",
    "because no resource-based policy allows",
    "because no permissions boundary allows",
];

/// Services whose own users sign in with them: their "not authorised" means a wrong password, after the call as such
/// was authorised or needed no authorisation.
const SIGN_IN_SERVICES: [&str; 2] = ["cognito-idp", "cognito-identity"];

/// What became of a call.
pub(crate) fn outcome(service: &str, code: Option<&str>, message: Option<&str>) -> Outcome {
    let Some(code) = code.filter(|code| !code.is_empty()) else { return Outcome::Allowed };
    let bare = code.rsplit_once('.').map_or(code, |(_, bare)| bare);
    // A dry run asks "may I?", and this is the yes.
    if bare == "DryRunOperation" || bare == "DryRunOperationException" {
        return Outcome::Allowed;
    }
    let refused_by_service = SIGN_IN_SERVICES.contains(&service) && bare == "NotAuthorizedException";
    let denied_by_code = DENIED.iter().any(|denied| denied.eq_ignore_ascii_case(bare)) && !refused_by_service;
    let denied_by_message =
        || message.is_some_and(|message| DENIAL_MESSAGES.iter().any(|wording| message.contains(wording)));
    if denied_by_code || denied_by_message() { Outcome::Denied } else { Outcome::Failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(service: &str, code: &str, message: &str, expected: Outcome) {
        let found = outcome(service, Some(code), Some(message));
        assert_eq!(found, expected, "{service} {code} {message}");
    }

    #[test]
    fn spellings_of_denial() {
        for code in [
            "AccessDenied",
            "AccessDeniedException",
            "Client.UnauthorizedOperation",
            "UnauthorizedOperation",
            "UnauthorizedAccess",
            "AuthorizationError",
            "NotAuthorizedException",
            "Client.NotAuthorized",
            "S3.AccessDenied",
            "VpceAccessDenied",
            "accessDenied",
        ] {
            check("ec2", code, "", Outcome::Denied);
        }
    }

    #[test]
    fn denial_told_by_the_message_alone() {
        let message = "User: arn:aws:iam::123456789012:user/a is not authorized to perform: glue:GetTable";
        check("glue", "InvalidInputException", message, Outcome::Denied);
        check("glue", "InvalidInputException", "table name is empty", Outcome::Failed);
    }

    #[test]
    fn failures_that_may_have_passed_authorisation() {
        for code in [
            "ThrottlingException",
            "NoSuchBucketPolicy",
            "Client.InvalidVolume.NotFound",
            "AuthFailure",
            "OptInRequired",
            "ExpiredTokenException",
            "SignatureDoesNotMatch",
            "KMSAccessDeniedException",
        ] {
            check("ec2", code, "", Outcome::Failed);
        }
    }

    #[test]
    fn a_dry_run_that_would_have_succeeded_is_allowed() {
        check("ec2", "Client.DryRunOperation", "Request would have succeeded", Outcome::Allowed);
        assert_eq!(outcome("ec2", None, None), Outcome::Allowed);
        assert_eq!(outcome("ec2", Some(""), None), Outcome::Allowed);
    }

    #[test]
    fn a_wrong_password_is_no_denial_by_iam() {
        check("cognito-idp", "NotAuthorizedException", "Incorrect username or password.", Outcome::Failed);
    }
}
