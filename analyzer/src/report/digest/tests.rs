use serde_json::Value;

use super::*;
use crate::report::sample;

fn digest(report: &Report, medium: Medium) -> String {
    render(report, medium, Some("https://reports.example/remit")).unwrap().unwrap()
}

#[test]
fn it_has_ten_lines_at_most_and_says_what_changed_first() {
    for principals in [1, 4, 40] {
        let text = digest(&sample::report(principals, 3), Medium::Mail);
        assert!(text.lines().count() <= LINES, "{text}");
        assert!(
            text.starts_with("Remit on 111122223333 and 1 other: ") && text.contains("1 closed"),
            "{text}"
        );
        assert!(
            text.contains(
                "closed (used again): arn:aws:iam::111122223333:role/ci-deployer: kms: 8 permissions"
            )
        );
        assert!(text.ends_with("https://reports.example/remit\n"));
    }
    let text = digest(&sample::report(40, 3), Medium::Mail);
    assert!(text.contains("pull requests wait; the oldest since 2026-11-20: https://git.example/"), "{text}");
    assert!(text.contains("(was 70 %)") && text.contains("An hour for 5 proposals would remove"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("and ") && line.ends_with(" more")), "{text}");
}

#[test]
fn it_is_silent_where_nothing_changed_or_only_what_is_muted_did() {
    let mut report = sample::report(20, 3);
    report.trend.as_mut().unwrap().closed.clear();
    for finding in &mut report.findings {
        finding.change = Some(Change::Same);
    }
    assert_eq!(render(&report, Medium::Mail, Some("https://reports.example")).unwrap(), None);
    let muted = report.findings.iter_mut().find(|finding| finding.muted.is_some()).unwrap();
    muted.change = Some(Change::New);
    assert_eq!(render(&report, Medium::Slack, None).unwrap(), None);
    report.findings[0].change = Some(Change::Shrunk);
    assert!(render(&report, Medium::Mail, None).unwrap().unwrap().contains("1 shrunk"));
}

#[test]
fn the_first_report_says_what_is_open() {
    let mut report = sample::report(20, 3);
    report.trend = None;
    let text = digest(&report, Medium::Mail);
    assert!(text.contains("first report") && text.contains("findings open"), "{text}");
    assert_eq!(render(&sample::empty(), Medium::Mail, None).unwrap(), None);
}

#[test]
fn slack_gets_blocks_in_which_no_name_is_a_mention_or_a_link() {
    let text =
        digest(&sample::filled_with("<!channel> *x* <https://evil.example|y> & \u{1b}[31m"), Medium::Slack);
    let digest: Value = serde_json::from_str(&text).unwrap();
    let blocks = digest["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        assert_eq!(
            (block["type"].as_str(), block["text"]["type"].as_str()),
            (Some("section"), Some("mrkdwn"))
        );
        let text = block["text"]["text"].as_str().unwrap();
        assert!(text.chars().count() <= 3_000 && !text.contains(['<', '\u{1b}']), "{text}");
    }
    assert!(blocks[1]["text"]["text"].as_str().unwrap().contains("&lt;!channel&gt;"));
}
