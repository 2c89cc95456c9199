//! What can go wrong between a proposal and its pull request.

use std::path::PathBuf;

/// Why a run, or one pull request of it, went no further.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The forge, or the way to it, is gone.
    #[error(
        "cannot reach `{place}`: {cause}\nhint: run again when it can be reached; what was done so far is known to the forge"
    )]
    Unreachable {
        /// Method and address, without query.
        place: String,
        /// What the network said.
        cause: String,
    },
    /// The token is not taken.
    #[error(
        "the forge does not take the token for `{place}`\nhint: give one that is valid in the environment variable `{variable}`"
    )]
    Unauthorised {
        /// Method and address.
        place: String,
        /// Where the token came from.
        variable: String,
    },
    /// The token may not do this.
    #[error("the token in `{variable}` may not do `{place}`: {message}\nhint: it needs {needs}")]
    Forbidden {
        /// Status of HTTP: 403, or 404 since forges hide what a token may not see.
        status: u16,
        /// Method and address.
        place: String,
        /// Where the token came from.
        variable: String,
        /// What the forge said.
        message: String,
        /// The rights that are missing.
        needs: String,
    },
    /// The forge asks to wait for longer than the run may.
    #[error(
        "the forge allows no more calls for {seconds} s (`{place}`)\nhint: run again after that; what was done so far is known to the forge"
    )]
    Limited {
        /// Method and address.
        place: String,
        /// Seconds to wait.
        seconds: u64,
    },
    /// The forge refuses.
    #[error("the forge answered {status} to `{place}`: {message}")]
    Refused {
        /// Status of HTTP.
        status: u16,
        /// Method and address.
        place: String,
        /// What the forge said.
        message: String,
    },
    /// An answer is not what the forge documents.
    #[error("cannot read the forge's answer to `{place}`: {cause}\nhint: is `{place}` the API of a forge?")]
    Unreadable {
        /// Method and address.
        place: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Git failed.
    #[error("`git {verb}` failed: {cause}{hint}")]
    Git {
        /// What it was to do.
        verb: String,
        /// What it said.
        cause: String,
        /// What to do, as a line of its own, or nothing.
        hint: &'static str,
    },
    /// A file cannot be read or written.
    #[error("cannot use `{path}`: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// What was given is wrong.
    #[error("{0}")]
    Wrong(String),
}
