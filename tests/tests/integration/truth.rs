//! Proposals against the truth that only the generator knows: what a principal needs and could be seen to need, or
//! could not be seen at all, it still has.

use std::collections::BTreeMap;

use remit_organisation::{Organisation, PrincipalTruth, Profile, Size, Visibility};
use remit_policy::{Context, Decision, Request};
use remit_tests::program::remit;

use crate::judged::{self, Proposed, example};

/// Organisations that are made. Each has other roles, grants and calls.
const SEEDS: std::ops::RangeInclusive<u64> = 100..=109;

#[test]
fn what_is_truly_needed_stays() {
    let (mut held, mut removed) = (0, 0);
    for seed in SEEDS {
        let profile = Profile::random(seed, Size { roles: 10, days: 45, operations: 10 }).unwrap();
        let organisation = Organisation::generate(seed, &profile).unwrap();
        let place = tempfile::tempdir().unwrap();
        organisation.write(place.path()).unwrap();
        let selectors = ["--coverage", "event-selectors.json"];
        let ingest = ["ingest", "cloudtrail", "AWSLogs", "--ledger", "ledger"];
        remit(place.path(), &[ingest.as_slice(), &selectors].concat());
        // The organisation is small and so quiet for days, and all of its files are there.
        let settings = ["--max-gap", "60d", "--grants", "account-authorization-details.json"];
        remit(
            place.path(),
            &[["propose", "--ledger", "ledger", "--out", "out"].as_slice(), &settings].concat(),
        );
        let proposals: BTreeMap<String, Proposed> = judged::folders(&place.path().join("out"))
            .iter()
            .map(|folder| judged::read(folder))
            .map(|proposed| (proposed.evidence.principal.clone(), proposed))
            .collect();
        for truth in &organisation.truth().principals {
            let Some(proposed) = proposals.get(&truth.arn) else { continue };
            removed += proposed.evidence.removed.iter().map(|same| same.permissions.len()).sum::<usize>();
            held += hold(truth, proposed, seed);
        }
    }
    assert!(held > 100 && removed > 1_000, "{held} needs were held, {removed} permissions removed");
}

/// Asks for every need whether it is still allowed where it was, and counts them.
fn hold(truth: &PrincipalTruth, proposed: &Proposed, seed: u64) -> usize {
    let before = proposed.policy_set(&proposed.before);
    let after = proposed.policy_set(&proposed.after);
    let context = Context::unknown();
    let mut held = 0;
    for need in truth.needs.iter().filter(|need| need.visibility != Visibility::BeyondWindow) {
        // What changes from call to call is held against the recorded calls elsewhere: no log shows all of it.
        let is_seen = matches!(need.visibility, Visibility::Management | Visibility::Data);
        let lasting = need.resources.iter().filter(|resource| !is_seen || !resource.contains('*'));
        for resource in lasting.map(|resource| example(resource)) {
            let request = Request { action: &need.action, resource: &resource, context: &context };
            let was = before.evaluate(&request).decision;
            if matches!(was, Decision::Allowed | Decision::Undetermined) {
                let is = after.evaluate(&request).decision;
                assert_eq!(
                    is, was,
                    "seed {seed}: {} needs {} on {resource}: {need:#?}",
                    truth.arn, need.action
                );
                held += 1;
            }
        }
    }
    held
}
