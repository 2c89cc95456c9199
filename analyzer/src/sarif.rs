//! SARIF 2.1.0, as code scanning takes it.
//!
//! Limits are those of `GitHub: SARIF support for code scanning`, "Validating your SARIF file": of more than 25,000 results in a run the
//! file is refused, and the 5,000 most severe are shown. So the worst come first, and what is left out is told.

use serde_json::{Value, json};

use crate::output::cut;

/// Results in one file.
pub(crate) const RESULTS: usize = 25_000;

/// Letters of one message: longer ones are cut where they are shown.
const MESSAGE: usize = 1_000;

/// A rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    /// Its stable identifier.
    pub(crate) id: &'static str,
    /// Its name in one word, as `UnusedPermissions`.
    pub(crate) name: &'static str,
    /// What it finds, in a sentence.
    pub(crate) text: &'static str,
    /// What to do about it.
    pub(crate) help: &'static str,
}

/// How bad a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// To be mended.
    Error,
    /// To be looked at.
    Warning,
    /// To be known.
    Note,
}

/// A result.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The identifier of its rule.
    pub(crate) rule: &'static str,
    /// How bad it is.
    pub(crate) level: Level,
    /// What was found, in words.
    pub(crate) message: String,
    /// The file as the user gave it.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: u32,
    /// Whom it is about.
    pub(crate) principal: String,
    /// What it is known by from one run to the next.
    pub(crate) id: String,
    /// Why it is muted, where it is.
    pub(crate) muted: Option<String>,
    /// What became of it since an earlier run, in SARIF's words, where there is one.
    pub(crate) baseline: Option<&'static str>,
}

/// The log of one run; results beyond the limit are left out and counted.
pub(crate) fn log(
    rules: &[Rule],
    found: impl IntoIterator<Item = Found, IntoIter: ExactSizeIterator>,
    properties: &Value,
) -> Value {
    let found = found.into_iter();
    let left_out = found.len().saturating_sub(RESULTS);
    // Of two results at one place one would be lost, unless something tells them apart.
    let results: Vec<Value> = found.take(RESULTS).map(|found| result(rules, found)).collect();
    let notifications = (left_out > 0).then(|| {
        let text = format!("{left_out} more findings are left out, the least severe ones");
        json!({ "level": "warning", "message": { "text": text } })
    });
    let notifications: Vec<Value> = notifications.into_iter().collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Remit",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "remit/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
            "results": results,
            "properties": properties,
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": { "text": rule.text },
        "fullDescription": { "text": rule.text },
        "help": { "text": rule.help, "markdown": rule.help },
        "defaultConfiguration": { "level": "warning" },
        "properties": { "tags": ["least-privilege"] },
    })
}

fn result(rules: &[Rule], found: Found) -> Value {
    let Found { rule, level, message, file, line, principal, id, muted, baseline } = found;
    let level = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let suppressions: Vec<Value> = muted
        .map(|reason| json!({ "kind": "external", "status": "accepted", "justification": reason }))
        .into_iter()
        .collect();
    let mut result = json!({
        "ruleId": rule,
        "ruleIndex": rules.iter().position(|one| one.id == rule),
        "level": level,
        "message": { "text": cut(&message, MESSAGE) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&file) },
                "region": { "startLine": line.max(1) },
            },
            "logicalLocations": [{ "fullyQualifiedName": principal, "kind": "resource" }],
        }],
        // The first is what GitHub compares, the second is ours.
        "partialFingerprints": { "primaryLocationLineHash": format!("{id}:1"), "remitFinding/v1": id },
        "suppressions": suppressions,
    });
    if let (Some(baseline), Some(members)) = (baseline, result.as_object_mut()) {
        members.insert("baselineState".to_owned(), baseline.into());
    }
    result
}

/// A path as a reference that RFC 3986 allows: of a file elsewhere with its scheme, of any other as it is.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b'\\' => uri.push('/'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { id: "unused", name: "Unused", text: "It is unused.", help: "Remove it." };

    fn found(file: &str) -> Found {
        Found {
            rule: "unused",
            level: Level::Warning,
            message: "é".repeat(2 * MESSAGE),
            file: file.to_owned(),
            line: 0,
            principal: "role".to_owned(),
            id: "00ff".to_owned(),
            muted: Some("known".to_owned()),
            baseline: Some("new"),
        }
    }

    #[test]
    fn what_is_beyond_the_limit_is_left_out_and_told() {
        let log = log(&[RULE], vec![found("a.json"); RESULTS + 3], &json!({}));
        let run = &log["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), RESULTS);
        let said =
            run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
        assert!(said.starts_with("3 more findings"), "{said}");
    }

    #[test]
    fn results_name_place_fingerprint_and_mute() {
        let log = log(&[RULE], vec![found("./my grants/ä#1.json"), found("/srv/a.json")], &json!({}));
        let result = &log["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20grants/%C3%A4%231.json");
        assert_eq!(place["region"]["startLine"], 1);
        assert_eq!(result["partialFingerprints"]["primaryLocationLineHash"], "00ff:1");
        assert_eq!(result["suppressions"][0]["justification"], "known");
        assert_eq!(result["baselineState"], "new");
        assert_eq!(result["message"]["text"].as_str().unwrap().chars().count(), MESSAGE + 1);
        let other = &log["runs"][0]["results"][1]["locations"][0]["physicalLocation"];
        assert_eq!(other["artifactLocation"]["uri"], "file:///srv/a.json");
    }
}
