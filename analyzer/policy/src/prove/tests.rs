use remit_catalog::Catalog;
use serde_json::{Value, json};

use super::*;
use crate::grant::PrincipalKind;
use crate::proposal::NewPolicy;
use crate::{Document, from_value};
use std::collections::BTreeSet;

fn statement(effect: &str, action: &Value, resource: &str) -> Value {
    json!({"Effect": effect, "Action": action, "Resource": resource})
}

fn document(statements: &[Value]) -> Document {
    from_value(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap()
}

/// A claim that these documents take the place of those, and that sending messages must stay.
fn claim(before: &[Vec<Value>], after: &[Vec<Value>]) -> Claim {
    let name = |at: usize| format!("p{at}");
    let action = Catalog::embedded().unwrap().find("sqs:SendMessage").unwrap();
    let new = |(at, statements): (usize, &Vec<Value>)| NewPolicy {
        name: name(at),
        inline: true,
        group: None,
        document: document(statements),
    };
    Claim {
        kind: PrincipalKind::Role,
        attached: 0,
        before: before.iter().enumerate().map(|(at, statements)| (name(at), document(statements))).collect(),
        after: after.iter().enumerate().map(new).collect(),
        boundary: None,
        protected: vec![Protected { action, resources: None }],
        unlisted: BTreeSet::new(),
    }
}

fn violations(claim: &Claim) -> Vec<String> {
    let mut expander = Expander::new(Catalog::embedded().unwrap());
    let violations = check(&mut expander, claim).err().unwrap_or_default();
    violations.iter().map(ToString::to_string).collect()
}

fn send() -> Value {
    statement("Allow", &json!(["sqs:SendMessage"]), "*")
}

#[test]
fn a_new_deny_is_found_and_an_old_one_may_be_written_in_parts() {
    let added = vec![send(), statement("Deny", &json!("*"), "*")];
    assert_eq!(
        violations(&claim(&[vec![send()]], &[added])),
        ["not sufficient: `a:a` on `a` would be denied"]
    );
    let deny = |actions: &Value| statement("Deny", actions, "arn:aws:sqs:*:*:a*");
    let before = [vec![send(), deny(&json!(["sqs:SendMessage", "sqs:DeleteQueue"]))]];
    let parts = [vec![send(), deny(&json!("sqs:SendMessage"))], vec![deny(&json!("sqs:DeleteQueue"))]];
    assert_eq!(violations(&claim(&before, &parts)), [""; 0]);
    let wider = vec![send(), statement("Deny", &json!("sqs:SendMessage"), "arn:aws:sqs:*:*:*")];
    let found = violations(&claim(&before, &[wider]));
    assert!(found.iter().any(|one| one.ends_with("would be denied")), "{found:?}");
    // Leaving a deny out is wider, not insufficient.
    let found = violations(&claim(&before, &[vec![send()]]));
    assert!(found.iter().all(|one| one.starts_with("wider")) && !found.is_empty(), "{found:?}");
}

#[test]
fn what_only_the_boundary_keeps_out_is_wider() {
    let mut claim = claim(&[vec![send()]], &[vec![statement("Allow", &json!(["sqs:*"]), "*")]]);
    claim.boundary = Some(document(&[send()]));
    let found = violations(&claim);
    assert!(found.iter().any(|one| one.starts_with("wider")), "{found:?}");
}

#[test]
fn limits_count_all_that_the_principal_has_itself() {
    let long = |at: usize| {
        let resources: Vec<_> =
            (0..20).map(|one| format!("arn:aws:sqs:*:*:{at}-{one}-{}", "q".repeat(60))).collect();
        json!({"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": resources})
    };
    let before: Vec<_> =
        (0..8).map(|at| vec![long(at), statement("Allow", &json!("sns:Publish"), "*")]).collect();
    let after: Vec<_> = (0..8).map(|at| vec![long(at)]).collect();
    let mut claim = claim(&before, &after);
    let size: usize = claim.after.iter().map(|new| new.document.size()).sum();
    assert!((10_241..20_480).contains(&size), "{size}");
    assert_eq!(
        violations(&claim),
        [format!("not valid: {size} characters of inline policies, more than 10240 in policy `(all)`")]
    );
    for new in claim.after.iter_mut().take(4) {
        new.inline = false;
    }
    assert_eq!(violations(&claim), [""; 0]);
    claim.kind = PrincipalKind::User;
    assert_eq!(violations(&claim).len(), 1);
    // What a group holds has limits of its own.
    claim.after.iter_mut().for_each(|new| new.group = Some("ops".to_owned()));
    assert_eq!(violations(&claim), [""; 0]);
}

#[test]
fn ten_policies_can_be_attached_or_as_many_as_are() {
    let queue = |at: usize| {
        vec![statement(
            "Allow",
            &json!(["sqs:SendMessage"]),
            &format!("arn:aws:sqs:eu-west-1:111122223333:{at}"),
        )]
    };
    let policies: Vec<_> = (0..11).map(queue).collect();
    let mut claim = claim(&policies, &policies);
    claim.after.iter_mut().for_each(|new| new.inline = false);
    assert_eq!(violations(&claim), ["not valid: 11 attached policies, more than 10 in policy `(all)`"]);
    claim.attached = 11;
    assert_eq!(violations(&claim), [""; 0]);
}
