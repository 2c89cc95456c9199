//! The same with GitLab, where it differs.

use remit_tests::forge::Flavour;

use crate::place::{Place, facts};

#[test]
fn a_proposal_becomes_a_merge_request() {
    let place = Place::new(Flavour::GitLab);
    let report = place.run(&[facts("one", &["b", "c"])]);
    assert_eq!(report.outcomes[0].state, "opened");
    assert_eq!(report.outcomes[0].url, "https://forge.example/acme/infra/-/merge_requests/1");
    let pull = place.forge.pulls()[0].clone();
    assert_eq!((pull.labels.len(), pull.reviewers.len()), (1, 1));
    assert!(report.notes.iter().any(|note| note.contains("`acme/platform` is no user")), "{report:?}");
    assert!(!place.file(&pull.branch, "iam/one.json").contains("s3:b"));
    let _ = place.forge.calls();
    assert_eq!(place.state(&facts("one", &["b", "c"])), "open");
    assert_eq!(place.forge.writes(), [] as [&str; 0]);
    assert_eq!(place.state(&facts("one", &["c"])), "updated");
    place.forge.change(1, |pull| pull.state = "closed".to_owned());
    assert_eq!(place.state(&facts("one", &["c"])), "closed");
}
