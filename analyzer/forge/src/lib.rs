//! Pull requests: what is said in them, when they are opened, and how a forge is asked.

pub mod codeowners;
pub mod markdown;
pub mod number;
