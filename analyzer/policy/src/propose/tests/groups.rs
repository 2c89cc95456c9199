//! Groups, which a user leaves when something of their policies goes.

use super::*;
use crate::Edit;

/// A user with these policies, each of its own or by these groups.
fn user(held: &[(&str, PolicyKind, &[Option<&str>], Value)]) -> Account {
    let policies = held.iter().map(|(name, kind, by, document)| {
        policy(name, *kind, by.len() as u64, &super::document(std::slice::from_ref(document)))
    });
    let mut account = role(policies.collect());
    let principal = &mut account.principals[0];
    principal.kind = PrincipalKind::User;
    let by = |at: usize, by: &[Option<&str>]| -> Vec<_> {
        let group = |group: &Option<&str>| group.map(str::to_owned);
        by.iter().map(|by| Attachment { policy: at, group: group(by), since: None }).collect()
    };
    principal.attachments =
        held.iter().enumerate().flat_map(|(at, (_, _, groups, _))| by(at, groups)).collect();
    // As accounts are read: what a user has itself comes first.
    principal.attachments.sort_by_key(|attachment| (attachment.group.clone(), attachment.policy));
    account
}

#[test]
fn a_user_leaves_every_group_by_which_it_would_keep_what_goes() {
    let wide = statement("Allow", &json!(["sqs:SendMessage", "sqs:DeleteQueue"]), &json!("*"));
    let receive = statement("Allow", &json!("sqs:ReceiveMessage"), &json!("*"));
    let find = statement("Allow", &json!("sqs:GetQueueUrl"), &json!("*"));
    let usage = usage(&[("sqs:SendMessage", None), ("sqs:ReceiveMessage", None), ("sqs:GetQueueUrl", None)]);
    let cases: [(&[Option<&str>], &[&str]); 3] =
        [(&[None], &[]), (&[None, Some("ops")], &["ops"]), (&[Some("dev"), Some("ops")], &["dev", "ops"])];
    for (by, left) in cases {
        let account = user(&[
            ("wide", PolicyKind::CustomerManaged, by, wide.clone()),
            ("queues", PolicyKind::Inline, &[Some("ops")], receive.clone()),
            ("shared", PolicyKind::CustomerManaged, &[Some("dev"), Some("all")], find.clone()),
        ]);
        let proposal = proven(&account, &usage, &everything_visible()).unwrap();
        assert_eq!(proposal.leaves_groups, left.iter().map(ToString::to_string).collect());
        let edit = |name: &str| proposal.changes.iter().find(|one| one.name == name).unwrap().edit;
        // What else a group has that is left goes along, but for what another group gives.
        assert_eq!(edit("shared"), Edit::Keep);
        assert_eq!(edit("queues"), if left.contains(&"ops") { Edit::Replace } else { Edit::Keep });
    }
}
