//! Unified diffs of policy documents.

use similar::TextDiff;

/// The unified diff of one file, as `patch -p1` and reviewers read it; empty when nothing differs. A side
/// that does not exist is given as none.
pub fn unified(before: Option<(&str, &str)>, after: Option<(&str, &str)>) -> String {
    let (before_name, before_text) = before.unwrap_or(("/dev/null", ""));
    let (after_name, after_text) = after.unwrap_or(("/dev/null", ""));
    if before_text == after_text {
        return String::new();
    }
    let header = |side: &str, name: &str| {
        if name == "/dev/null" { name.to_owned() } else { format!("{side}/{name}") }
    };
    TextDiff::from_lines(before_text, after_text)
        .unified_diff()
        .context_radius(3)
        .header(&header("a", before_name), &header("b", after_name))
        .to_string()
}
