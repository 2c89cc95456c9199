//! All forms say the same.

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::Report;
use super::{html, markdown, sample, sarif};

/// What a layout says: the totals by name, and the numbers of each principal in order.
#[derive(Debug, Default, PartialEq)]
struct Said {
    totals: BTreeMap<String, u64>,
    principals: Vec<(String, [u64; 7])>,
}

fn number(text: &str) -> u64 {
    text.replace(',', "").parse().unwrap()
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let value = tag.split_once(&format!(" {name}=")).unwrap().1;
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap().0,
        None => value.split([' ', '>']).next().unwrap(),
    }
}

fn said_by_page(page: &str) -> Said {
    let mut said = Said::default();
    for tag in page.split('<').filter(|tag| tag.contains(" data-total=")) {
        let (value, shown) = (attribute(tag, "data-value"), tag.split_once('>').unwrap().1);
        if attribute(tag, "data-total") == "score" {
            continue;
        }
        assert_eq!(number(value), number(shown));
        said.totals.insert(attribute(tag, "data-total").to_lowercase(), number(value));
    }
    let embedded = page.split_once("id=index>").unwrap().1.split_once("</script>").unwrap().0;
    let index = html::data::opened(embedded);
    let column =
        |name: &str| index["columns"].as_array().unwrap().iter().position(|one| one == name).unwrap();
    let names = ["score", "granted", "used", "unused", "unobservable", "calls", "denied"].map(column);
    for row in index["rows"].as_array().unwrap() {
        let numbers = names.map(|at| row[at].as_u64().unwrap());
        said.principals.push((row[column("arn")].as_str().unwrap().to_owned(), numbers));
    }
    said
}

fn said_by_json(text: &str) -> Said {
    let report: Value = serde_json::from_str(text).unwrap();
    let mut said = Said { totals: totals(&report["totals"]), ..Said::default() };
    for principal in report["principals"].as_array().unwrap() {
        let at = |pointer: &str| principal.pointer(pointer).unwrap().as_u64().unwrap();
        let numbers = [
            "/score",
            "/permissions/granted",
            "/permissions/used",
            "/permissions/unused",
            "/permissions/unobservable",
            "/calls",
            "/denied",
        ];
        said.principals.push((principal["arn"].as_str().unwrap().to_owned(), numbers.map(at)));
    }
    said
}

/// Totals as JSON and SARIF have them, by the names that a person reads.
fn totals(totals: &Value) -> BTreeMap<String, u64> {
    let names = [
        ("granted", "/permissions/granted"),
        ("used", "/permissions/used"),
        ("unused", "/permissions/unused"),
        ("unobservable", "/permissions/unobservable"),
        ("principals", "/principals"),
        ("principals without an allowed call", "/idle"),
        ("allowed calls", "/calls"),
        ("denied calls", "/denied"),
        ("proven proposals that change something", "/proposals"),
        ("permissions that they remove", "/removed"),
        ("findings", "/findings"),
        ("muted findings", "/muted_findings"),
        ("muted principals", "/muted_principals"),
    ];
    let at = |pointer: &str| totals.pointer(pointer).unwrap().as_u64().unwrap();
    names.into_iter().map(|(name, pointer)| (name.to_owned(), at(pointer))).collect()
}

fn said_by_markdown(page: &str) -> Said {
    let mut said = Said::default();
    let mut heading = "";
    for line in page.lines() {
        if line.starts_with("## ") {
            heading = line;
        }
        let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('*')).collect();
        let is_row = cells.len() > 3 && cells[2].chars().next().is_some_and(char::is_alphanumeric);
        match heading {
            "## Account" if is_row && number_of(cells[2]).is_some() && cells.len() != 5 => {
                said.totals.insert(cells[1].to_lowercase(), number(cells[2]));
            }
            "## Since the previous report" if cells.len() == 4 && number_of(cells[2]).is_some() => {
                said.totals.insert(cells[1].to_lowercase(), number(cells[2]));
            }
            "## Principals, worst first" if cells.len() == 14 && number_of(cells[1]).is_some() => {
                let numbers: Vec<_> = cells[3..10].iter().map(|cell| number(cell)).collect();
                said.principals.push((cells[12].trim_matches('`').to_owned(), numbers.try_into().unwrap()));
            }
            _ => {}
        }
    }
    said
}

fn number_of(text: &str) -> Option<u64> {
    text.replace(',', "").parse().ok()
}

fn said_by(report: &Report) -> Said {
    let counts = &report.totals.permissions;
    let totals = [
        ("granted", counts.granted as u64),
        ("used", counts.used as u64),
        ("unused", counts.unused as u64),
        ("unobservable", counts.unobservable as u64),
        ("principals", report.totals.principals as u64),
        ("principals without an allowed call", report.totals.idle as u64),
        ("allowed calls", report.totals.calls),
        ("denied calls", report.totals.denied),
        ("proven proposals that change something", report.totals.proposals as u64),
        ("permissions that they remove", report.totals.removed as u64),
        ("findings", report.totals.findings as u64),
        ("muted findings", report.totals.muted_findings as u64),
        ("muted principals", report.totals.muted_principals as u64),
    ];
    Said {
        totals: totals.into_iter().map(|(name, total)| (name.to_owned(), total)).collect(),
        principals: report
            .principals
            .iter()
            .map(|principal| {
                let counts = principal.permissions;
                let permissions = [counts.granted, counts.used, counts.unused, counts.unobservable];
                let [granted, used, unused, unobservable] = permissions.map(|number| number as u64);
                let numbers =
                    [principal.score, granted, used, unused, unobservable, principal.calls, principal.denied];
                (principal.arn.clone(), numbers)
            })
            .collect(),
    }
}

#[test]
fn all_forms_say_what_the_report_says() {
    for report in [sample::report(60, 9), sample::report(1, 1), sample::empty()] {
        let expected = said_by(&report);
        let trend = report.trend.as_ref().map(super::wording::news).into_iter().flatten();
        let trend: BTreeMap<_, _> = trend.map(|(name, total)| (name.to_lowercase(), total)).collect();
        let mut page = said_by_page(&html::render(&report).unwrap());
        let mut twin = said_by_markdown(&markdown::render(&report));
        for said in [&mut page, &mut twin] {
            let news: BTreeMap<_, _> =
                said.totals.extract_if(.., |name, _| trend.contains_key(name)).collect();
            assert_eq!(news, trend);
        }
        assert_eq!(page, expected);
        assert_eq!(twin, expected);
        assert_eq!(said_by_json(&serde_json::to_string(&report).unwrap()), expected);
        let log = sarif::log_of(&report);
        let run = &log["runs"][0];
        assert_eq!(totals(&run["properties"]["totals"]), expected.totals);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), report.totals.findings);
        let muted = results.iter().filter(|result| !result["suppressions"].as_array().unwrap().is_empty());
        assert_eq!(muted.count(), report.totals.muted_findings);
    }
}

#[test]
fn sections_come_in_the_order_of_the_report() {
    let report = sample::report(20, 3);
    let page = markdown::render(&report);
    let names: Vec<_> = page.lines().filter(|line| line.starts_with("## <a id=")).collect();
    for ((rank, principal), heading) in (1..).zip(&report.principals).zip(&names) {
        assert!(heading.contains(&format!("</a>{rank}. `{}`", principal.name)), "{heading}");
    }
    assert_eq!(names.len(), 20);
}

#[test]
fn the_same_report_is_laid_out_the_same() {
    let report = sample::report(10, 5);
    assert_eq!(html::render(&report).unwrap(), html::render(&report).unwrap());
    assert_eq!(markdown::render(&report), markdown::render(&report));
}
