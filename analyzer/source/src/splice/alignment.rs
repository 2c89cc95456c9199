//! How `terraform fmt` aligns attributes: the equals signs of those that stand below each other, each on one line.
//! Source: the Terraform documentation, "Style Guide", and what its formatter does.

use crate::node::Span;

/// Whether an attribute can take several lines while those around it stay as they are. Then it parts those above it from those below,
/// and each of these are to be aligned as they would be by themselves.
pub(super) fn is_free(text: &str, attribute: &Span) -> bool {
    let own = text.get(attribute.clone()).and_then(width).unwrap_or_default();
    let above = text.get(..attribute.start).unwrap_or_default();
    let below =
        text.get(attribute.end..).and_then(|rest| rest.split_once('\n')).map_or("", |(_, below)| below);
    let above = widest(above.lines().rev());
    let below = widest(below.lines());
    let all = [above, Some(own), below].into_iter().flatten().max();
    [above, below].into_iter().flatten().all(|one| Some(one) == all)
}

/// The longest name of attributes on lines below each other; none where the first line holds none.
fn widest<'a>(lines: impl Iterator<Item = &'a str>) -> Option<usize> {
    lines.map_while(width).max()
}

/// How long the name of an attribute is that stands on a line of its own, with its whole value.
fn width(line: &str) -> Option<usize> {
    let (name, value) = line.trim_start().split_once('=')?;
    let name = name.trim_end();
    let is_sign = |sign: char| sign.is_alphanumeric() || "_-\"".contains(sign);
    let is_name = !name.is_empty() && name.chars().all(is_sign);
    (is_name && is_whole(value)).then(|| name.chars().count())
}

/// Whether a value ends on its line.
fn is_whole(value: &str) -> bool {
    let (mut depth, mut is_quoted, mut is_escaped) = (0_i32, false, false);
    for sign in value.chars() {
        match sign {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '#' if !is_quoted => break,
            '[' | '{' | '(' if !is_quoted => depth += 1,
            ']' | '}' | ')' if !is_quoted => depth -= 1,
            _ => {}
        }
    }
    depth == 0 && !value.trim_start().starts_with("<<")
}
