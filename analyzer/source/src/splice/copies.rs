//! Several of a statement or rule where one was.

use super::{Cut, apply, last_line, lines};
use crate::node::{Layout, Span};
use crate::statement::Removal;
use crate::tokens::Sequence;

/// Several copies of an item in its place, each with its own cuts. None where it is written in a way that takes no more of them.
pub(crate) fn copied(text: &str, item: &Span, removal: &Removal, copies: &[Vec<Cut>]) -> Option<Cut> {
    let form = match removal {
        Removal::Item(list, _) => match list.layout {
            Layout::Dashes => rows(text, item)?,
            Layout::Commas => listed(text, item, list)?,
            Layout::Semicolons => return None,
        },
        Removal::Marker => rows(text, item)?,
        Removal::Lines => blocks(text, item)?,
        Removal::Only => alone(text, item)?,
        Removal::Document => return None,
    };
    let own = text.get(form.span.clone())?;
    let shifted = |cut: &Cut| -> Option<Cut> {
        let (start, end) = (cut.start.checked_sub(form.span.start)?, cut.end.checked_sub(form.span.start)?);
        Some(Cut { start, end, text: cut.text.clone() })
    };
    let copy = |cuts: &Vec<Cut>| {
        let copy = apply(own, &cuts.iter().map(shifted).collect::<Option<Vec<_>>>()?)?;
        Some(if form.is_dashed { dashed(&copy) } else { copy })
    };
    let copies: Option<Vec<String>> = copies.iter().map(copy).collect();
    let text = format!("{}{}{}", form.open, copies?.join(&form.between), form.close);
    Some(Cut { text, ..Cut::of(form.span) })
}

/// What is copied, and what stands around and between copies.
struct Form {
    span: Span,
    open: &'static str,
    between: String,
    close: &'static str,
    /// Whether each becomes an item after a dash.
    is_dashed: bool,
}

impl Form {
    fn new(span: Span, between: String) -> Self {
        Self { span, open: "", between, close: "", is_dashed: false }
    }
}

/// Lines, one below the other.
fn rows(text: &str, item: &Span) -> Option<Form> {
    let lines = lines(text, item, false)?;
    let is_last = !text.get(lines.start..lines.end)?.ends_with('\n');
    let between = if is_last { line_end(text) } else { "" };
    Some(Form::new(lines.start..lines.end, between.to_owned()))
}

/// Between commas, each on lines of its own where it begins a line now.
fn listed(text: &str, item: &Span, list: &Sequence) -> Option<Form> {
    // What has a name in a map cannot be there twice.
    text.get(item.clone())?.starts_with('{').then_some(())?;
    let before = text.get(..item.start)?;
    let indent = before.rsplit('\n').next()?;
    let is_first = indent.trim().is_empty() && before.contains('\n');
    let mut gaps = list.items.iter().zip(list.items.iter().skip(1));
    let is_dense = gaps.any(|(one, next)| text.get(one.end..next.start) == Some(","));
    let between = match (is_first, is_dense) {
        (true, _) => format!(",{}{indent}", line_end(text)),
        (false, true) => ",".to_owned(),
        (false, false) => ", ".to_owned(),
    };
    Some(Form::new(item.clone(), between))
}

/// Blocks, with an empty line between them unless those around do without.
fn blocks(text: &str, item: &Span) -> Option<Form> {
    let lines = lines(text, item, false)?;
    let (_, above) = last_line(text.get(..lines.start)?);
    let below = text.get(lines.end..)?.lines().next().unwrap_or_default();
    let word = text.get(item.clone())?.split_whitespace().next()?;
    let is_tight = above.is_some_and(|line| line.trim() == "}") || below.trim().starts_with(word);
    let between = if is_tight { "" } else { line_end(text) };
    Some(Form::new(lines.start..lines.end, between.to_owned()))
}

/// The only one, which becomes a list: between brackets where it is between braces, and else after dashes.
fn alone(text: &str, item: &Span) -> Option<Form> {
    if text.get(item.clone())?.starts_with('{') {
        return Some(Form { open: "[", close: "]", ..Form::new(item.clone(), ", ".to_owned()) });
    }
    let rows = rows(text, item)?;
    // What begins on the line of its key is no block of its own.
    let line = text.get(rows.span.start..item.start)?;
    line.trim().is_empty().then_some(Form { is_dashed: true, ..rows })
}

/// Lines as an item after a dash.
fn dashed(lines: &str) -> String {
    let mut all = String::new();
    let mut dash = "- ";
    for line in lines.split_inclusive('\n') {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        if !text.trim().is_empty() {
            all.push_str(&" ".repeat(indent));
            all.push_str(dash);
            dash = "  ";
        }
        all.push_str(text);
    }
    all
}

/// How the lines of a text end.
pub(super) fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}
