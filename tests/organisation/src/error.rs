//! What can go wrong while an organisation is described or written.

use std::path::PathBuf;

/// An error of the generator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A placeholder that means nothing.
    #[error("placeholder `{text}` cannot be read\nhint: see the table of placeholders in `pattern.rs`")]
    Placeholder {
        /// The placeholder's text.
        text: String,
    },
    /// A template or principal file that is not in its format.
    #[error("`{file}` is not a valid description")]
    Description {
        /// Name of the file, or of the described thing.
        file: String,
        /// What serde found.
        #[source]
        source: serde_json::Error,
    },
    /// A call of an operation that has no template.
    #[error("operation `{operation}` of `{principal}` has no template")]
    Operation {
        /// The principal whose job calls it.
        principal: String,
        /// The operation as written.
        operation: String,
    },
    /// A date, time of day or weekday that cannot be read.
    #[error("time `{text}` of `{owner}` cannot be read")]
    Time {
        /// Who says it.
        owner: String,
        /// The text.
        text: String,
    },
    /// A name that the profile does not define.
    #[error("`{owner}` names `{name}`, which the organisation does not have")]
    Name {
        /// Who refers to it.
        owner: String,
        /// The name.
        name: String,
    },
    /// A file that cannot be written or read.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The archive cannot be packed or unpacked.
    #[error("cannot pack or unpack the archive")]
    Archive(#[source] std::io::Error),
}
