//! What is left to a person: each place, why, and what is to stand there.

use std::fmt::{self, Write as _};

use super::{LONGEST, WHY, cut, short};
use crate::change::Suggestion;
use crate::markdown::{code, legible, prose};
use crate::number::counted;

/// Suggestions that are shown, and characters of each.
const SUGGESTIONS: usize = 5;
const SNIPPET: usize = 12_000;

/// Characters that are left for what follows suggestions.
const REST: usize = 4_000;

/// Suggestions, as far as there is room for them. What a person is to write is there by whole lines, and where not all of it is,
/// that is said.
pub(crate) fn suggestions(text: &mut String, all: &[Suggestion], limit: usize) -> fmt::Result {
    let limit = limit.min(SUGGESTIONS);
    for (at, suggestion) in all.iter().take(limit).enumerate() {
        let place = format!("{}:{}", short(&suggestion.path), suggestion.line);
        writeln!(text, "{}: {}\n", code(&place), prose(&cut(&suggestion.why, WHY)))?;
        if suggestion.text.is_empty() {
            continue;
        }
        let room = LONGEST.saturating_sub(REST).saturating_sub(text.chars().count());
        let (snippet, left) = snippet(&suggestion.text, SNIPPET.min(room / (limit.min(all.len()) - at)));
        if !snippet.is_empty() {
            // A fence ends with as many backticks as it began with.
            let longest = snippet.split(|c| c != '`').map(str::len).max().unwrap_or(0);
            let fence = "`".repeat(longest.max(2) + 1);
            writeln!(text, "{fence}\n{snippet}\n{fence}\n")?;
        }
        if left > 0 {
            let lines = counted(left as u64, "line of it has", "lines of it have");
            writeln!(text, "{lines} no room here; `remit edit PROPOSALS --repo .` prints all.\n")?;
        }
    }
    match all.len().checked_sub(limit) {
        Some(more @ 1..) if limit == 0 => {
            writeln!(text, "{}, for which there is no room here.", counted(more as u64, "place", "places"))?;
        }
        Some(more @ 1..) => writeln!(text, "And {}.", counted(more as u64, "other place", "other places"))?,
        _ => {}
    }
    Ok(())
}

/// The first lines of a text that have at most so many characters together, and how many lines are left.
fn snippet(text: &str, most: usize) -> (String, usize) {
    let (mut lines, mut length) = (Vec::new(), 0);
    for line in text.lines() {
        let line = legible(line.to_owned());
        length += line.chars().count() + 1;
        if length > most {
            break;
        }
        lines.push(line);
    }
    let left = text.lines().count() - lines.len();
    (lines.join("\n"), left)
}
