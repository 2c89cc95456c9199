//! What may be proposed: Remit's tiers, and what others do.

use std::fmt;

use serde::Serialize;

use crate::learn::Tier;

/// A way to propose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Policy {
    /// Everything stays.
    AsGranted,
    /// The actions that were used stay, on the resources of the grant.
    Exact,
    /// Everything of services stays of which anything was used.
    UsedServices,
    /// The actions stay that were ever used, however long ago.
    EverUsed,
    /// A tier, with its resources.
    Tier(Tier),
}

impl Policy {
    /// All of them, those of others first.
    pub(crate) const ALL: [Self; 7] = [
        Self::AsGranted,
        Self::EverUsed,
        Self::UsedServices,
        Self::Exact,
        Self::Tier(Tier::Strict),
        Self::Tier(Tier::Standard),
        Self::Tier(Tier::Balanced),
    ];
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsGranted => "as granted",
            Self::Exact => "exact observed",
            Self::UsedServices => "used services",
            Self::EverUsed => "ever used",
            Self::Tier(tier) => tier.as_str(),
        })
    }
}

impl Serialize for Policy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
