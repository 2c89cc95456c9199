//! Who made a call: `userIdentity` to principal, session and credential.

use std::borrow::Cow;

use crate::scan::{Cursor, Text};

/// Who made a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) account: Option<String>,
    pub(crate) principal: String,
    pub(crate) kind: Kind,
    pub(crate) session: Option<String>,
    pub(crate) credential: Option<String>,
    pub(crate) source_identity: Option<String>,
    /// The service that made the call, where the identity names one.
    pub(crate) invoked_by: Option<String>,
}

/// What kind of principal made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Role,
    User,
    Root,
    FederatedUser,
    WebIdentityUser,
    SamlUser,
    Service,
    Account,
    Anonymous,
    IdentityCenterUser,
    Unknown,
}

impl Kind {
    /// The name used in the ledger.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
            Self::Root => "root",
            Self::FederatedUser => "federated_user",
            Self::WebIdentityUser => "web_identity_user",
            Self::SamlUser => "saml_user",
            Self::Service => "service",
            Self::Account => "account",
            Self::Anonymous => "anonymous",
            Self::IdentityCenterUser => "identity_center_user",
            Self::Unknown => "unknown",
        }
    }
}

/// The fields of `userIdentity`, as far as they tell who it is.
#[derive(Debug, Default)]
struct Fields<'a> {
    kind: Option<Cow<'a, str>>,
    principal_id: Option<Cow<'a, str>>,
    arn: Option<Cow<'a, str>>,
    account: Option<Cow<'a, str>>,
    access_key: Option<Cow<'a, str>>,
    user_name: Option<Cow<'a, str>>,
    provider: Option<Cow<'a, str>>,
    invoked_by: Option<Cow<'a, str>>,
    credential_id: Option<Cow<'a, str>>,
    issuer_arn: Option<Cow<'a, str>>,
    issuer_account: Option<Cow<'a, str>>,
    source_identity: Option<Cow<'a, str>>,
    federated_subject: Option<Cow<'a, str>>,
    on_behalf_user: Option<Cow<'a, str>>,
    identity_store: Option<Cow<'a, str>>,
}

impl Identity {
    /// Reads `userIdentity`. `recipient` is the account whose log it is. Whatever is missing, some principal comes
    /// of it: a call is never dropped because its caller is odd.
    pub(crate) fn read(object: Option<&[u8]>, recipient: Option<&str>) -> Self {
        let fields = object.map(Fields::read).unwrap_or_default();
        let mut identity = fields.identity(recipient);
        identity.credential =
            non_empty(fields.access_key).or(non_empty(fields.credential_id)).map(Cow::into_owned);
        identity.invoked_by = non_empty(fields.invoked_by).map(Cow::into_owned);
        identity
    }
}

impl<'a> Fields<'a> {
    fn read(object: &'a [u8]) -> Self {
        let mut fields = Self::default();
        walk(object, &mut |path, text| fields.set(path, text));
        fields
    }

    fn set(&mut self, path: &[&[u8]], text: Text<'a>) {
        let slot = match path {
            [b"type"] => &mut self.kind,
            [b"principalId"] => &mut self.principal_id,
            [b"arn"] => &mut self.arn,
            [b"accountId"] => &mut self.account,
            [b"accessKeyId"] => &mut self.access_key,
            [b"userName"] => &mut self.user_name,
            [b"identityProvider"] => &mut self.provider,
            [b"invokedBy"] => &mut self.invoked_by,
            [b"credentialId"] => &mut self.credential_id,
            [b"sessionContext", b"sessionIssuer", b"arn"] => &mut self.issuer_arn,
            [b"sessionContext", b"sessionIssuer", b"accountId"] => &mut self.issuer_account,
            [b"sessionContext", b"sourceIdentity"] => &mut self.source_identity,
            // Older events carry the service here.
            [b"sessionContext", b"invokedBy"] if self.invoked_by.is_none() => &mut self.invoked_by,
            [b"sessionContext", b"webIdFederationData", b"attributes", attribute]
                if attribute.ends_with(b":sub") =>
            {
                &mut self.federated_subject
            }
            [b"onBehalfOf", b"userId"] => &mut self.on_behalf_user,
            [b"onBehalfOf", b"identityStoreArn"] => &mut self.identity_store,
            _ => return,
        };
        *slot = text.decode();
    }

    fn identity(&self, recipient: Option<&str>) -> Identity {
        let account = self.account_of_principal(recipient);
        let given =
            |text: &Option<Cow<'a, str>>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
        let source_identity = given(&self.source_identity).or_else(|| given(&self.federated_subject));
        let mut identity = Identity {
            account,
            principal: String::new(),
            kind: Kind::Unknown,
            session: None,
            credential: None,
            source_identity,
            invoked_by: None,
        };
        let arn = given(&self.arn);
        let account = identity.account.clone().unwrap_or_default();
        let (kind, principal) = match self.kind.as_deref().unwrap_or_default() {
            "Root" => (Kind::Root, Some(arn.unwrap_or_else(|| format!("arn:aws:iam::{account}:root")))),
            "IAMUser" => {
                let named = || Some(format!("arn:aws:iam::{account}:user/{}", given(&self.user_name)?));
                (Kind::User, arn.or_else(named))
            }
            "AssumedRole" => {
                identity.session = self.session();
                (
                    Kind::Role,
                    given(&self.issuer_arn).or_else(|| arn.as_deref().and_then(role_of_session)).or(arn),
                )
            }
            "Role" => (Kind::Role, arn),
            "FederatedUser" => {
                // The session has the permissions of the user who asked for it, so that is who uses them.
                identity.session = arn
                    .as_deref()
                    .and_then(|arn| arn.split_once("federated-user/"))
                    .map(|(_, name)| name.to_owned());
                (Kind::FederatedUser, given(&self.issuer_arn).or(arn))
            }
            "SAMLUser" | "WebIdentityUser" => {
                let kind = if self.kind.as_deref() == Some("SAMLUser") {
                    Kind::SamlUser
                } else {
                    Kind::WebIdentityUser
                };
                identity.source_identity = given(&self.user_name).or(identity.source_identity);
                let named = || match (given(&self.provider), given(&self.user_name)) {
                    (Some(provider), Some(user)) => Some(format!("{provider}:{user}")),
                    (provider, user) => provider.or(user),
                };
                (kind, given(&self.principal_id).or_else(named))
            }
            "IdentityCenterUser" => {
                let user = given(&self.on_behalf_user).or_else(|| given(&self.principal_id));
                let named = match (given(&self.identity_store), user) {
                    (Some(store), Some(user)) => Some(format!("{store}/user/{user}")),
                    (_, user) => user,
                };
                (Kind::IdentityCenterUser, named)
            }
            "AWSService" => (Kind::Service, given(&self.invoked_by).or_else(|| given(&self.principal_id))),
            "AWSAccount" => self.other_account(&account),
            "" if given(&self.invoked_by).is_some() => (Kind::Service, given(&self.invoked_by)),
            _ => (Kind::Unknown, arn.or_else(|| given(&self.principal_id))),
        };
        identity.kind = kind;
        identity.principal = principal.unwrap_or_else(|| "unknown".to_owned());
        identity
    }

    /// A caller of another account, of whom the resource owner's log tells an account and a unique id; or nobody.
    fn other_account(&self, account: &str) -> (Kind, Option<String>) {
        if account.eq_ignore_ascii_case("ANONYMOUS_PRINCIPAL") || account.is_empty() {
            return (Kind::Anonymous, Some("anonymous".to_owned()));
        }
        let unique =
            self.principal_id.as_deref().and_then(|id| id.split(':').next()).filter(|id| !id.is_empty());
        match unique {
            Some(unique) => (Kind::Account, Some(format!("{account}:{unique}"))),
            None => (Kind::Account, Some(account.to_owned())),
        }
    }

    fn account_of_principal(&self, recipient: Option<&str>) -> Option<String> {
        let of_store = || self.identity_store.as_deref().and_then(account_of_arn);
        let of_arn = || self.arn.as_deref().and_then(account_of_arn);
        // A service has no account of its own: it is the account whose log it is that sees the call.
        [self.account.as_deref(), self.issuer_account.as_deref(), of_arn(), of_store(), recipient]
            .into_iter()
            .flatten()
            .find(|account| !account.is_empty())
            .map(str::to_owned)
    }

    fn session(&self) -> Option<String> {
        let of_arn =
            || self.arn.as_deref().and_then(|arn| arn.split("assumed-role/").nth(1)?.split_once('/'));
        let of_id = || self.principal_id.as_deref().and_then(|id| id.split_once(':'));
        of_arn().or_else(of_id).map(|(_, session)| session.to_owned()).filter(|session| !session.is_empty())
    }
}

/// The role of `arn:aws:sts::123456789012:assumed-role/name/session`. A session's ARN does not tell the role's
/// path, so a role with a path comes out without it: `role/web` for `role/shop/web`. A name is a role's own in its
/// account whatever the path, so readers take roles of one account and last name for one.
fn role_of_session(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':');
    let (_, partition, _, _) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let account = parts.next()?;
    let name = parts.next()?.strip_prefix("assumed-role/")?.split('/').next()?;
    Some(format!("arn:{partition}:iam::{account}:role/{name}"))
}

fn account_of_arn(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

fn non_empty(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.is_empty())
}

/// Hands every text of an object to `use_text`, with the keys that lead to it; objects nested deeper than the
/// fields of `userIdentity` are passed over.
fn walk<'a>(object: &'a [u8], use_text: &mut impl FnMut(&[&[u8]], Text<'a>)) {
    fn inner<'a>(object: &'a [u8], path: &mut Vec<&'a [u8]>, use_text: &mut impl FnMut(&[&[u8]], Text<'a>)) {
        let mut cursor = Cursor::new(object);
        let mut first = true;
        if cursor.enter().is_err() {
            return;
        }
        while let Ok(Some(key)) = cursor.key(&mut first) {
            let Ok(value) = cursor.value() else { return };
            path.push(key.raw);
            match (value.text(), value.nested()) {
                (Some(text), _) => use_text(path, text),
                (_, Some(nested)) if path.len() < 4 => inner(nested, path, use_text),
                _ => {}
            }
            path.pop();
        }
    }
    inner(object, &mut Vec::with_capacity(4), use_text);
}

#[cfg(test)]
mod tests;
