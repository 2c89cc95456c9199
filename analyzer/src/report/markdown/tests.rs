//! Tests of the Markdown layout.

use super::*;
use crate::report::sample;

/// What kind of block a line belongs to.
#[derive(Debug, PartialEq)]
enum Line {
    Blank,
    Heading(usize),
    Row(usize),
    Item,
    Text,
}

fn lines(page: &str) -> Vec<Line> {
    page.lines()
        .map(|line| match line.split_once(' ') {
            _ if line.is_empty() => Line::Blank,
            _ if line.starts_with('|') => Line::Row(line.matches('|').count() - 1),
            Some(("-", _)) => Line::Item,
            Some((marks, _)) if marks.chars().all(|c| c == '#') => Line::Heading(marks.len()),
            _ => Line::Text,
        })
        .collect()
}

#[test]
fn every_row_of_a_table_has_its_cells() {
    for report in [sample::report(30, 8), sample::empty(), sample::filled_with(sample::HOSTILE)] {
        let lines = lines(&render(&report));
        let rows = lines.windows(2).filter_map(|two| match two {
            [Line::Row(above), Line::Row(below)] => Some((above, below)),
            _ => None,
        });
        for (above, below) in rows {
            assert_eq!(above, below);
        }
    }
}

/// Calls of a longer time than the window's are not to be read as the window's.
#[test]
fn what_counts_from_before_the_window_says_since_when() {
    let said = "- Window: 90 days, 2026-08-25 21:00 to 2026-11-23 21:00 UTC\n\
                - Calls count as use, and are counted: since 2025-10-19 21:00 UTC\n";
    let mut report = sample::report(3, 1);
    assert!(render(&report).contains(said));
    report.used_since = None;
    assert!(!render(&report).contains("are counted"));
}

#[test]
fn hostile_text_changes_no_structure() {
    let hostile = render(&sample::filled_with(sample::HOSTILE));
    assert_eq!(lines(&hostile), lines(&render(&sample::filled_with(&sample::harmless()))));
    let mut rest = hostile.as_str();
    while let Some((_, tag)) = rest.split_once('<') {
        // `<1%` begins no tag, since no name begins with a digit.
        let known = ["a id=\"", "/a>", "code>", "/code>", "!-- -->", "1%"];
        assert!(
            known.iter().any(|known| tag.starts_with(known)),
            "<{}",
            tag.chars().take(40).collect::<String>()
        );
        rest = tag;
    }
    assert!(!hostile.contains("](javascript"));
    assert!(!hostile.contains("https://"));
    assert!(!hostile.contains(['\u{202e}', '\0', '\u{1b}']));
}

#[test]
fn names_are_code_and_mean_nothing() {
    assert_eq!(code("arn:aws:s3:::logs-*/AWSLogs/${x}"), "`arn:aws:s3:::logs-*/AWSLogs/${x}`");
    assert_eq!(code("a|b`c\\"), "<code>a&#124;b&#96;c&#92;</code>");
    assert_eq!(code(" padded "), "<code> padded </code>");
    assert_eq!(code(""), "<code></code>");
    assert_eq!(code("two\nlines"), "<code>two lines</code>");
}

#[test]
fn text_means_nothing() {
    assert_eq!(
        text("2026-11-23 21:37, 90 days (UTC); 4.5 > 4"),
        "2026-11-23 21:37, 90 days (UTC); 4.5 &#62; 4"
    );
    assert_eq!(text("- item"), "&#45; item");
    assert_eq!(text("12. item"), "12&#46; item");
    assert_eq!(text("12) item"), "12&#41; item");
    assert_eq!(text("www.example.com"), "www&#46;example.com");
    assert_eq!(text("http://example.com"), "http&#58;//example.com");
    assert_eq!(text("@all #1"), "&#64;<!-- -->all &#35;<!-- -->1");
    assert_eq!(text("<b>&amp;"), "&#60;b&#62;&#38;amp;");
}

#[test]
fn messages_keep_their_names() {
    assert_eq!(prose("data events of `AWS::S3::Object` are off"), "data events of `AWS::S3::Object` are off");
    assert_eq!(prose("a lone ` stays"), "a lone &#96; stays");
}

#[test]
fn thousands_of_principals_are_listed() {
    let page = render(&sample::report(1_500, 6));
    let detailed = page.matches("\n## <a id=").count();
    assert!(detailed < 1_500 && page.len() < 3_000_000, "{detailed} sections, {} bytes", page.len());
    assert_eq!(page.matches("](#").count(), detailed);
    assert!(page.contains("\n| 1500 | "));
    let more = number(1_500 - detailed);
    assert!(page.contains(&format!("…and {more} more principals of lower scores, in the table above only")));
}
