//! How the method of a JSON-RPC request is found in its text, and the tool where that is called: a table, since the kernel's
//! programs have no room for a parser, and here, where both sides can be tested against each other.
//!
//! What is found goes to the agent as two names, each of [`NAME`] bytes with zeros behind it: the method's, and the tool's
//! where there is one. The table follows the members of the outermost object, and of its member `params`. It passes over all other values.

mod table;

use table::{CLOSES, OPENS};

/// The most bytes of a text that are looked at.
pub const TEXT: usize = 256;

/// The most bytes of a method's or a tool's name.
pub const NAME: usize = 128;

/// Classes of bytes.
pub const CLASSES: usize = 32;

/// States, of which not all are used.
pub const STATES: usize = 128;

/// The state before the first byte.
pub const START: u8 = 1;

/// The state in which nothing more can be found.
pub const OVER: u8 = 0;

/// What a step finds at its byte, each with the number by which [`found`] tells it. Anything else is 0.
pub mod find {
    /// The quote before the method's name.
    pub const METHOD: u8 = 1;
    /// The quote behind it.
    pub const METHOD_END: u8 = 2;
    /// The quote before the name of what is called.
    pub const TOOL: u8 = 3;
    /// The quote behind it.
    pub const TOOL_END: u8 = 4;
    /// The version is that of JSON-RPC 2.0.
    pub const VERSION: u8 = 5;
    /// The version is another.
    pub const FOREIGN: u8 = 6;
}

/// The class of each byte.
pub static CLASS: [u8; 256] = table::classes();

/// The step for each state and class: the next state, what is found, and whether a value opens or closes that is passed
/// over.
pub static TABLE: [u16; STATES * CLASSES] = table::table();

/// What a step finds, of [`find`].
#[inline(always)]
#[must_use]
pub const fn found(step: u16) -> u8 {
    ((step >> 8) & 7) as u8
}

/// Where a step leads, and how many values are open that are passed over.
#[inline(always)]
#[must_use]
pub const fn next(step: u16, depth: u32) -> (u8, u32) {
    let closes = ((step / CLOSES) & 1) as u32;
    let depth = depth.wrapping_add(((step / OPENS) & 1) as u32).wrapping_sub(closes);
    // Behind the last value that closes is the state that follows. Without a comparison, since the verifier would go both
    // ways.
    let is_last = closes & (depth.wrapping_sub(1) >> 31);
    ((step & 127) as u8 + is_last as u8, depth)
}

#[cfg(test)]
mod tests;
