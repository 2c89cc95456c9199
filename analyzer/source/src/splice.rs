//! Changes to a text by its bytes: what is taken away goes with its separator and its line, and all other bytes stay.

mod alignment;
mod commas;
mod copies;
mod unfolding;

use std::collections::BTreeSet;

use crate::node::{Layout, Span};
use crate::tokens::{Sequence, Tokens};
pub(crate) use copies::copied;
pub(crate) use unfolding::unfolded;

/// Bytes that another text takes the place of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cut {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
}

impl Cut {
    pub(crate) fn of(span: Span) -> Self {
        Self { start: span.start, end: span.end, text: String::new() }
    }
}

/// The text that cuts leave; where it did not end with a line's end, it does not either. None where they overlap or are not of
/// the text.
pub(crate) fn apply(text: &str, cuts: &[Cut]) -> Option<String> {
    let mut cuts: Vec<&Cut> = cuts.iter().collect();
    cuts.sort();
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for cut in cuts {
        // Lines that several items share are taken away once.
        if cut.end <= at && cut.text.is_empty() {
            continue;
        }
        new.push_str(text.get(at..cut.start)?);
        new.push_str(&cut.text);
        at = cut.end;
    }
    new.push_str(text.get(at..)?);
    if !text.ends_with('\n') && new.ends_with('\n') {
        new.pop();
        if new.ends_with('\r') {
            new.pop();
        }
    }
    Some(new)
}

/// Takes items of a list away. `whole` where an item is a statement or a rule, to which the comment above it belongs.
/// None where the list is written in a way that does not let them go.
pub(crate) fn remove(
    text: &str,
    list: &Sequence,
    removed: &BTreeSet<usize>,
    whole: bool,
) -> Option<Vec<Cut>> {
    match list.layout {
        Layout::Commas => Some(commas::remove(text, list, removed, whole)),
        Layout::Semicolons => {
            let kept = (0..list.items.len()).filter(|at| !removed.contains(at));
            let texts: Option<Vec<&str>> = kept.map(|at| text.get(list.items.get(at)?.clone())).collect();
            Some(vec![Cut { text: texts?.join(";"), ..Cut::of(list.span.clone()) }])
        }
        Layout::Dashes => {
            let items = removed.iter().filter_map(|at| list.items.get(*at));
            items.map(|item| dash(text, item, whole)).collect()
        }
    }
}

/// The lines of an item after a dash.
fn dash(text: &str, item: &Span, whole: bool) -> Option<Cut> {
    let before = text.get(..item.start)?;
    let indent = before.rsplit('\n').next()?;
    // Tags and anchors of an item come before it; of one that has any, it is not known what else stands for it.
    if indent.trim() != "-" {
        return None;
    }
    lines(text, &(item.start..item.end), whole)
}

/// The lines that hold a span, if nothing else is on them but a comment behind it.
pub(crate) fn lines(text: &str, span: &Span, whole: bool) -> Option<Cut> {
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
    let start = if start == 0 && text.starts_with('\u{feff}') { 3 } else { start };
    if !matches!(text.get(start..span.start)?.trim(), "" | "-") {
        return None;
    }
    let rest = text.get(span.end..)?;
    let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
    let tail = rest.get(..length)?.trim();
    if !(tail.is_empty() || tail.starts_with('#') || tail.starts_with("//")) {
        return None;
    }
    Some(taken(text, start..span.end + length, whole))
}

/// A document of a file that holds several, with the line that parts it from the one before.
pub(crate) fn document(text: &str, span: &Span) -> Option<Cut> {
    let mut start = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        start += line.len();
        (start - line.len()..start, line)
    });
    let parting = |line: &str| line.trim_end() == "---" || line.starts_with("--- ");
    let parts: Vec<Span> = lines.filter(|(_, line)| parting(line)).map(|(place, _)| place).collect();
    let above = parts.iter().rfind(|part| part.end <= span.start);
    let below = parts.iter().find(|part| part.start >= span.end);
    let is_empty = |text: &str| {
        text.lines()
            .all(|line| line.trim_matches([' ', '\u{feff}']).is_empty() || line.starts_with(['#', '%']))
    };
    match (above, below) {
        (Some(above), _) if !is_empty(text.get(..above.start)?) => {
            Some(Cut::of(above.start..below.map_or(text.len(), |below| below.start)))
        }
        (Some(above), Some(below)) => Some(Cut::of(above.start..below.start)),
        (None, Some(below)) => {
            let line = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
            let line = if line == 0 && text.starts_with('\u{feff}') { 3 } else { line };
            Some(Cut::of(commented(text, line)..below.end))
        }
        (_, None) => None,
    }
}

/// Lines with what belongs to them: of a statement, the comment right above and one of two empty lines around it.
fn taken(text: &str, mut lines: Span, whole: bool) -> Cut {
    if whole {
        lines.start = commented(text, lines.start);
        let before = text.get(..lines.start).unwrap_or_default();
        let after = text.get(lines.end..).unwrap_or_default();
        let next = after.lines().next().unwrap_or_default().trim();
        let (above, last) = last_line(before);
        if last.is_some_and(|line| line.trim().is_empty())
            && (next.is_empty() || next.starts_with(['}', ']', ')']))
        {
            lines.start = above;
        }
    }
    Cut::of(lines)
}

/// A name written as a text next to it is: with its quotes. None where the text is no literal.
pub(crate) fn like(old: &str, name: &str) -> Option<String> {
    let quote = old.chars().next()?;
    if name.contains(['"', '\'', '\\', '\n']) {
        return None;
    }
    if quote == '"' || quote == '\'' {
        return Some(format!("{quote}{name}{quote}"));
    }
    Some(if is_plain(name) { name.to_owned() } else { format!("\"{name}\"") })
}

/// Whether YAML takes a name for a text without quotes, wherever it stands.
pub(crate) fn is_plain(name: &str) -> bool {
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "-_./:*@+=".contains(sign);
    let is_word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word));
    name.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && name.chars().all(is_sign)
        && !name.ends_with(':')
        && !is_word
}

/// Several texts in the place of one: each on a line of its own where those of the list are, else side by side. Where one text
/// stands without a list, they become one.
pub(crate) fn spread(text: &str, tokens: &Tokens, at: usize, new: &[String]) -> String {
    let Some(list) = &tokens.sequence else {
        return if new.len() == 1 { new.concat() } else { format!("[{}]", new.join(", ")) };
    };
    let Some(item) = list.items.get(at) else { return String::new() };
    let before = text.get(..item.start).unwrap_or_default();
    let indent = before.rsplit('\n').next().unwrap_or_default();
    let end = if before.ends_with(&format!("\r\n{indent}")) { "\r\n" } else { "\n" };
    match list.layout {
        Layout::Dashes => new.join(&format!("{end}{indent}")),
        Layout::Semicolons => new.join(";"),
        Layout::Commas if indent.trim().is_empty() && before.contains('\n') => {
            new.join(&format!(",{end}{indent}"))
        }
        Layout::Commas => new.join(", "),
    }
}

/// Where the last line of a text starts, and the line; none where the text is empty.
fn last_line(text: &str) -> (usize, Option<&str>) {
    let Some(body) = text.strip_suffix('\n') else { return (text.len(), None) };
    let start = body.rfind('\n').map_or(0, |at| at + 1);
    (start, text.get(start..))
}

/// Where the comment starts that stands right above, with nothing but an empty line or an opening above it.
fn commented(text: &str, start: usize) -> usize {
    let mut top = start;
    loop {
        let (above, line) = last_line(text.get(..top).unwrap_or_default());
        let Some(line) = line else { return start };
        let trimmed = line.trim();
        if trimmed.starts_with('#') || trimmed.starts_with("//") {
            top = above;
            continue;
        }
        let is_opening = trimmed.is_empty() || trimmed.ends_with(['{', '[', ':', '(']);
        return if is_opening { top } else { start };
    }
}

#[cfg(test)]
mod tests;
