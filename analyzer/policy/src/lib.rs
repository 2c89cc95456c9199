//! The pure policy core: parse, evaluate, contain, diff, propose, prove, emit.
//!
//! No file, clock, environment or network is touched here; edges feed values in.

mod document;

pub use document::{Condition, Document, Effect, Matcher, PrincipalElement, Statement};
