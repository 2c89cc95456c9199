//! What is said of a change as GitLab shows it in a merge request: GitLab documentation, "Code Quality report format", a list of the
//! findings of Code Climate.

use serde::Serialize;

use super::{Objection, Severity};

#[derive(Serialize)]
struct Entry<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// All of it but what is muted, which that form has no word for.
pub(crate) fn render(objections: &[Objection]) -> serde_json::Result<String> {
    let all: Vec<_> = objections.iter().filter(|one| one.muted.is_none()).map(entry).collect();
    let mut text = serde_json::to_string_pretty(&all)?;
    text.push('\n');
    Ok(text)
}

fn entry(objection: &Objection) -> Entry<'_> {
    Entry {
        description: format!("`{}` {}", objection.address, objection.message),
        check_name: objection.rule,
        fingerprint: objection.id(),
        severity: match objection.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        },
        location: Location {
            // Paths are of the repository, without a leading `./`.
            path: objection.file.strip_prefix("./").unwrap_or(&objection.file),
            lines: Lines { begin: objection.line.max(1) },
        },
    }
}
