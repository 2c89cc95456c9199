//! An independent look at which bytes an edit changed: what is there then is what was there without the bytes of what is taken
//! away, and those bytes are told here one by one, from the text and the places of its items alone.

#![expect(clippy::string_slice, reason = "a place within a sign is a test that fails")]

use std::collections::{BTreeMap, BTreeSet};

use crate::node::Layout;
use crate::statement::Removal;
use crate::tokens::{Sequence, Tokens};
use crate::{Rule, Span, Statement};

/// What may stand between words of one line.
const BLANKS: [char; 2] = [' ', '\t'];

/// What is taken away.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    span: Span,
    /// The list of which it is an item, and which one.
    list: Option<(Sequence, usize)>,
    /// Whether it is a statement or rule, to which the comment above it belongs.
    is_whole: bool,
}

impl Gone {
    /// A text of a list.
    pub(crate) fn token(tokens: &Tokens, at: usize) -> Self {
        let list = tokens.sequence.clone().map(|list| (list, at));
        Self { span: tokens.items[at].span.clone(), list, is_whole: false }
    }

    /// An item of a list that is not a text.
    pub(crate) fn item(list: &Sequence, at: usize, is_whole: bool) -> Self {
        Self { span: list.items[at].clone(), list: Some((list.clone(), at)), is_whole }
    }

    /// A block of its own.
    pub(crate) fn block(span: &Span) -> Self {
        Self { span: span.clone(), list: None, is_whole: true }
    }

    pub(crate) fn statement(statement: &Statement) -> Self {
        Self::of(&statement.span, &statement.removal)
    }

    pub(crate) fn rule(rule: &Rule) -> Self {
        Self::of(&rule.span, &rule.removal)
    }

    fn of(span: &Span, removal: &Removal) -> Self {
        match removal {
            Removal::Item(list, at) => Self::item(list, *at, true),
            // The comment above a marker is of what follows all of them.
            other => Self { span: span.clone(), list: None, is_whole: !matches!(other, Removal::Marker) },
        }
    }
}

/// What is wrong with a text that was to become another by taking something away; none where each byte is accounted for.
pub(crate) fn strokes(before: &str, gone: &[Gone], after: &str) -> Option<String> {
    let mut strokes = Strokes {
        text: before,
        is_gone: vec![false; before.len()],
        optional: BTreeSet::new(),
        is_last_gone: false,
    };
    strokes.items(gone);
    strokes.lines(gone);
    strokes.join();
    let pieces = strokes.pieces();
    // A file that did not end with a line's end does not do so afterwards, though its last line goes.
    let is_open = strokes.is_last_gone && !before.ends_with('\n') && !after.ends_with('\n');
    let ends: &[&str] = if is_open { &["\n", "\r\n"] } else { &[""] };
    if ends.iter().any(|end| is_match(&pieces, &format!("{after}{end}"))) {
        return None;
    }
    let wanted: String = pieces.iter().map(|alternatives| alternatives[0]).collect();
    Some(format!("other bytes changed\n--- wanted\n{wanted}\n--- became\n{after}"))
}

struct Strokes<'a> {
    text: &'a str,
    /// For each byte whether it goes.
    is_gone: Vec<bool>,
    /// Lines that go or stay as a whole: comments right above a statement, and one of the empty lines around it.
    optional: BTreeSet<(usize, usize)>,
    /// Whether its last line goes.
    is_last_gone: bool,
}

impl<'a> Strokes<'a> {
    fn take(&mut self, span: Span) {
        self.is_gone[span].fill(true);
    }

    /// Items go with their separators and dashes.
    fn items(&mut self, gone: &[Gone]) {
        let mut lists: BTreeMap<usize, (&Sequence, BTreeSet<usize>)> = BTreeMap::new();
        for one in gone {
            self.take(one.span.clone());
            if let Some((list, at)) = &one.list {
                lists.entry(list.span.start).or_insert((list, BTreeSet::new())).1.insert(*at);
            }
        }
        for (list, removed) in lists.into_values() {
            match list.layout {
                Layout::Dashes => {
                    for at in removed {
                        let start = list.items[at].start;
                        let line = line_start(self.text, start);
                        let dash = self.text[line..start].rfind('-').map(|at| line + at);
                        self.take(dash.expect("an item after a dash")..start);
                    }
                }
                Layout::Commas => self.separated(list, &removed, ','),
                Layout::Semicolons => self.separated(list, &removed, ';'),
            }
        }
    }

    /// Each item that goes takes one separator with it, so that as many are left as the list had for as many items.
    fn separated(&mut self, list: &Sequence, removed: &BTreeSet<usize>, sign: char) {
        let text = self.text;
        let count = list.items.len();
        let behind: Vec<Option<usize>> = (0..count)
            .map(|at| {
                let end = list.items.get(at + 1).map_or(list.span.end, |next| next.start);
                separator(text, list.items[at].end..end, sign)
            })
            .collect();
        let leads = |at: usize| {
            behind[at].zip(list.items.get(at + 1)).is_some_and(|(comma, next)| {
                text[list.items[at].end..comma].contains('\n') && !text[comma..next.start].contains('\n')
            })
        };
        let is_leading = (0..count).any(leads);
        let kept: Vec<usize> = (0..count).filter(|at| !removed.contains(at)).collect();
        let (first, last) = (kept[0], kept[kept.len() - 1]);
        for at in removed {
            let own = if is_leading && *at > first { behind[at - 1] } else { behind[*at] };
            if let Some(own) = own {
                self.take(own..own + 1);
            }
        }
        if let (None, Some(own), true) = (behind[count - 1], behind[last], last + 1 < count) {
            self.take(own..own + 1);
        }
        // Where commas lead, what becomes the first item stands where the first one stood.
        let head = list.items[0].start..list.items[first].start;
        let mut gaps = list.items[..=first].iter().zip(&list.items[1..=first]);
        if is_leading && !gaps.any(|(one, next)| text[one.end..next.start].contains(['#', '/'])) {
            self.take(head);
            return;
        }
        // A bracket beside the last item is beside the last one that stays.
        let end = |at: usize| behind[count - 1].and(behind[at]).map_or(list.items[at].end, |sign| sign + 1);
        let tail = end(last)..end(count - 1);
        let is_beside = !text[tail.end..list.span.end].contains('\n');
        let mut gaps = list.items[last..].iter().zip(list.items.iter().skip(last + 1));
        if is_beside
            && text[tail.clone()].contains('\n')
            && !gaps.any(|(one, next)| text[one.end..next.start].contains(['#', '/']))
        {
            self.take(tail);
        }
    }

    /// Lines of which nothing is left but comments go whole.
    fn lines(&mut self, gone: &[Gone]) {
        let text = self.text;
        let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        while start < text.len() {
            let mut end = line_end(text, start);
            // Lines whose ends go are one.
            while end < text.len() && self.is_gone[end - 1] {
                end = line_end(text, end);
            }
            let is_touched = self.is_gone[start..end].contains(&true);
            if is_touched && self.is_bare(start..end) {
                self.take(start..end);
                self.is_last_gone |= end == text.len();
                if gone.iter().any(|one| one.is_whole && start <= one.span.start && one.span.end <= end) {
                    self.above(start);
                }
            }
            start = end;
        }
    }

    /// Blanks between two parts of a line that go do so, too.
    fn join(&mut self) {
        let mut last = None;
        for at in 0..self.text.len() {
            if self.is_gone[at] {
                if let Some(start) = last {
                    self.take(start..at);
                }
                last = Some(at + 1);
            } else if !BLANKS.map(|one| one as u8).contains(&self.text.as_bytes()[at]) {
                last = None;
            }
        }
    }

    /// Whether what stays of lines is blank or a comment that ends there.
    fn is_bare(&self, lines: Span) -> bool {
        let mut left = String::new();
        for (at, sign) in self.text[lines.clone()].char_indices() {
            if !self.is_gone[lines.start + at] {
                left.push(sign);
            }
        }
        let mut rest = left.trim_start();
        while let Some(comment) = rest.strip_prefix("/*") {
            let Some((_, behind)) = comment.split_once("*/") else { return false };
            rest = behind.trim_start();
        }
        // A marker is written as a comment, and is none.
        if rest.contains("+kubebuilder:") {
            return false;
        }
        rest.lines().all(|line| {
            let line = line.trim();
            line.is_empty() || line.starts_with('#') || line.starts_with("//")
        })
    }

    /// What may go besides above a statement's lines.
    fn above(&mut self, start: usize) {
        let mut top = start;
        while top > 0 {
            let line = line_start(self.text, top - 1);
            let text = self.text[line..top].trim();
            if !(text.starts_with('#') || text.starts_with("//")) {
                break;
            }
            top = line;
        }
        if top < start {
            self.optional.insert((top, start));
        }
        if top > 0 {
            let line = line_start(self.text, top - 1);
            if self.text[line..top].trim().is_empty() {
                self.optional.insert((line, top));
            }
        }
    }

    /// What is left, part by part, each with the texts that it may have.
    fn pieces(&self) -> Vec<Vec<&'a str>> {
        let text = self.text;
        let mut pieces: Vec<Vec<&str>> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            if let Some((_, end)) = self.optional.iter().find(|(start, _)| *start == at) {
                let is_there = !self.is_gone[at];
                pieces.push(if is_there { vec![&text[at..*end], ""] } else { vec![""] });
                at = *end;
                continue;
            }
            let is_gone = self.is_gone[at];
            let mut end = at;
            while end < text.len()
                && self.is_gone[end] == is_gone
                && !self.optional.iter().any(|(start, _)| *start == end && end > at)
            {
                end += 1;
            }
            if !is_gone {
                pieces.push(vec![&text[at..end]]);
                at = end;
                continue;
            }
            let (own, rest) = (&text[..at], &text[end..]);
            let is_line = own.is_empty() || own.ends_with(['\n', '\u{feff}']);
            let is_end = rest.is_empty() && text[at..].starts_with(['\n', '\r']);
            if is_end || is_line && text[..end].ends_with('\n') {
                at = end;
                continue;
            }
            // Of the blanks on both sides of what goes, those of one side go.
            let ahead = own.len() - own.trim_end_matches(BLANKS).len();
            let behind = rest.len() - rest.trim_start_matches(BLANKS).len();
            let (before, after) = (own.trim_end_matches(BLANKS), rest.trim_start_matches(BLANKS));
            let is_first = before.is_empty() || before.ends_with(['\n', '\u{feff}', '[', '{', '(']);
            let is_last = after.is_empty() || after.starts_with(['\n', '\r']);
            let is_closed = after.starts_with([']', '}', ')']) && !before.ends_with(['[', '{', '(']);
            if is_last || is_closed {
                if let Some(last) = pieces.last_mut() {
                    last[0] = &last[0][..last[0].len() - ahead];
                }
            } else if ahead > 0 || is_first {
                end += behind;
            }
            at = end;
        }
        pieces
    }
}

/// Whether pieces make a text, each with one of its own.
fn is_match(pieces: &[Vec<&str>], text: &str) -> bool {
    let mut places = BTreeSet::from([0]);
    for alternatives in pieces {
        let next = places.iter().flat_map(|at| {
            let rest = &text[*at..];
            alternatives.iter().filter(move |one| rest.starts_with(**one)).map(move |one| at + one.len())
        });
        places = next.collect();
    }
    places.contains(&text.len())
}

/// The separator in what lies between items, outside comments.
fn separator(text: &str, gap: Span, sign: char) -> Option<usize> {
    let mut at = gap.start;
    while at < gap.end {
        let rest = &text[at..gap.end];
        at += if rest.starts_with(sign) {
            return Some(at);
        } else if rest.starts_with('#') || rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").unwrap_or(rest.len())
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
    }
    None
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// What an edit may not do is found out, or the tests that look this way would show nothing.
#[test]
fn bytes_that_are_not_of_what_goes_are_missed() {
    let text = "# all of it\n\nActions:\n- a   # of a\n# of b\n- b # of b, too\n\n- 'c'\n";
    let documents = crate::yaml::read(text).unwrap();
    let list = Sequence::of(documents[0].get("Actions").unwrap()).unwrap();
    let after = |after: &str, is_whole| strokes(text, &[Gone::item(&list, 1, is_whole)], after);
    let right = "# all of it\n\nActions:\n- a   # of a\n# of b\n\n- 'c'\n";
    assert_eq!(after(right, false), None);
    assert_eq!(after(&right.replace("# of b\n", ""), true), None);
    for wrong in [
        right.replace("# of b\n", ""),
        right.replace("# all of it\n", ""),
        right.replace("it\n\n", "it\n"),
        right.replace("\n\n- 'c'", "\n- 'c'"),
        right.replace("   # of a", ""),
        right.replace("   # of a", " # of a"),
        right.replace("'c'", "c"),
        right.replace("- 'c'\n", ""),
        right.replace("- 'c'\n", "- 'c'"),
        right.replace("# of b\n", "# of b\n# of b, too\n"),
        right.replace('\n', "\r\n"),
        text.to_owned(),
    ] {
        assert!(after(&wrong, false).is_some(), "{wrong}");
    }
    let whole = |list: &str| format!("locals {{\n  a = {list}}}\n");
    let text = whole("[\"a\", \"b\" , /* of c */ \"c\",\n  \"d\", ]\n");
    let list = Sequence::of(crate::hcl::read(&text).unwrap()[0].get("a").unwrap()).unwrap();
    let after = |gone: usize, after: &str| strokes(&text, &[Gone::item(&list, gone, false)], &whole(after));
    assert_eq!(after(1, "[\"a\", /* of c */ \"c\",\n  \"d\", ]\n"), None);
    assert_eq!(after(3, "[\"a\", \"b\" , /* of c */ \"c\", ]\n"), None);
    for (gone, wrong) in [
        (1, "[\"a\", \"c\",\n  \"d\", ]\n"),
        (1, "[\"a\",/* of c */ \"c\",\n  \"d\", ]\n"),
        (1, "[\"a\",  /* of c */ \"c\",\n  \"d\", ]\n"),
        (1, "[\"a\", /* of c */ \"c\", \"d\", ]\n"),
        (1, "[\"a\", /* of c */ \"c\",\n  \"d\" ]\n"),
        (1, "[\"a\", /* of c */ \"c\",\n  \"d\",]\n"),
        (3, "[\"a\", \"b\" , /* of c */ \"c\",\n ]\n"),
        (3, "[\"a\", \"b\" , /* of c */ \"c\"\n]\n"),
    ] {
        assert!(after(gone, wrong).is_some(), "{wrong}");
    }
}
