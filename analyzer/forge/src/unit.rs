//! A review unit: one identity in one repository, which has one branch and at most one open pull request.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The short, unique name of an identity, made of lower-case letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit(String);

/// What branches of Remit's begin with.
pub(crate) const PREFIX: &str = "remit/";

/// What branches of rollbacks have behind that.
const ROLLBACK: &str = "rollback-";

/// What a branch of Remit's is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// A proposal for a unit.
    Proposal(Unit),
    /// What takes back the pull request of a number.
    Rollback(u64),
}

impl Unit {
    /// The unit of an identity. Its digest makes it unique, its words are for people.
    pub fn of(identity: &str) -> Self {
        let last = identity.rsplit(['/', ':']).next().unwrap_or_default();
        let mut words = String::new();
        for letter in last.chars().take(48) {
            match letter {
                letter if letter.is_ascii_alphanumeric() => words.push(letter.to_ascii_lowercase()),
                _ if words.ends_with('-') || words.is_empty() => {}
                _ => words.push('-'),
            }
        }
        let digest: String =
            Sha256::digest(identity).iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        Self(if words.is_empty() { digest } else { format!("{}-{digest}", words.trim_end_matches('-')) })
    }

    /// Its branch.
    pub(crate) fn branch(&self) -> String {
        format!("{PREFIX}{self}")
    }

    /// Its name as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Purpose {
    /// What a branch is for; none where it is not Remit's.
    pub(crate) fn of(branch: &str) -> Option<Self> {
        let name = branch.strip_prefix(PREFIX)?;
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 80 || !name.chars().all(is_plain) {
            return None;
        }
        match name.strip_prefix(ROLLBACK).map(str::parse) {
            Some(Ok(number)) => Some(Self::Rollback(number)),
            _ => Some(Self::Proposal(Unit(name.to_owned()))),
        }
    }

    /// The branch.
    pub(crate) fn branch(&self) -> String {
        match self {
            Self::Proposal(unit) => unit.branch(),
            Self::Rollback(number) => format!("{PREFIX}{ROLLBACK}{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_tells_what_it_is_for() {
        for identity in [
            "arn:aws:iam::111122223333:role/path/App_Role+x",
            "system:serviceaccount:shop:cart",
            "",
            "/",
            "ü",
        ] {
            let unit = Unit::of(identity);
            assert_eq!(Purpose::of(&unit.branch()), Some(Purpose::Proposal(unit)));
        }
        assert_eq!(Purpose::of(&Purpose::Rollback(12).branch()), Some(Purpose::Rollback(12)));
        for other in ["main", "remit/", "remit/A", "remit/a/b", "remit/a b", "Remit/a"] {
            assert_eq!(Purpose::of(other), None, "{other}");
        }
    }

    #[test]
    fn names_that_read_alike_are_told_apart() {
        let units =
            ["arn:aws:iam::1:role/a-b", "arn:aws:iam::1:role/a_b", "arn:aws:iam::2:role/a-b"].map(Unit::of);
        assert!(units[0] != units[1] && units[0] != units[2]);
        assert!(units.iter().all(|unit| unit.as_str().starts_with("a-b-")));
    }
}
