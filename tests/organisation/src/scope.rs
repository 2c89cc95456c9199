//! Exact actions and resources, and the patterns that people write to cover them.

use crate::mint::Mint;

/// An action as a policy might write it: itself, a wildcard of its service, everything.
pub(crate) fn action(action: &str, mint: &mut Mint) -> String {
    let service = action.split(':').next().unwrap_or_default();
    match mint.below(12) {
        0..6 => action.to_owned(),
        6 => format!("{service}:*"),
        7 => "*".to_owned(),
        8 => one_letter(action, mint),
        9 => action.to_lowercase(),
        _ => format!("{}*", verb(action)),
    }
}

/// An action up to the end of its first word: `s3:Get` of `s3:GetObject`.
pub(crate) fn verb(action: &str) -> &str {
    let start = action.find(':').map_or(0, |colon| colon + 2);
    let rest = action.get(start..).unwrap_or_default();
    let end = rest.find(|letter: char| letter.is_ascii_uppercase()).map_or(action.len(), |end| start + end);
    action.get(..end).unwrap_or(action)
}

/// A resource as a policy might write it: itself, cut behind a separator, with one part open, everything.
pub(crate) fn resource(resource: &str, mint: &mut Mint) -> String {
    let separators: Vec<_> = resource
        .char_indices()
        .filter(|(_, letter)| matches!(letter, ':' | '/'))
        .map(|(position, _)| position)
        .collect();
    match mint.below(8) {
        0..3 => resource.to_owned(),
        3 => "*".to_owned(),
        4 | 5 => match mint.pick(&separators) {
            Some(position) => format!("{}*", resource.get(..=*position).unwrap_or_default()),
            None => resource.to_owned(),
        },
        6 => one_letter(resource, mint),
        _ => {
            let mut parts: Vec<_> = resource.split(':').collect();
            let open = usize::try_from(mint.below(parts.len() as u64)).unwrap_or(0);
            if let (Some(part), true) = (parts.get_mut(open), open > 2) {
                *part = "*";
            }
            parts.join(":")
        }
    }
}

/// One letter or digit behind the first colon left open by `?`.
fn one_letter(text: &str, mint: &mut Mint) -> String {
    let start = text.find(':').unwrap_or(0);
    let open: Vec<_> = text
        .char_indices()
        .filter(|(position, letter)| *position > start && letter.is_ascii_alphanumeric())
        .map(|(position, _)| position)
        .collect();
    let chosen = mint.pick(&open).copied();
    text.char_indices()
        .map(|(position, letter)| if Some(position) == chosen { '?' } else { letter })
        .collect()
}
