//! In which language permissions are: figures of one say nothing of the other.

use std::fmt;

use serde::Serialize;

/// What identities and their permissions are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Realm {
    /// An account of AWS.
    Account,
    /// A cluster of Kubernetes.
    Cluster,
}

impl Realm {
    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Cluster => "cluster",
        }
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
