//! Services by the names that a ledger has for them.

use crate::catalog::{Catalog, order};

/// Release of the list of actions that the table was made from; `cargo xtask catalog` pins the same.
const ACTION_LIST: &str = "iam-data 0.21.202609261";

impl Catalog {
    /// Names the facts that the table holds, for evidence and reports.
    pub fn version(&self) -> &'static str {
        ACTION_LIST
    }

    /// SHA-256, in hexadecimal, of what the table was made from: `catalog/overrides` and the pinned packages. A test of
    /// `cargo xtask catalog` fails where the two have gone apart.
    pub fn fingerprint(&self) -> &'static str {
        self.fingerprint
    }

    /// The prefixes in the policy language of what a service's calls need, sorted: of CloudTrail's `monitoring`
    /// it is `cloudwatch`. Empty for a service that the catalog does not know.
    pub fn prefixes(&self, service: &str) -> Vec<&'static str> {
        let label = self.labels.binary_search_by(|(label, _)| order(label, service)).ok();
        let group =
            label.and_then(|label| self.labels.get(label)).map_or(&[][..], |(_, group)| self.group(*group));
        let needed = group.iter().flat_map(|operation| operation.requirements);
        let mut prefixes: Vec<_> =
            needed.filter_map(|needed| self.action(needed.action)).map(|action| action.service).collect();
        let same = self.services.binary_search_by(|known| order(known.prefix, service)).ok();
        prefixes.extend(same.and_then(|place| self.services.get(place)).map(|known| known.prefix));
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes
    }
}
