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

/// The letters that follow each letter of the alphabet in at least three words of AWS's interfaces and of well-known others.
#[rustfmt::skip]
const FOLLOWING: [&str; 26] = [
    "abcdfghijklmnpqrstuvwxyz",
    "acdefhijlmnoprstuy",
    "abcdefhiklmoprstuy",
    "abcdefghijklmnoprstuvwy",
    "abcdefghijklmnopqrstuvwxyz",
    "aefilorstuy",
    "aeghilmnoprstuwy",
    "abcdeilmnoprstuy",
    "abcdefgklmnopqrstuvxz",
    "aeosuw",
    "adefgilmnopsuw",
    "abcdefgiklmnoprstuvy",
    "abdeilmnopsuy",
    "abcdefghijklmnoprstuvxy",
    "abcdefgijklmnoprstuvwxy",
    "acdefghilmnoprstuy",
    "lsu",
    "abcdefgiklmnoprstuvwy",
    "acdefghiklmnopqrstuvwy",
    "abcdefghilmnoprstuwy",
    "abcdefgilmnoprsty",
    "aegiopu",
    "aehilnors",
    "acehimpty",
    "abcdeilmnopstwz",
    "aeio",
];

/// Words of many interfaces that are not spelled so.
const KNOWN: &[&str] = &[
    "b2b", "graphql", "h2c", "healthz", "https", "i18n", "k8s", "livez", "readyz", "sha256", "x509",
    "xmlrpc", "zipball",
];

/// Longest word; `internationalization` has as many letters.
const LONGEST_WORD: usize = 20;

/// Longest abbreviation, such as `html` and `JSON`.
const LONGEST_ABBREVIATION: usize = 4;

/// Whether a part of a path is written by those who made the API. Numbers, identifiers, addresses and tokens are not;
/// in doubt a part is left out, because a token may stand in a path. It has to be made of words, versions and no more than
/// one abbreviation: random letters seldom look like words, and random texts seldom have digits at their ends alone.
fn is_word(part: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:$@~".contains(&byte);
    if part.len() > 48
        || !part.bytes().all(is_plain)
        || !part.bytes().any(|byte| byte.is_ascii_alphabetic())
        || part.trim_start_matches('@').contains('@')
    {
        return false;
    }
    let (mut is_versioned, mut count) = (false, 0);
    for piece in part.split(['-', '_', '.', ':', '$', '@', '~']).filter(|piece| !piece.is_empty()) {
        // `v1.2` has a number behind its version.
        let is_minor = is_versioned && piece.len() <= 2 && piece.bytes().all(|byte| byte.is_ascii_digit());
        if is_version(piece) {
            is_versioned = true;
        } else if !is_minor && !KNOWN.contains(&piece) {
            let Some(more) = abbreviations(piece) else { return false };
            count += more;
        }
    }
    count <= 1
}

/// Whether it is a version: `v2`, `v1beta1`.
fn is_version(piece: &str) -> bool {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let Some(rest) = piece.strip_prefix('v') else { return false };
    let after = rest.trim_start_matches(is_digit);
    let stage = after.trim_end_matches(is_digit);
    (1..=3).contains(&(rest.len() - after.len()))
        && after.len() - stage.len() <= 2
        && ["", "alpha", "beta", "p", "rc"].contains(&stage)
}

/// How many abbreviations there are among the words of a piece, behind which a short number may stand. None where it has
/// what is neither.
fn abbreviations(piece: &str) -> Option<usize> {
    let letters = piece.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = piece.len() - letters.len();
    if digits > 2 || letters.is_empty() || !letters.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let longest = if digits == 0 { 8 } else { 4 };
    if letters.len() >= longest && letters.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let (mut rest, mut count) = (letters, 0);
    while !rest.is_empty() {
        let (word, after) = split_word(rest);
        let is_small = word.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_large = word.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_short = word.len() <= LONGEST_ABBREVIATION && (is_small || is_large) || word.len() == 2;
        let is_word = !is_large && (is_small || word.len() > 2) && is_spoken(word);
        if !is_word && !is_short {
            return None;
        }
        count += usize::from(!is_word);
        rest = after;
    }
    Some(count)
}

/// The first word of letters such as `getSSLCert`, and what is behind it.
fn split_word(letters: &str) -> (&str, &str) {
    let large = letters.bytes().take_while(u8::is_ascii_uppercase).count();
    let small = letters.bytes().skip(large).take_while(u8::is_ascii_lowercase).count();
    let length = match (large, small) {
        (0 | 1, _) => large + small,
        (_, 0) => large,
        // The last of several capitals begins the next word.
        _ => large - 1,
    };
    letters.split_at_checked(length.max(1)).unwrap_or((letters, ""))
}

/// Whether letters follow each other as they do in words.
fn is_spoken(word: &str) -> bool {
    let lower = || word.bytes().map(|byte| byte.to_ascii_lowercase());
    let follows = |(left, right): (u8, u8)| {
        let following = FOLLOWING.get(usize::from(left.wrapping_sub(b'a')));
        following.is_some_and(|following| following.as_bytes().contains(&right))
    };
    word.len() <= LONGEST_WORD
        && lower().any(|byte| b"aeiouy".contains(&byte))
        && lower().zip(lower().skip(1)).all(follows)
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
    fn what_interfaces_are_made_of_stays() {
        let parts = "users oauth2 s3 api-keys chat.completions v1beta1 v2.1 v1alpha .well-known favicon.ico index.html \
            openid-configuration jwks.json graphql healthz _search $metadata swagger-ui.html payment_intents getSSLCert \
            conversations.list sendMessage streamGenerateContent ListObjectsV2 OAuth2 git-upload-pack sign_in dist-tags \
            security-credentials ServiceProviderConfig k8s wp-json bundle.min.js proxy";
        for part in parts.split_whitespace() {
            assert_eq!(template(part), format!("/{part}"));
        }
    }

    #[test]
    fn random_texts_are_left_out() {
        // Of each ten bytes or fewer: Base64 for addresses, Base32, Base36, numbers of hooks, keys of Vault and of chats.
        let parts = "dhw-LaTJVlo Xk_Q-aBzRtw Zc-Yp_oiRbA qWmPx-Kd_Ls NB2HI4DT hnzobxebf3 k3jx9qpa2z bcdf-ghj-klm ABCD-EFGH \
            hvs.CAESIJk AAHdqTcv C02ZV1ABCD feedface beefcafe12 aGkLmXq xkcdwq SECRETS viagyjszet generate_204 r2d2c3po";
        for part in parts.split_whitespace() {
            assert_eq!(template(part), "/{}", "{part}");
        }
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
