//! What changed since the previous report, in at most ten lines for a chat or a mail.

#[cfg(test)]
mod tests;

use indexmap::IndexMap;
use serde_json::json;

use super::model::{Change, FindingLine, Report, Trend};
use super::wording::{counted, number, permissions};
use crate::output::{cut, plain};

/// Where a digest goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Medium {
    /// Slack: Block Kit as JSON, for a webhook or `chat.postMessage`
    Slack,
    /// A mail: plain text
    Mail,
}

/// Lines of a digest at most.
const LINES: usize = 10;

/// Characters of a line: Slack takes 3,000 in a section.
const LINE: usize = 200;

/// The digest; none where nothing changed.
pub(crate) fn render(
    report: &Report,
    medium: Medium,
    link: Option<&str>,
) -> serde_json::Result<Option<String>> {
    let lines = lines(report, link);
    if lines.is_empty() {
        return Ok(None);
    }
    let lines: Vec<String> = lines.iter().map(|line| cut(&plain(line), LINE)).collect();
    Ok(Some(match medium {
        Medium::Mail => lines.join("\n") + "\n",
        Medium::Slack => slack(&lines)?,
    }))
}

/// The lines, the most important first; none where nothing changed.
fn lines(report: &Report, link: Option<&str>) -> Vec<String> {
    let mut lines = match &report.trend {
        None => first(report),
        Some(trend) if is_quiet(report, trend) => return Vec::new(),
        Some(trend) => changes(report, trend),
    };
    lines.truncate(LINES - usize::from(link.is_some()));
    lines.extend(link.map(str::to_owned));
    lines
}

/// Whether nothing that is not muted changed.
fn is_quiet(report: &Report, trend: &Trend) -> bool {
    trend.closed.is_empty() && report.findings.iter().all(|finding| !is_told(finding))
}

/// Whether something became of a finding that somebody wants to know.
fn is_told(finding: &FindingLine) -> bool {
    finding.muted.is_none() && finding.change.is_some_and(|change| change != Change::Same)
}

fn first(report: &Report) -> Vec<String> {
    let totals = &report.totals;
    if totals.findings == 0 {
        return Vec::new();
    }
    let open = totals.findings - totals.muted_findings;
    let mut lines = vec![
        format!("Remit: first report on {}", accounts(report)),
        format!("{} open", counted(open, "finding", "findings")),
    ];
    lines.extend(score(report, None));
    lines.extend(hour(report));
    lines
}

fn changes(report: &Report, trend: &Trend) -> Vec<String> {
    let of = |change| report.findings.iter().filter(move |finding| finding.is_news(change));
    let counts: Vec<String> = [
        (of(Change::New).count(), "new"),
        (of(Change::Regressed).count(), "back"),
        (of(Change::Grown).count(), "grown"),
        (of(Change::Shrunk).count(), "shrunk"),
        (trend.closed.len(), "closed"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{} {word}", number(count)))
    .collect();
    let mut lines = vec![format!("Remit on {}: {}", accounts(report), counts.join(", "))];
    lines.extend(score(report, Some(trend)));
    let mut told: Vec<String> = Vec::new();
    for (change, word) in [(Change::Regressed, "back"), (Change::New, "new"), (Change::Grown, "grown")] {
        let found = of(change).map(|finding| {
            let of_one = open(finding.service.as_deref(), &finding.detail);
            (format!("{word} ({}): {}", finding.severity, finding.principal), of_one, finding.permissions)
        });
        told.extend(grouped(found));
    }
    let closed = trend.closed.iter().map(|closed| {
        let of_one = open(closed.service.as_deref(), &closed.why);
        (
            format!("closed ({}): {}", closed.reason.replace('_', " "), closed.principal),
            of_one,
            closed.permissions,
        )
    });
    let waiting = waiting(report);
    let hour = hour(report);
    let room =
        LINES.saturating_sub(lines.len() + usize::from(waiting.is_some()) + usize::from(hour.is_some()) + 1);
    lines.extend(some(told, grouped(closed), room));
    lines.extend(waiting);
    lines.extend(hour);
    lines
}

/// As many of both as there is room for, in turn, and a line for the others.
fn some(open: Vec<String>, closed: Vec<String>, room: usize) -> Vec<String> {
    let all = open.len() + closed.len();
    let mut open = open.into_iter();
    let mut closed = closed.into_iter();
    let mut lines = Vec::new();
    let shown = if all > room { room.saturating_sub(1) } else { all };
    while lines.len() < shown {
        let next = if lines.len() % 2 == 0 {
            open.next().or_else(|| closed.next())
        } else {
            closed.next().or_else(|| open.next())
        };
        lines.extend(next);
    }
    if all > shown {
        lines.push(format!("and {} more", number(all - shown)));
    }
    lines
}

fn accounts(report: &Report) -> String {
    match report.accounts.as_slice() {
        [] => "no account".to_owned(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} and {}", counted(rest.len(), "other", "others")),
    }
}

/// What is said of one finding.
fn open(service: Option<&str>, words: &str) -> String {
    service.map_or_else(|| words.to_owned(), |service| format!("{service}: {words}"))
}

/// A line for each principal of which the same is to be said, in the order of the first: whoever loses a role loses findings on
/// dozens of services. What is said of one is its head, its own words, and its permissions.
fn grouped(all: impl Iterator<Item = (String, String, usize)>) -> Vec<String> {
    let mut groups: IndexMap<String, (String, usize, usize)> = IndexMap::new();
    for (head, words, permissions) in all {
        let group = groups.entry(head).or_insert((words, 0, 0));
        group.1 += 1;
        group.2 += permissions;
    }
    let line = |(head, (words, findings, number)): (String, (String, usize, usize))| match findings {
        1 => format!("{head}: {words}"),
        _ => format!("{head}: {} on {}", counted(findings, "finding", "findings"), permissions(number)),
    };
    groups.into_iter().map(line).collect()
}

fn score(report: &Report, before: Option<&Trend>) -> Option<String> {
    let now = report.score.percent?;
    let unused = permissions(report.totals.permissions.unused);
    Some(match before.and_then(|trend| Some((trend.score.percent?, trend.unused))) {
        Some((percent, number_before)) => {
            format!(
                "{now} % of what is granted, by weight, is without need (was {percent} %): {unused} (was {})",
                number(number_before)
            )
        }
        None => format!("{now} % of what is granted, by weight, is without need: {unused}"),
    })
}

/// Pull requests that wait for a person.
fn waiting(report: &Report) -> Option<String> {
    let all = report
        .principals
        .iter()
        .flat_map(|one| one.pull_requests().map(move |pull_request| (one, pull_request)));
    let mut open: Vec<_> = all.filter(|(_, pull_request)| pull_request.state == "open").collect();
    open.sort_by_key(|(principal, pull_request)| (pull_request.opened.clone(), principal.arn.clone()));
    let (oldest, pull_request) = open.first()?;
    let since = pull_request.opened.as_ref().and_then(|opened| opened.get(..10));
    let since = since.map(|day| format!(" since {day}")).unwrap_or_default();
    let owner = oldest.owner.as_ref().map(|owner| format!(", {owner}")).unwrap_or_default();
    let waits = counted(open.len(), "pull request waits", "pull requests wait");
    let url = pull_request.url.as_deref().unwrap_or("no address");
    Some(format!("{waits}; the oldest{since}: {url} ({}{owner})", oldest.name))
}

fn hour(report: &Report) -> Option<String> {
    let hour = &report.hour;
    let removed: usize = hour.picks.iter().map(|pick| pick.removed).sum();
    (!hour.picks.is_empty()).then(|| {
        let reviews = counted(hour.picks.len(), "proposal", "proposals");
        match removed {
            0 => format!("An hour for {reviews} would narrow what is granted"),
            removed => format!("An hour for {reviews} would remove {}", permissions(removed)),
        }
    })
}

/// Block Kit: a header line, then one section. Text is `mrkdwn`, in which `&`, `<` and `>` are written as entities, so that no
/// name mentions anybody or makes a link (`Slack: Formatting text for app surfaces`, "Escaping text").
fn slack(lines: &[String]) -> serde_json::Result<String> {
    let escaped: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    let (head, rest) =
        escaped.split_first().map_or(("", [].as_slice()), |(head, rest)| (head.as_str(), rest));
    let section = |text: String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } });
    let mut blocks = vec![section(format!("*{}*", head.replace('*', "∗")))];
    if !rest.is_empty() {
        blocks.push(section(rest.join("\n")));
    }
    let mut text = serde_json::to_string(&json!({ "text": head, "blocks": blocks }))?;
    text.push('\n');
    Ok(text)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
