use remit_catalog::Catalog;
use serde_json::{Value, json};

use super::*;
use crate::from_value;

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
        document: document(statements),
    };
    Claim {
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
    let added = [send(), statement("Deny", &json!("*"), "*")];
    assert_eq!(
        violations(&claim(&[vec![send()]], &[added.to_vec()])),
        ["not sufficient: `a:a` on `a` would be denied"]
    );
    let deny = |actions: &Value| statement("Deny", actions, "arn:aws:sqs:*:*:a*");
    let before = vec![send(), deny(&json!(["sqs:SendMessage", "sqs:DeleteQueue"]))];
    let parts = [vec![send(), deny(&json!("sqs:SendMessage"))], vec![deny(&json!("sqs:DeleteQueue"))]];
    assert_eq!(violations(&claim(&[before.clone()], &parts)), [""; 0]);
    let wider = vec![send(), statement("Deny", &json!("sqs:SendMessage"), "arn:aws:sqs:*:*:*")];
    let found = violations(&claim(&[before.clone()], &[wider]));
    assert!(found.iter().any(|one| one.ends_with("would be denied")), "{found:?}");
    // Leaving a deny out is wider, not insufficient.
    let found = violations(&claim(&[before], &[vec![send()]]));
    assert!(found.iter().all(|one| one.starts_with("wider")) && !found.is_empty(), "{found:?}");
}

#[test]
fn what_only_the_boundary_keeps_out_is_wider() {
    let mut claim = claim(&[vec![send()]], &[vec![statement("Allow", &json!(["sqs:*"]), "*")]]);
    claim.boundary = Some(document(&[send()]));
    let found = violations(&claim);
    assert!(found.iter().any(|one| one.starts_with("wider")), "{found:?}");
}
