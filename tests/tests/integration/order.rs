//! The same events in another order, twice, and in other files give the same bytes.

use std::collections::BTreeMap;

use remit_organisation::{Organisation, Profile, Size};
use remit_tests::case::files;
use remit_tests::program::remit;

/// Proposals made from these log files: text by path.
fn proposals(organisation: &Organisation, logs: &[(String, String)]) -> BTreeMap<String, String> {
    let place = tempfile::tempdir().unwrap();
    organisation.write(place.path()).unwrap();
    for (name, text) in logs {
        let path = place.path().join("logs").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let selectors = ["--coverage", "event-selectors.json"];
    remit(
        place.path(),
        &[["ingest", "cloudtrail", "logs", "--ledger", "ledger"].as_slice(), &selectors].concat(),
    );
    let grants = "account-authorization-details.json";
    remit(place.path(), &["propose", "--ledger", "ledger", "--grants", grants, "--out", "out"]);
    let texts = files(&place.path().join("out")).into_iter().map(|path| {
        let name = path.strip_prefix(place.path()).unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap())
    });
    texts.collect()
}

#[test]
fn order_repetition_and_files_change_no_byte_of_a_proposal() {
    let profile = Profile::random(11, Size { roles: 4, days: 40, operations: 6 }).unwrap();
    let organisation = Organisation::generate(11, &profile).unwrap();
    let events: Vec<String> = organisation.records().iter().map(|record| record.text.clone()).collect();
    let whole = proposals(&organisation, &[("all.json".to_owned(), events.join("\n"))]);
    assert!(whole.len() > 4, "{:?}", whole.keys());

    let mut backwards = events.clone();
    backwards.reverse();
    let backwards = [("all.json".to_owned(), format!("{{\"Records\":[{}]}}", backwards.join(",")))];
    assert_eq!(proposals(&organisation, &backwards), whole);

    let mut shards: Vec<Vec<String>> = vec![Vec::new(); 7];
    for (at, event) in events.iter().enumerate() {
        shards[at * 5 % 7].push(event.clone());
        if at % 3 == 0 {
            shards[at % 7].push(event.clone());
        }
    }
    let shards: Vec<_> = shards
        .iter()
        .enumerate()
        .map(|(at, events)| (format!("{}/{at}.json", at % 2), events.join("\n")))
        .collect();
    assert_eq!(proposals(&organisation, &shards), whole);
}
