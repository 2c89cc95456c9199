//! A call as it was observed and named.

use std::collections::BTreeMap;
use std::sync::Arc;

use remit_ledger::{Outcome, Provider};

use crate::identity::Subject;

/// What the ledger calls this source.
pub const EVIDENCE: &str = remit_ledger::WIRE;

/// What the ledger calls it where plaintext was not seen, and the call is one of a connection: of what it carried, no more
/// is known than whom the ClientHello or DNS named.
pub const SNI: &str = remit_ledger::SNI;

/// How many bytes a text may have: the longest ARN, and twice the longest key of an object.
const TEXT_LIMIT: usize = 2048;

/// How many resources or parameters a call may name.
const NAMES_LIMIT: usize = 64;

/// A call, or several equal ones that the kernel has counted.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who made it.
    pub subject: Arc<Subject>,
    /// [`EVIDENCE`] or [`SNI`].
    pub evidence: &'static str,
    /// Whose API was called.
    pub provider: Provider,
    /// Who it was made as, where the wire itself tells.
    pub principal: Option<Principal>,
    /// The principal's account, where the wire tells.
    pub account: Option<String>,
    /// The region that it was signed for or sent to.
    pub region: Option<String>,
    /// The public identifier of what it was signed with.
    pub credential: Option<String>,
    /// The service, as the provider's own log names it.
    pub service: String,
    /// The operation, as the provider's own log names it.
    pub operation: String,
    /// What it touched; empty where that is not known.
    pub resources: Vec<String>,
    /// Parameters that name resources, by allow-list.
    pub parameters: BTreeMap<String, String>,
    /// What was seen of its result.
    pub outcome: Outcome,
    /// The provider's code of an error.
    pub error_code: Option<String>,
    /// The identifier by which the provider's log knows one of the calls.
    pub sample_id: Option<String>,
    /// How many calls.
    pub count: u64,
    /// When the first was made, in microseconds since the Unix epoch.
    pub first: i64,
    /// When the last was made; its hour is that of all.
    pub last: i64,
}

/// Who a call is made as.
///
/// A signature tells a key and not whose it is, and the role that a pod is meant to take on need not be the one that
/// signed. So most calls have none here, and are recorded under `unknown` with the key as `credential`: rows of other
/// sources tell whose key that is. A name that is no principal's matches no grant, so that such a row by itself makes
/// nobody's permission used or unused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal {
    /// Its name, as grants name it.
    pub name: String,
    /// Its kind, as the ledger names it.
    pub kind: String,
}

impl Call {
    /// Brings names in order, and forgets resources that are too many or too long: of what is not known every grant stays.
    pub(super) fn tidy(&mut self) {
        let mut texts = self.resources.iter().chain(self.parameters.keys()).chain(self.parameters.values());
        let is_long = texts.any(|text| text.len() > TEXT_LIMIT);
        if is_long || self.resources.len() > NAMES_LIMIT || self.parameters.len() > NAMES_LIMIT {
            self.forget_resources();
        }
        self.resources.sort_unstable();
        self.resources.dedup();
        self.sample_id = self.sample_id.take().filter(|id| id.len() <= 128);
        self.error_code = self.error_code.take().filter(|code| code.len() <= TEXT_LIMIT);
        self.first = self.first.min(self.last);
    }

    /// Leaves the call without what it touched.
    pub(super) fn forget_resources(&mut self) {
        self.resources = Vec::new();
        self.parameters = BTreeMap::new();
    }

    /// Whether the texts without which it is no call are too long to be kept.
    pub(super) fn is_oversized(&self) -> bool {
        let principal = self.principal.iter().flat_map(|principal| [&principal.name, &principal.kind]);
        let optional = [&self.account, &self.region, &self.credential].into_iter().flatten();
        let mut texts = [&self.service, &self.operation].into_iter().chain(optional).chain(principal);
        texts.any(|text| text.len() > TEXT_LIMIT)
    }
}
