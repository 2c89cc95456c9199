//! The report as one HTML page that needs no network. Its summary is there without its script, which shows the principals.

pub(super) mod data;
mod markup;
#[cfg(test)]
mod tests;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use self::data::Data;
use self::markup::{Bar, Codes, Line, More, Prose, Time};
use super::model::{Change, FindingLine, PermissionCounts, PrincipalSection, Report};
use super::wording;

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// Principals that are there without the script.
const OVERVIEW: usize = 100;
/// Rows of the account's lists.
const ROWS: usize = 200;
/// Findings and closed ones listed in the trend.
const NEWS: usize = 40;
/// Reasons of unobservable permissions.
const GAPS: usize = 60;
/// Names in a cell or a line that should stay short.
const FEW: usize = 6;

/// The page as text.
pub fn render(report: &Report) -> Result<String, askama::Error> {
    let anchors = wording::anchors(report);
    let is_listed = |principal: &&PrincipalSection| principal.muted.is_none();
    let page = Page {
        report,
        listed: (1..)
            .zip(report.principals.iter())
            .filter(|(_, principal)| is_listed(principal))
            .take(OVERVIEW)
            .collect(),
        news: [Change::Regressed, Change::New, Change::Grown]
            .map(|change| report.findings.iter().filter(|finding| finding.is_news(change)).collect()),
        data: &Data::of(report, &anchors),
        style_hash: &hash(STYLE),
        script_hash: &hash(SCRIPT),
    };
    Ok(wording::legible(page.render()?))
}

/// What a Content-Security-Policy allows by content.
fn hash(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content.as_bytes())))
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    /// The worst principals with their ranks.
    listed: Vec<(usize, &'a PrincipalSection)>,
    /// What regressed, is new, and has grown.
    news: [Vec<&'a FindingLine>; 3],
    data: &'a Data,
    style_hash: &'a str,
    script_hash: &'a str,
}
