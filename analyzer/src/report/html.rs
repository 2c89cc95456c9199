//! The report as one HTML page that needs no network.

mod markup;
#[cfg(test)]
mod tests;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use self::markup::{Bar, Codes, Diff, More, Prose, Time};
use super::model::{LevelRow, PermissionCounts, PrincipalSection, ProposalSection, Report};
use super::wording;

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// Principals in the overview.
const OVERVIEW: usize = 5_000;
/// Rows of the account's lists.
const ROWS: usize = 500;
/// Bytes of principals' sections after which they get brief, and after which there are none: the worst
/// principals get room, and the page of an account with thousands of them stays usable.
const FULL: usize = 4_500_000;
const BRIEF: usize = 9_500_000;

/// Rows of a principal's lists.
const SERVICES: usize = 100;
const GAPS: usize = 60;
const USED: usize = 300;
const DENIED: usize = 100;
const CHANGES: usize = 60;
const DIFF_LINES: usize = 600;
/// Names in one cell.
const NAMES: usize = 20;
/// Names in a cell or a line that should stay short.
const FEW: usize = 6;
/// Rows of a long list that are seen at once; the others are unfolded.
const AT_ONCE: usize = 12;

/// The page as text.
pub fn render(report: &Report) -> Result<String, askama::Error> {
    let anchors = wording::anchors(report);
    let mut sections = String::new();
    let mut detailed = 0;
    for ((rank, principal), anchor) in (1..).zip(&report.principals).zip(&anchors).take(OVERVIEW) {
        match sections.len() {
            ..FULL => FullSection { rank, principal, anchor }.render_into(&mut sections)?,
            FULL..BRIEF => BriefSection { rank, principal, anchor }.render_into(&mut sections)?,
            BRIEF.. => break,
        }
        detailed = rank;
    }
    let page = Page {
        report,
        anchors: &anchors,
        sections: &sections,
        detailed,
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
    anchors: &'a [String],
    /// Rendered.
    sections: &'a str,
    /// How many principals have a section: the first ones.
    detailed: usize,
    style_hash: &'a str,
    script_hash: &'a str,
}

#[derive(Template)]
#[template(path = "principal.html")]
struct FullSection<'a> {
    rank: usize,
    principal: &'a PrincipalSection,
    anchor: &'a str,
}

#[derive(Template)]
#[template(path = "brief.html")]
struct BriefSection<'a> {
    rank: usize,
    principal: &'a PrincipalSection,
    anchor: &'a str,
}

impl FullSection<'_> {
    /// How many names of an access level to show: the more dangerous they are, the more room they are worth.
    fn names_of(&self, row: &LevelRow) -> u64 {
        row.weight.saturating_mul(2).clamp(FEW as u64, NAMES as u64)
    }
}
