//! What somebody meant who wrote a name that is not there.

use std::collections::BTreeSet;

/// Whether two names differ by a typo: more than half of the shorter one's letter pairs are shared, or one slip makes one of the other.
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

/// The share of letter pairs that are in both, per thousand, where these are more than half of the shorter name's. Short names have few
/// pairs, of which one slip spoils most.
fn resemblance(a: &str, b: &str) -> usize {
    let letters = |text: &str| text.to_lowercase().replace('-', "_").chars().collect::<Vec<char>>();
    let pairs = |letters: &[char]| letters.windows(2).map(<[char]>::to_vec).collect::<BTreeSet<_>>();
    let (a, b) = (letters(a), letters(b));
    let is_slip = is_slip(&a, &b);
    let (a, b) = (pairs(&a), pairs(&b));
    let shared = a.intersection(&b).count();
    let is_like = shared * 2 > a.len().min(b.len()) && shared > 1;
    if is_like || is_slip { (shared * 2000 / (a.len() + b.len()).max(1)).max(1) } else { 0 }
}

/// Whether a letter more, another letter, or two letters the other way round make one name of the other.
fn is_slip(a: &[char], b: &[char]) -> bool {
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (one, other) = (a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default());
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = |rest: &[char]| rest.get(..rest.len() - end).map(<[char]>::to_vec).unwrap_or_default();
    let is_one = match (middle(one).as_slice(), middle(other).as_slice()) {
        ([a, b], [c, d]) => (a, b) == (d, c),
        (one, other) => one.len() <= 1 && other.len() <= 1,
    };
    is_one && a.len().min(b.len()) > 2
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

    #[test]
    fn one_slip_in_a_short_name_is_a_typo() {
        for (one, other) in [("dialy", "daily"), ("lst", "list"), ("lits", "list"), ("wach", "watch")] {
            assert!(similar(one, other) && similar(other, one), "{one} {other}");
        }
        for (one, other) in [("a", "b"), ("get", "patch"), ("list", "watch"), ("on", "in")] {
            assert!(!similar(one, other), "{one} {other}");
        }
    }
}
