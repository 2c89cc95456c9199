//! What was recorded, and where.

use crate::report::model::{CoverageLine, RegionLine, ReportWindow};

pub(super) fn coverage() -> Vec<CoverageLine> {
    let line = |class: &str, recorded, note: &str| CoverageLine {
        class: format!("{class} (account 111122223333)"),
        recorded,
        note: note.to_owned(),
    };
    let span = "90 days, 2026-08-25 21:00 to 2026-11-23 21:00 UTC";
    vec![
        line("management events that write", true, span),
        line("management events that read", true, span),
        line(
            "data events of AWS::S3::Object",
            true,
            "only under arn:aws:s3:::larkspur-orders/, arn:aws:s3:::larkspur-exports/",
        ),
        line("data events of AWS::Lambda::Function", true, "all resources"),
        line("management events of kms.amazonaws.com", false, "left out by the trail"),
    ]
}

pub(super) fn regions() -> Vec<RegionLine> {
    let line = |account: &str, region: &str, hours, gaps| RegionLine {
        account: account.to_owned(),
        region: region.to_owned(),
        sources: vec!["cloudtrail".to_owned()],
        hours,
        hours_in_window: 2_160,
        first_seen: Some("2026-08-25T21:00:00Z".to_owned()),
        last_seen: Some("2026-11-23T21:00:00Z".to_owned()),
        gaps,
    };
    let gap = |day: u32, days: u32| ReportWindow {
        start: format!("2026-10-{day:02}T00:00:00Z"),
        end: format!("2026-10-{:02}T00:00:00Z", day + days),
        length: format!("{days} days"),
    };
    let gaps = vec![gap(12, 9), gap(1, 4), gap(6, 3), gap(22, 3)];
    let silent = RegionLine {
        sources: Vec::new(),
        hours: 0,
        first_seen: None,
        last_seen: None,
        ..line("111122223333", "us-west-2", 0, vec![gap(1, 30)])
    };
    vec![
        line("111122223333", "eu-central-1", 2_160, Vec::new()),
        line("111122223333", "us-east-1", 401, gaps),
        silent,
        line("444455556666", "eu-central-1", 1_998, vec![gap(3, 3)]),
    ]
}
