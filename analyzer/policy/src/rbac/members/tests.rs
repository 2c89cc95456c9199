use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use remit_catalog::kubernetes::{Request, Target};

use super::*;
use crate::days::Days;
use crate::usage::{CallOutcome, Count, Seen};

const USERS: [&str; 6] = [
    "system:serviceaccount:a:app",
    "system:serviceaccount:b:app",
    "system:serviceaccount:a",
    "system:node:one",
    "system:anonymous",
    "ann",
];

const GROUPS: [&str; 9] = [
    "system:serviceaccounts",
    "system:serviceaccounts:a",
    "system:serviceaccounts:b",
    "system:authenticated",
    "system:unauthenticated",
    "system:nodes",
    "system:masters",
    "devs",
    MANY,
];

fn call() -> impl Strategy<Value = Call> {
    let groups = btree_set(select(&GROUPS).prop_map(str::to_owned), 0..3);
    let outcomes = vec![CallOutcome::Use, CallOutcome::Use, CallOutcome::Denied, CallOutcome::Unknown];
    (groups, select(&["/a", "/b", "/c"]), select(outcomes), 0_i64..9).prop_map(
        |(groups, url, outcome, first)| Call {
            request: Arc::new(Request { verb: "get".to_owned(), target: Target::Url(url.to_owned()) }),
            groups: Arc::new(groups),
            outcome,
            created: false,
            upgraded: false,
            impersonator: (first == 0).then(|| "ann".to_owned()),
            authorizer: None,
            seen: Seen { count: Count::from(1), first, last: first, sample: None, days: Days::default() },
        },
    )
}

proptest! {
    /// Whom the index leaves out adds nothing to what was done in a group.
    #[test]
    fn a_group_is_of_those_that_it_is_kept_by(calls in vec(vec(call(), 0..5), USERS.len())) {
        let usage: Vec<Usage> = calls.iter().map(Usage::gather).collect();
        let users: Vec<_> = USERS.iter().zip(&usage).map(|(name, usage)| Member::of(name, usage)).collect();
        let members = Members::of(&users);
        for group in GROUPS.iter().filter(|group| **group != MANY) {
            let all = Usage::of_group(group, &users);
            prop_assert_eq!(&Usage::of_group(group, members.in_group(group)), &all, "{}", group);
            prop_assert_eq!(&Usage::of_group(group, users.iter().rev()), &all, "{}", group);
        }
    }
}

/// In which groups a name puts its user, and in which others it may be, is said twice: of users, and of groups.
#[test]
fn who_is_in_a_group_by_name_may_be_in_it() {
    for user in USERS {
        let named = User::named(user, []);
        for group in GROUPS {
            let may = named.is_in(group) || (named.account().is_none() && !is_by_name(group));
            assert_eq!(may_be_in(user, group), may, "{user} in {group}");
        }
    }
}

/// Groups share nobody whom the names of users tell to be in one of them at most.
#[test]
fn groups_share_whom_both_may_have() {
    // Those of the system come with credentials of their own.
    let known = GROUPS.into_iter().filter(|group| !["system:masters", "system:nodes"].contains(group));
    for (group, other) in known.clone().flat_map(|group| known.clone().map(move |other| (group, other))) {
        let somebody = USERS.iter().any(|user| may_be_in(user, group) && may_be_in(user, other));
        assert!(may_share(group, other) || !somebody, "{group} and {other}");
    }
    assert!(!may_share("system:serviceaccounts:a", "system:serviceaccounts:b"));
    assert!(may_share("system:serviceaccounts:a", "system:serviceaccounts"));
    assert!(!may_share("system:serviceaccounts:a", "devs"));
    assert!(!may_share("devs", "system:masters"));
}
