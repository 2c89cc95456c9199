//! Pull requests: what is said in them, when they are opened, and how a forge is asked.

mod address;
mod body;
mod change;
pub mod codeowners;
mod command;
mod dashboard;
mod error;
mod facts;
mod forge;
mod git;
mod keep;
pub mod markdown;
mod marker;
pub mod number;
mod patch;
mod plan;
mod repository;
mod rest;
mod run;
mod token;
mod unit;
pub mod watch;

pub use address::{Address, Said};
pub use change::{Change, Edited, Editor, Suggestion};
pub use error::Error;
pub use facts::{Facts, Line, Proof, Replay, Share, Standing};
pub use forge::{Forge, Kind};
pub use git::{Author, Git};
pub use keep::KeepFile;
pub use patch::patches;
pub use run::{Outcome, Report, Settings, run};
pub use token::Token;
pub use unit::Unit;
