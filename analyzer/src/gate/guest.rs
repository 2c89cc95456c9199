//! Somebody whom a statement of a resource's policy names.

use remit_source::{Piece, Principal, Text};

use super::elsewhere::text;

/// Somebody whom a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Guest {
    /// Everybody.
    Everybody,
    /// Everybody but those whom a statement names.
    AllBut(Vec<Guest>),
    /// An account, which lets in whomever it permits that.
    Account {
        /// Its number, or an expression.
        account: String,
        /// As it is written.
        written: Text,
    },
    /// Anybody else, by kind and name.
    One {
        /// Kind and name.
        key: String,
        /// As it is written.
        written: Text,
    },
}

/// What a reference to an identity or an account ends with, or is called.
const IDENTITIES: [&str; 5] = [".arn", ".Arn", ".account_id", "AWS::AccountId", ".iam_arn"];

/// References of which nobody knows what they stand for.
const INPUTS: [&str; 5] = ["var.", "local.", "each.", "module.", "dynamic"];

impl Guest {
    /// Whom a statement names.
    pub(super) fn of(principal: &Principal) -> Self {
        let kind = text(&principal.kind);
        let id = principal.id.known();
        if id == Some("*") && (kind == "*" || kind == "AWS") {
            return Self::Everybody;
        }
        let plain = literal(&text(&principal.id));
        let written = principal.id.clone();
        match (kind.as_str(), account(&plain)) {
            ("AWS", Some(account)) => Self::Account { account: account.to_owned(), written },
            _ => Self::One { key: format!("{}:{plain}", literal(&kind)), written },
        }
    }

    /// Patterns of the names that it stands for, by which statements are compared. `is_wide` where an account stands for all in it.
    pub(super) fn patterns(&self, is_wide: bool) -> Vec<String> {
        match self {
            Self::Everybody => vec!["*".to_owned()],
            Self::AllBut(guests) => guests.iter().flat_map(|guest| guest.patterns(is_wide)).collect(),
            Self::Account { account, .. } => {
                let own = format!("AWS:{account}");
                let within = is_wide.then(|| format!("AWS:arn:*:*::{account}:*"));
                std::iter::once(own).chain(within).collect()
            }
            Self::One { key, .. } => vec![key.clone()],
        }
    }

    pub(super) fn is_everybody(&self) -> bool {
        matches!(self, Self::Everybody | Self::AllBut(_))
    }

    /// Whether another is, or is of, whom this one names.
    pub(super) fn stands_for(&self, other: &Self) -> bool {
        let patterns: Vec<_> = self
            .patterns(true)
            .iter()
            .map(|one| remit_policy::Glob::resource_without_variables(one))
            .collect();
        let of_other = other.patterns(false);
        !matches!(self, Self::AllBut(_))
            && !matches!(other, Self::AllBut(_))
            && of_other.iter().all(|one| {
                let one = remit_policy::Glob::resource_without_variables(one);
                one.is_included_in(&patterns.iter().collect::<Vec<_>>())
            })
    }

    /// Whether it issues tokens to many.
    pub(super) fn is_issuer(&self) -> bool {
        match self {
            Self::One { key, .. } => {
                key.contains("oidc-provider/") || key.contains("openid_connect_provider")
            }
            _ => false,
        }
    }

    /// The expression that says who it is, where nothing tells what that is.
    pub(super) fn open(&self) -> Option<String> {
        let (Self::Account { written, .. } | Self::One { written, .. }) = self else { return None };
        let is_literal = |piece: &Piece| matches!(piece, Piece::Literal(_));
        if written.pieces().is_empty() || written.pieces().iter().any(is_literal) {
            return None;
        }
        let expression = written.to_string();
        let bare = expression.trim_start_matches("${").trim();
        let is_input = INPUTS.iter().any(|input| bare.starts_with(input));
        let is_identity = IDENTITIES.iter().any(|word| bare.contains(word));
        (is_input || !is_identity).then(|| expression.lines().next().unwrap_or_default().to_owned())
    }

    /// How it is named.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Everybody => "everybody".to_owned(),
            Self::AllBut(guests) => {
                let all: Vec<_> = guests.iter().map(Self::shown).collect();
                format!("everybody but {}", all.join(" and "))
            }
            Self::Account { written, .. } | Self::One { written, .. } => format!("`{written}`"),
        }
    }
}

/// A name in which nothing is a wildcard or variable: principals have neither.
fn literal(name: &str) -> String {
    name.replace('*', "%2a").replace('?', "%3f").replace('$', "%24")
}

/// The account that a number, an expression for one, or an ARN of its root names.
fn account(name: &str) -> Option<&str> {
    let is_number = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_expression = name.starts_with('<') && name.ends_with('>');
    let is_of_account = is_expression && (name.contains("account_id") || name.contains("AccountId"));
    if is_number || is_of_account {
        return Some(name);
    }
    name.strip_prefix("arn:")?.strip_suffix(":root")?.split_once(":iam::").map(|(_, account)| account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(kind: &str, id: &str) -> Guest {
        let principal = Principal { kind: Text::literal(kind), id: Text::literal(id) };
        Guest::of(&principal)
    }

    #[test]
    fn an_account_stands_for_whoever_is_in_it() {
        let root = guest("AWS", "arn:aws:iam::111122223333:root");
        assert!(root.stands_for(&guest("AWS", "111122223333")));
        assert!(root.stands_for(&guest("AWS", "arn:aws:iam::111122223333:role/ci/deploy")));
        assert!(!root.stands_for(&guest("AWS", "arn:aws:iam::444455556666:role/ci")));
        assert!(!guest("AWS", "arn:aws:iam::111122223333:role/ci").stands_for(&root));
        let all = guest("*", "*");
        assert!(
            all.is_everybody() && guest("AWS", "*").is_everybody() && !guest("Service", "*").is_everybody()
        );
        assert!(all.stands_for(&guest("Service", "ec2.amazonaws.com")));
        // A wildcard within a name is none, and stands for nobody.
        assert!(!guest("AWS", "arn:aws:iam::1:role/*").stands_for(&guest("AWS", "arn:aws:iam::1:role/a")));
    }

    #[test]
    fn an_input_does_not_tell_whom_it_stands_for() {
        let of = |source: &str| {
            let principal = Principal { kind: Text::literal("AWS"), id: Text::opaque(source) };
            Guest::of(&principal).open()
        };
        assert_eq!(of("var.accounts"), Some("var.accounts".to_owned()));
        assert_eq!(of("${local.partner_arn}"), Some("${local.partner_arn}".to_owned()));
        assert_eq!(of("aws_iam_role.ci.arn"), None);
        assert_eq!(of("Deployer.Arn"), None);
        assert_eq!(of("data.aws_caller_identity.current.account_id"), None);
    }
}
