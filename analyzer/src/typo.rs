//! What somebody meant who wrote a name that is not there.

use std::collections::BTreeSet;

/// Whether two names differ by a typo: more than half of the shorter one's letter pairs are shared.
pub(crate) fn similar(a: &str, b: &str) -> bool {
    resemblance(a, b) > 0
}

/// The known name that is most like the one written, where one is.
pub(crate) fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Of several that are as like, the first: what is said does not depend on chance.
    let like = known.map(|name| (resemblance(written, name), name)).filter(|(shared, _)| *shared > 0);
    like.fold(None, |best: Option<(usize, &str)>, one| match best {
        Some(best) if best.0 >= one.0 => Some(best),
        _ => Some(one),
    })
    .map(|(_, name)| name)
}

/// The share of letter pairs that are in both, per thousand, where these are more than half of the shorter name's.
fn resemblance(a: &str, b: &str) -> usize {
    let pairs = |text: &str| {
        let letters: Vec<char> = text.to_lowercase().replace('-', "_").chars().collect();
        letters.windows(2).map(<[char]>::to_vec).collect::<BTreeSet<_>>()
    };
    let (a, b) = (pairs(a), pairs(b));
    let shared = a.intersection(&b).count();
    let is_like = shared * 2 > a.len().min(b.len()) && shared > 1;
    if is_like { shared * 2000 / (a.len() + b.len()) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_is_most_like_is_meant() {
        let known = || ["min_window", "window", "history", "grants"].into_iter();
        assert_eq!(nearest("widow", known()), Some("window"));
        assert_eq!(nearest("min-window", known()), Some("min_window"));
        assert_eq!(nearest("grant", known()), Some("grants"));
        assert_eq!(nearest("zzz", known()), None);
        assert_eq!(nearest("", known()), None);
    }
}
