//! What a ledger is to those who deliver events.

/// A ledger that is open.
pub trait Journal {
    /// Counts the events of a body that were not counted before, and says what became of all of them.
    ///
    /// # Errors
    /// When it is no list of events, of which nothing counts then; or the ledger is away.
    fn count(&mut self, body: &[u8]) -> Result<Events, Refusal>;

    /// Makes durable what was counted since the last time. After an error the journal is opened anew: what was not published is
    /// delivered again.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    fn publish(&mut self) -> Result<(), Refusal>;
}

/// What became of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Those that were counted.
    pub recorded: u64,
    /// Those that count elsewhere, such as in another stage, or do not matter.
    pub skipped: u64,
    /// Those that cannot be read.
    pub lost: u64,
}

/// How a ledger is opened and looked after.
pub trait Journals: Send + 'static {
    /// The ledger when it is open.
    type Journal: Journal;

    /// Opens the ledger, with what it has counted before.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn open(&mut self) -> Result<Self::Journal, Refusal>;

    /// Makes few files of many. The journal is not open meanwhile.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    fn compact(&mut self) -> Result<(), Refusal>;
}

/// Why events were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What was sent is no list of events. It would be none the next time either.
    #[error("this is no list of audit events: {0}")]
    Foreign(String),
    /// The ledger cannot be written now.
    #[error("the ledger takes nothing: {0}")]
    Away(String),
}
