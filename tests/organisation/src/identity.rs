//! Names and unique identifiers of the principals.

use crate::mint::Mint;
use crate::profile::{Kind, PrincipalDescription};

/// Who a principal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Role or user.
    pub kind: Kind,
    /// Name.
    pub name: String,
    /// Path and name, such as `/service-role/nightly`.
    pub path_name: String,
    /// ARN.
    pub arn: String,
    /// Unique id, `AROA...` or `AIDA...`.
    pub id: String,
    /// A user's access key id; empty for a role.
    pub key: String,
}

impl Identity {
    /// The identity of a described principal, the same for every equal seed.
    #[must_use]
    pub fn new(seed: u64, account: &str, description: &PrincipalDescription) -> Self {
        let (kind, prefix) = match description.kind {
            Kind::Role => ("role", "AROA"),
            Kind::User => ("user", "AIDA"),
        };
        let path_name = format!("{}{}", description.path, description.name);
        let arn = format!("arn:aws:iam::{account}:{kind}{path_name}");
        let mut mint = Mint::new(seed, &arn);
        let id = mint.account_id(prefix, account, 17);
        let key = match description.kind {
            Kind::Role => String::new(),
            Kind::User => mint.account_id("AKIA", account, 16),
        };
        Self { kind: description.kind, name: description.name.clone(), path_name, arn, id, key }
    }
}
