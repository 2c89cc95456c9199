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
