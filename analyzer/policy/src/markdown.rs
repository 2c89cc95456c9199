//! Foreign text in Markdown, such that it is shown as it is: it ends no cell, opens no tag, makes no link.

/// A name in a code span.
pub fn code(name: &str) -> String {
    let is_harmless = |c: char| c.is_alphanumeric() || ":/._-=@+,*{}$? ".contains(c);
    let is_span = !name.is_empty() && name.chars().all(is_harmless) && name.trim() == name;
    // A backslash or a pipe means something even inside of a code span when that is in a table, and renderers
    // do not agree on what. Character references mean the same everywhere.
    if is_span { format!("`{name}`") } else { format!("<code>{}</code>", references(name)) }
}

/// A message of the project, in which names stand between backticks.
pub fn prose(message: &str) -> String {
    let pieces = pieces(message);
    pieces.into_iter().map(|(is_name, piece)| if is_name { code(piece) } else { text(piece) }).collect()
}

/// Text without any meaning as Markdown.
pub fn text(text: &str) -> String {
    references(text)
}

/// Writes every character that Markdown may obey as a character reference.
fn references(text: &str) -> String {
    let text = legible(text.replace('\n', " "));
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

/// Text in which the project's own messages put names between backticks: (name?, piece) in order. A last
/// backtick without a partner is text.
pub fn pieces(text: &str) -> Vec<(bool, &str)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((name, behind)) = after.split_once('`') else { break };
        pieces.push((false, before));
        pieces.push((true, name));
        rest = behind;
    }
    pieces.push((false, rest));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

/// Shows control characters, invisible ones and those that change the direction of writing, instead of
/// obeying them. Names come from logs, and a log may hold anything.
pub fn legible(text: String) -> String {
    if !text.contains(is_treacherous) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_treacherous(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether a terminal or a page obeys a character instead of showing it, but for the end of a line.
pub fn is_treacherous(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || (c.is_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_between_backticks() {
        assert_eq!(pieces("of `a` and `b`"), [(false, "of "), (true, "a"), (false, " and "), (true, "b")]);
        assert_eq!(pieces("a lone ` stays"), [(false, "a lone ` stays")]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn treacherous_characters_are_written_out() {
        assert_eq!(
            legible("a\u{202e}b\u{0}c\u{7f}\u{200b}\n".to_owned()),
            "a\\u{202e}b\\u{0}c\\u{7f}\\u{200b}\n"
        );
        assert_eq!(legible("größer → 日本".to_owned()), "größer → 日本");
    }
}
