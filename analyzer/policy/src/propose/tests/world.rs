//! Generated policies with calls, and what comes out for them.

use std::cell::RefCell;

use proptest::prelude::any;
use proptest::sample::select;

use super::*;
use crate::evidence::EvidenceContext;
use crate::usage::{Call, CallOutcome};
use crate::verdict::Judgement;
use crate::{Document, EmittedFile, Proven, emit};

thread_local! {
    /// Shared by all cases, because it expands each pattern once.
    pub(super) static EXPANDER: RefCell<Expander<'static>> = RefCell::new(Expander::new(Catalog::embedded().unwrap()));
}

/// A principal with its policies, and what is known of its calls.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) account: Account,
    pub(super) calls: Vec<Call>,
    pub(super) coverage: Coverage,
    pub(super) given_up: GivenUp,
    pub(super) generalise: Generalise,
    /// Whether every second unused action stays all the same.
    pub(super) retains: bool,
}

/// What comes out for a world.
pub(super) struct Outcome {
    pub(super) usage: Usage,
    pub(super) judgement: Judgement,
    pub(super) proven: Proven,
}

impl World {
    /// None where what stays does not fit.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        EXPANDER.with_borrow_mut(|expander| {
            let principal = &self.account.principals[0];
            let usage = Usage::gather(expander.catalog(), &self.calls);
            let mut judgement =
                judge(expander, &self.account, principal, &usage, &self.coverage, &self.given_up);
            if self.retains {
                let ids: Vec<_> =
                    judgement.verdicts.keys().copied().filter(|id| id.index() % 2 == 0).collect();
                judgement.retain(ids.into_iter().map(|id| (id, Retained::Metadata(String::new()))));
            }
            let options =
                ProposeOptions { generalise: self.generalise, today: 90, inventory: Inventory::none() };
            let proposal =
                propose(expander, &self.account, principal, &usage, &self.coverage, &judgement, options);
            let proposal = match proposal {
                Ok(proposal) => proposal,
                Err(NoProposal::TooLarge(_)) => return None,
                Err(why) => panic!("{why}"),
            };
            match prove(expander, proposal.clone(), &proposal, self.boundary()) {
                Ok(proven) => Some(Outcome { usage, judgement, proven }),
                Err(violations) => panic!(
                    "{violations:#?}\n{:?}\n{}\nafter\n{}",
                    proposal.unlisted,
                    documents(&before_of(&proposal)),
                    documents(&after_of(&proposal))
                ),
            }
        })
    }

    pub(super) fn boundary(&self) -> Option<&Document> {
        self.account.principals[0].boundary.map(|at| &self.account.policies[at].document)
    }

    pub(super) fn files(&self, proven: &Proven) -> Vec<EmittedFile> {
        let boundary = self.account.principals[0].boundary.map(|at| &self.account.policies[at]);
        let class_of = |_| "management events".to_owned();
        emit(proven, boundary, EvidenceContext { catalog_version: "test", class_of: &class_of }).unwrap()
    }
}

pub(super) fn before_of(proposal: &Proposal) -> Vec<&Document> {
    proposal.changes.iter().map(|change| &change.before).collect()
}

pub(super) fn after_of(proposal: &Proposal) -> Vec<&Document> {
    proposal.changes.iter().flat_map(|change| &change.after).map(|new| &new.document).collect()
}

pub(super) fn documents(documents: &[&Document]) -> String {
    documents.iter().map(|document| document.emit()).collect()
}

pub(super) const PATTERNS: [&str; 17] = [
    "s3:GetObject",
    "s3:PutObject*",
    "s3:*",
    "s3:Get*",
    "sqs:SendMessage",
    "sqs:*",
    "sqs:S*",
    "s?s:*",
    "?3:Get*",
    "sqs:Receive*",
    "dynamodb:GetItem",
    "dynamodb:*Item",
    "sqs:NewThing",
    "sqs:New*",
    "S3:getobject",
    "sns:*",
    "newservice:DoIt",
];
pub(super) const RESOURCES: [&str; 11] = [
    "*",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::a/x/*",
    "arn:aws:s3:::a/x?",
    "arn:aws:s3:::a/x/1*",
    "arn:aws:sqs:*:111122223333:q",
    "arn:aws:sqs:*:111122223333:*",
    "arn:aws:s3:::a/${aws:username}/*",
    "arn:aws:dynamodb:eu-west-1:111122223333:table/t",
];
/// Service, operation and resource of calls.
pub(super) const SEEN: [(&str, &str, &str); 11] = [
    ("s3", "GetObject", "arn:aws:s3:::a/x/1"),
    ("s3", "GetObject", "arn:aws:s3:::b/1"),
    ("s3", "GetObject", "arn:aws:s3:::a/*"),
    ("s3", "PutObject", "arn:aws:s3:::a/1"),
    ("s3", "DeleteObject", "arn:aws:s3:::b/1"),
    ("sqs", "SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q"),
    ("sqs", "ReceiveMessage", "arn:aws:sqs:eu-west-1:111122223333:r"),
    ("sqs", "PurgeQueue", "arn:aws:sqs:eu-west-1:111122223333:q"),
    ("dynamodb", "GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/t"),
    ("dynamodb", "PutItem", ""),
    ("sqs", "NewThing", ""),
];

/// Objects of which so many are read that they become a wildcard.
pub(super) const CROWD: [&str; 10] = [
    "arn:aws:s3:::a/x/10/k",
    "arn:aws:s3:::a/x/11/k",
    "arn:aws:s3:::a/x/12/k",
    "arn:aws:s3:::a/x/13/k",
    "arn:aws:s3:::a/x/14/k",
    "arn:aws:s3:::a/x/15/k",
    "arn:aws:s3:::a/x/16/k",
    "arn:aws:s3:::a/x/17/k",
    "arn:aws:s3:::a/x/18/k",
    "arn:aws:s3:::a/x/29/k",
];

pub(super) fn statement_of_any_form() -> impl Strategy<Value = Value> {
    let effect = prop_oneof![6 => Just("Allow"), 1 => Just("Deny")];
    let actions = proptest::sample::subsequence(PATTERNS.to_vec(), 1..4);
    let resources = proptest::sample::subsequence(RESOURCES.to_vec(), 1..4);
    (effect, actions, resources, condition(), 0..120u8).prop_map(
        |(effect, actions, resources, condition, form)| {
            let mut statement = json!({"Effect": effect});
            let (action, resource) = match form {
                0 => ("NotAction", "Resource"),
                2..=17 => ("Action", "NotResource"),
                _ => ("Action", "Resource"),
            };
            // Exceptions within a service that must stay whole keep thousands of names: unit tests have them.
            let whole = |pattern: &&str| format!("{}:*", pattern.split(':').next().unwrap());
            statement[action] = match form {
                0 => json!(actions.iter().map(whole).collect::<BTreeSet<_>>()),
                1 => json!("*"),
                _ => json!(actions),
            };
            statement[resource] = json!(resources);
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        },
    )
}

pub(super) fn any_document() -> impl Strategy<Value = Value> {
    let version = select(&[Some("2012-10-17"), Some("2012-10-17"), Some("2008-10-17"), None][..]);
    (version, proptest::collection::vec(statement_of_any_form(), 1..4)).prop_map(|(version, statements)| {
        let mut document = json!({"Statement": statements});
        if let Some(version) = version {
            document["Version"] = json!(version);
        }
        document
    })
}

/// How a principal has a policy: its own, shared, the provider's, or through a group.
pub(super) fn account() -> impl Strategy<Value = Account> {
    let held = (any_document(), 0..5u8, prop::bool::weighted(0.2));
    let boundary = proptest::option::weighted(0.25, any_document());
    (proptest::collection::vec(held, 1..4), boundary).prop_map(|(held, boundary)| {
        let mut policies = Vec::new();
        let mut attachments = Vec::new();
        for (at, (document, how, is_young)) in held.iter().enumerate() {
            let (kind, holders) = match how {
                0 | 1 => (PolicyKind::Inline, 1),
                2 => (PolicyKind::CustomerManaged, 1),
                3 => (PolicyKind::CustomerManaged, 2),
                _ => (PolicyKind::ProviderManaged, 1),
            };
            let group = (*how == 1 || *how == 4).then(|| format!("group-{at}"));
            let mut policy = policy(&format!("p{at}"), kind, holders, document);
            policy.since = is_young.then_some(80 * DAY);
            attachments.push(Attachment { policy: policies.len(), group, since: None });
            policies.push(policy);
        }
        let mut account = role(policies);
        let principal = &mut account.principals[0];
        principal.attachments = attachments;
        if principal.attachments.iter().any(|attachment| attachment.group.is_some()) {
            principal.kind = PrincipalKind::User;
        }
        principal.boundary = boundary.map(|document| {
            account.policies.push(policy("boundary", PolicyKind::CustomerManaged, 0, &document));
            account.policies.len() - 1
        });
        account
    })
}

pub(super) fn calls() -> impl Strategy<Value = Vec<Call>> {
    let outcome = prop_oneof![
        6 => Just(CallOutcome::Use), 3 => Just(CallOutcome::Denied), 1 => Just(CallOutcome::Unknown),
    ];
    let call =
        (select(&SEEN[..]), outcome, 1..9u64, 0..9i64, 0..9i64, prop::bool::weighted(0.8), any::<u64>());
    let call =
        call.prop_map(|((service, operation, resource), outcome, count, first, length, is_known, days)| {
            let resource = Some(resource).filter(|resource| is_known && !resource.is_empty());
            let sample = Some(format!("event-{first}-{count}"));
            call_of(
                (service, operation),
                resource,
                outcome,
                Seen {
                    count: count.into(),
                    first,
                    last: first + length,
                    sample,
                    days: crate::Days::of_words(0, [days]),
                },
            )
        });
    (proptest::collection::vec(call, 0..7), prop::bool::weighted(0.2)).prop_map(|(mut calls, is_crowded)| {
        let crowd = CROWD.iter().filter(|_| is_crowded);
        let read = |key: &&str| call_of(("s3", "GetObject"), Some(key), CallOutcome::Use, seen(2));
        calls.extend(crowd.map(read));
        calls
    })
}

pub(super) fn call_of(
    (service, operation): (&str, &str),
    resource: Option<&str>,
    outcome: CallOutcome,
    seen: Seen,
) -> Call {
    Call {
        service: service.to_owned(),
        operation: operation.to_owned(),
        resources: resource.map(str::to_owned).into_iter().collect(),
        parameters: std::sync::Arc::default(),
        outcome,
        via: None,
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        seen,
    }
}

pub(super) fn worlds() -> impl Strategy<Value = World> {
    let generalise = select(
        &[
            Generalise::Exact,
            Generalise::Templates,
            Generalise::Containers,
            Generalise::Granted,
            Generalise::Tried,
        ][..],
    );
    (account(), calls(), any::<(bool, bool, bool)>(), prop::bool::weighted(0.1), generalise).prop_map(
        |(account, calls, (is_visible, gives_up, retains), is_short, generalise)| {
            let mut coverage = everything_visible();
            if !is_visible {
                coverage.data.clear();
            }
            if is_short {
                coverage.window.end = DAY;
            }
            // Of all other services most is unobservable, and a wildcard of them does not fit.
            let own: &[&str] =
                if gives_up { &["sqs", "dynamodb"] } else { &["s3", "sqs", "dynamodb", "sns"] };
            let services = Catalog::embedded().unwrap().actions().map(|(_, action)| action.service);
            let services = services.filter(|service| !own.contains(service)).map(str::to_owned).collect();
            World { account, calls, coverage, given_up: GivenUp { services }, generalise, retains }
        },
    )
}
