//! Lists that get longer: from one line to several, as what stands beside them is written.

use super::copies::line_end;
use super::{Cut, alignment};
use crate::node::Layout;
use crate::tokens::Tokens;

/// A line is not made longer than this by a list that could stand on several.
const WIDTH: usize = 100;

/// Texts in the place of a list that stands on one line, each on a line of its own: where those of the list beside it are, or
/// where one line would get too long. None where they are better written where the list is.
pub(crate) fn unfolded(text: &str, own: &Tokens, new: &[String], beside: Option<&Tokens>) -> Option<Cut> {
    let span = match &own.sequence {
        Some(list) if list.layout == Layout::Commas => list.span.clone(),
        Some(_) => return None,
        None => own.items.first()?.span.clone(),
    };
    if new.len() < 2 || text.get(span.clone())?.contains('\n') {
        return None;
    }
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
    let head = text.get(start..span.start)?;
    let tail = text.get(span.end..)?.lines().next().unwrap_or_default();
    let key = head.trim_start_matches([' ', '\t', '-', '\u{feff}']);
    let beside = beside.and_then(|beside| Beside::of(text, beside));
    let end = line_end(text);
    if let Some(Beside { layout: Layout::Dashes, indent, .. }) = &beside {
        // Between brackets it stays, as somebody wanted it.
        if own.sequence.is_some() || !key.trim_end().ends_with(':') {
            return None;
        }
        let items: String = new.iter().map(|item| format!("{end}{indent}- {item}")).collect();
        return Some(Cut { start: start + head.trim_end().len(), end: span.end, text: items });
    }
    let is_braced = key.starts_with('"') && key.trim_end().ends_with(':') || key.trim_end().ends_with('=');
    let is_long = head.len() + new.join(", ").len() + "[]".len() + tail.len() > WIDTH;
    // More than the key and its value on a line is somebody's way to write it.
    let is_first = key.chars().filter(|sign| "{[,".contains(*sign)).count() == 0;
    let is_attribute = key.trim_end().ends_with('=');
    // Where `terraform fmt` is asked for, lines below each other are aligned, which a longer list on its line leaves as it is.
    if !is_braced || !is_first || !is_long && (beside.is_none() || is_attribute) {
        return None;
    }
    if is_attribute && !alignment::is_free(text, &(start..span.end)) {
        return None;
    }
    let own_indent = head.get(..head.len() - key.len())?;
    let indent = match &beside {
        Some(beside) => beside.indent.clone(),
        None => format!("{own_indent}{}", unit(text.get(..start)?, own_indent)),
    };
    let has_last_comma = beside.map_or(is_attribute, |beside| beside.has_last_comma);
    let last = if has_last_comma { "," } else { "" };
    let items = new.join(&format!(",{end}{indent}"));
    let list = format!("[{end}{indent}{items}{last}{end}{own_indent}]");
    if !is_attribute {
        return Some(Cut { text: list, ..Cut::of(span) });
    }
    // What goes on for several lines is aligned with nothing.
    let name = start + head.trim_end().trim_end_matches('=').trim_end().len();
    Some(Cut { start: name, end: span.end, text: format!(" = {list}") })
}

/// How a list is written that stands on several lines.
struct Beside {
    layout: Layout,
    indent: String,
    has_last_comma: bool,
}

impl Beside {
    fn of(text: &str, tokens: &Tokens) -> Option<Self> {
        let list = tokens.sequence.as_ref()?;
        let (first, last) = (list.items.first()?, list.items.last()?);
        let line = text.get(..first.start)?.rsplit('\n').next()?;
        let (indent, is_alone) = match list.layout {
            Layout::Dashes => (line.split('-').next()?, line.trim() == "-"),
            Layout::Commas => (line, line.trim().is_empty() && list.span.start < first.start - line.len()),
            Layout::Semicolons => return None,
        };
        let has_last_comma = text.get(last.end..list.span.end)?.trim_start().starts_with(',');
        is_alone.then(|| Self { layout: list.layout, indent: indent.to_owned(), has_last_comma })
    }
}

/// By how much what is within something is indented: as the line of which this is within.
fn unit<'a>(before: &str, indent: &'a str) -> &'a str {
    let indents = before.lines().rev().filter(|line| !line.trim().is_empty());
    let mut indents = indents.filter_map(|line| line.get(..line.len() - line.trim_start().len()));
    let outer = indents.find(|outer| outer.len() < indent.len());
    outer.and_then(|outer| indent.strip_prefix(outer)).unwrap_or("  ")
}
