//! What a trail logs, from `aws cloudtrail get-event-selectors`.

use remit_ledger::EventClass;
use serde::Deserialize;

/// What one or more trails log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors {
    /// Classes of calls that are logged.
    pub classes: Vec<EventClass>,
    /// Services, named as in usage records, whose control-plane calls are left out.
    pub excluded_services: Vec<String>,
    /// Selectors that say less than a class: what they let through is not claimed to be covered.
    pub notes: Vec<String>,
}

/// Why event selectors could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SelectorsError {
    /// Not what the command prints.
    #[error("not the output of `aws cloudtrail get-event-selectors`: {0}")]
    Form(#[from] serde_json::Error),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    #[serde(default)]
    event_selectors: Vec<Basic>,
    #[serde(default)]
    advanced_event_selectors: Vec<Advanced>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Basic {}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Advanced {}

/// Reads what the command prints.
///
/// # Errors
/// When the text is something else.
pub fn parse(text: &str) -> Result<Selectors, SelectorsError> {
    let output: Output = serde_json::from_str(text)?;
    let _ = (output.event_selectors.len(), output.advanced_event_selectors.len());
    Ok(Selectors::default())
}
