//! Items between commas.

use std::collections::BTreeSet;

use crate::node::Span;
use crate::splice::{Cut, taken};
use crate::tokens::Sequence;

/// Takes items away, each with one comma, and lines of which nothing is left but comments.
pub(super) fn remove(text: &str, list: &Sequence, removed: &BTreeSet<usize>, whole: bool) -> Vec<Cut> {
    let commas = commas(text, list);
    let is_leading = commas.iter().enumerate().any(|(at, comma)| {
        let (Some(comma), Some(item), Some(next)) = (comma, list.items.get(at), list.items.get(at + 1))
        else {
            return false;
        };
        has_line_end(text, item.end..*comma) && !has_line_end(text, *comma..next.start)
    });
    let last_kept = (0..list.items.len()).rev().find(|at| !removed.contains(at));
    let first_kept = (0..list.items.len()).find(|at| !removed.contains(at));
    let mut gone: Vec<Span> = Vec::new();
    for at in removed {
        let Some(item) = list.items.get(*at) else { continue };
        gone.push(item.clone());
        // Of n items the first n - 1 have a comma behind them; where commas lead, all behind the first that stays have one
        // before.
        let own = match first_kept {
            Some(first) if is_leading && *at > first => at.checked_sub(1).and_then(|at| commas.get(at)),
            _ => commas.get(*at),
        };
        if let Some(Some(comma)) = own {
            gone.push(*comma..*comma + 1);
        }
    }
    // What becomes the last item has no comma behind it if the last one had none.
    let had_none = commas.last().is_some_and(Option::is_none);
    if let (Some(kept), true) = (last_kept, had_none)
        && let Some(Some(comma)) = commas.get(kept)
    {
        gone.push(*comma..*comma + 1);
    }
    gone.sort_by_key(|span| span.start);
    gone.dedup();
    if let (true, Some(first), Some(start), Some(kept)) =
        (is_leading, first_kept, list.items.first(), first_kept.and_then(|at| list.items.get(at)))
        && first > 0
        && parts(text, start.start..kept.start).all(|(part, _)| part != Part::Comment)
    {
        // The first one that stays takes the place of the first one.
        gone.retain(|span| span.start >= kept.start);
        let head = Cut::of(start.start..kept.start);
        return std::iter::once(head).chain(cleaned(text, &joined(text, gone), whole)).collect();
    }
    // What comes to be the last keeps the bracket beside it, where the last one had it.
    let end = last_kept.and_then(|kept| closing(text, list, &commas, (kept, had_none)));
    if let Some(end) = &end {
        gone.retain(|span| span.end <= end.start);
    }
    cleaned(text, &joined(text, gone), whole).into_iter().chain(end.map(Cut::of)).collect()
}

/// All behind the last item that stays, where the bracket is on the line of the last one and would be alone on the next.
fn closing(
    text: &str,
    list: &Sequence,
    commas: &[Option<usize>],
    (kept, had_none): (usize, bool),
) -> Option<Span> {
    let (kept_item, last) = (list.items.get(kept)?, list.items.last()?);
    let end = |at: usize, item: &Span| match commas.get(at) {
        Some(Some(comma)) if !had_none => comma + 1,
        _ => item.end,
    };
    let gone = end(kept, kept_item)..end(list.items.len().checked_sub(1)?, last);
    let is_apart = has_line_end(text, gone.clone()) && !has_line_end(text, last.end..list.span.end);
    let gaps = list.items.iter().skip(kept).zip(list.items.iter().skip(kept + 1));
    let has_comment = |gap: Span| parts(text, gap).any(|(part, _)| part == Part::Comment);
    let is_plain = gaps.into_iter().all(|(item, next)| !has_comment(item.end..next.start));
    (is_apart && is_plain && !has_comment(last.end..list.span.end)).then_some(gone)
}

/// The comma behind each item.
fn commas(text: &str, list: &Sequence) -> Vec<Option<usize>> {
    let ends = list.items.iter().skip(1).map(|next| next.start).chain(std::iter::once(list.span.end));
    let gaps = list.items.iter().zip(ends).map(|(item, end)| item.end..end);
    gaps.map(|gap| parts(text, gap).find(|(part, _)| *part == Part::Comma).map(|(_, span)| span.start))
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Comma,
    Comment,
    Space,
    Other,
}

/// What lies between items.
fn parts(text: &str, gap: Span) -> impl Iterator<Item = (Part, Span)> {
    let mut at = gap.start;
    std::iter::from_fn(move || {
        let rest = text.get(at..gap.end).filter(|rest| !rest.is_empty())?;
        let line = rest.find('\n').unwrap_or(rest.len());
        let (part, length) = if rest.starts_with(',') {
            (Part::Comma, 1)
        } else if rest.starts_with('#') || rest.starts_with("//") {
            (Part::Comment, line)
        } else if rest.starts_with("/*") {
            (Part::Comment, rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else {
            let first = rest.chars().next()?;
            (if first.is_whitespace() { Part::Space } else { Part::Other }, first.len_utf8())
        };
        let span = at..at + length;
        at = span.end;
        Some((part, span))
    })
}

fn has_line_end(text: &str, span: Span) -> bool {
    text.get(span).is_some_and(|text| text.contains('\n'))
}

/// Spans with nothing but spaces between them are one.
fn joined(text: &str, spans: Vec<Span>) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::new();
    for span in spans {
        match all.last_mut() {
            Some(last)
                if text
                    .get(last.end..span.start)
                    .is_some_and(|gap| gap.chars().all(|sign| sign == ' ' || sign == '\t')) =>
            {
                last.end = span.end;
            }
            _ => all.push(span),
        }
    }
    all
}

/// Lines of which nothing is left go whole; elsewhere the spaces go that would be left twice.
fn cleaned(text: &str, gone: &[Span], whole: bool) -> Vec<Cut> {
    let mut groups: Vec<(Span, Vec<Span>)> = Vec::new();
    for span in gone {
        let lines = lines_of(text, span);
        match groups.last_mut() {
            Some((last, spans)) if lines.start < last.end => {
                last.end = last.end.max(lines.end);
                spans.push(span.clone());
            }
            _ => groups.push((lines, vec![span.clone()])),
        }
    }
    let mut cuts = Vec::new();
    for (lines, spans) in groups {
        if is_empty_without(text, &lines, &spans) {
            cuts.push(taken(text, lines, whole));
        } else {
            cuts.extend(spans.into_iter().map(|span| Cut::of(spaced(text, span))));
        }
    }
    cuts
}

fn lines_of(text: &str, span: &Span) -> Span {
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end =
        text.get(span.end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| span.end + at + 1);
    start..end
}

/// Whether lines hold nothing but comments once something of them is gone. A comment that goes on below is something.
fn is_empty_without(text: &str, lines: &Span, gone: &[Span]) -> bool {
    let mut at = lines.start;
    for span in gone.iter().cloned().chain(std::iter::once(lines.end..lines.end)) {
        for (part, place) in parts(text, at..span.start) {
            let is_open = part == Part::Comment
                && text.get(place).is_some_and(|text| text.starts_with("/*") && !text.ends_with("*/"));
            if matches!(part, Part::Comma | Part::Other) || is_open {
                return false;
            }
        }
        at = span.end;
    }
    true
}

/// A span on a line that stays, with the spaces behind it, or with those before it where it is the last on its line.
fn spaced(text: &str, span: Span) -> Span {
    let is_space = |sign: char| sign == ' ' || sign == '\t';
    let rest = text.get(span.end..).unwrap_or_default();
    let behind = rest.len() - rest.trim_start_matches(is_space).len();
    let before = text.get(..span.start).unwrap_or_default();
    let ahead = before.len() - before.trim_end_matches(is_space).len();
    let is_last = rest.get(behind..).is_none_or(|rest| rest.is_empty() || rest.starts_with(['\n', '\r']));
    if is_last {
        return span.start - ahead..span.end;
    }
    let follows = before.trim_end_matches(is_space).ends_with(['[', '{', '(']);
    let is_closed = rest.get(behind..).is_some_and(|rest| rest.starts_with([']', '}', ')']));
    if is_closed && !follows {
        // `[a, b ]` keeps its space before the bracket.
        return span.start - ahead..span.end;
    }
    if ahead > 0 || follows || before.ends_with('\n') { span.start..span.end + behind } else { span }
}
