//! How much stays of what is not used.

use std::fmt;

use remit_policy::Generalise;

/// How much stays of what is not used. Each tier keeps what the one before keeps.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum, serde::Serialize,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tier {
    /// What was used, what comes with it, and rare ways to undo or recover it
    Strict,
    /// Also what others of its kind use, and in an account what else is done to the same kind of thing
    #[default]
    Standard,
    /// Also what lists or describes in services that are used, and in a cluster what else is done to the same kind of thing
    Balanced,
}

impl Tier {
    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Standard => "standard",
            Self::Balanced => "balanced",
        }
    }

    /// How far names of resources are opened.
    pub(crate) fn generalise(self) -> Generalise {
        match self {
            Self::Strict | Self::Standard => Generalise::Tried,
            Self::Balanced => Generalise::Granted,
        }
    }

    pub(super) fn asks_peers(self) -> bool {
        self >= Self::Standard
    }

    /// Whether names of secrets that keep changing stay open.
    pub(super) fn opens_contents(self) -> bool {
        self >= Self::Standard
    }

    pub(super) fn keeps_metadata(self) -> bool {
        self >= Self::Balanced
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
