//! Golden cases of proposals: an organisation is generated, its logs are ingested, and what is proposed for
//! its principals is compared file by file.
//!
//! A case holds `organisation.json`, and what is expected: `findings.csv` and `proposals/`.

use std::path::Path;

use remit_organisation::{Organisation, Profile};
use remit_tests::{case, program};

/// Seed of all cases.
const SEED: u64 = 7;

#[test]
fn proposals_are_as_expected() {
    case::walk("proposals", |case| {
        let description = case.text("organisation.json").unwrap_or_default();
        let profile: Profile = serde_json::from_str(&description).unwrap();
        let organisation = Organisation::generate(SEED, &profile).unwrap();
        let place = tempfile::tempdir().unwrap();
        organisation.write(place.path()).unwrap();
        let run = |arguments: &[&str]| program::remit(place.path(), arguments);
        run(&["ingest", "cloudtrail", "AWSLogs", "--ledger", "ledger", "--coverage", "event-selectors.json"]);
        let grants = ["--ledger", "ledger", "--grants", "account-authorization-details.json"];
        let findings = run(&[&["findings", "--format", "csv"], grants.as_slice()].concat());
        run(&[&["propose", "--out", "proposals"], grants.as_slice()].concat());
        run(&["verify", "proposals", "--ledger", "ledger"]);
        case.expect("findings.csv", &findings);
        let proposals = place.path().join("proposals");
        let expected = case.path("proposals");
        let mut missing = case::files(&expected);
        for path in case::files(&proposals) {
            let file = path.strip_prefix(&proposals).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            case.expect(&Path::new("proposals").join(file).to_string_lossy(), &text);
            missing.retain(|other| *other != expected.join(file));
        }
        assert!(missing.is_empty(), "{}: expected and not written: {missing:?}", case.name());
    });
}
