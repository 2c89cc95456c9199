//! What is said of a change as one comment, which the next run finds by its first line and replaces.

use remit_forge::markdown::{code, prose, text};

use super::{Counts, Demand, Objection, Severity};
use crate::output::cut;

/// What the comment is found by.
pub(crate) const MARKER: &str = "<!-- remit check -->";

/// Rows of the table; a comment holds 65,536 characters.
const ROWS: usize = 50;

/// Letters of a message in a row, so that all rows fit.
const MESSAGE: usize = 500;

/// The comment.
pub(crate) fn render(objections: &[Objection]) -> String {
    let counts = Counts::of(objections);
    let mut all = format!("{MARKER}\n**Remit: {}**", counts.shown());
    all.push_str(match (counts.errors, counts.warnings + counts.notes) {
        (0, 0) => "\n\nThis change grants nothing that was not granted before.\n",
        (0, _) => "\n\nThis change grants more than before, and breaks no rule.\n",
        (_, _) => "\n\nThis change breaks rules for what may be granted.\n",
    });
    let listed: Vec<_> = objections.iter().filter(|objection| objection.muted.is_none()).collect();
    if listed.is_empty() {
        return all;
    }
    all.push_str("\n| | where | what | asked for |\n| --- | --- | --- | --- |\n");
    for objection in listed.iter().take(ROWS) {
        let severity = match objection.severity {
            Severity::Error => "**error**",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let place = code(&cut(&format!("{}:{}", objection.file, objection.line), MESSAGE));
        let owner = objection
            .owner
            .as_deref()
            .map(|owner| format!(" ({})", text(&cut(owner, MESSAGE))))
            .unwrap_or_default();
        let asked = match &objection.demand {
            None => "",
            Some(Demand::Denied(_)) => "yes: calls were denied",
            Some(Demand::Allowed(_)) => "calls were allowed",
            Some(Demand::NotSeen) => "no call seen",
        };
        let message = prose(&cut(&format!("`{}` {}", objection.address, objection.message), MESSAGE));
        all.push_str(&format!("| {severity} | {place}{owner} | {message} | {asked} |\n"));
    }
    if let Some(more) = listed.len().checked_sub(ROWS).filter(|more| *more > 0) {
        all.push_str(&format!("\n{more} more are in the output of `remit check`.\n"));
    }
    all
}
