use super::*;
use crate::analysis::sample::{analysis, call, record};

fn details(actions: &[&str], given_up: &[&str]) -> Vec<(FindingKind, String)> {
    let analysis =
        analysis((actions, "*"), vec![call("sqs", "ListQueues")], &[record("eu-west-1", 0, 90)], given_up);
    let findings = findings(Catalog::embedded().unwrap(), &analysis, None);
    findings.into_iter().map(|finding| (finding.kind, finding.detail)).collect()
}

#[test]
fn a_pattern_that_names_nothing_in_the_catalog_says_what_becomes_of_it() {
    let kept = details(&["sqs:ListQueues", "newservice:Act"], &[]);
    let said = "`newservice:Act` names no action that the catalog lists, and stays, since calls that need it cannot be told";
    assert_eq!(kept, [(FindingKind::UnknownAction, said.to_owned())]);
    let gone = details(&["sqs:ListQueues", "newservice:Act"], &["newservice"]);
    assert!(gone[0].1.ends_with("and goes, since its service is given up"), "{gone:?}");
}

#[test]
fn one_unused_permission_is_no_plural() {
    let one = details(&["sqs:ListQueues", "sqs:DeleteQueue"], &[]);
    assert_eq!(one, [(FindingKind::Unused, "1 of 2 granted is unused: 1 write".to_owned())]);
    let two = details(&["sqs:ListQueues", "sqs:DeleteQueue", "sqs:CreateQueue"], &[]);
    assert!(two[0].1.starts_with("2 of 3 granted are unused"), "{two:?}");
}
