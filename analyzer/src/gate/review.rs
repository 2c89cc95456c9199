//! The date on which a grant is reviewed or ends, as it is written where the grant is.

use jiff::civil::Date;
use remit_policy::Statement;
use remit_source::{FileId, Repository, Span};

/// Lines above a grant in which a comment may be about it.
const ABOVE: usize = 3;

/// The date of `remit: review 2027-01-31` or `remit: expires 2027-01-31` in a comment or annotation, or of a condition that ends
/// the statement.
pub(super) fn date(
    repository: &Repository,
    file: FileId,
    span: Span,
    statement: Option<&Statement>,
) -> Option<Date> {
    let text = repository.files.get(file)?.text();
    let before = text.get(..span.start).unwrap_or_default();
    let start = before.rmatch_indices('\n').nth(ABOVE).map_or(0, |(at, _)| at);
    // A comment behind the last brace is about the statement, too.
    let end = text.get(span.end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| span.end + at);
    let written = text.get(start..end).and_then(noted);
    written.or_else(|| statement.and_then(ends))
}

/// The date behind the project's name and one of the words.
fn noted(text: &str) -> Option<Date> {
    // Of several, the last is nearest to the grant or within it.
    text.match_indices("remit")
        .filter_map(|(at, _)| {
            let rest = text.get(at + "remit".len()..)?.trim_start_matches([':', '/', ' ', '.', '-']);
            let rest = rest.strip_prefix("review").or_else(|| rest.strip_prefix("expires"))?;
            rest.trim_start_matches([':', '=', ' ', '"', '\'']).get(..10)?.parse().ok()
        })
        .last()
}

/// The date of a condition by which a statement ends.
fn ends(statement: &Statement) -> Option<Date> {
    let ending = statement.conditions.iter().filter(|one| {
        one.key.eq_ignore_ascii_case("aws:CurrentTime")
            && ["DateLessThan", "DateLessThanEquals"]
                .iter()
                .any(|known| one.operator.eq_ignore_ascii_case(known))
    });
    let dates = ending.filter_map(|one| one.values.first()?.as_str()?.get(..10)?.parse().ok());
    dates.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_noted_in_comments_and_annotations() {
        let day = |text: &str| noted(text).map(|day| day.to_string());
        assert_eq!(day("# remit: review 2027-01-31\nx"), Some("2027-01-31".to_owned()));
        assert_eq!(day("remit/expires: \"2027-02-28\""), Some("2027-02-28".to_owned()));
        assert_eq!(
            day("// remit: review=2027-01-01 remit: expires 2027-03-01"),
            Some("2027-03-01".to_owned())
        );
        assert_eq!(day("# remit: review soon, surely"), None);
        assert_eq!(day("remit: review ä27-01-311"), None);
        assert_eq!(day("nothing"), None);
    }
}
