//! Paths: decoded parts, and names left out of them.

/// What stands for a name in a path.
const NAME: &str = "{}";

/// Deeper, nothing tells calls apart any more.
const DEPTH: usize = 12;

/// The parts of a path between its slashes, decoded, without empty ones.
pub(super) fn parts(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
}

/// Percent-decoded; what is no UTF-8 then stays as it is.
pub(super) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// A path whose names, numbers and secrets are left out: `/orders/{}/lines`.
pub(super) fn template(path: &str) -> String {
    let mut template = String::new();
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    for part in parts.by_ref().take(DEPTH) {
        template.push('/');
        template.push_str(if is_word(part) { part } else { NAME });
    }
    if parts.next().is_some() {
        template.push_str("/*");
    }
    if template.is_empty() { "/".to_owned() } else { template }
}

/// Whether a part of a path is written by those who made the API. Numbers, identifiers, addresses and tokens are not;
/// in doubt a part is left out, because a token may stand in a path.
fn is_word(part: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:$@~".contains(&byte);
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_version =
        part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if letters == 0
        || !part.bytes().all(is_plain)
        || part.len() > 48
        || part.trim_start_matches('@').contains('@')
    {
        return false;
    }
    // `ab12cd` is an identifier, `v1beta1`, `oauth2` and `s3` are not; a date of a version has eight digits and dashes.
    if digits > 2 && !(is_version && part.len() <= 12) {
        return false;
    }
    if digits > 0 && letters >= 6 && is_hexadecimal(part) {
        return false;
    }
    part.split(['-', '_', '.', ':']).all(is_spoken)
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Whether the letters come in runs as those of words do: a long random text changes between cases at every second letter,
/// or has capitals in a row.
fn is_spoken(word: &str) -> bool {
    let changes = word
        .bytes()
        .zip(word.bytes().skip(1))
        .filter(|(left, right)| left.is_ascii_lowercase() && !right.is_ascii_lowercase())
        .count();
    let is_lower = word.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_shouted = word.as_bytes().windows(2).any(|pair| pair.iter().all(u8::is_ascii_uppercase));
    let is_random = is_hexadecimal(word) || (is_lower && is_shouted) || (changes + 1) * 4 > word.len() + 2;
    word.len() <= 32 && changes <= 5 && (word.len() < 12 || !is_random)
}

#[cfg(test)]
mod tests {
    use super::{decoded, parts, template};

    #[test]
    fn names_are_left_out() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("/orders/17/lines", "/orders/{}/lines"),
            ("//a//b/", "/a/b"),
            ("/api/v1beta1/users/0b7e0f9c-7f4c-4f0e-9c50-3d2a1b6f8e11", "/api/v1beta1/users/{}"),
            ("/oauth2/token", "/oauth2/token"),
            ("/blobs/deadbeefdeadbeef", "/blobs/{}"),
            ("/hooks/T00000000/B00000000/XXXXyyyyZZZZqqqqWWWWeeee", "/hooks/{}/{}/{}"),
            ("/t/aGkLmXqZpRsTuVwYaBcD", "/t/{}"),
            ("/bot123456:ABC-DEF/getMe", "/{}/getMe"),
            ("/u/someone@example.com", "/u/{}"),
            ("/f/a%20b", "/f/{}"),
            ("/f/\u{e4}", "/f/{}"),
            ("/listCompatibleConfigurations", "/listCompatibleConfigurations"),
            ("/a/b/c/d/e/f/g/h/i/j/k/l/m", "/a/b/c/d/e/f/g/h/i/j/k/l/*"),
            ("/2021-07-15/x", "/{}/x"),
        ] {
            assert_eq!(template(path), expected, "{path}");
        }
        assert_eq!(template(&"/aB3".repeat(100_000)).len(), "/aB3".len() * 12 + 2);
    }

    #[test]
    fn parts_are_decoded() {
        assert_eq!(parts("/a//b%2Fc/%ff"), ["a", "b/c", "%ff"]);
        assert_eq!(decoded("%"), "%");
    }

    proptest::proptest! {
        #[test]
        fn any_path_becomes_a_short_template(path in ".{0,400}") {
            proptest::prop_assert!(template(&path).len() <= 12 * 49 + 2);
        }
    }
}
