//! Tests of the page.

use std::collections::BTreeSet;

use super::*;
use crate::report::model::ProposalSection;
use crate::report::sample;

/// A tag as it stands in the page: its name, with `/` where it closes, and its attributes.
#[derive(Debug, PartialEq)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }
}

/// The tags of a page; what is within `style` and `script` is not markup.
fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, from)) = rest.split_once('<') {
        let (tag, behind) = tag(from);
        rest = behind;
        for raw in ["style", "script"] {
            if tag.name == raw {
                rest = rest.split_at(rest.find(&format!("</{raw}")).unwrap()).1;
            }
        }
        tags.push(tag);
    }
    tags
}

fn tag(text: &str) -> (Tag, &str) {
    let (name, mut rest) = text.split_at(text.find([' ', '>']).unwrap());
    let mut tag = Tag { name: name.to_owned(), attributes: Vec::new() };
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix('>').or_else(|| rest.strip_prefix("/>")) {
            return (tag, behind);
        }
        let name;
        (name, rest) = rest.split_at(rest.find(['=', ' ', '>']).unwrap());
        let mut value = "";
        if let Some(behind) = rest.strip_prefix("=\"") {
            (value, rest) = behind.split_once('"').unwrap();
        } else if let Some(behind) = rest.strip_prefix('=') {
            (value, rest) = behind.split_at(behind.find([' ', '>']).unwrap());
        }
        tag.attributes.push((name.to_owned(), value.to_owned()));
    }
}

fn pages() -> Vec<String> {
    let reports = [sample::report(30, 8), sample::empty(), sample::filled_with(sample::HOSTILE)];
    reports.iter().map(|report| render(report).unwrap()).collect()
}

/// The text between two marks.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    page.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[test]
fn the_page_reaches_for_nothing() {
    for page in pages() {
        for tag in tags(&page) {
            for (name, value) in &tag.attributes {
                assert!(!name.starts_with("on") && name != "style" && name != "src", "{tag:?}");
                assert!(name != "href" || value.starts_with('#'), "{tag:?}");
            }
            assert!(
                !["link", "img", "iframe", "object", "embed", "base"].contains(&tag.name.as_str()),
                "{tag:?}"
            );
        }
        assert_eq!(page.matches("url(").count(), 1, "only the hatching is referred to");
        assert!(page.contains("url(#hatch)"));
    }
    assert!(!STYLE.contains("@import") && !STYLE.contains("@font-face"));
    assert!(
        !["fetch(", "XMLHttpRequest", "import ", "eval", "innerHTML"]
            .iter()
            .any(|word| SCRIPT.contains(word))
    );
}

#[test]
fn only_the_pages_own_style_and_script_are_allowed() {
    let page = render(&sample::report(2, 2)).unwrap();
    let policy = between(&page, "http-equiv=Content-Security-Policy content=\"", "\"");
    let style = hash(between(&page, "<style>", "</style>"));
    let script = hash(between(&page, "<script>", "</script>"));
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(policy.contains(&format!("style-src '{style}'; script-src '{script}'")), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    // What `printf '' | openssl dgst -sha256 -binary | base64` says.
    assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

#[test]
fn every_element_is_closed_where_it_should_be() {
    for page in pages() {
        let mut open = Vec::new();
        for tag in tags(&page) {
            match tag.name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
                None if ["!doctype", "meta", "input", "rect", "polyline", "circle"]
                    .contains(&tag.name.as_str()) => {}
                None => open.push(tag.name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn hostile_text_makes_no_markup() {
    let shape = |text: &str| -> Vec<(String, Vec<String>)> {
        let page = render(&sample::filled_with(text)).unwrap();
        let names = |tag: Tag| (tag.name, tag.attributes.into_iter().map(|(name, _)| name).collect());
        tags(&page).into_iter().map(names).collect()
    };
    assert_eq!(shape(sample::HOSTILE), shape(&sample::harmless()));
}

#[test]
fn treacherous_characters_are_shown() {
    let page = render(&sample::filled_with(sample::HOSTILE)).unwrap();
    assert!(page.contains("\\u{202e}") && page.contains("\\u{0}") && page.contains("\\u{1b}[31m"));
    assert!(!page.contains(['\u{202e}', '\0', '\u{1b}']));
    assert!(page.contains("é") && page.contains("&#60;script&#62;alert(1)"));
}

#[test]
fn what_is_linked_is_there_once() {
    for page in pages() {
        let tags = tags(&page);
        let ids: Vec<_> = tags.iter().filter_map(|tag| tag.get("id")).collect();
        let unique: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len());
        for tag in &tags {
            for link in [tag.get("href").and_then(|href| href.strip_prefix('#')), tag.get("aria-labelledby")]
            {
                assert!(link.is_none_or(|id| unique.contains(id)), "{tag:?}");
            }
        }
    }
}

#[test]
fn tables_say_what_their_headers_head() {
    for page in pages() {
        for tag in tags(&page).iter().filter(|tag| tag.name == "th") {
            assert!(matches!(tag.get("scope"), Some("col" | "row")), "{tag:?}");
        }
    }
}

#[test]
fn what_is_embedded_has_the_texts_as_they_are_shown() {
    let page = render(&sample::filled_with(sample::HOSTILE)).unwrap();
    for id in ["index", "block-0"] {
        let text = block(&page, id).to_string();
        assert!(text.contains("<script>alert(1)</script>") && text.contains("\\\\u{202e}"), "{text}");
        assert!(!text.contains('\u{202e}'));
    }
    // Nothing in it could end the element that it is in.
    let raw = between(&page, "id=index>", "</script>");
    assert!(raw.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)));
}

#[test]
fn details_hold_what_a_principals_section_says() {
    let report = sample::report(3, 4);
    let page = render(&report).unwrap();
    let details = block(&page, "block-0");
    for (principal, detail) in report.principals.iter().zip(details.as_array().unwrap()) {
        assert_eq!(detail["used"][0], principal.used.len());
        assert_eq!(detail["used"][1][0][0], principal.used[0].permission);
        assert_eq!(detail["services"][0], principal.services.len());
        assert_eq!(detail["rhythm"][4].as_str().unwrap().len(), 168);
        let ProposalSection::Proven { changes, folder, .. } = &principal.proposal else { continue };
        let shown = &detail["proposal"]["changes"][1][0];
        assert_eq!(
            (&shown[0], shown[6].as_str().unwrap().trim_end()),
            (&changes[0].policy.clone().into(), changes[0].diff.trim_end())
        );
        assert_eq!(detail["proposal"]["folder"], *folder);
    }
}

/// What an embedded block holds.
fn block(page: &str, id: &str) -> serde_json::Value {
    data::opened(between(page, &format!("id={id}>"), "</script>"))
}

#[test]
fn a_report_on_nothing_says_so() {
    let page = render(&sample::empty()).unwrap();
    for sentence in [
        "The input holds no principal with grants, so there is nothing to compare.",
        "none: the ledger holds no call of these accounts",
        wording::NOTHING_VISIBLE,
        wording::ALL_OBSERVABLE,
        wording::NO_PRINCIPALS,
        wording::ALL_UNDERSTOOD,
        wording::ALL_GRANTED,
        wording::NO_PROBLEMS,
    ] {
        assert!(page.contains(sentence), "{sentence}");
    }
}

#[test]
fn thousands_of_principals_stay_on_one_small_page() {
    let report = sample::report(5_000, 10);
    let page = render(&report).unwrap();
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    let index = block(&page, "index");
    assert_eq!(index["rows"].as_array().unwrap().len(), 5_000);
    // All can be unfolded, the worst with more of them than the others.
    assert_eq!(index["detailed"], 5_000);
    let used = |id: &str| {
        let block = block(&page, id);
        let rows = block.as_array().unwrap().iter().filter_map(|one| one["used"][1].as_array().map(Vec::len));
        rows.max().unwrap()
    };
    assert!(used("block-0") > 6 && used("block-124") <= 5);
    assert_eq!(page.matches("<tr><td class=n>").count(), OVERVIEW + report.gaps.len().min(GAPS));
}

#[test]
fn what_is_left_out_is_counted() {
    let mut report = sample::report(OVERVIEW + 30, 2);
    let principal = &mut report.principals[0];
    principal.used = vec![principal.used[0].clone(); 1_001];
    principal.proposal = ProposalSection::Impossible { why: "reasons".to_owned() };
    report.problems = vec!["x".to_owned(); ROWS + 2];
    let muted = report.totals.muted_principals;
    let page = render(&report).unwrap();
    assert!(page.contains("and 2 more problems;"));
    assert!(page.contains(&format!("100 of 130 principals are listed, {muted} muted ones are hidden")));
    let detail = &block(&page, "block-0")[0];
    assert_eq!(detail["used"][0], 1_001);
    assert!(detail["used"][1].as_array().unwrap().len() < 1_001);
    assert_eq!(detail["proposal"]["says"], "No proposal: reasons.");
}
