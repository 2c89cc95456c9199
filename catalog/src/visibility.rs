//! Whether CloudTrail can show a call.

/// Whether CloudTrail can show the calls that need an action, or the calls of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Visibility {
    /// Every operation known to need it is recorded as a management event.
    Management {
        /// Whether the events count as writes in a trail's `ReadWriteType`.
        write: bool,
    },
    /// Its calls are data events, which a trail records only where its event selectors say so.
    Data {
        /// CloudTrail's name of the type, such as `AWS::S3::Object`.
        resource_type: &'static str,
        /// Whether the events count as writes.
        write: bool,
    },
    /// Several classes of events could show it: only where all of them are recorded is nothing missed.
    Mixed(&'static [Visibility]),
    /// An operation needs it that CloudTrail does not record, or passing it leaves no event; says why.
    NotLogged(&'static str),
    /// No operation is known to need it.
    NoOperation,
}
