//! The report as one HTML page that needs no network.

mod markup;
#[cfg(test)]
mod tests;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use self::markup::{Bar, Codes, Diff, Prose, Time};
use super::model::{PermissionCounts, PrincipalSection, ProposalSection, Report};
use super::wording;

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// Principals in the overview.
const OVERVIEW: usize = 5_000;
/// Rows of the account's lists.
const ROWS: usize = 500;
/// Rows of the list of reasons why permissions are unobservable.
const GAPS: usize = 40;
/// Bytes of principals' sections after which they get shorter, and after which there are no more.
const SHORTER: usize = 5_000_000;
const ENOUGH: usize = 10_000_000;

/// How long the lists of one principal may get.
#[derive(Clone, Copy)]
struct Limits {
    services: usize,
    gaps: usize,
    used: usize,
    denied: usize,
    diff_lines: usize,
    names: usize,
}

/// Of the worst principals, and of those after them in a report that would get too large.
const LONG: Limits = Limits { services: 60, gaps: 30, used: 300, denied: 100, diff_lines: 600, names: 20 };
const SHORT: Limits = Limits { services: 10, gaps: 5, used: 20, denied: 10, diff_lines: 60, names: 5 };

/// The page as text.
pub fn render(report: &Report) -> Result<String, askama::Error> {
    let anchors = wording::anchors(report);
    let mut sections = String::new();
    let mut detailed = 0;
    for ((rank, principal), anchor) in (1..).zip(&report.principals).zip(&anchors).take(OVERVIEW) {
        let limits = if sections.len() < SHORTER { LONG } else { SHORT };
        let section = Section { rank, principal, anchor, limits }.render()?;
        if sections.len() + section.len() > ENOUGH {
            break;
        }
        sections.push_str(&section);
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
struct Section<'a> {
    rank: usize,
    principal: &'a PrincipalSection,
    anchor: &'a str,
    limits: Limits,
}
