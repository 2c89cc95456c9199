//! What a user who is mistaken is told, and the exit codes.

use std::path::Path;

use remit_organisation::{Organisation, Profile, Size};
use remit_tests::case::files;
use remit_tests::program::{Ran, remit, run};

pub(super) const GRANTS: &str = "account-authorization-details.json";

/// An organisation with a ledger in a folder.
pub(super) fn place() -> tempfile::TempDir {
    let profile = Profile::random(31, Size { roles: 3, days: 45, operations: 6 }).unwrap();
    let place = tempfile::tempdir().unwrap();
    Organisation::generate(31, &profile).unwrap().write(place.path()).unwrap();
    let ingest = ["ingest", "cloudtrail", "AWSLogs", "--ledger", "ledger"];
    remit(place.path(), &[ingest.as_slice(), &["--coverage", "event-selectors.json"]].concat());
    place
}

fn ask(place: &Path, verb: &[&str]) -> Ran {
    run(place, &[verb, &["--ledger", "ledger", "--grants", GRANTS, "--max-gap", "45d"]].concat())
}

/// Holds what is said against the form of errors: lower case, no full stop, no panic, and a hint where one is due.
fn check(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{ran:#?}");
    for word in words {
        assert!(ran.talk.contains(word), "`{word}` is not in {ran:#?}");
    }
    assert!(!ran.talk.contains("panicked") && !ran.talk.contains("RUST_BACKTRACE"), "{ran:#?}");
    for line in ran.talk.lines() {
        let Some(message) = line.strip_prefix("error: ").or_else(|| line.strip_prefix("warning: ")) else {
            continue;
        };
        assert!(!message.ends_with('.') && !message.starts_with(char::is_uppercase), "`{line}`");
    }
}

#[test]
fn wrong_usage_is_sixty_four() {
    let place = place();
    let place = place.path();
    check(&run(place, &["ingst"]), 64, &["ingst", "ingest"]);
    check(&run(place, &["ingest", "cloudtrail"]), 64, &["PATH"]);
    check(&run(place, &["usage", "--sinse", "7d"]), 64, &["--since"]);
    check(&run(place, &["usage", "--since", "soon", "--ledger", "ledger"]), 64, &["soon"]);
    check(
        &run(place, &["usage", "--principal", "rle-1", "--ledger", "ledger"]),
        64,
        &["`rle-1`", "hint: similar"],
    );
    check(&ask(place, &["explain", "role-1", "s3:GetObjct"]), 64, &["`s3:GetObjct`", "hint:"]);
    check(&ask(place, &["findings", "--give-up", "sqss"]), 64, &["`sqss`", "hint:"]);
}

#[test]
fn what_cannot_be_read_is_two() {
    let place = place();
    let place = place.path();
    let none = ["--grants", GRANTS, "--ledger", "none"];
    check(&run(place, &[["findings"].as_slice(), &none].concat()), 2, &["no ledger at `none`", "hint:"]);
    let lost = ["findings", "--ledger", "ledger", "--grants", "lost.json"];
    check(&run(place, &lost), 2, &["`lost.json`"]);
    std::fs::write(place.join("half.json"), &std::fs::read(place.join(GRANTS)).unwrap()[..900]).unwrap();
    let half = ["findings", "--ledger", "ledger", "--grants", "half.json"];
    check(&run(place, &half), 2, &["half.json"]);
    std::fs::write(place.join("none.json"), "{}").unwrap();
    let none = ["findings", "--ledger", "ledger", "--grants", "none.json"];
    check(&run(place, &none), 2, &["no roles, users or policies", "nothing could be judged"]);
    check(&run(place, &["ingest", "cloudtrail", "lost", "--ledger", "other"]), 2, &["`lost`"]);
    std::fs::write(place.join("cut.json"), "{\"Records\": [{\"eventVersion\"").unwrap();
    let cut = run(place, &["ingest", "cloudtrail", "cut.json", "--ledger", "other"]);
    check(&cut, 2, &["cut.json", "record 1 at byte", "1 lost"]);
    check(&run(place, &["verify", "AWSLogs"]), 2, &["no proposal in `AWSLogs`", "hint:"]);
    std::fs::write(place.join("selectors.json"), "{}").unwrap();
    let coverage = ["--coverage", "selectors.json"];
    check(&ask(place, &[["findings"].as_slice(), &coverage].concat()), 2, &["`selectors.json`"]);
}

#[test]
fn findings_are_one_only_where_they_are_checked() {
    let place = place();
    check(&ask(place.path(), &["findings"]), 0, &[]);
    check(&ask(place.path(), &["findings", "--check"]), 1, &[]);
}

/// What nobody can judge is no clean account, whatever else is found.
#[test]
fn what_cannot_be_judged_is_not_clean() {
    let place = place();
    let place = place.path();
    std::fs::create_dir(place.join("empty")).unwrap();
    let check_of =
        |ledger: &str| run(place, &["findings", "--check", "--grants", GRANTS, "--ledger", ledger]);
    check(&check_of("empty"), 2, &["has no records"]);
    std::fs::write(place.join("damaged.json"), "garbage").unwrap();
    let damaged = run(place, &["ingest", "cloudtrail", "damaged.json", "--ledger", "ledger"]);
    check(&damaged, 2, &["damaged.json"]);
    check(&check_of("ledger"), 2, &["events of it were lost", "hint: `remit doctor`"]);
}

/// Taken for a name, an address would be a folder of that name.
#[test]
fn logs_are_ingested_into_folders_and_what_is_said_too_late_is_told() {
    let place = place();
    let place = place.path();
    for (ledger, word) in
        [("s3://bucket/prefix", "is no folder"), ("gs://bucket/prefix", "only addresses of the form")]
    {
        check(&run(place, &["ingest", "cloudtrail", "AWSLogs", "--ledger", ledger]), 2, &[word, ledger]);
    }
    assert!(!place.join("s3:").exists() && !place.join("gs:").exists());
    let again = ["ingest", "cloudtrail", "AWSLogs", "--ledger", "ledger"];
    let ran = run(place, &again);
    assert!(!ran.talk.contains("warning"), "{ran:#?}");
    let ran = run(place, &[again.as_slice(), &["--coverage", "event-selectors.json"]].concat());
    check(&ran, 0, &["`--coverage` changes nothing of what was ingested before", "hint:"]);
}

#[test]
fn a_changed_proposal_is_not_proven() {
    let place = place();
    let place = place.path();
    check(&ask(place, &["propose", "--out", "out"]), 0, &[]);
    check(&run(place, &["verify", "out", "--ledger", "ledger"]), 0, &[]);
    let folder = crate::judged::folders(&place.join("out")).remove(0);
    let after = std::fs::read_dir(folder.join("after")).unwrap().next().unwrap().unwrap().path();
    let kept = std::fs::read_to_string(&after).unwrap();
    let statement = |effect: &str, action: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "{effect}", "Action": "{action}", "Resource": "*"}}]}}"#
        )
    };
    for (document, words) in [
        (statement("Allow", "*"), "wider"),
        (statement("Allow", "s3:GetNothing"), "s3:GetNothing"),
        (kept.replacen("Allow", "Deny", 1), "would be lost"),
        ("{".to_owned(), "cannot read policy"),
    ] {
        std::fs::write(&after, document).unwrap();
        let ran = run(place, &["verify", "out"]);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.out.contains("failed") && ran.out.contains(words), "{ran:#?}");
    }
    std::fs::write(&after, kept).unwrap();
    // A name in the evidence must not lead out of the folder.
    let evidence = std::fs::read_to_string(folder.join("evidence.json")).unwrap();
    std::fs::write(folder.join("evidence.json"), evidence.replacen("\"after/", "\"../after/", 1)).unwrap();
    let ran = run(place, &["verify", "out"]);
    assert!(ran.code == Some(2) && ran.out.contains("is not a file of folder"), "{ran:#?}");
}

#[test]
fn what_nobody_proved_does_not_lie_beside_what_was() {
    let place = place();
    let place = place.path();
    check(&ask(place, &["propose", "--out", "out"]), 0, &[]);
    let folder = crate::judged::folders(&place.join("out")).remove(0);
    let is_told = |words: &str| {
        let ran = run(place, &["verify", "out"]);
        assert_eq!(ran.code, Some(2), "{words}: {ran:#?}");
        assert!(ran.out.contains("failed") && ran.out.contains(words), "{words}: {ran:#?}");
    };
    std::fs::write(folder.join("after/extra.json"), "{}").unwrap();
    is_told("`after/extra.json` is no part of the proposal");
    std::fs::remove_file(folder.join("after/extra.json")).unwrap();
    for file in ["steps.md", "changes.diff", "review.md"] {
        let kept = std::fs::read_to_string(folder.join(file)).unwrap();
        std::fs::write(folder.join(file), format!("{kept}# and more\n")).unwrap();
        is_told(&format!("`{file}` does not say what"));
        std::fs::remove_file(folder.join(file)).unwrap();
        is_told(&format!("`{file}` is missing"));
        std::fs::write(folder.join(file), kept).unwrap();
    }
    check(&run(place, &["verify", "out"]), 0, &[]);
    let evidence = folder.join("evidence.json");
    std::fs::rename(&evidence, place.join("evidence.json")).unwrap();
    is_told("holds no `evidence.json`");
    std::fs::remove_dir_all(&folder).unwrap();
    is_told("`index.json` names it");
}

#[test]
fn a_ledger_that_cannot_be_read_proves_nothing() {
    let place = place();
    let place = place.path();
    check(&ask(place, &["propose", "--out", "out"]), 0, &[]);
    let day = place.join("junk/usage/v1/provider=aws/date=2026-11-23");
    std::fs::create_dir_all(&day).unwrap();
    std::fs::write(day.join("w-1.parquet"), "no parquet").unwrap();
    let ran = run(place, &["verify", "out", "--ledger", "junk"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.talk.contains("warning: ") && ran.talk.contains("the ledger holds no calls"), "{ran:#?}");
    assert!(ran.out.contains("in use, and the ledger no call by"), "{ran:#?}");
    let told = run(place, &["verify", "out", "--ledger", "ledger"]);
    assert!(told.out.contains("in use in the ledger"), "{told:#?}");
}

#[test]
fn evidence_of_more_than_the_ledger_has_is_refused() {
    let place = place();
    let place = place.path();
    check(&ask(place, &["propose", "--out", "out"]), 0, &[]);
    let all = crate::judged::folders(&place.join("out")).into_iter();
    let mut all = all.map(|folder| folder.join("evidence.json"));
    let used = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap().contains("\"count\": ");
    let path = all.find(used).unwrap();
    let evidence = std::fs::read_to_string(&path).unwrap();
    let more = evidence.replacen("\"count\": ", "\"count\": 999999", 1);
    let year = evidence.split_once("\"window\": \"").unwrap().1.get(..4).unwrap();
    let moved = evidence.replace(&format!("\"window\": \"{year}"), "\"window\": \"2016");
    let moved = moved.replace(&format!("Z/{year}"), "Z/2016");
    for (forged, words) in [(more, "the ledger does not have"), (moved, "the ledger has no log")] {
        std::fs::write(&path, forged).unwrap();
        let ran = run(place, &["verify", "out", "--ledger", "ledger"]);
        assert!(ran.code == Some(2) && ran.out.contains(words), "{words}: {ran:#?}");
    }
}

#[test]
fn usage_is_of_one_principal_and_since_a_time() {
    let place = place();
    let count = |arguments: &[&str]| {
        let lines =
            remit(place.path(), &[&["usage", "--ledger", "ledger", "--format", "json"], arguments].concat());
        let lines: Vec<serde_json::Value> = serde_json::from_str(&lines).unwrap();
        assert!(
            arguments.is_empty()
                || !arguments.contains(&"role-1")
                || lines.iter().all(|line| {
                    line.get("principal")
                        .and_then(|name| name.as_str())
                        .is_some_and(|name| name.ends_with("role-1"))
                })
        );
        lines.iter().filter_map(|line| line.get("count")?.as_u64()).sum::<u64>()
    };
    let (all, one) = (count(&[]), count(&["--principal", "role-1"]));
    let (late, none) = (count(&["--since", "10d"]), count(&["--since", "2027-01-01"]));
    assert!(0 < one && one < all && 0 < late && late < all && none == 0, "{all} {one} {late} {none}");
}

#[test]
fn what_is_excluded_is_not_called_unused() {
    let place = place();
    let selectors = r#"{"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true,
        "ExcludeManagementEventSources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}]}"#;
    std::fs::write(place.path().join("excluding.json"), selectors).unwrap();
    let wide = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}"#;
    std::fs::write(place.path().join("role-1.json"), wide).unwrap();
    let ask = |coverage: &[&str]| {
        let findings =
            ["propose", "--ledger", "ledger", "--grants", "role-1.json", "--format", "json", "--out", "out"];
        let list = remit(place.path(), &[findings.as_slice(), &["--max-gap", "45d"], coverage].concat());
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        list.pointer("/0/removed").and_then(serde_json::Value::as_u64)
    };
    assert!(ask(&[]).is_some_and(|removed| removed > 10), "{:?}", ask(&[]));
    assert_eq!(ask(&["--coverage", "excluding.json"]), Some(0));
}

#[test]
fn nothing_is_removed_on_the_word_of_a_damaged_ledger() {
    let place = place();
    let removed = |ran: &Ran| {
        let list: Vec<serde_json::Value> = serde_json::from_str(&ran.out).unwrap();
        list.iter().filter_map(|line| line.get("removed")?.as_u64()).sum::<u64>()
    };
    let propose = ["propose", "--out", "out", "--format", "json"];
    let whole = ask(place.path(), &propose);
    assert!(removed(&whole) > 0, "{whole:#?}");
    let evidence = crate::judged::read(&crate::judged::folders(&place.path().join("out")).remove(0)).evidence;
    let (principal, gone) = (evidence.principal, evidence.removed[0].permissions.first().unwrap());
    // A file that is none of the ledger's own is named, and holds nothing that could be missing.
    let usage = files(&place.path().join("ledger/usage"));
    let foreign = usage[0].with_file_name("letter.txt");
    std::fs::write(&foreign, "dear").unwrap();
    let ran = ask(place.path(), &propose);
    check(&ran, 2, &["letter.txt", "hint: move it out"]);
    assert_eq!(removed(&ran), removed(&whole));
    std::fs::remove_file(&foreign).unwrap();
    // One of its own that is cut off may have held any call.
    let bytes = std::fs::read(&usage[0]).unwrap();
    std::fs::write(&usage[0], &bytes[..bytes.len() / 2]).unwrap();
    let ran = ask(place.path(), &propose);
    let name = usage[0].file_name().unwrap().to_string_lossy();
    check(&ran, 2, &[&name]);
    assert_eq!(removed(&ran), 0, "{ran:#?}");
    let why = ask(place.path(), &["explain", &principal, gone]);
    assert!(why.out.contains("1 file of the ledger cannot be read"), "{why:#?}");
}
