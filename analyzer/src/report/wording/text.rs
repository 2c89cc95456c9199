//! Text from elsewhere: moments, names and whatever a log may hold.

use std::collections::BTreeSet;

use crate::report::model::Report;

/// An ISO 8601 moment as `2026-11-23 21:37`; any other text stays as it is.
pub(in crate::report) fn time(moment: &str) -> String {
    let parts = || {
        let (date, rest) = moment.split_once('T')?;
        let clock = rest.strip_suffix('Z')?.get(..5)?;
        (date.len() == 10 && clock.as_bytes().get(2) == Some(&b':')).then(|| format!("{date} {clock}"))
    };
    parts().unwrap_or_else(|| moment.to_owned())
}

/// Anchors of the principals, in their order: unique, and made of letters, digits, `-`, `_` and `.` only.
pub(in crate::report) fn anchors(report: &Report) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut anchors = Vec::with_capacity(report.principals.len());
    for (rank, principal) in (1..).zip(&report.principals) {
        let account = principal.arn.split(':').nth(4).unwrap_or_default();
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
        let name: String = principal.name.chars().filter(is_plain).take(64).collect();
        let account: String = account.chars().filter(is_plain).take(12).collect();
        let mut anchor =
            format!("{}-{account}-{name}", if principal.kind == "user" { "user" } else { "role" });
        if !taken.insert(anchor.clone()) {
            // No other anchor begins with this number.
            anchor = format!("{rank}-{anchor}");
            taken.insert(anchor.clone());
        }
        anchors.push(anchor);
    }
    anchors
}

/// Text in which the project's own messages put names between backticks: (name?, piece) in order. A last
/// backtick without a partner is text.
pub(in crate::report) fn pieces(text: &str) -> Vec<(bool, &str)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((name, behind)) = after.split_once('`') else { break };
        pieces.push((false, before));
        pieces.push((true, name));
        rest = behind;
    }
    pieces.push((false, rest));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

/// Shows control characters, invisible ones and those that change the direction of writing, instead of
/// obeying them. Names come from logs, and a log may hold anything.
pub(in crate::report) fn legible(text: String) -> String {
    let is_treacherous = |c: char| {
        matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            || (c.is_control() && c != '\n')
    };
    if !text.contains(is_treacherous) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_treacherous(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}
