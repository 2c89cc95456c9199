//! The part of a session's name that stays from one session to the next: what a person or a program chose, without what is
//! made anew each time.

/// What stands in the place of what is made anew.
const ANEW: &str = "*";

/// Names that libraries give to sessions where nobody chooses one: they say nothing of who called.
const DEFAULTS: [&str; 5] =
    ["botocore-session", "aws-sdk-java", "aws-go-sdk", "aws-sdk-js-session", "awssdk"];

/// Letters of a name that is still a name.
const LONGEST: usize = 64;

/// The lasting part of a session's name; none where nothing of it lasts.
pub(super) fn lasting(session: &str) -> Option<String> {
    // Of a person's address every part is theirs.
    if session.contains('@') {
        return Some(session.chars().take(LONGEST).collect());
    }
    let mut name = String::new();
    for (word, end) in words(&without_uuids(session)) {
        let kept = if is_anew(word) { ANEW.to_owned() } else { without_number(word) };
        if kept == ANEW && name.trim_end_matches(is_end).ends_with(ANEW) {
            continue;
        }
        name.push_str(&kept);
        name.extend(end);
    }
    let is_edge = |letter: char| is_end(letter) || ANEW.contains(letter);
    let name: String = name.trim_matches(is_edge).chars().take(LONGEST).collect();
    (!name.is_empty() && !DEFAULTS.contains(&name.to_ascii_lowercase().as_str())).then_some(name)
}

/// Whether it is the name that EC2 gives to the sessions of an instance: the instance's identifier.
pub(super) fn is_instance(session: &str) -> bool {
    session.strip_prefix("i-").is_some_and(|id| matches!(id.len(), 8 | 17) && is_hex(id))
}

/// Words with what ends each.
fn words(name: &str) -> Vec<(&str, Option<char>)> {
    let mut words = Vec::new();
    let mut rest = name;
    while let Some((at, end)) = rest.char_indices().find(|(_, letter)| is_end(*letter)) {
        let (word, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        words.push((word, Some(end)));
        rest = behind.strip_prefix(end).unwrap_or("");
    }
    words.push((rest, None));
    words
}

fn is_end(letter: char) -> bool {
    "-_.:/=+,".contains(letter)
}

/// Identifiers that have `-` in themselves.
fn without_uuids(name: &str) -> String {
    let parts: Vec<&str> = name.split('-').collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        let is_uuid = parts.get(at..at + 5).is_some_and(|five| {
            five.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && five.iter().all(|part| is_hex(part))
        });
        kept.push(if is_uuid { ANEW } else { part });
        at += if is_uuid { 5 } else { 1 };
    }
    kept.join("-")
}

/// Whether a word is made anew each time: a number, a time, a hexadecimal identifier, or what a controller of Kubernetes puts
/// behind the name of a pod.
fn is_anew(word: &str) -> bool {
    let has_digit = word.chars().any(|letter| letter.is_ascii_digit());
    let is_time = || {
        let digits = word.trim_end_matches(['Z', 'z']).split(['T', 't']).collect::<Vec<_>>();
        digits.len() == 2 && digits.iter().all(|part| part.len() >= 2 && is_number(part))
    };
    let is_suffix = || matches!(word.len(), 5 | 8..=10) && word.chars().all(is_of_suffix);
    let is_mixed = || {
        let letters = word.chars().filter(char::is_ascii_alphabetic).count();
        word.len() >= 16
            && letters < word.len()
            && word.chars().all(|c| c.is_ascii_alphanumeric())
            && letters > 0
    };
    word == ANEW
        || is_number(word)
        || (has_digit && ((word.len() >= 8 && is_hex(word)) || is_time() || is_suffix() || is_mixed()))
}

/// The letters of which Kubernetes makes suffixes (`k8s.io/apimachinery/pkg/util/rand`).
fn is_of_suffix(letter: char) -> bool {
    "bcdfghjklmnpqrstvwxz2456789".contains(letter)
}

/// A word without a long number at its end.
fn without_number(word: &str) -> String {
    let name = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if word.len() - name.len() >= 4 { format!("{name}{ANEW}") } else { word.to_owned() }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_digit())
}

fn is_hex(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_anew_goes() {
        let cases = [
            ("invoice-renderer", Some("invoice-renderer")),
            ("GlueJobRunnerSession", Some("GlueJobRunnerSession")),
            ("deploy-10482930145", Some("deploy")),
            ("publish-2026-09-01", Some("publish")),
            ("publish_20260901T020000Z", Some("publish")),
            ("job-1234-attempt-1", Some("job-*-attempt")),
            ("worker2", Some("worker2")),
            ("run1793400000", Some("run")),
            (
                "eks-shop-orders-api-7d9f8b6c5d-x2x4z-0b5f1c2d-3e4a-5968-7a8b-9c0d1e2f3a4b",
                Some("eks-shop-orders-api"),
            ),
            ("tomas.reyes@larkspur.example", Some("tomas.reyes@larkspur.example")),
            ("0123456789abcdef0123456789abcdef", None),
            ("1793400000123456789", None),
            ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", None),
            ("botocore-session-1793400000", None),
            ("build", Some("build")),
            ("", None),
        ];
        for (session, expected) in cases {
            assert_eq!(lasting(session).as_deref(), expected, "{session}");
        }
    }

    #[test]
    fn instances_are_known_by_their_identifiers() {
        assert!(is_instance("i-0b5f1c2d3e4a59687") && is_instance("i-0b5f1c2d"));
        assert!(!is_instance("i-am") && !is_instance("import"));
    }
}
