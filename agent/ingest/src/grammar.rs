//! What a kind of log brings to reading it, and who takes what is found.

use crate::scan::{Cursor, Fault, Find, Text};

/// How the objects of a kind of log are read.
pub(crate) trait Grammar: Sized {
    /// An event as it lies in the log.
    type Event<'a, F: Find>;
    /// The lists that hold events.
    type List: Copy + PartialEq + std::fmt::Debug;
    /// What wrappers tell of the events in them.
    type Context: Default + std::fmt::Debug + Send;

    /// How every event begins, where a look-alike within another event would be a sign of damage; none where it may be what
    /// somebody sent.
    const EVENT_START: Option<&'static [u8]>;

    /// Reads the object ahead, which stands at the top or in a list. `known` may tell the number and length of an object
    /// that was met before.
    fn read<'a, F: Find>(
        cursor: &mut Cursor<'a, F>,
        list: Option<Self::List>,
        known: impl Fn(&'a [u8]) -> Option<(u32, usize)>,
    ) -> Result<Shape<'a, F, Self>, Fault>;
}

/// What an object at the top of a log, or in a list of it, turned out to be.
pub(crate) enum Shape<'a, F: Find, G: Grammar> {
    /// An event.
    Event(G::Event<'a, F>),
    /// The beginning of a wrapper: the cursor is at the first element of its list.
    List(G::List, G::Context),
    /// An object around one event, of which the context is told here or by the list.
    Wrapped(Cursor<'a, F>, Option<G::Context>),
    /// Text that holds an event, likewise.
    Text(Option<Text<'a>>, Option<G::Context>),
    /// A log within the log, gzip'd and in base64.
    Packed(Text<'a>),
    /// An event that was written otherwise, in JSON as it is to be read.
    Rewritten(Vec<u8>),
    /// No event, for this reason.
    Skipped(&'static str),
}

/// Takes what a reader finds.
pub(crate) trait Sink<G: Grammar> {
    /// The number and length of an object that tells who calls, met before, that these bytes begin with.
    fn known_identity(&self, rest: &[u8]) -> Option<(u32, usize)>;
    /// An event.
    fn event<F: Find>(&mut self, event: &G::Event<'_, F>, context: &G::Context, place: Place);
    /// Something that is no event, left out on purpose.
    fn skipped(&mut self, reason: &'static str, place: Place);
    /// Something that may have been an event and cannot be read.
    fn lost(&mut self, reason: &'static str, place: Place);
}

/// Where in a source something was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Offset in the decompressed bytes.
    pub(crate) offset: u64,
    /// Number of the record in the source, from 1.
    pub(crate) record: u64,
}
