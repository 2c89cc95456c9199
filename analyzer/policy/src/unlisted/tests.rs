use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const PATTERNS: &[&str] = &[
    "*",
    "*:*",
    "s3:*",
    "S3:*",
    "s3:New*",
    "s3:NewThing",
    "S3:newthing",
    "s3:*Thing",
    "s*:New*",
    "*:New*",
    "?3:*",
    "ec2:*",
    "ec2:NewThing",
    "e*2:*",
    "s3:?ew*",
];
const NAMES: &[&str] = &["*", "s3:*", "s3:New*", "s3:NewThing", "ec2:*", "ec2:Old", "sqs:*"];
const ACTIONS: &[&str] = &[
    "s3:NewThing",
    "s3:NewOther",
    "s3:OldThing",
    "s3:New",
    "ec2:NewThing",
    "ec2:Old",
    "sqs:Send",
    "a:NewThing",
];

fn element(negated: bool, patterns: &[&str]) -> Matcher {
    Matcher { negated, patterns: patterns.iter().map(ToString::to_string).collect(), bare: false }
}

fn is_named(element: &Matcher, action: &str) -> bool {
    element.patterns.iter().any(|pattern| Glob::action(pattern).matches(action)) != element.negated
}

#[test]
fn a_service_is_cut_out_of_wildcards() {
    let cut = |patterns: &[&str]| {
        shared(&element(false, patterns), "s3:*").map(|found| found.into_iter().collect())
    };
    let cases = [
        (vec!["*"], Some(vec!["s3:*"])),
        (vec!["s3:New*", "ec2:*"], Some(vec!["s3:New*"])),
        (vec!["*:Get*"], Some(vec!["s3:Get*"])),
        (vec!["ec2:*"], Some(vec![])),
        // The provider takes no such pattern, and no other names the part of it.
        (vec!["s*g"], None),
    ];
    for (patterns, expected) in cases {
        let expected = expected.map(|found| found.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(cut(&patterns), expected, "{patterns:?}");
    }
    let but = |patterns: &[&str]| shared(&element(true, patterns), "s3:*");
    assert_eq!(but(&["ec2:*"]), Some(BTreeSet::from(["s3:*".to_owned()])));
    assert_eq!(but(&["s*"]), Some(BTreeSet::new()));
    assert_eq!(but(&["s3:Get*"]), None);
    assert!(!meets("*:Get*", "s3:New*"));
}

proptest! {
    #[test]
    fn what_is_shared_is_named_by_both(
        negated in any::<bool>(),
        patterns in prop::collection::vec(select(PATTERNS), 1..4),
        names in select(NAMES),
    ) {
        let element = element(negated, &patterns);
        let is_whole = names_all(&element, names);
        for action in ACTIONS.iter().filter(|action| Glob::action(names).matches(action)) {
            if let Some(shared) = shared(&element, names) {
                let is_shared = shared.iter().any(|pattern| Glob::action(pattern).matches(action));
                prop_assert_eq!(is_shared, is_named(&element, action), "{}", action);
            }
            prop_assert!(!is_whole || is_named(&element, action), "{}", action);
        }
    }
}
