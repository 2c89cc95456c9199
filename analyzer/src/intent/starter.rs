//! Who begins the sessions of a role.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::learn::PIPELINES;
use crate::sightings::Beginning;

/// What sort of identity begins sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StarterKind {
    /// A service of AWS.
    Service,
    /// A service account of a cluster.
    ServiceAccount,
    /// A pipeline, by its token.
    Pipeline,
    /// Somebody else's token.
    Token,
    /// A person.
    Person,
    /// A role.
    Role,
    /// A user.
    User,
    /// Another account.
    Account,
    /// Something else.
    Other,
}

/// Who begins sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Starter {
    /// What sort.
    pub(crate) kind: StarterKind,
    /// The name.
    pub(crate) name: String,
}

/// Sessions that were begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Begun {
    /// How many.
    pub(crate) sessions: u64,
    /// When first, in microseconds since the Unix epoch.
    #[serde(skip)]
    pub(crate) first: i64,
    /// When last.
    #[serde(skip)]
    pub(crate) last: i64,
}

/// Who begins the sessions of one role.
pub(crate) type Starters = BTreeMap<Starter, Begun>;

/// Who is kept of those that begin the sessions of one role.
const MOST: usize = 1_000;

impl Starter {
    /// Who began a session.
    pub(crate) fn of(beginning: &Beginning) -> Self {
        let named = |kind, name: &str| Self { kind, name: name.to_owned() };
        let short = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let behind = beginning.source_identity.as_deref();
        match beginning.kind.as_str() {
            "service" => named(StarterKind::Service, &beginning.by),
            "role" => named(StarterKind::Role, &short(&beginning.by)),
            "user" => named(StarterKind::User, &short(&beginning.by)),
            "web_identity_user" => {
                // `PROVIDER:AUDIENCE:SUBJECT`, of which the provider is an ARN and has the issuer behind its last `/`.
                let subject = behind.unwrap_or(&beginning.by);
                let account = subject.find("system:serviceaccount:").and_then(|at| subject.get(at..));
                if let Some(account) = account {
                    let name = account.trim_start_matches("system:serviceaccount:").replacen(':', "/", 1);
                    return Self { kind: StarterKind::ServiceAccount, name };
                }
                let issuer = beginning.by.to_ascii_lowercase();
                let is_pipeline = PIPELINES.iter().any(|known| issuer.contains(known));
                let subject = match behind {
                    Some(behind) => behind,
                    None => beginning.by.split_once(".com:").map_or(beginning.by.as_str(), |(_, subject)| {
                        subject.split_once(':').map_or(subject, |(_, subject)| subject)
                    }),
                };
                named(if is_pipeline { StarterKind::Pipeline } else { StarterKind::Token }, subject)
            }
            "saml_user" | "identity_center_user" | "federated_user" => {
                let name = behind.unwrap_or_else(|| beginning.by.rsplit(':').next().unwrap_or_default());
                named(StarterKind::Person, name)
            }
            "account" => named(StarterKind::Account, beginning.by.split(':').next().unwrap_or_default()),
            _ => named(StarterKind::Other, &beginning.by),
        }
    }

    /// It in words.
    pub(crate) fn words(&self) -> String {
        let name = &self.name;
        match self.kind {
            StarterKind::Service | StarterKind::Person | StarterKind::Other => format!("`{name}`"),
            StarterKind::ServiceAccount => format!("service account `{name}`"),
            StarterKind::Pipeline => format!("pipeline `{name}`"),
            StarterKind::Token => format!("the token of `{name}`"),
            StarterKind::Role => format!("role `{name}`"),
            StarterKind::User => format!("user `{name}`"),
            StarterKind::Account => format!("account `{name}`"),
        }
    }

    /// What several of the sort are called.
    pub(crate) fn many(kind: StarterKind) -> &'static str {
        match kind {
            StarterKind::Service => "services",
            StarterKind::ServiceAccount => "service accounts",
            StarterKind::Pipeline => "pipelines",
            StarterKind::Token => "holders of tokens",
            StarterKind::Person => "people",
            StarterKind::Role => "roles",
            StarterKind::User => "users",
            StarterKind::Account => "accounts",
            StarterKind::Other => "others",
        }
    }
}

/// Adds who began sessions.
pub(crate) fn add(starters: &mut Starters, beginning: &Beginning) {
    let begun = starters.entry(Starter::of(beginning)).or_insert(Begun {
        sessions: 0,
        first: i64::MAX,
        last: i64::MIN,
    });
    begun.sessions = begun.sessions.saturating_add(beginning.count);
    begun.first = begun.first.min(beginning.first);
    begun.last = begun.last.max(beginning.last);
    while starters.len() > MOST {
        starters.pop_last();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starter(kind: &str, by: &str, behind: Option<&str>) -> String {
        Starter::of(&Beginning {
            roles: Vec::new(),
            by: by.to_owned(),
            kind: kind.to_owned(),
            source_identity: behind.map(str::to_owned),
            count: 1,
            first: 0,
            last: 0,
        })
        .words()
    }

    #[test]
    fn who_begins_sessions_is_named_in_few_words() {
        let eks = "arn:aws:iam::1:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/7C:sts.amazonaws.com:system:serviceaccount:shop:api";
        assert_eq!(starter("web_identity_user", eks, None), "service account `shop/api`");
        let github = "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com:sts.amazonaws.com:repo:a/b:ref:refs/heads/main";
        assert_eq!(starter("web_identity_user", github, None), "pipeline `repo:a/b:ref:refs/heads/main`");
        assert_eq!(starter("saml_user", "SUe=:ann@example.com", None), "`ann@example.com`");
        assert_eq!(starter("service", "lambda.amazonaws.com", None), "`lambda.amazonaws.com`");
        assert_eq!(starter("role", "arn:aws:iam::1:role/a/deploy", None), "role `deploy`");
        assert_eq!(starter("account", "777788889999:AROA", None), "account `777788889999`");
    }
}
