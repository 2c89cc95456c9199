//! Reads policy documents.

mod elements;
mod json;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

use crate::Document;
use json::{Node, Place};

/// Longest text read, in bytes. The provider's own largest documents have about a tenth of it.
const MAX_LENGTH: usize = 4 << 20;

/// Why a text is not a policy document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Line from 1; 0 where the document did not come from a text.
    pub line: u32,
    /// Column in characters from 1; 0 where the document did not come from a text.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What would help, where something would.
    pub hint: Option<String>,
}

impl ParseError {
    fn new(place: Place, message: String) -> Self {
        Self { line: place.line, column: place.column, message, hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}:{}: ", self.line, self.column)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseError {}

/// Reads the text of an identity policy, a permissions boundary or a trust policy.
pub fn parse(text: &str) -> Result<Document, ParseError> {
    if text.len() > MAX_LENGTH {
        let message = format!("the document has {} bytes, more than {MAX_LENGTH}", text.len());
        return Err(ParseError::new(Place::default(), message));
    }
    elements::document(json::read(text)?)
}

/// Reads a document that is part of a larger one, such as the account authorization details. Statements and
/// errors have no line then, and repeated keys were already lost by whatever made the value.
pub fn from_value(value: &Value) -> Result<Document, ParseError> {
    elements::document(Node::from_value(value)?)
}
