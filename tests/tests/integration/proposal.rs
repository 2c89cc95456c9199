//! Golden cases of proposals: an organisation is generated, its logs are ingested, and what is proposed for
//! its principals is compared file by file.
//!
//! A case holds `organisation.json`, and what is expected: `findings.csv` and `proposals/`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
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
        let mut missing = files(&expected).unwrap_or_default();
        for file in files(&proposals).unwrap() {
            let text = std::fs::read_to_string(proposals.join(&file)).unwrap();
            case.expect(&Path::new("proposals").join(&file).to_string_lossy(), &text);
            missing.retain(|other| *other != file);
        }
        assert!(missing.is_empty(), "{}: expected and not written: {missing:?}", case.name());
    });
}

/// Files below a folder, relative to it, sorted.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(current) = open.pop() {
        for entry in std::fs::read_dir(&current).with_context(|| current.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}
