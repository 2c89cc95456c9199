//! Permissions that stay although nothing was seen to need them: what was learned says that something may.

/// Why a permission stays that is not used, or stays on resources on which it was not used.
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
    /// Others use it, and this one something near it.
    Others {
        /// How many use it.
        used: usize,
        /// What this one uses: a service, or a permission on the same resource of a cluster.
        near: String,
    },
    /// It is done to the same kind of thing as an action that changes such: the action used.
    SameKind(String),
    /// It is used, and stays on all its resources: to narrow it would have broken something on dates gone by, or there are too few
    /// such dates to tell, or it is not asked for.
    ChangingNames,
    /// It is used, reads secrets or contents, and stays for other names where new ones keep coming.
    NewNames,
    /// It lists or describes what a service has that is used: the service.
    Metadata(String),
    /// It takes away what was seen to be changed: the action used. It is watched.
    DestroyPath(String),
    /// It brings back what was seen to be used: the action used. It is watched.
    RecoveryPath(String),
    /// What runs as the principal was changed a few days ago, and may come to need it: the day. It is watched.
    Settling(String),
    /// It brings back what is lost, or takes away again what it brought back, and the identity did nothing in a history of less than
    /// two quarters. It is watched.
    Drill,
}

impl Retained {
    /// A stable short name, for tables, JSON and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Companion(_) => "companion",
            Self::Peers { .. } => "peers",
            Self::Others { .. } => "others",
            Self::SameKind(_) => "same_kind",
            Self::ChangingNames => "changing_names",
            Self::NewNames => "new_names",
            Self::Metadata(_) => "metadata",
            Self::DestroyPath(_) => "destroy_path",
            Self::RecoveryPath(_) => "recovery_path",
            Self::Settling(_) => "settling",
            Self::Drill => "drill",
        }
    }

    /// It in words.
    pub fn explain(&self) -> String {
        match self {
            Self::Companion(used) => format!("whoever uses `{used}` comes to need it"),
            Self::Peers { used, of } => format!("{used} of {of} identities of its kind use it"),
            Self::Others { used: 1, near } => {
                format!("another identity uses it, and this one uses `{near}`")
            }
            Self::Others { used, near } => {
                format!("{used} other identities use it, and this one uses `{near}`")
            }
            Self::SameKind(used) => {
                format!("it is done to the same kind of thing as `{used}`, which is used")
            }
            Self::ChangingNames => {
                "its resources stay as they are granted: no narrower ones are known to have held on dates gone by".to_owned()
            }
            Self::NewNames => {
                "it stays for other names: new ones keep coming, so that a list of those seen would be out of date as soon as it is made".to_owned()
            }
            Self::Metadata(service) => format!("it only lists or describes, in `{service}`, which is used"),
            Self::DestroyPath(used) => {
                format!("it takes away what `{used}` changes, which happens rarely")
            }
            Self::RecoveryPath(used) => {
                format!("it brings back what `{used}` is used on, which happens rarely")
            }
            Self::Settling(day) => {
                format!("it was deployed on {day}, and what is new may come to need it")
            }
            Self::Drill => {
                "it may be a drill that runs rarely, of which the history, shorter than two quarters, tells nothing".to_owned()
            }
        }
    }

    /// Whether it is kept for now only, and looked at again.
    pub fn is_watched(&self) -> bool {
        matches!(self, Self::DestroyPath(_) | Self::RecoveryPath(_) | Self::Settling(_) | Self::Drill)
    }
}
