//! Foreign text in Markdown, such that it is shown as it is: it ends no cell, opens no tag, makes no link.

use super::wording;

/// A name in a code span.
pub(crate) fn code(name: &str) -> String {
    let is_harmless = |c: char| c.is_alphanumeric() || ":/._-=@+,*{}$? ".contains(c);
    let is_span = !name.is_empty() && name.chars().all(is_harmless) && name.trim() == name;
    // A backslash or a pipe means something even inside of a code span when that is in a table, and renderers
    // do not agree on what. Character references mean the same everywhere.
    if is_span { format!("`{name}`") } else { format!("<code>{}</code>", references(name)) }
}

/// A message of the project, in which names stand between backticks.
pub(crate) fn prose(message: &str) -> String {
    let pieces = wording::pieces(message);
    pieces.into_iter().map(|(is_name, piece)| if is_name { code(piece) } else { text(piece) }).collect()
}

/// Text without any meaning as Markdown.
pub(super) fn text(text: &str) -> String {
    references(text)
}

/// Writes every character that Markdown may obey as a character reference.
fn references(text: &str) -> String {
    let text = wording::legible(text.replace('\n', " "));
    let mut safe = String::with_capacity(text.len());
    let mut is_number = false;
    for (at, c) in text.char_indices() {
        let (before, after) = text.split_at_checked(at).unwrap_or_default();
        let is_harmless = match c {
            ' ' | ',' | ';' | '\'' | '/' | '%' | '(' | '?' => true,
            // These make lists and headings at the beginning of a line, ...
            '-' | '+' | '=' => at > 0,
            // ... and these after a number there.
            ')' => !is_number,
            // Renderers make links of bare addresses.
            '.' => !is_number && !ends_with_www(before),
            ':' => !after.starts_with("://"),
            c => c.is_alphanumeric() || !c.is_ascii(),
        };
        is_number = c.is_ascii_digit() && (is_number || at == 0);
        match c {
            c if is_harmless => safe.push(c),
            // Who is mentioned, and which issue, is found after references are resolved; not across a comment.
            '@' | '#' => safe.push_str(&format!("&#{};<!-- -->", u32::from(c))),
            c => safe.push_str(&format!("&#{};", u32::from(c))),
        }
    }
    safe
}

fn ends_with_www(text: &str) -> bool {
    text.as_bytes().last_chunk::<3>().is_some_and(|last| last.eq_ignore_ascii_case(b"www"))
}
