//! Who a record says made the call: its `userIdentity` element.

use crate::moment;
use crate::pattern::{Arguments, escape};

/// The caller of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A session of a role.
    Role(RoleSession),
    /// An IAM user, by access key or from the console.
    User {
        /// Account of the user.
        account: String,
        /// Path and name, such as `/bots/reporting-bot`.
        path_name: String,
        /// Unique id, `AIDA...`.
        id: String,
        /// Access key id.
        key: String,
        /// When the console session began, for a session from the console.
        console_since: Option<i64>,
    },
    /// The account's root user.
    Root {
        /// The account.
        account: String,
    },
    /// An AWS service for its own purposes.
    Service(String),
    /// A token of an OpenID Connect provider.
    WebIdentity {
        /// ARN of the provider.
        provider: String,
        /// Audience of the token.
        audience: String,
        /// Subject of the token.
        subject: String,
    },
    /// An assertion of a SAML provider.
    Saml {
        /// The provider's name qualifier.
        qualifier: String,
        /// Name of the user.
        user: String,
    },
    /// A principal of another account, of which only this much is shown.
    Account {
        /// The other account.
        account: String,
        /// Unique id and session of the caller there.
        principal_id: String,
    },
    /// A federated session of a user.
    Federated {
        /// Account of the user.
        account: String,
        /// Name of the federated user.
        name: String,
        /// Access key id.
        key: String,
        /// When the session began.
        since: i64,
        /// Path and name of the user.
        user_path_name: String,
        /// Unique id of the user.
        user_id: String,
    },
    /// A person known to IAM Identity Center.
    IdentityCenterUser {
        /// The account.
        account: String,
        /// User id in the identity store.
        user: String,
    },
    /// Nobody: a request without signature.
    Anonymous,
}

/// A session of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleSession {
    /// Account of the role.
    pub account: String,
    /// Path and name, such as `/service-role/nightly`.
    pub path_name: String,
    /// Unique id, `AROA...`.
    pub id: String,
    /// Session name.
    pub session: String,
    /// Access key id.
    pub key: String,
    /// When the session began.
    pub since: i64,
    /// ARN of the identity provider behind the session.
    pub provider: Option<String>,
    /// Source identity set at the beginning of the chain.
    pub source_identity: Option<String>,
    /// How an instance got the credentials.
    pub delivery: Option<String>,
    /// Whether the session was begun with a second factor.
    pub mfa: bool,
    /// ARN of the function that the credentials were handed to.
    pub in_scope_of: Option<String>,
}

impl Caller {
    /// ARN as error messages name the caller; empty where there is none.
    #[must_use]
    pub(crate) fn arn(&self) -> String {
        match self {
            Self::Role(role) => role.arn(),
            Self::User { account, path_name, .. } => format!("arn:aws:iam::{account}:user{path_name}"),
            Self::Root { account } => format!("arn:aws:iam::{account}:root"),
            Self::Federated { account, name, .. } => format!("arn:aws:sts::{account}:federated-user/{name}"),
            Self::Service(_)
            | Self::IdentityCenterUser { .. }
            | Self::WebIdentity { .. }
            | Self::Saml { .. }
            | Self::Account { .. }
            | Self::Anonymous => String::new(),
        }
    }

    /// Appends the element; `via` is the service that calls on the caller's behalf.
    pub(crate) fn write(&self, out: &mut String, via: Option<&str>) {
        let mut element = Element { out, first: true };
        match self {
            Self::Role(role) => role.write(&mut element),
            Self::User { account, path_name, id, key, console_since } => {
                element.field("type", "IAMUser");
                element.field("principalId", id);
                element.field("arn", &format!("arn:aws:iam::{account}:user{path_name}"));
                element.field("accountId", account);
                element.field("accessKeyId", key);
                element.field("userName", last(path_name));
                if let Some(since) = console_since {
                    element
                        .raw("sessionContext", &format!("{{\"attributes\":{}}}", attributes(*since, true)));
                }
            }
            Self::Root { account } => {
                element.field("type", "Root");
                element.field("principalId", account);
                element.field("arn", &format!("arn:aws:iam::{account}:root"));
                element.field("accountId", account);
                element.field("accessKeyId", "");
            }
            Self::Service(service) => {
                element.field("type", "AWSService");
                element.field("invokedBy", service);
            }
            Self::WebIdentity { provider, audience, subject } => {
                element.field("type", "WebIdentityUser");
                element.field("principalId", &format!("{provider}:{audience}:{subject}"));
                element.field("userName", subject);
                element.field("identityProvider", provider);
            }
            Self::Saml { qualifier, user } => {
                element.field("type", "SAMLUser");
                element.field("principalId", &format!("{qualifier}:{user}"));
                element.field("userName", user);
                element.field("identityProvider", qualifier);
            }
            Self::Account { account, principal_id } => {
                element.field("type", "AWSAccount");
                element.field("principalId", principal_id);
                element.field("accountId", account);
            }
            Self::Federated { account, name, key, since, user_path_name, user_id } => {
                element.field("type", "FederatedUser");
                element.field("principalId", &format!("{account}:{name}"));
                element.field("arn", &self.arn());
                element.field("accountId", account);
                element.field("accessKeyId", key);
                let mut context = String::new();
                let mut inner = Element { out: &mut context, first: true };
                inner.field_of("sessionIssuer", "type", "IAMUser");
                inner.field("principalId", user_id);
                inner.field("arn", &format!("arn:aws:iam::{account}:user{user_path_name}"));
                inner.field("accountId", account);
                inner.field("userName", last(user_path_name));
                inner.out.push('}');
                inner.raw("attributes", &attributes(*since, false));
                context.push('}');
                element.raw("sessionContext", &context);
            }
            Self::IdentityCenterUser { account, user } => {
                element.field("type", "IdentityCenterUser");
                element.field("accountId", account);
                let store = format!("arn:aws:identitystore::{account}:identitystore/d-9a6700larkspur");
                element.raw(
                    "onBehalfOf",
                    &format!("{{\"userId\":\"{user}\",\"identityStoreArn\":\"{store}\"}}"),
                );
                element.field("credentialId", &format!("{user}-portal"));
            }
            Self::Anonymous => {
                element.field("type", "AWSAccount");
                element.field("principalId", "");
                element.field("accountId", "anonymous");
            }
        }
        if let (Some(via), false) = (via, matches!(self, Self::Service(_))) {
            element.field("invokedBy", via);
        }
        if let Self::Role(RoleSession { in_scope_of: Some(function), .. }) = self {
            let mut scope = String::new();
            let mut inner = Element { out: &mut scope, first: true };
            inner.field("issuerType", "AWS::Lambda::Function");
            inner.field("credentialsIssuedTo", function);
            scope.push('}');
            element.raw("inScopeOf", &scope);
        }
        out.push('}');
    }
}

impl RoleSession {
    /// What the templates of the operations that begin a session ask for.
    pub(crate) fn arguments(&self) -> Arguments {
        let mut arguments = Arguments::default();
        arguments.set("role", &format!("arn:aws:iam::{}:role{}", self.account, self.path_name));
        arguments.set("role_id", &self.id);
        arguments.set("session", &self.session);
        arguments.set("session_arn", &self.arn());
        arguments.set("issued", &self.key);
        arguments
    }

    /// ARN of the session.
    #[must_use]
    pub(crate) fn arn(&self) -> String {
        // The session's ARN leaves out the role's path.
        format!("arn:aws:sts::{}:assumed-role/{}/{}", self.account, last(&self.path_name), self.session)
    }

    fn write(&self, element: &mut Element<'_>) {
        element.field("type", "AssumedRole");
        element.field("principalId", &format!("{}:{}", self.id, self.session));
        element.field("arn", &self.arn());
        element.field("accountId", &self.account);
        element.field("accessKeyId", &self.key);
        let mut context = String::new();
        let mut inner = Element { out: &mut context, first: true };
        inner.field_of("sessionIssuer", "type", "Role");
        inner.field("principalId", &self.id);
        inner.field("arn", &format!("arn:aws:iam::{}:role{}", self.account, self.path_name));
        inner.field("accountId", &self.account);
        inner.field("userName", last(&self.path_name));
        inner.out.push('}');
        match &self.provider {
            Some(provider) => {
                inner.field_of("webIdFederationData", "federatedProvider", provider);
                inner.raw("attributes", "{}");
                inner.out.push('}');
            }
            None => inner.raw("webIdFederationData", "{}"),
        }
        inner.raw("attributes", &attributes(self.since, self.mfa));
        if let Some(source) = &self.source_identity {
            inner.field("sourceIdentity", source);
        }
        if let Some(delivery) = &self.delivery {
            inner.field("ec2RoleDelivery", delivery);
        }
        context.push('}');
        element.raw("sessionContext", &context);
    }
}

/// A JSON object under construction. Whoever makes it closes it.
struct Element<'a> {
    out: &'a mut String,
    first: bool,
}

impl Element<'_> {
    fn name(&mut self, name: &str) {
        self.out.push(if self.first { '{' } else { ',' });
        self.first = false;
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    fn field(&mut self, name: &str, value: &str) {
        self.name(name);
        self.out.push('"');
        escape(self.out, value);
        self.out.push('"');
    }

    fn raw(&mut self, name: &str, value: &str) {
        self.name(name);
        self.out.push_str(value);
    }

    /// Opens an object with one field. More fields may follow; the caller closes it.
    fn field_of(&mut self, object: &str, name: &str, value: &str) {
        self.name(object);
        self.first = true;
        self.field(name, value);
    }
}

/// When a session began, and whether with a second factor.
fn attributes(since: i64, mfa: bool) -> String {
    let mut text = String::from("{\"creationDate\":\"");
    moment::iso(&mut text, since);
    text.push_str("\",\"mfaAuthenticated\":\"");
    text.push_str(if mfa { "true" } else { "false" });
    text.push_str("\"}");
    text
}

/// The name behind the path.
fn last(path_name: &str) -> &str {
    path_name.rsplit('/').next().unwrap_or(path_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn written(caller: &Caller, via: Option<&str>) -> Value {
        let mut text = String::new();
        caller.write(&mut text, via);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn session() -> RoleSession {
        RoleSession {
            account: "111122223333".into(),
            path_name: "/service-role/nightly".into(),
            id: "AROAEXAMPLE".into(),
            session: "run".into(),
            key: "ASIAEXAMPLE".into(),
            since: 0,
            provider: None,
            source_identity: None,
            delivery: None,
            mfa: false,
            in_scope_of: None,
        }
    }

    #[test]
    fn a_role_session_names_its_role_without_the_path_and_the_issuer_with_it() {
        let element = written(&Caller::Role(session()), Some("cloudformation.amazonaws.com"));
        assert_eq!(element["arn"], "arn:aws:sts::111122223333:assumed-role/nightly/run");
        let issuer = &element["sessionContext"]["sessionIssuer"];
        assert_eq!(issuer["arn"], "arn:aws:iam::111122223333:role/service-role/nightly");
        assert_eq!(element["sessionContext"]["attributes"]["creationDate"], "1970-01-01T00:00:00Z");
        assert_eq!(element["invokedBy"], "cloudformation.amazonaws.com");
    }

    #[test]
    fn every_caller_is_valid_json() {
        let web = RoleSession {
            provider: Some("arn:aws:iam::111122223333:oidc-provider/x".into()),
            source_identity: Some("maya".into()),
            delivery: Some("2.0".into()),
            in_scope_of: Some("arn:aws:lambda:eu-west-1:111122223333:function:f".into()),
            ..session()
        };
        let element = written(&Caller::Role(web), None);
        assert_eq!(element["inScopeOf"]["issuerType"], "AWS::Lambda::Function");
        assert_eq!(element["sessionContext"]["webIdFederationData"]["attributes"], serde_json::json!({}));
        for caller in [
            Caller::Service("ec2.amazonaws.com".into()),
            Caller::Anonymous,
            Caller::IdentityCenterUser { account: "111122223333".into(), user: "u".into() },
            Caller::Federated {
                account: "111122223333".into(),
                name: "portal".into(),
                key: "ASIAEXAMPLE".into(),
                since: 0,
                user_path_name: "/bots/bot".into(),
                user_id: "AIDAEXAMPLE".into(),
            },
            Caller::Root { account: "111122223333".into() },
            Caller::Account { account: "444455556666".into(), principal_id: "AROA:x".into() },
            Caller::Saml { qualifier: "q".into(), user: "maya@larkspur.example".into() },
        ] {
            assert!(written(&caller, Some("via"))["type"].is_string());
        }
    }
}
