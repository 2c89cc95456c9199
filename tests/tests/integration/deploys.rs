//! Deploys of a synthetic organisation, whose pipelines leave in its logs what they call: the last of each principal is found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use remit_organisation::History;
use remit_tests::program::{remit, run};
use serde_json::Value;

const HISTORY: History = History { seed: 8, days: 100, identities: 30, drift: 1, shuffle_siblings: false };

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn day(text: &str) -> jiff::civil::Date {
    text.get(..10).unwrap().parse().unwrap()
}

/// Days of deploys by principal, and days on some hours of which a log has nothing.
fn truth(place: &Path) -> (BTreeMap<String, BTreeSet<jiff::civil::Date>>, BTreeSet<jiff::civil::Date>) {
    let truth = json(&place.join("truth.json"));
    let first = day(truth.get("first_day").unwrap().as_str().unwrap());
    let mut deploys: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    for one in truth.get("deploys").unwrap().as_array().unwrap() {
        let on = first.checked_add(jiff::Span::new().days(one["day"].as_i64().unwrap())).unwrap();
        deploys.entry(one["arn"].as_str().unwrap().to_owned()).or_default().insert(on);
    }
    let mut dark = BTreeSet::new();
    for gap in truth.get("gaps").unwrap().as_array().unwrap() {
        let (mut on, end) = (day(gap["from"].as_str().unwrap()), day(gap["to"].as_str().unwrap()));
        while on <= end {
            dark.insert(on);
            on = on.tomorrow().unwrap();
        }
    }
    (deploys, dark)
}

#[test]
fn pipelines_deploys_are_found_in_the_logs_they_leave() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    HISTORY.write(folder).unwrap();
    for (verb, logs) in [("cloudtrail", "cloudtrail"), ("kubernetes-audit", "kubernetes")] {
        let ran = run(folder, &["ingest", verb, logs, "--ledger", "ledger"]);
        assert_eq!(ran.code, Some(0), "{ran:#?}");
    }
    let (deploys, dark) = truth(folder);
    let analysing =
        ["--ledger", "ledger", "--grants", "account.json", "manifests", "--coverage", "selectors.json"];
    // What cannot be proven is withheld, which is no matter here.
    let ran = run(folder, &[["propose", "--out", "out", "--settle", "14d"].as_slice(), &analysing].concat());
    assert!(folder.join("out/index.json").is_file(), "{ran:#?}");
    let index = json(&folder.join("out/index.json"));
    let mut checked = BTreeSet::new();
    for proposal in index["proposals"].as_array().unwrap() {
        let place = folder.join("out").join(proposal["folder"].as_str().unwrap()).join("review.json");
        if !place.is_file() {
            continue;
        }
        let review = json(&place);
        let principal = review["principal"].as_str().unwrap();
        let last = &review["deployed"];
        let Some(days) = deploys.get(principal) else {
            assert!(last.is_null(), "{principal} was never deployed: {last}");
            continue;
        };
        let seen: Vec<_> = days.iter().filter(|day| !dark.contains(day)).collect();
        let Some(expected) = seen.last() else { continue };
        let found = day(last["day"].as_str().unwrap_or_else(|| panic!("{principal}: none of {days:?}")));
        assert!(days.contains(&found) && found >= **expected, "{principal}: {found}, and not {expected}");
        checked.insert(last["kind"].as_str().unwrap().to_owned());
        let settles = review["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|group| group["why"].as_str().unwrap().contains("and what is new may come to need it"));
        // The history ends with October 2026, and the window with it.
        let ago = found.until(jiff::civil::date(2026, 11, 1)).unwrap().get_days();
        assert!(!settles || ago < 14, "{principal}: {ago}");
    }
    assert_eq!(checked.iter().map(String::as_str).collect::<Vec<_>>(), ["function", "task"]);
    let subject = deploys.keys().find(|name| name.starts_with("system:serviceaccount:")).unwrap();
    let asked = [["intent", subject, "--format", "json"].as_slice(), &analysing].concat();
    let intent: Value = serde_json::from_str(&remit(folder, &asked)).unwrap();
    let days = &deploys[subject];
    let missing = days.iter().filter(|day| dark.contains(day)).count();
    let found = usize::try_from(intent["deploys"]["days"].as_u64().unwrap()).unwrap();
    assert!(found <= days.len() && found + missing >= days.len(), "{found} of {days:?}");
    assert_eq!(intent["deploys"]["last"]["kind"], "rollout", "{intent:#}");
}
