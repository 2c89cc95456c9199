//! Values of a known type within names: what a program counts, dates or draws at random has another value tomorrow.

/// What a value is by its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Token {
    /// Five groups of hexadecimal digits.
    Uuid,
    /// A day, or a month, with or without a time.
    Date,
    /// The number of an account: twelve digits.
    Account,
    Region,
    /// What Kubernetes appends to the names of pods and jobs, or other letters and digits at random.
    Generated,
    /// Eight hexadecimal digits or more, such as a commit.
    Hex,
    Number,
}

/// A run of letters and digits, and where it lies in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) end: usize,
    /// What lies between it and the next.
    pub(super) gap: &'t str,
}

impl Token {
    /// What several of them are called.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Uuid => "UUIDs",
            Self::Date => "dates",
            Self::Account => "account numbers",
            Self::Region => "regions",
            Self::Generated => "generated names",
            Self::Hex => "hexadecimal numbers",
            Self::Number => "numbers",
        }
    }

    /// What stands for one of them in words.
    pub(super) fn placeholder(self) -> &'static str {
        match self {
            Self::Uuid => "<uuid>",
            Self::Date => "<date>",
            Self::Account => "<account>",
            Self::Region => "<region>",
            Self::Generated => "<generated>",
            Self::Hex => "<hex>",
            Self::Number => "<number>",
        }
    }

    /// The value that begins with the first of these words, and how many of them it takes. `before` is what lies before
    /// it, where it is not the first word of all.
    pub(super) fn first(words: &[Word<'_>], before: Option<&str>) -> Option<(Self, usize)> {
        let first = words.first()?.text;
        if is_uuid(words) {
            return Some((Self::Uuid, 5));
        }
        if let Some(taken) = date(words) {
            return Some((Self::Date, taken));
        }
        if let Some(taken) = region(words) {
            return Some((Self::Region, taken));
        }
        if before == Some("-")
            && let Some(taken) = suffix(words)
        {
            return Some((Self::Generated, taken));
        }
        let is_number = is_digits(first);
        let token = match first.len() {
            12 if is_number => Self::Account,
            _ if is_number => Self::Number,
            8.. if is_hex(first) && first.contains(|c: char| c.is_ascii_digit()) => Self::Hex,
            _ if is_random(first) => Self::Generated,
            _ => return None,
        };
        Some((token, 1))
    }
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut at = 0;
    for run in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = run.trim_end_matches(|c: char| !c.is_alphanumeric());
        let end = at + word.len();
        if !word.is_empty() {
            words.push(Word { text: word, start: at, end, gap: "" });
        }
        at += run.len();
        if let Some(last) = words.last_mut() {
            last.gap = text.get(last.end..at).unwrap_or_default();
        }
    }
    words
}

fn is_uuid(words: &[Word<'_>]) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let fits = |(word, length): (&Word<'_>, usize)| word.text.len() == length && is_hex(word.text);
    words.len() >= lengths.len()
        && words.iter().zip(lengths).all(fits)
        && words.iter().take(4).all(|word| word.gap == "-")
}

/// `2026-09-01`, `2026/09/01`, `2026-09`, `20260901`, and with a time behind it `2026-09-01T10` or `20260901T101500Z`.
fn date(words: &[Word<'_>]) -> Option<usize> {
    let [first, rest @ ..] = words else { return None };
    let (day, time) = first.text.split_once('T').unwrap_or((first.text, ""));
    if let (Some(year), Some(month), Some(day)) = (day.get(..4), day.get(4..6), day.get(6..8)) {
        let is_time = is_digits(time) || time.is_empty() || time.strip_suffix('Z').is_some_and(is_digits);
        let after = first.text.get(8..).unwrap_or_default();
        let is_stamp = after.len() == 6 && is_digits(after) || after.is_empty() || after.starts_with('T');
        return (is_year(year) && is_month(month) && is_day(day) && is_time && is_stamp).then_some(1);
    }
    let [month, rest @ ..] = rest else { return None };
    if !is_year(first.text) || !is_month(month.text) || !matches!(first.gap, "-" | "_" | "." | "/") {
        return None;
    }
    let day = rest.first().filter(|_| month.gap == first.gap);
    let is_date = day.is_some_and(|day| {
        let (day, time) = day.text.split_once('T').unwrap_or((day.text, "0"));
        is_day(day) && (is_digits(time) || time.strip_suffix('Z').is_some_and(is_digits))
    });
    Some(if is_date { 3 } else { 2 })
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && is_digits(text) && (text.starts_with("20") || text.starts_with("19"))
}

fn is_month(text: &str) -> bool {
    text.len() == 2 && text.parse().is_ok_and(|month: u8| (1..=12).contains(&month))
}

fn is_day(text: &str) -> bool {
    text.len() == 2 && text.parse().is_ok_and(|day: u8| (1..=31).contains(&day))
}

/// `eu-west-1`, `us-gov-east-1`. Source: AWS General Reference, "AWS service endpoints".
fn region(words: &[Word<'_>]) -> Option<usize> {
    const DIRECTIONS: [&str; 9] =
        ["north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest"];
    const PLACES: [&str; 11] = ["af", "ap", "ca", "cn", "eu", "il", "me", "mx", "sa", "us", "eusc"];
    let [place, rest @ ..] = words else { return None };
    let kind =
        rest.first().filter(|kind| matches!(kind.text, "gov" | "iso" | "isob" | "isoe" | "isof" | "de"));
    let rest = if kind.is_some() { rest.get(1..)? } else { rest };
    let [direction, number, ..] = rest else { return None };
    let taken = 3 + usize::from(kind.is_some());
    let is_joined = words.iter().take(taken - 1).all(|word| word.gap == "-");
    let is_region = PLACES.contains(&place.text)
        && DIRECTIONS.contains(&direction.text)
        && number.text.len() <= 2
        && is_digits(number.text);
    (is_joined && is_region).then_some(taken)
}

/// `7d9f8b6c5-x2x4z` or `x2x4z` at the end of a name, in the letters that Kubernetes draws from, and `AbC123` as other
/// services do. Source: `k8s.io/apimachinery/pkg/util/rand`, which leaves out vowels and what looks like them.
fn suffix(words: &[Word<'_>]) -> Option<usize> {
    let is_drawn = |text: &str| text.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c));
    let is_last = |word: &Word<'_>| word.gap.is_empty() || word.gap.starts_with(['/', ':']);
    let [first, rest @ ..] = words else { return None };
    if first.gap == "-"
        && let Some(second) = rest.first()
        && (8..=10).contains(&first.text.len())
        && second.text.len() == 5
        && is_drawn(first.text)
        && is_drawn(second.text)
        && is_last(second)
    {
        return Some(2);
    }
    let is_five = first.text.len() == 5 && is_drawn(first.text) && !is_digits(first.text);
    let is_six = first.text.len() == 6 && first.text.is_ascii() && changes(first.text, class) >= 3;
    (is_last(first) && (is_five || is_six)).then_some(1)
}

/// Whether letters and digits take turns as in no word and no version.
fn is_random(text: &str) -> bool {
    text.len() >= 6 && text.is_ascii() && changes(text, |c| c.is_ascii_digit()) >= 4
}

/// What kind of letter it is.
fn class(character: char) -> (bool, bool) {
    (character.is_ascii_digit(), character.is_ascii_uppercase())
}

fn changes<C: PartialEq>(text: &str, class: impl Fn(char) -> C) -> usize {
    let classes = text.chars().map(&class);
    classes.clone().zip(classes.skip(1)).filter(|(one, next)| one != next).count()
}

pub(super) fn is_hex(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_hexdigit())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}
