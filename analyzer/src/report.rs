//! The report: one value, laid out as an HTML page, as its Markdown twin, as JSON and as SARIF.

pub mod build;
pub(crate) mod digest;
pub mod html;
pub mod markdown;
pub mod model;
pub(crate) mod previous;
pub(crate) mod pull_requests;
#[cfg(test)]
mod sample;
pub(crate) mod sarif;
#[cfg(test)]
mod tests;
mod wording;

pub(crate) use self::wording::window;
