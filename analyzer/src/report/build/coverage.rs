//! What was visible of accounts, as lines of a report.

use std::collections::BTreeSet;

use super::report_window;
use crate::analysis::Analysis;
use crate::report::model::CoverageLine;
use crate::report::wording::{self, counted};

/// One line for each class of calls of each account.
pub(super) fn lines(analysis: &Analysis) -> Vec<CoverageLine> {
    let mut lines = Vec::new();
    let mut seen = BTreeSet::new();
    for analysed in &analysis.principals {
        if !seen.insert(&analysed.account) {
            continue;
        }
        let coverage = &analysed.coverage;
        let line = |class: &str, recorded: bool, note: String| CoverageLine {
            class: format!("{class} (account {})", analysed.account),
            recorded,
            note,
        };
        let span = wording::window(&report_window(coverage.window));
        lines.push(line("management events that write", coverage.management_writes, span.clone()));
        lines.push(line("management events that read", coverage.management_reads, span));
        if coverage.data.is_empty() {
            lines.push(line(
                "data events",
                false,
                "no event selector says that they are recorded".to_owned(),
            ));
        }
        for data in &coverage.data {
            let note = if data.prefixes.is_empty() {
                "all resources".to_owned()
            } else {
                format!("only under {}", data.prefixes.join(", "))
            };
            lines.push(line(&format!("data events of {}", data.resource_type), true, note));
        }
        for service in &coverage.excluded_services {
            lines.push(line(
                &format!("management events of {service}"),
                false,
                "left out by the trail".to_owned(),
            ));
        }
        if coverage.lost > 0 {
            let were = if coverage.lost == 1 { "was" } else { "were" };
            let note = format!("{} {were} lost", counted(coverage.lost, "event", "events"));
            lines.push(line("lost events", false, note));
        }
    }
    lines
}
