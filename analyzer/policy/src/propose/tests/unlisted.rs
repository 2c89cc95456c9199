//! What the catalog does not list is never lost, and never made up.

use super::*;
use crate::prove::{Claim, Violation, check};

fn with_call(service: &str, operation: &str, uses: &[(&str, Option<&[&str]>)]) -> Usage {
    let mut usage = usage(uses);
    usage.unresolved.insert((service.to_owned(), operation.to_owned()), seen(1));
    usage
}

fn inline(statements: &[Value]) -> Account {
    role(vec![policy("own", PolicyKind::Inline, 1, &document(statements))])
}

/// The action patterns that stay, statement by statement.
fn patterns(proposal: &Proposal) -> Vec<Vec<String>> {
    let news = proposal.changes.iter().flat_map(|change| &change.after);
    news.flat_map(|new| &new.document.statements)
        .map(|statement| statement.actions.patterns.clone())
        .collect()
}

/// Every service but SNS, SQS and IAM: of most some permission is unobservable.
fn others() -> Vec<&'static str> {
    let mut services: Vec<&str> =
        Catalog::embedded().unwrap().actions().map(|(_, action)| action.service).collect();
    services.dedup();
    services.retain(|service| !["sns", "sqs", "iam"].contains(service));
    services
}

fn allow(actions: &[&str]) -> Value {
    statement("Allow", &json!(actions), &json!("*"))
}

#[test]
fn a_name_that_the_catalog_lacks_stays() {
    for name in ["sqs:NewThing", "sqs:New*", "newservice:DoIt", "newservice:*"] {
        let account = inline(&[allow(&["sqs:SendMessage", "sqs:DeleteQueue", name])]);
        let usage = with_call(
            "sqs",
            "NewThing",
            &[("sqs:SendMessage", Some(&["arn:aws:sqs:eu-west-1:111122223333:q"]))],
        );
        let proposal = proven(&account, &usage, &everything_visible()).unwrap();
        assert!(patterns(&proposal).concat().contains(&name.to_owned()), "{proposal:#?}");
        let usage = super::usage(&[("sqs:SendMessage", None)]);
        let proposal = proven(&account, &usage, &everything_visible()).unwrap();
        assert_eq!(patterns(&proposal), [["sqs:SendMessage", name]]);
        assert_eq!(proposal.unlisted[name].code(), "unsupported");
    }
}

#[test]
fn a_given_up_service_loses_even_names_that_the_catalog_lacks() {
    let account = inline(&[allow(&["sqs:SendMessage", "sns:NewThing"])]);
    let usage = usage(&[("sqs:SendMessage", None)]);
    let proposal = proven_without(&account, &usage, &everything_visible(), &["sns"]).unwrap();
    assert_eq!(patterns(&proposal), [["sqs:SendMessage"]]);
    assert_eq!(proposal.unknown_patterns, [("own".to_owned(), "sns:NewThing".to_owned())]);
}

#[test]
fn what_an_unresolved_call_may_have_needed_stays_whole() {
    let usage = with_call("sqs", "NewThing", &[("sns:Publish", None)]);
    let cases: [(&[Value], &[&[&str]]); 7] = [
        (&[allow(&["*"])], &[&["sqs:*", "sns:Publish"]]),
        (&[allow(&["s*:*"])], &[&["sqs:*", "sns:Publish"]]),
        (&[allow(&["sqs:Send*", "sns:*"])], &[&["sqs:Send*", "sns:Publish"]]),
        (&[allow(&["*:Send*", "sns:*"])], &[&["sqs:Send*", "sns:Publish"]]),
        // The catalog has one action that both name, so that only the name that it lacks tells them apart.
        (&[allow(&["sqs:SendMessage"]), allow(&["sqs:Send*"])], &[&["sqs:Send*"]]),
        (&[allow(&["sqs:*"]), allow(&["sqs:Send*"])], &[&["sqs:*"]]),
        (&[allow(&["sqs:*", "S3:*", "sqs:NewThing"])], &[&["sqs:*"]]),
    ];
    for (statements, expected) in cases {
        let account = inline(statements);
        let given_up = [others(), vec!["iam"]].concat();
        let proposal = proven_without(&account, &usage, &everything_visible(), &given_up).unwrap();
        let mut found = patterns(&proposal);
        found.iter_mut().for_each(|patterns| patterns.sort());
        let mut expected: Vec<Vec<_>> =
            expected.iter().map(|patterns| patterns.iter().map(ToString::to_string).collect()).collect();
        expected.iter_mut().for_each(|patterns| patterns.sort());
        assert_eq!(found, expected, "{statements:?}");
    }
}

#[test]
fn exceptions_within_the_service_of_an_unresolved_call_stay_as_written() {
    let but = json!({"Effect": "Allow", "NotAction": ["sqs:Delete*", "iam:*"], "Resource": "*"});
    let account = inline(&[but]);
    let usage = with_call("sqs", "NewThing", &[("sns:Publish", None)]);
    for given_up in [&[][..], &["s3"]] {
        let proposal = proven_without(&account, &usage, &everything_visible(), given_up).unwrap();
        assert!(!proposal.changes_anything(), "{:#?}", proposal.changes);
    }
    let elsewhere = with_call("iam", "NewThing", &[("sns:Publish", None)]);
    let proposal = proven_without(&account, &elsewhere, &everything_visible(), &others()).unwrap();
    assert_eq!(patterns(&proposal), [["sns:Publish"]]);
}

#[test]
fn a_call_of_an_unknown_service_keeps_every_wildcard() {
    let usage = with_call("newservice", "DoIt", &[("sns:Publish", None)]);
    for given_up in [&[][..], &["s3"]] {
        let account = inline(&[allow(&["*"])]);
        let proposal = proven_without(&account, &usage, &everything_visible(), given_up).unwrap();
        assert!(!proposal.changes_anything(), "{:#?}", proposal.changes);
    }
    let account = inline(&[allow(&["s3:*", "sns:*"])]);
    let proposal = proven_without(&account, &usage, &everything_visible(), &["s3"]).unwrap();
    assert_eq!(patterns(&proposal), [["sns:*"]]);
}

#[test]
fn a_boundary_outside_of_which_a_name_lies_needs_nothing_of_it() {
    let mut account = inline(&[allow(&["sqs:SendMessage", "newservice:DoIt"])]);
    account.policies.push(policy(
        "boundary",
        PolicyKind::CustomerManaged,
        0,
        &document(&[allow(&["sqs:*"])]),
    ));
    account.principals[0].boundary = Some(1);
    let usage = usage(&[("sqs:SendMessage", None)]);
    let proposal = proven(&account, &usage, &everything_visible()).unwrap();
    assert_eq!(patterns(&proposal), [["sqs:SendMessage"]]);
}

#[test]
fn the_proof_sees_a_name_that_was_lost_and_one_that_was_made_up() {
    let mut expander = Expander::new(Catalog::embedded().unwrap());
    let account = inline(&[allow(&["sqs:SendMessage", "sqs:New*"])]);
    let usage = with_call("sqs", "NewThing", &[("sqs:SendMessage", None)]);
    let proposal = proven(&account, &usage, &everything_visible()).unwrap();
    let claim = Claim::of(&proposal, None);
    assert!(check(&mut expander, &claim).is_ok());
    let mut lost = claim.clone();
    lost.after[0].document.statements[0].actions.patterns.retain(|pattern| pattern != "sqs:New*");
    let violations = check(&mut expander, &lost).unwrap_err();
    assert!(violations.iter().any(|one| matches!(one, Violation::Insufficient { .. })), "{violations:?}");
    let mut made_up = claim;
    made_up.after[0].document.statements[0].actions.patterns.push("sqs:NewThing".to_owned());
    let violations = check(&mut expander, &made_up).unwrap_err();
    assert!(violations.iter().any(|one| matches!(one, Violation::Invalid { .. })), "{violations:?}");
    assert!(violations.iter().any(|one| matches!(one, Violation::Unnecessary { .. })), "{violations:?}");
}
