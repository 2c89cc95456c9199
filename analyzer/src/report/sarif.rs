//! The report's findings as SARIF.

use serde_json::{Value, json};

use super::model::{Change, FindingLine, Report};
use crate::sarif::{Found, Level, Rule, log};

/// What stands for the file where none is known from which a grant was read.
const NO_FILE: &str = "grants";

/// The rules, by the words of kinds of findings.
pub(crate) const RULES: [Rule; 11] = [
    rule(
        "unused",
        "UnusedPermissions",
        "Permissions of a service are granted and not used.",
        "Remove them: `remit propose` writes policies without them, with the proof that every recorded call stays allowed.",
    ),
    rule(
        "idle_principal",
        "IdlePrincipal",
        "A principal has grants and made no allowed call, as far back as calls count as use.",
        "Ask whoever looks after it whether it is still needed, and remove it if not.",
    ),
    rule(
        "denied",
        "DeniedCalls",
        "Calls of a principal were denied.",
        "Either something needs a permission that it lacks, or something tries what it should not: find out which.",
    ),
    rule(
        "unknown_action",
        "UnknownAction",
        "A pattern names no action that the catalog lists.",
        "Correct the name, or remove the pattern; if the service is new, a newer catalog may list it.",
    ),
    rule(
        "no_proposal",
        "NoProposal",
        "Permissions are unused and no proposal can be made.",
        "The message says why, and what would make one possible.",
    ),
    rule(
        "unused_link",
        "UnusedLink",
        "A service account of a cluster can become a cloud identity, and did not.",
        "Remove the annotation, association or trust.",
    ),
    rule(
        "broken_link",
        "BrokenLink",
        "A service account of a cluster is meant to become a cloud identity that does not trust it.",
        "Correct the trust policy, or remove what means it to.",
    ),
    rule(
        "open_trust",
        "OpenTrust",
        "More service accounts than anybody named can become a cloud identity.",
        "Name the service accounts where it says whom it trusts: in the condition of a role's trust policy, or as members of a binding.",
    ),
    rule(
        "dangling_binding",
        "DanglingBinding",
        "A binding names a role that is not there, or of which not all is known.",
        "Remove the binding, or give the role's manifest.",
    ),
    rule(
        "privilege",
        "EscalationPath",
        "A subject of a cluster can come to more than its roles say.",
        "Remove what opens the way, unless it is needed.",
    ),
    rule(
        "no_owner",
        "NoOwner",
        "Nobody looks after an identity, or whoever did has left.",
        "Find somebody who does, and name them by a tag, an annotation or `[[owner]]` in `remit.toml`; or remove the identity.",
    ),
];

const fn rule(id: &'static str, name: &'static str, text: &'static str, help: &'static str) -> Rule {
    Rule { id, name, text, help }
}

/// The findings as a log; its totals are the report's.
pub(crate) fn log_of(report: &Report) -> Value {
    let properties = json!({
        "accounts": report.accounts,
        "window": report.window,
        "totals": report.totals,
        "score": report.score,
    });
    log(&RULES, report.findings.iter().map(found), &properties)
}

fn found(finding: &FindingLine) -> Found {
    let place = finding.place.as_ref();
    let service = finding.service.as_ref().map(|service| format!(" `{service}`")).unwrap_or_default();
    Found {
        rule: finding.rule,
        level: match finding.severity {
            "high" => Level::Error,
            "medium" => Level::Warning,
            _ => Level::Note,
        },
        message: format!("`{}`{service}: {}", finding.principal, finding.detail),
        file: place.map_or_else(|| NO_FILE.to_owned(), |place| place.file.clone()),
        line: place.map_or(1, |place| place.line),
        principal: finding.principal.clone(),
        id: finding.id.clone(),
        muted: finding.muted.as_ref().map(|mute| mute.reason.clone()),
        baseline: finding.change.map(|change| match change {
            Change::New | Change::Regressed => "new",
            Change::Grown | Change::Shrunk => "updated",
            Change::Same => "unchanged",
        }),
    }
}
