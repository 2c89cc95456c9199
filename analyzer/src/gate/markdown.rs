//! What is said of a change as one comment, which the next run finds by its first line and replaces.

use std::fmt::{self, Write as _};
use std::path::Path;

use remit_forge::markdown::{code, prose, text};
use remit_forge::{comment, fitted};

use super::{Counts, Demand, Objection, Severity};
use crate::output::cut;

/// Letters of a name or message in a row.
const MESSAGE: usize = 500;

/// The comment about a folder or file. One about another is another.
pub(crate) fn render(objections: &[Objection], of: &Path) -> String {
    let of = of.to_string_lossy();
    let mark = comment::mark("check", Some(of.as_ref()).filter(|of| *of != "."));
    fitted(|all, rows| write(all, &mark, objections, rows))
}

fn write(all: &mut String, mark: &str, objections: &[Objection], rows: usize) -> fmt::Result {
    let counts = Counts::of(objections);
    writeln!(all, "{mark}\n**Remit: {}**\n", counts.shown())?;
    all.write_str(match (counts.errors, counts.warnings + counts.notes) {
        (0, 0) => "This change grants nothing that was not granted before.\n",
        (0, _) => "This change grants more than before, and breaks no rule.\n",
        (_, _) => "This change breaks rules for what may be granted.\n",
    })?;
    let listed: Vec<_> = objections.iter().filter(|objection| objection.muted.is_none()).collect();
    if listed.is_empty() {
        return Ok(());
    }
    if rows > 0 {
        writeln!(all, "\n| | where | what | asked for |\n| --- | --- | --- | --- |")?;
    }
    for objection in listed.iter().take(rows) {
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
        writeln!(all, "| {severity} | {place}{owner} | {message} | {asked} |")?;
    }
    match listed.len().checked_sub(rows) {
        Some(more @ 1..) => writeln!(all, "\n{more} more are in the output of `remit check`."),
        _ => Ok(()),
    }
}
