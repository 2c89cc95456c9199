//! What is said of a change as SARIF.

use serde_json::json;

use super::{Counts, GATE_RULES, Objection, Severity};
use crate::sarif::{Found, Level, log};

/// All of it, muted ones as suppressed.
pub(crate) fn render(objections: &[Objection]) -> serde_json::Result<String> {
    let properties = json!({ "totals": Counts::of(objections) });
    let mut text =
        serde_json::to_string_pretty(&log(&GATE_RULES, objections.iter().map(found), &properties))?;
    text.push('\n');
    Ok(text)
}

fn found(objection: &Objection) -> Found {
    Found {
        rule: objection.rule,
        level: match objection.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
            Severity::Note => Level::Note,
        },
        message: format!("`{}` {}", objection.address, objection.message),
        file: objection.file.clone(),
        line: objection.line,
        principal: objection.identity.clone().unwrap_or_else(|| objection.address.clone()),
        id: objection.id(),
        muted: objection.muted.as_ref().map(|mute| mute.reason.clone()),
        baseline: None,
    }
}
