//! A reference as Terraform writes it: names with dots between them, each of which may have an index.

/// A name with its index, which is empty where it has none: `r` and `"viewer"` of `r["viewer"]`.
pub(super) type Step<'a> = (&'a str, &'a str);

/// The names of a reference. A dot between brackets or quotes is part of an index.
pub(super) fn steps(reference: &str) -> Vec<Step<'_>> {
    let (mut depth, mut is_quoted, mut start) = (0_usize, false, 0);
    let mut steps = Vec::new();
    for (at, sign) in reference.char_indices() {
        match sign {
            '"' => is_quoted = !is_quoted,
            '[' if !is_quoted => depth += 1,
            ']' if !is_quoted => depth = depth.saturating_sub(1),
            '.' if !is_quoted && depth == 0 => {
                steps.push(step(reference.get(start..at).unwrap_or_default()));
                start = at + 1;
            }
            _ => {}
        }
    }
    steps.push(step(reference.get(start..).unwrap_or_default()));
    steps
}

fn step(text: &str) -> Step<'_> {
    let (name, index) = text.split_once('[').unwrap_or((text, ""));
    (name.trim(), index.trim().strip_suffix(']').unwrap_or(index).trim())
}

/// The text of an index that is written out: `viewer` of `"viewer"`.
pub(super) fn quoted(index: &str) -> Option<&str> {
    let inner = index.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\', '$', '%'])).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_dots_that_are_in_no_index() {
        assert_eq!(steps("local.name"), [("local", ""), ("name", "")]);
        let looped = r#"kubernetes_role.r["a.b"].metadata[0].name"#;
        let expected = [("kubernetes_role", ""), ("r", "\"a.b\""), ("metadata", "0"), ("name", "")];
        assert_eq!(steps(looped), expected);
        assert_eq!(steps("a.b[each.value.name].id"), [("a", ""), ("b", "each.value.name"), ("id", "")]);
    }

    #[test]
    fn only_an_index_that_is_a_text_is_one() {
        assert_eq!(quoted("\"viewer\""), Some("viewer"));
        for other in ["each.key", "0", "\"${each.key}\"", "\"a\" + \"b\""] {
            assert_eq!(quoted(other), None, "{other}");
        }
    }
}
