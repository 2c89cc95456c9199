//! Templates of Helm charts: what templates decide is masked, so that the rest can be read as YAML with its bytes in place.

pub(crate) mod values;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::node::{Kind, Node, Span};
use crate::place::Reason;
use crate::text::Text;

/// A template whose actions are masked by as many bytes.
#[derive(Debug)]
pub(crate) struct Masked {
    pub(crate) text: String,
    actions: Vec<Action>,
}

/// `{{ .. }}`.
#[derive(Clone, Debug)]
struct Action {
    span: Span,
    /// Whether it has its lines for itself.
    is_alone: bool,
    word: Word,
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// Begins what is there or not.
    Choice,
    /// Begins what may be there several times.
    Loop,
    Else,
    End,
    /// Writes something.
    Write,
    /// Writes nothing: a comment, or an assignment.
    Nothing,
}

/// The folder of the chart whose description a path is.
pub(crate) fn chart(path: &Path) -> Option<PathBuf> {
    (path.file_name()? == "Chart.yaml").then(|| path.parent().unwrap_or(Path::new("")).to_owned())
}

/// Whether a path is of a chart that another brings along: below the `charts` of one of these folders.
pub(crate) fn is_brought(charts: &BTreeSet<PathBuf>, path: &Path) -> bool {
    let mut folders =
        path.ancestors().filter(|folder| folder.file_name().is_some_and(|name| name == "charts"));
    folders.any(|folder| folder.parent().is_some_and(|chart| charts.contains(chart)))
}

/// Masks the actions of a template.
pub(crate) fn mask(text: &str) -> Masked {
    let mut bytes = text.as_bytes().to_vec();
    let mut actions = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("{{")) {
        let start = at + found;
        let Some(length) = text.get(start..).and_then(action_length) else { break };
        let span = start..start + length;
        at = span.end;
        let before = text.get(..start).unwrap_or_default();
        let after = text.get(span.end..).unwrap_or_default();
        let is_space = |c: char| c == ' ' || c == '\t';
        let is_first = before.trim_end_matches(is_space).chars().next_back().is_none_or(|c| c == '\n');
        let is_last =
            after.trim_start_matches(is_space).chars().next().is_none_or(|c| c == '\n' || c == '\r');
        let word = word(text.get(span.clone()).unwrap_or_default());
        actions.push(Action { is_alone: is_first && is_last, word, span });
    }
    // Several actions that share lines with nothing else are alone there, too.
    settle(text, &mut actions);
    for action in &actions {
        let mut is_start = true;
        for byte in bytes.get_mut(action.span.clone()).unwrap_or_default() {
            match *byte {
                b'\n' | b'\r' => is_start = true,
                _ if action.is_alone && is_start => {
                    *byte = b'#';
                    is_start = false;
                }
                _ => *byte = b'x',
            }
        }
    }
    // Whole characters were masked, so what is left is text.
    Masked { text: String::from_utf8(bytes).unwrap_or_default(), actions }
}

/// Which of the actions, that are in order, a part of the text holds whole.
fn within(actions: &[Action], part: &Span) -> Span {
    let first = actions.partition_point(|action| action.span.start < part.start);
    first..actions.partition_point(|action| action.span.end <= part.end).max(first)
}

/// Marks actions as alone whose lines hold nothing but actions.
fn settle(text: &str, actions: &mut [Action]) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let span = at..at + line.len();
        at = span.end;
        let here = within(actions, &span);
        let here = actions.get_mut(here).unwrap_or_default();
        let starts = std::iter::once(span.start).chain(here.iter().map(|action| action.span.end));
        let ends = here.iter().map(|action| action.span.start).chain(std::iter::once(span.end));
        let mut between = starts.zip(ends).filter_map(|(start, end)| text.get(start..end));
        if here.len() > 1 && between.all(|rest| rest.trim().is_empty()) {
            for (at, action) in here.iter_mut().enumerate() {
                // What follows a comment's sign is part of the comment.
                action.is_alone = at == 0;
            }
        }
    }
}

/// How long the action is with which a text begins. Texts in it may hold braces.
fn action_length(text: &str) -> Option<usize> {
    if text.starts_with("{{/*") || text.starts_with("{{- /*") {
        let end = text.find("*/")?;
        return Some(end + text.get(end..)?.find("}}")? + 2);
    }
    let mut quote: Option<char> = None;
    let mut is_escaped = false;
    for (at, sign) in text.char_indices() {
        match quote {
            _ if is_escaped => is_escaped = false,
            Some('"') if sign == '\\' => is_escaped = true,
            Some(open) if sign == open => quote = None,
            Some(_) => {}
            None if sign == '"' || sign == '`' => quote = Some(sign),
            None if sign == '}' && text.get(at..)?.starts_with("}}") => return Some(at + 2),
            None => {}
        }
    }
    None
}

fn word(action: &str) -> Word {
    let inner = action.trim_start_matches("{{").trim_start_matches('-').trim_start();
    let first = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    match first {
        "if" | "with" | "define" | "block" => Word::Choice,
        "range" => Word::Loop,
        "else" => Word::Else,
        "end" => Word::End,
        _ if inner.starts_with("/*") => Word::Nothing,
        _ if inner.starts_with('$') && (inner.contains(":=") || inner.contains("= ")) => Word::Nothing,
        _ => Word::Write,
    }
}

impl Masked {
    /// Puts back what was masked within texts, as what is not known.
    pub(crate) fn unmask(&self, node: &mut Node, source: &str) {
        match &mut node.kind {
            Kind::Text(_) | Kind::Plain(_) => {
                if let Some(text) = self.text_of(&node.span, source) {
                    node.kind = Kind::Text(text);
                }
            }
            Kind::List(list) => list.items.iter_mut().for_each(|item| self.unmask(item, source)),
            Kind::Map(entries) => entries.iter_mut().for_each(|entry| self.unmask(&mut entry.value, source)),
            _ => {}
        }
    }

    fn text_of(&self, span: &Span, source: &str) -> Option<Text> {
        let inside = self.actions.get(within(&self.actions, span)).filter(|inside| !inside.is_empty())?;
        let is_quoted = source.get(span.clone())?.starts_with(['"', '\'']);
        let (mut at, end) =
            if is_quoted { (span.start + 1, span.end.saturating_sub(1)) } else { (span.start, span.end) };
        let mut text = Text::default();
        for action in inside {
            let before = source.get(at..action.span.start).unwrap_or_default();
            if !before.is_empty() {
                text.push(before);
            }
            text.push_opaque(source.get(action.span.clone()).unwrap_or_default());
            at = action.span.end;
        }
        let rest = source.get(at..end).unwrap_or_default();
        if !rest.is_empty() {
            text.push(rest);
        }
        Some(text)
    }

    /// The loops that a part of a template is in, as they are written.
    pub(crate) fn loops_around(&self, part: &Span, source: &str) -> String {
        let loops = self.open_at(part).into_iter().filter(|action| action.word == Word::Loop);
        loops.filter_map(|action| source.get(action.span.clone())).collect()
    }

    /// The choices that a part of a template is in, as they are written.
    pub(crate) fn choices_around(&self, part: &Span, source: &str) -> String {
        let is_choice = |action: &&Action| matches!(action.word, Word::Choice | Word::Else);
        let choices = self.open_at(part).into_iter().filter(is_choice);
        choices.filter_map(|action| source.get(action.span.clone())).collect()
    }

    /// The actions that a part of a template is within, each with the branches of it before.
    fn open_at(&self, part: &Span) -> Vec<&Action> {
        let mut open: Vec<Vec<&Action>> = Vec::new();
        for action in self.actions.iter().filter(|action| action.span.start < part.start) {
            match action.word {
                Word::Choice | Word::Loop => open.push(vec![action]),
                Word::Else => open.last_mut().into_iter().for_each(|branches| branches.push(action)),
                Word::End => {
                    open.pop();
                }
                Word::Write | Word::Nothing => {}
            }
        }
        open.into_iter().flatten().collect()
    }

    /// Why a part of a template cannot be edited: templates decide what is in it. `end` is where what follows begins.
    pub(crate) fn reasons(&self, part: &Span, end: usize) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let mut open = Vec::new();
        for action in self.actions.iter().filter(|action| action.span.start < part.start) {
            match action.word {
                Word::Choice | Word::Loop => open.push(action.word),
                Word::End => {
                    open.pop();
                }
                _ => {}
            }
        }
        if open.contains(&Word::Loop) {
            reasons.push(Reason::Repeated("`range`".to_owned()));
        }
        for action in self.actions.iter().filter(|one| part.start <= one.span.start && one.span.start < end) {
            match action.word {
                // What follows belongs to what began before.
                Word::End | Word::Else => {
                    if action.span.start < part.end {
                        reasons.push(Reason::Template);
                    }
                    break;
                }
                Word::Nothing => {}
                Word::Write if !action.is_alone && action.span.start < part.end => {}
                _ => {
                    reasons.push(Reason::Template);
                    break;
                }
            }
        }
        reasons
    }
}
