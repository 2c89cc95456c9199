//! What a new user does first: the demo, in an empty folder.

use std::path::PathBuf;

use remit_tests::program::{remit, run};
use remit_tests::{data, demo};

use crate::judged::judge;

/// Says where the ledger and the grants of the account are in a folder with the demo.
pub(crate) const DEMO: [&str; 4] =
    ["--ledger", "remit-demo/ledger", "--grants", "remit-demo/sample/account-authorization-details.json"];

/// A folder with the demo in it.
pub(crate) fn demo() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    demo::put(place.path(), "remit-demo");
    place
}

/// Numbers of a row of the Markdown report's totals, or of the same row in the page.
fn numbers(text: &str) -> Vec<u64> {
    let digits =
        text.split(|letter: char| !(letter.is_ascii_digit() || letter == ',' || letter == '\u{202f}'));
    digits.filter_map(|word| word.replace([',', '\u{202f}'], "").parse().ok()).collect()
}

#[test]
fn the_demo_says_what_it_found_and_where_to_look() {
    let place = tempfile::tempdir().unwrap();
    let ran = run(place.path(), &["demo"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let lines = ran.out.lines().count() + ran.talk.lines().count();
    assert!(lines < 40, "{lines} lines: {ran:#?}");
    let demo = place.path().join("remit-demo");
    for name in ["ledger", "proposals", "report.html", "report.md"] {
        assert!(demo.join(name).exists() && ran.out.contains(name), "{name}: {}", ran.out);
    }
    // Subjects of the cluster stand beside principals of the account, and so do their proposals.
    assert!(ran.out.contains("and of the cluster `larkspur-prod`:\n  legacy/importer "), "{}", ran.out);
    assert!(demo.join("proposals/larkspur-prod/service-account/legacy/importer/steps.md").exists());
    let report = std::fs::read_to_string(demo.join("report.md")).unwrap();
    assert!(report.contains("`shop/orders-api`") && report.contains("`break-glass-admin`"), "{report}");
    let size = std::fs::metadata(sample()).unwrap().len();
    assert!(size <= 1 << 20, "the sample is {size} bytes");
    // The commands that it names work as they are written.
    let asked = ran.out.split_once("Ask why  remit ").unwrap().1.split_once("Check").unwrap().0;
    let asked: Vec<&str> = asked.split_whitespace().filter(|word| *word != "\\").collect();
    assert!(remit(place.path(), &asked).contains("used"), "{asked:?}");
    assert!(!remit(place.path(), &["verify", "remit-demo/proposals"]).contains("failed"));
    // Another run replaces the first, and leaves a folder alone that is not a demo's.
    assert_eq!(run(place.path(), &["demo"]).out, ran.out);
    std::fs::create_dir(place.path().join("mine")).unwrap();
    std::fs::write(place.path().join("mine/letter.txt"), "dear").unwrap();
    let refused = run(place.path(), &["demo", "--out", "mine"]);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.talk.contains("hint: name another"), "{}", refused.talk);
}

#[test]
fn the_page_and_its_markdown_twin_have_equal_totals() {
    let place = tempfile::tempdir().unwrap();
    let ran = run(place.path(), &["demo"]);
    let read = |name: &str| std::fs::read_to_string(place.path().join("remit-demo").join(name)).unwrap();
    let (page, twin) = (read("report.html"), read("report.md"));
    let said = |what: &str| {
        let line = ran.out.lines().find(|line| line.trim_start().starts_with(what)).unwrap();
        numbers(line).first().copied().unwrap()
    };
    for what in ["used", "unused", "unobservable"] {
        let count = said(what);
        let has = |text: &str| numbers(text).contains(&count);
        assert!(count > 0 && has(&page) && has(&twin), "{what}: {count}");
    }
    // The one address in it is a name, of which no browser asks anything.
    let page = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!page.contains("http://") && !page.contains("src=\"//"), "the page asks the network for nothing");
}

#[test]
fn the_referee_agrees_with_the_demos_proposals() {
    let place = demo();
    let demo = place.path().join("remit-demo");
    let Some(judged) = judge(&demo.join("ledger"), &demo.join("proposals/111122223333")) else { return };
    assert!(judged.calls > 300 && judged.elements > 100, "{judged:?}");
    assert!(judged.undecided * 5 < judged.calls && judged.unjudged * 20 < judged.elements, "{judged:?}");
}

fn sample() -> PathBuf {
    data::repository().join("analyzer/sample/organisation.tar.zst")
}
