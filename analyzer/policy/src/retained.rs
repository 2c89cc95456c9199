//! Permissions that stay although nothing was seen to need them: what was learned says that something may.

/// Why a permission stays that is not used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retained {
    /// Whoever does this, which was seen, comes to need it: the action used.
    Companion(String),
    /// Others of its kind use it: how many, and of how many.
    Peers {
        /// How many used it.
        used: usize,
        /// How many there are.
        of: usize,
    },
    /// It lists or describes what a service has that is used: the service.
    Metadata(String),
    /// It takes away what was seen to be changed: the action used. It goes last.
    DestroyPath(String),
    /// It brings back what was seen to be used: the action used. It goes last.
    RecoveryPath(String),
}

impl Retained {
    /// A stable short name, for tables, JSON and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Companion(_) => "companion",
            Self::Peers { .. } => "peers",
            Self::Metadata(_) => "metadata",
            Self::DestroyPath(_) => "destroy_path",
            Self::RecoveryPath(_) => "recovery_path",
        }
    }

    /// It in words.
    pub fn explain(&self) -> String {
        match self {
            Self::Companion(used) => format!("whoever uses `{used}` comes to need it"),
            Self::Peers { used, of } => format!("{used} of {of} identities of its kind use it"),
            Self::Metadata(service) => format!("it only lists or describes, in `{service}`, which is used"),
            Self::DestroyPath(used) => {
                format!("it takes away what `{used}` changes, which happens rarely; it goes last")
            }
            Self::RecoveryPath(used) => {
                format!("it brings back what `{used}` is used on, which happens rarely; it goes last")
            }
        }
    }

    /// Whether it is kept for now only, and goes last.
    pub fn is_watched(&self) -> bool {
        matches!(self, Self::DestroyPath(_) | Self::RecoveryPath(_))
    }
}
