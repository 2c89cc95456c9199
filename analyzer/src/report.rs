//! The report: one value, laid out as an HTML page and as its Markdown twin.

pub mod build;
pub mod html;
pub mod markdown;
pub mod model;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
mod wording;

pub(crate) use self::wording::window;
