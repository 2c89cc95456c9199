//! The report: one value, laid out as an HTML page and as its Markdown twin.

pub mod build;
pub mod model;
