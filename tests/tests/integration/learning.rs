//! What is learned of the demo's organisation, and what the past says of it.

use std::collections::BTreeMap;
use std::path::Path;

use remit_tests::program::{remit, run};
use serde_json::Value;

use crate::demo::{DEMO, demo};

fn backtest(place: &Path, more: &[&str]) -> String {
    remit(place, &[["backtest"].as_slice(), &DEMO, more].concat())
}

#[test]
fn the_past_is_replayed() {
    let place = demo();
    let asked = ["--train", "30", "--horizon", "7,30", "--format", "json"];
    let text = backtest(place.path(), &asked);
    assert_eq!(backtest(place.path(), &asked), text, "the same ledger gives the same bytes");
    let result: Value = serde_json::from_str(&text).unwrap();
    let lines = result["lines"].as_array().unwrap();
    let all: BTreeMap<(i64, &str), &Value> = lines
        .iter()
        .filter(|line| line["stratum"].is_null() && line["deploying"].is_null())
        .map(|line| ((line["horizon"].as_i64().unwrap(), line["policy"].as_str().unwrap()), line))
        .collect();
    assert_eq!(all.len(), 2 * 7, "{:?}", all.keys());
    let number = |value: &Value| value.as_f64().unwrap();
    for (key, line) in &all {
        let broken = &line["broken"];
        assert!(number(&broken["low"]) <= number(&broken["share"]), "{key:?}");
        assert!(number(&broken["share"]) <= number(&broken["high"]), "{key:?}");
        assert!((0.0..=1.0).contains(&number(&line["reduction"])), "{key:?}");
        assert!(number(&line["permissions_met"]) <= 1.0 && number(&line["calls_met"]) > 0.9, "{key:?}");
    }
    for horizon in [7, 30] {
        let of = |policy: &str| all[&(horizon, policy)];
        // What takes nothing away breaks nothing, and what takes more away is not less broken.
        assert_eq!(
            (number(&of("as granted")["broken"]["hits"]), number(&of("as granted")["reduction"])),
            (0.0, 0.0)
        );
        let [strict, standard, balanced] =
            ["strict", "standard", "balanced"].map(|tier| number(&of(tier)["reduction"]));
        assert!(
            strict >= standard && standard > balanced && balanced > 0.3,
            "{strict} {standard} {balanced}"
        );
        assert_eq!(of("strict")["broken"]["of"], of("as granted")["broken"]["of"]);
    }
    let shown = backtest(place.path(), &["--train", "30", "--horizon", "7"]);
    assert!(shown.contains("Learned from 30 days of the account, held against the next 7: "), "{shown}");
    assert!(shown.contains("WOULD HAVE BROKEN") && !shown.contains("will not"), "{shown}");
}

/// The line of a policy, of all identities of the account.
fn line<'v>(result: &'v Value, policy: &str, horizon: i64) -> &'v Value {
    let mut lines = result["lines"].as_array().unwrap().iter();
    let is_it = |line: &&Value| {
        let is_all = line["stratum"].is_null() && line["deploying"].is_null() && line["realm"] == "account";
        is_all && line["policy"] == policy && line["horizon"] == horizon
    };
    lines.find(is_it).unwrap()
}

/// Names as they were seen break more than those that were tried on the past, and more than none.
#[test]
fn the_way_to_name_resources_and_the_tier_that_are_asked_for_are_replayed() {
    let place = demo();
    let asked = ["--train", "30", "--horizon", "30", "--format", "json"];
    let of = |more: &[&str]| -> Value {
        serde_json::from_str(&backtest(place.path(), &[asked.as_slice(), more].concat())).unwrap()
    };
    let (usual, exact) = (of(&[]), of(&["--resources", "exact"]));
    let number = |value: &Value, of: &str| line(value, "standard", 30).pointer(of).unwrap().as_f64().unwrap();
    assert!(number(&exact, "/narrowing") > number(&usual, "/narrowing"), "{exact:#}");
    assert!(number(&exact, "/broken/hits") >= number(&usual, "/broken/hits"), "{exact:#}");
    assert_eq!(line(&exact, "exact observed", 30), line(&usual, "exact observed", 30));
    let policies = |value: &Value| -> std::collections::BTreeSet<String> {
        let lines = value["lines"].as_array().unwrap().iter();
        lines.map(|line| line["policy"].as_str().unwrap().to_owned()).collect()
    };
    let strict = policies(&of(&["--tier", "strict"]));
    assert!(strict.contains("strict") && strict.len() == 5, "{strict:?}");
    // A horizon says the same alone and beside others.
    let both: Value = serde_json::from_str(&backtest(
        place.path(),
        &["--train", "30", "--horizon", "7,30", "--format", "json"],
    ))
    .unwrap();
    assert_eq!(line(&both, "standard", 30), line(&usual, "standard", 30));
    // Nobody called as the drill's role, for whom something is proposed all the same.
    assert!(line(&usual, "standard", 30)["idle"]["of"].as_u64().unwrap() > 0, "{usual:#}");
}

/// The demo's restore is rehearsed once a quarter, and was not in its log.
#[test]
fn a_drill_that_was_never_seen_is_watched_until_a_person_says_otherwise() {
    let place = demo();
    let review = |out: &str, more: &[&str]| -> (Value, String) {
        let asked = ["propose", "restore-drill", "--out", out];
        remit(place.path(), &[asked.as_slice(), &DEMO, more].concat());
        let folder = place.path().join(out).join("111122223333/role/restore-drill");
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        (serde_json::from_str(&read("review.json")).unwrap(), read("review.md"))
    };
    let (json, text) = review("kept", &[]);
    let group = |json: &Value, disposition: &str| -> Vec<Value> {
        let groups = json["permissions"].as_array().unwrap().iter();
        let groups = groups.filter(|group| group["disposition"] == disposition);
        groups.flat_map(|group| group["permissions"].as_array().unwrap().clone()).collect()
    };
    let drill = ["rds:DeleteDBInstance", "rds:RestoreDBInstanceFromDBSnapshot"];
    assert_eq!(group(&json, "watch"), drill, "{json:#}");
    assert!(text.contains("never seen") && text.contains("`--drop-watched`"), "{text}");
    assert!(json["replay"].is_null(), "{json:#}");
    let (dropped, _) = review("dropped", &["--drop-watched", "60d"]);
    assert!(group(&dropped, "watch").is_empty() && group(&dropped, "remove").len() == 4, "{dropped:#}");
    let (kept, _) = review("long", &["--drop-watched", "180d"]);
    assert_eq!(group(&kept, "watch"), drill, "the history is shorter than that");
    remit(place.path(), &["verify", "dropped", "--ledger", "remit-demo/ledger"]);
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let place = demo();
    let asked = [["backtest"].as_slice(), &DEMO, &["--train", "365", "--horizon", "30"]].concat();
    let ran = run(place.path(), &asked);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(ran.talk.contains("not enough history of the account to learn from 365 days"), "{ran:#?}");
    assert!(ran.talk.contains("the next 30 (which takes 395 days): the ledger holds"), "{ran:#?}");
    let wrong = run(place.path(), &[["backtest"].as_slice(), &DEMO, &["--train", "0"]].concat());
    assert_eq!(wrong.code, Some(64), "{wrong:#?}");
}

#[test]
fn tiers_keep_more_and_more_and_say_why() {
    let place = demo();
    let kept = |tier: &str| -> BTreeMap<String, u64> {
        let asked = ["propose", "--out", tier, "--tier", tier, "--format", "json"];
        let lines: Vec<Value> =
            serde_json::from_str(&remit(place.path(), &[asked.as_slice(), &DEMO].concat())).unwrap();
        let proven = lines.iter().filter(|line| line["state"] == "proven");
        let kept = proven
            .map(|line| (line["principal"].as_str().unwrap().to_owned(), line["kept"].as_u64().unwrap()));
        kept.collect()
    };
    let [strict, standard, balanced] = ["strict", "standard", "balanced"].map(kept);
    assert!(strict.len() > 10, "{strict:?}");
    for (principal, kept) in &strict {
        for more in [&standard, &balanced] {
            assert!(more.get(principal).is_none_or(|more| more >= kept), "{principal}");
        }
    }
    assert!(strict.values().sum::<u64>() < standard.values().sum());
    let read = |path: &str| std::fs::read_to_string(place.path().join(path)).unwrap();
    let index: Value = serde_json::from_str(&read("standard/index.json")).unwrap();
    for proposal in index["proposals"].as_array().unwrap() {
        let folder = proposal["folder"].as_str().unwrap();
        let review: Value = serde_json::from_str(&read(&format!("standard/{folder}/review.json"))).unwrap();
        let groups = review["permissions"].as_array().unwrap();
        let number = |is_gone: bool| -> u64 {
            let groups = groups.iter().filter(|group| (group["disposition"] == "remove") == is_gone);
            groups.map(|group| group["permissions"].as_array().unwrap().len() as u64).sum()
        };
        // The review speaks of what the proposal does, permission by permission.
        assert_eq!(number(true), proposal["removed"].as_u64().unwrap(), "{folder}");
        assert_eq!(number(false), proposal["kept"].as_u64().unwrap(), "{folder}");
        let text = read(&format!("standard/{folder}/review.md"));
        assert!(text.contains("would have") && !text.contains("will not"), "{text}");
    }
    let verified = remit(place.path(), &["verify", "balanced", "--ledger", "remit-demo/ledger"]);
    assert!(verified.contains("proven") && !verified.contains("failed"), "{verified}");
}
