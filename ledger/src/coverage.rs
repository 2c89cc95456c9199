//! Which calls a source could have shown, when, and how many it lost.

use crate::{Provider, Workload};

/// A class of calls that a source shows or hides as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventClass {
    /// Control-plane calls that change something.
    ManagementWrite,
    /// Control-plane calls that only read.
    ManagementRead,
    /// Data-plane calls on one resource type in CloudTrail's notation, such as `AWS::S3::Object`.
    Data {
        /// CloudTrail's name of the resource type.
        resource_type: String,
        /// ARN prefixes that are logged; empty when all are.
        resource_prefixes: Vec<String>,
        /// Whether reads are logged.
        reads: bool,
        /// Whether writes are logged.
        writes: bool,
    },
}

/// One stretch of time during which one source could have shown some classes of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageRecord {
    /// Whose calls.
    pub provider: Provider,
    /// Which account the calls are made in; none where unknown.
    pub account: Option<String>,
    /// Which region; none where the source does not tell one.
    pub region: Option<String>,
    /// The source, such as `cloudtrail`.
    pub evidence: String,
    /// The workload that it speaks of, where it is one: then `events` are its connections and `lost` those of them that
    /// could not be read, which says nothing of what others show or hide. None of a source as a whole.
    pub workload: Option<Workload>,
    /// Start of the stretch, in microseconds since the Unix epoch, UTC, inclusive.
    pub start: i64,
    /// End of the stretch, exclusive.
    pub end: i64,
    /// What the source could have shown.
    pub classes: Vec<EventClass>,
    /// Services, named as in usage records, whose control-plane calls the source's settings leave out of
    /// `classes`.
    pub excluded_services: Vec<String>,
    /// Events seen in the stretch.
    pub events: u64,
    /// Events known to be lost in the stretch.
    pub lost: u64,
}
