//! A forge's token, which is never shown.

use std::fmt;

/// A token and where it came from.
#[derive(Clone)]
pub struct Token {
    /// The environment variable that held it.
    variable: String,
    secret: String,
}

impl Token {
    /// A token that an environment variable held.
    pub fn new(variable: &str, secret: &str) -> Self {
        Self { variable: variable.to_owned(), secret: secret.trim().to_owned() }
    }

    /// The environment variable that held it.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// The token itself, for a header.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.variable)
    }
}
