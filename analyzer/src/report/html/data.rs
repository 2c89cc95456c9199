//! What the page's script shows on demand, embedded as compressed blocks: an index of all principals, and the details of some
//! dozens of them a block, so that opening the page costs no more than its summary.

use std::collections::BTreeMap;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::wording;
use crate::report::model::{
    Change, ChangeRow, FindingLine, PrincipalSection, ProposalSection, Report, Rhythm, ServiceRow, UsedRow,
    WRITTEN,
};

/// Principals in a block.
const BLOCK: usize = 40;

/// How much of a principal is told.
#[derive(Clone, Copy, Debug)]
struct Depth {
    services: usize,
    used: usize,
    gaps: usize,
    denied: usize,
    findings: usize,
    changes: usize,
    diff_lines: usize,
    /// Names in a list within a row.
    names: usize,
}

/// Of the worst principals, of many, and of the rest, so that all are there and the page stays small.
const DEPTHS: [Depth; 3] = [
    Depth {
        services: 60,
        used: 120,
        gaps: 30,
        denied: 50,
        findings: 40,
        changes: 20,
        diff_lines: 200,
        names: 12,
    },
    Depth { services: 24, used: 24, gaps: 8, denied: 10, findings: 12, changes: 6, diff_lines: 24, names: 4 },
    Depth { services: 8, used: 5, gaps: 3, denied: 3, findings: 4, changes: 3, diff_lines: 0, names: 2 },
];

/// Bytes of all details.
const ROOM: usize = 4_200_000;

/// Bytes that are kept for each principal that is still to come, about what the least depth takes.
const KEPT: usize = 600;

/// The part of the free room that one block may take: so the worst get much, and each further one less.
const PART: usize = 8;

/// A compressed block, in Base64.
#[derive(Debug)]
pub(super) struct Block(String);

impl Block {
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// The index, and blocks of details of as many principals as there is room for.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) index: Block,
    pub(super) details: Vec<Block>,
}

impl Data {
    /// Embeds what the script shows.
    pub(super) fn of(report: &Report, anchors: &[String]) -> Self {
        let mut findings: BTreeMap<&str, Vec<&FindingLine>> = BTreeMap::new();
        for finding in &report.findings {
            findings.entry(&finding.principal).or_default().push(finding);
        }
        let mut details = Vec::new();
        let mut left = ROOM;
        let mut detailed = 0;
        for some in report.principals.chunks(BLOCK) {
            let to_come = report.principals.len() - detailed - some.len();
            let free = left.saturating_sub(KEPT.saturating_mul(to_come)) / PART;
            let of = |depth: Depth| {
                let of_one = |principal: &PrincipalSection| {
                    let findings = findings.get(principal.arn.as_str()).map_or(&[][..], Vec::as_slice);
                    detail(report, principal, findings, depth)
                };
                block(Value::Array(some.iter().map(of_one).collect()))
            };
            let [deep, middle, least] = DEPTHS;
            let fits = |depth| Some(of(depth)).filter(|block| block.0.len() <= free);
            let chosen = fits(deep).or_else(|| fits(middle)).or_else(|| Some(of(least)));
            let Some(block) = chosen.filter(|block| block.0.len() <= left) else { break };
            left -= block.0.len();
            detailed += some.len();
            details.push(block);
        }
        let rows = report.principals.iter().zip(anchors).map(|(principal, anchor)| {
            let is_new = findings.get(principal.arn.as_str()).is_some_and(|findings| {
                findings.iter().any(|one| one.is_news(Change::New) || one.is_news(Change::Regressed))
            });
            row(principal, anchor, is_new)
        });
        let index = json!({
            "block": BLOCK,
            "detailed": detailed,
            "columns": COLUMNS,
            "levels": report.weights.iter().map(|weight| &weight.level).collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
        });
        Self { index: block(index), details }
    }
}

/// What a row of the index holds, in this order; downloads name them so.
const COLUMNS: [&str; 20] = [
    "anchor",
    "name",
    "arn",
    "kind",
    "account",
    "namespace",
    "owner",
    "risk",
    "score",
    "granted",
    "used",
    "unused",
    "unobservable",
    "calls",
    "denied",
    "last_used",
    "proposal",
    "status",
    "muted",
    "pull_request",
];

fn row(principal: &PrincipalSection, anchor: &str, is_new: bool) -> Value {
    let counts = &principal.permissions;
    let pull_request = principal.pull_request.as_ref();
    let mut status = vec![wording::state_look(&principal.proposal).to_owned()];
    status.extend((principal.calls == 0).then(|| "idle".to_owned()));
    status.extend(is_new.then(|| "new".to_owned()));
    status.extend(pull_request.map(|pull_request| format!("pull request {}", pull_request.state_words())));
    let muted = principal.muted.as_ref().map(|mute| match &mute.until {
        Some(until) => format!("{} (until {until})", mute.reason),
        None => mute.reason.clone(),
    });
    json!([
        anchor,
        principal.name,
        principal.arn,
        principal.kind,
        principal.account,
        principal.namespace,
        principal.owner,
        principal.risk,
        principal.score,
        counts.granted,
        counts.used,
        counts.unused,
        counts.unobservable,
        principal.calls,
        principal.denied,
        principal.last_used,
        wording::state(&principal.proposal),
        status,
        muted,
        pull_request.map(|pull_request| &pull_request.url),
    ])
}

fn detail(report: &Report, principal: &PrincipalSection, findings: &[&FindingLine], depth: Depth) -> Value {
    let level_of = |name: &str| report.weights.iter().position(|weight| weight.level == name);
    let levels = principal.levels.iter().map(|row| {
        let counts = row.permissions;
        let examples: Vec<_> = row.examples.iter().take(depth.names).collect();
        json!([level_of(&row.level), row.weight, counts.used, counts.unused, counts.unobservable, examples])
    });
    let services = principal.services.iter().map(|row| service(row, &level_of));
    let used = principal.used.iter().map(|row| used(row, &principal.proposal, depth));
    let gaps = principal.gaps.iter().map(|gap| {
        json!([
            gap.permissions,
            gap.text,
            gap.remedy,
            gap.examples.iter().take(depth.names).collect::<Vec<_>>()
        ])
    });
    let unlisted = principal.unlisted.iter().map(|row| json!([row.names, row.why]));
    let denied = principal.denied_permissions.iter().map(|(permission, calls)| json!([permission, calls]));
    let findings = findings.iter().map(|finding| {
        let muted = finding.muted.as_ref().map(|mute| &mute.reason);
        json!([finding.severity, finding.rule, finding.service, finding.detail, finding.change, muted])
    });
    sparse(json!({
        "levels": levels.collect::<Vec<_>>(),
        "services": list(services, depth.services),
        "used": list(used, depth.used),
        "gaps": list(gaps, depth.gaps),
        "unlisted": list(unlisted, depth.gaps),
        "denied": list(denied, depth.denied),
        "findings": list(findings, depth.findings),
        "rhythm": principal.rhythm.as_ref().map(rhythm),
        "proposal": proposal(principal, depth),
        "written": list(principal.written.iter().map(|place| json!(place.to_string())), WRITTEN),
        "pull_requests": principal.pull_requests().map(|one| json!([one.url, one.words()])).collect::<Vec<_>>(),
    }))
}

/// An object without members that hold nothing, which of thousands of principals is much.
fn sparse(mut value: Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(values) => values.first().is_none_or(|first| *first == 0),
        _ => false,
    };
    if let Value::Object(members) = &mut value {
        *members =
            std::mem::take(members).into_iter().filter(|(_, value)| !is_empty(value)).collect::<Map<_, _>>();
    }
    value
}

/// The first rows, and how many there are.
fn list(rows: impl ExactSizeIterator<Item = Value>, limit: usize) -> Value {
    let all = rows.len();
    json!([all, rows.take(limit).collect::<Vec<_>>()])
}

fn service(row: &ServiceRow, level_of: &dyn Fn(&str) -> Option<usize>) -> Value {
    let levels = row.levels.iter().map(|level| {
        let counts = level.permissions;
        json!([level_of(&level.level), counts.used, counts.unused, counts.unobservable])
    });
    json!([row.service, levels.collect::<Vec<_>>()])
}

fn used(row: &UsedRow, proposal: &ProposalSection, depth: Depth) -> Value {
    let narrowed = wording::narrowed(row, proposal);
    let operations: &[String] = if wording::is_named_otherwise(row) { &row.operations } else { &[] };
    json!([
        row.permission,
        row.count,
        row.on_wire,
        row.first_seen,
        row.last_seen,
        wording::scope(row, proposal),
        list(narrowed.iter().map(|pattern| pattern.as_str().into()), depth.names),
        list(row.seen_on.iter().map(|resource| resource.as_str().into()), depth.names),
        row.sample,
        row.sources.join(" and "),
        row.shown_by,
        operations.iter().take(depth.names).collect::<Vec<_>>(),
    ])
}

/// The rhythm: one digit for each hour of the week, by its share of the most days that one of them had.
fn rhythm(rhythm: &Rhythm) -> Value {
    let most = rhythm.week.iter().flatten().copied().max().unwrap_or(0).max(1);
    let digit = |days: &u32| char::from_digit((days * 9).div_ceil(most).min(9), 10).unwrap_or('0');
    let week: String = rhythm.week.iter().flatten().map(digit).collect();
    json!([rhythm.days, rhythm.first, rhythm.last, most, week])
}

fn proposal(principal: &PrincipalSection, depth: Depth) -> Value {
    match &principal.proposal {
        ProposalSection::Nothing => json!({ "says": wording::NOTHING }),
        ProposalSection::Impossible { why } => json!({ "says": format!("No proposal: {why}.") }),
        ProposalSection::Proven {
            changes,
            granted_after,
            removed,
            narrowed,
            protected,
            replayed,
            folder,
            points,
        } => {
            json!({
                "says": wording::removal(&principal.permissions, *removed, *narrowed, *granted_after),
                "proof": wording::proof(protected, *replayed),
                "points": points,
                "folder": folder,
                "changes": list(changes.iter().map(|change| self::change(change, depth)), depth.changes),
            })
        }
    }
}

fn change(change: &ChangeRow, depth: Depth) -> Value {
    let diff: Vec<&str> = change.diff.lines().take(depth.diff_lines).collect();
    json!([
        change.policy,
        change.edit,
        change.note,
        change.characters_before,
        change.characters_after,
        change.diff.lines().count(),
        diff.join("\n"),
    ])
}

/// A value as a block. What is treacherous in its texts is written out.
fn block(mut value: Value) -> Block {
    write_out(&mut value);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(value.to_string().as_bytes());
    Block(STANDARD.encode(encoder.finish().unwrap_or_default()))
}

fn write_out(value: &mut Value) {
    match value {
        Value::String(text) => *text = wording::legible(std::mem::take(text)),
        Value::Array(values) => values.iter_mut().for_each(write_out),
        Value::Object(members) => members.values_mut().for_each(write_out),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a block holds.
#[cfg(test)]
pub(in crate::report) fn opened(text: &str) -> Value {
    let bytes = STANDARD.decode(text).unwrap();
    serde_json::from_reader(flate2::read::GzDecoder::new(bytes.as_slice())).unwrap()
}
