//! What is said of workloads, and of the cloud identities that they become.

use super::number;
use crate::report::model::LinkLine;

/// Said where no node agent wrote to the ledger.
pub(in crate::report) const NO_WORKLOADS: &str = "No node agent saw a call in the window.";

/// Said of workloads.
pub(in crate::report) const WORKLOADS: &str = "These calls were seen on the wire by node agents, some of them beside the audit log, which may have recorded the same calls. The principal is that of the key that a call was signed with, where the ledger's logs tell it: then the call is use of that principal's permissions. Calls of a principal that is not known make nobody's permission used. Of a connection that is not read, it is known where it went and not what was called.";

/// A principal that may not be known.
pub(in crate::report) const UNKNOWN_PRINCIPAL: &str = "not known";

/// A workload that the agent did not learn.
pub(in crate::report) const UNKNOWN_WORKLOAD: &str = "not known";

/// Said of links between service accounts and cloud identities.
pub(in crate::report) const LINKS: &str = "These service accounts of a cluster are meant to become these cloud identities, or are trusted by them. A link is used where the cloud's log shows a session of it. The permissions are those that the cloud identity used, whoever made it do so.";

/// What becomes of a link, with the reason where there is one.
pub(in crate::report) fn link_verdict(line: &LinkLine) -> String {
    match &line.reason {
        Some(reason) => format!("{}: {reason}", line.verdict),
        None => line.verdict.clone(),
    }
}

/// What a service account becomes, and what that goes on to become.
pub(in crate::report) fn link_identities(line: &LinkLine) -> Vec<String> {
    std::iter::once(&line.principal).chain(&line.target).cloned().collect()
}

/// How many permissions a link gives.
pub(in crate::report) fn link_granted(line: &LinkLine) -> String {
    line.granted.map_or_else(|| "not known".to_owned(), number)
}
