use std::collections::BTreeSet;

use serde_json::Value;

use super::{Cluster, ClusterProfile};

fn sample() -> Cluster {
    Cluster::generate(7, &ClusterProfile::sample().unwrap()).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(sample().events(), sample().events());
    assert_ne!(sample().events(), Cluster::generate(8, &ClusterProfile::sample().unwrap()).unwrap().events());
}

#[test]
fn every_request_is_in_the_log_once_and_hidden_ones_are_not() {
    let cluster = sample();
    let mut ids = BTreeSet::new();
    for (_, event) in cluster.events() {
        let event: Value = serde_json::from_str(event).unwrap();
        ids.insert(event["auditID"].as_str().unwrap().to_owned());
        assert_ne!(event["objectRef"]["resource"], "events", "the policy hides them");
    }
    assert_eq!(ids.len() as u64, cluster.truth().requests);
    assert!(cluster.events().len() as u64 > cluster.truth().requests, "watches are written twice");
    let hidden = cluster.truth().subjects.values().flat_map(|subject| &subject.hidden);
    assert!(hidden.clone().any(|need| need.contains(" events ")));
    assert_eq!(cluster.log().len(), 90);
}

#[test]
fn subjects_are_of_different_characters() {
    let truth = sample().truth().clone();
    assert!(truth.subjects.len() >= 8);
    assert!(truth.subjects.values().any(|subject| subject.refused > 0));
    assert!(truth.subjects.values().any(|subject| subject.allowed == 0), "one does nothing");
    let all: BTreeSet<_> = truth.subjects.values().flat_map(|subject| &subject.needs).collect();
    assert!(all.contains(&"create apps deployments shop web".to_owned()), "an apply that created");
    assert!(all.iter().any(|need| need.ends_with('*')), "names with random suffixes");
}
