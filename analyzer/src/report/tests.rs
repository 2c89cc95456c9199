//! Both layouts say the same.

use std::collections::BTreeMap;

use super::model::Report;
use super::{html, markdown, sample};

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
        assert_eq!(number(value), number(shown));
        said.totals.insert(attribute(tag, "data-total").to_lowercase(), number(value));
    }
    for row in page.split("<tr ").filter(|row| row.starts_with("data-arn=")) {
        let row = format!(" {}", row.split_once("</tr>").unwrap().0);
        let names = ["score", "granted", "used", "unused", "unobservable", "calls", "denied"];
        let numbers = names.map(|name| number(attribute(&row, &format!("data-{name}"))));
        // The numbers that a reader sees are those of the attributes.
        let shown: Vec<_> = row
            .split("<td class=n>")
            .skip(2)
            .map(|cell| number(cell.split_once("</td>").unwrap().0))
            .collect();
        assert_eq!(shown, numbers);
        said.principals.push((attribute(&row, "data-arn").to_owned(), numbers));
    }
    said
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
fn both_layouts_say_what_the_report_says() {
    for report in [sample::report(60, 9), sample::report(1, 1), sample::empty()] {
        let expected = said_by(&report);
        assert_eq!(said_by_page(&html::render(&report).unwrap()), expected);
        assert_eq!(said_by_markdown(&markdown::render(&report)), expected);
    }
}

#[test]
fn sections_come_in_the_order_of_the_report() {
    let report = sample::report(20, 3);
    let page = html::render(&report).unwrap();
    let ranks: Vec<_> = page
        .split("<details class=principal")
        .skip(1)
        .map(|section| attribute(section, "data-rank"))
        .collect();
    assert_eq!(ranks, (1..=20).map(|rank| rank.to_string()).collect::<Vec<_>>());
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
