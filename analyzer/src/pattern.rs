//! Patterns of names, as people write them into `remit.toml`.

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Deserializer};

/// A pattern in which `*` stands for any letters, `?` for one, `[ab]` for one of these and `{a,b}` for one of those.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(GlobMatcher);

impl Pattern {
    /// Reads a pattern; letters of either case match.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let mut glob = GlobBuilder::new(text);
        glob.case_insensitive(true).literal_separator(false).backslash_escape(true);
        let glob = glob.build().map_err(|error| format!("`{text}` is no pattern: {}", error.kind()))?;
        Ok(Self(glob.compile_matcher()))
    }

    /// What was written.
    pub(crate) fn text(&self) -> &str {
        self.0.glob().glob()
    }

    /// Whether a name matches.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// Whether an identity matches, by its whole name, by what stands behind its path, or as `NAMESPACE/NAME` of a service account.
    pub(crate) fn matches_identity(&self, identity: &str) -> bool {
        let short = identity.rsplit('/').next().unwrap_or(identity);
        let account = identity.strip_prefix("system:serviceaccount:").map(|name| name.replacen(':', "/", 1));
        self.matches(identity) || self.matches(short) || account.is_some_and(|account| self.matches(&account))
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_matches_by_each_of_its_names() {
        let is = |pattern: &str, identity: &str| Pattern::new(pattern).unwrap().matches_identity(identity);
        let role = "arn:aws:iam::111122223333:role/app/web-server";
        assert!(is("web-*", role) && is("arn:aws:iam::*:role/app/*", role) && is("WEB-SERVER", role));
        assert!(!is("web", role) && !is("app", role));
        let account = "system:serviceaccount:shop:web";
        assert!(
            is("shop/*", account) && is("shop/web", account) && is("system:serviceaccount:shop:*", account)
        );
        assert!(!is("web", account), "a name without its namespace is another's too");
        assert!(Pattern::new("[a").is_err());
    }
}
