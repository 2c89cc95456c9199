use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::evaluate::{Context, Decision, Request};
use crate::generated::{Features, asks, complete, documents};
use crate::{Document, Matcher, parse};

/// The policies of a document whose statements are these, written without braces.
fn set(statements: &[&str]) -> PolicySet {
    bounded(statements, None)
}

fn document(statements: &[&str]) -> Document {
    let statements: Vec<_> = statements.iter().map(|statement| format!("{{{statement}}}")).collect();
    parse(&format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","))).unwrap()
}

fn bounded(statements: &[&str], boundary: Option<&[&str]>) -> PolicySet {
    PolicySet::new(&[&document(statements)], boundary.map(document).as_ref())
}

fn allow(action: &str, resource: &str) -> String {
    format!(r#""Effect": "Allow", "Action": {action}, "Resource": {resource}"#)
}

fn deny(action: &str, resource: &str) -> String {
    allow(action, resource).replace("Allow", "Deny")
}

fn given(statement: &str, condition: &str) -> String {
    format!(r#"{statement}, "Condition": {{{condition}}}"#)
}

#[track_caller]
fn contained(new: &[&str], old: &[&str]) {
    assert_eq!(contain(&set(new), &set(old)), Ok(()));
    assert_eq!(fully(&set(new), &set(old)), Ok(()));
}

/// Compares every statement by automata, also those that one look would settle.
fn fully(new: &PolicySet, old: &PolicySet) -> Result<(), Counterexample> {
    compare(new, old, &Plain::default(), BUDGET)
}

#[track_caller]
fn gap(new: &[&str], old: &[&str]) -> Gap {
    contain(&set(new), &set(old)).unwrap_err().gap
}

fn first(layer: Layer) -> StatementRef {
    StatementRef { layer, policy: 0, statement: 0 }
}

const ANY: &str = r#""*""#;

#[test]
fn narrower_patterns_are_contained() {
    let all = allow(ANY, ANY);
    let reads = allow(r#"["s3:Get*", "S3:ListBucket"]"#, r#"["arn:aws:s3:::a", "arn:aws:s3:::a/*"]"#);
    let one = allow(r#""s3:GetObject""#, r#""arn:aws:s3:::a/b*""#);
    contained(&[&all], &[&all]);
    contained(&[&reads], &[&all]);
    contained(&[&one], &[&reads]);
    contained(&[&one, &reads], &[&reads]);
    contained(&[], &[&reads]);
    assert_eq!(gap(&[&reads], &[&one]), Gap::NotAllowed);
    assert_eq!(gap(&[&reads], &[]), Gap::NotAllowed);
}

#[test]
fn counterexample_is_concrete() {
    let old = allow(r#"["s3:Get*", "s3:Put*"]"#, r#""arn:aws:s3:::a/*""#);
    let new = allow(r#"["s3:GetObject", "s3:PutObject", "ec2:RunInstances"]"#, r#""arn:aws:s3:::a/*""#);
    let found = contain(&set(&[&new]), &set(&[&old])).unwrap_err();
    assert_eq!(found.statement, first(Layer::Identity));
    assert_eq!(found.action, "ec2:RunInstances");
    assert_eq!(found.resource, "arn:aws:s3:::a/");
    assert_eq!(
        found.to_string(),
        "statement 1 of policy 1 of the new policies allows `ec2:RunInstances` on `arn:aws:s3:::a/`, \
         which no old statement allows"
    );
}

#[test]
fn several_old_statements_cover_together() {
    let get = allow(r#""s3:Get*""#, r#""arn:aws:s3:::a/*""#);
    let put = allow(r#""s3:Put*""#, r#""arn:aws:s3:::*""#);
    let get_bucket = allow(r#""s3:Get*""#, r#"["arn:aws:s3:::a", "arn:aws:s3:::ab*"]"#);
    let new = allow(r#"["s3:GetObject", "s3:PutObject"]"#, r#"["arn:aws:s3:::a", "arn:aws:s3:::a/x"]"#);
    contained(&[&new], &[&get, &put, &get_bucket]);
    assert_eq!(gap(&[&new], &[&get, &put]), Gap::NotAllowed);
}

#[test]
fn complements() {
    let not_iam = r#""Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*""#;
    let narrower =
        r#""Effect": "Allow", "NotAction": ["iam:*", "sts:*", "ec2:*"], "NotResource": "arn:aws:s3:::a""#;
    let read = allow(r#""ec2:Describe*""#, ANY);
    contained(&[not_iam], &[not_iam]);
    contained(&[narrower], &[not_iam]);
    contained(&[&read], &[not_iam]);
    assert_eq!(gap(&[not_iam], &[narrower]), Gap::NotAllowed);
    assert_eq!(gap(&[&allow(r#""iam:Get*""#, ANY)], &[not_iam]), Gap::NotAllowed);
    // Everything is `iam:*` and the rest.
    contained(&[&allow(ANY, ANY)], &[not_iam, &allow(r#"["iam:*", "sts:*"]"#, ANY)]);
    let besides = r#""Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::a/*""#;
    contained(&[&allow(r#""s3:*""#, r#""arn:aws:s3:::b""#)], &[besides]);
    assert_eq!(gap(&[&allow(r#""s3:*""#, r#""arn:aws:s3:::*b""#)], &[besides]), Gap::NotAllowed);
    // An allow and a deny say the same as a complement.
    contained(&[&allow(ANY, ANY), &deny(r#"["iam:*", "sts:*"]"#, ANY)], &[not_iam]);
}

#[test]
fn old_denies_must_stay_where_they_matter() {
    let all = allow(ANY, ANY);
    let secret = deny(r#""s3:*""#, r#""arn:aws:s3:::secret*""#);
    contained(&[&all, &secret], &[&all, &secret]);
    assert_eq!(
        gap(&[&all], &[&all, &secret]),
        Gap::Denied(StatementRef { statement: 1, ..first(Layer::Identity) })
    );
    contained(&[&allow(r#""ec2:*""#, ANY)], &[&all, &secret]);
    contained(&[&allow(r#""s3:*""#, r#""arn:aws:s3:::public*""#)], &[&all, &secret]);
    contained(&[&all, &deny(r#"["s3:*", "iam:*"]"#, r#""*""#)], &[&all, &secret]);
    let partly = deny(r#""s3:Get*""#, r#""arn:aws:s3:::secret*""#);
    assert!(matches!(gap(&[&all, &partly], &[&all, &secret]), Gap::Denied(_)));
}

#[test]
fn conditions_must_be_implied() {
    let region = r#""StringEquals": {"aws:RequestedRegion": "eu-west-1"}"#;
    let regions = r#""StringLike": {"aws:requestedregion": ["eu-*", "us-*"]}"#;
    let ec2 = allow(r#""ec2:*""#, ANY);
    let (narrow, wide) = (given(&ec2, region), given(&ec2, regions));
    contained(&[&narrow], &[&wide]);
    contained(&[&narrow], &[&ec2]);
    let condition = Gap::Condition { statement: first(Layer::Identity), condition: Some(0) };
    assert_eq!(gap(&[&wide], &[&narrow]), condition);
    assert_eq!(gap(&[&ec2], &[&narrow]), condition);
    // A deny under a condition does nothing for requests that do not meet it.
    let denied = given(&deny(r#""ec2:*""#, ANY), region);
    assert!(matches!(gap(&[&ec2], &[&ec2, &denied]), Gap::Denied(_)));
    contained(&[&ec2, &denied], &[&ec2, &denied]);
    contained(&[&ec2, &deny(r#""ec2:*""#, ANY)], &[&ec2, &denied]);
    contained(&[&ec2, &given(&deny(r#""ec2:*""#, ANY), regions)], &[&ec2, &denied]);
    let odd = given(&ec2, r#""Quantum": {"a:b": "c"}"#);
    contained(&[&odd], &[&odd]);
    contained(&[&odd], &[&ec2]);
    assert_eq!(gap(&[&ec2], &[&odd]), condition);
}

#[test]
fn statements_of_other_kinds_of_policy_cover_only_their_like() {
    let plain = allow(r#""sts:AssumeRole""#, ANY);
    let ours = format!(r#"{plain}, "Principal": {{"AWS": "111122223333"}}"#);
    let others = ours.replace("1111", "4444");
    contained(&[&ours], &[&ours]);
    contained(&[&ours], &[&plain]);
    let open = Gap::Condition { statement: first(Layer::Identity), condition: None };
    assert_eq!(gap(&[&plain], &[&ours]), open);
    assert_eq!(gap(&[&others], &[&ours]), open);
    assert_eq!(gap(&[&ours.replace("Principal", "NotPrincipal")], &[&ours]), open);
}

#[test]
fn variables_are_the_same_on_both_sides() {
    let own = allow(r#""s3:*""#, r#""arn:aws:s3:::home/${aws:username}/*""#);
    let home = allow(r#""s3:*""#, r#""arn:aws:s3:::home/*""#);
    contained(&[&own], &[&own]);
    contained(&[&own], &[&home]);
    assert_eq!(gap(&[&home], &[&own]), Gap::NotAllowed);
    let found =
        contain(&set(&[&own]), &set(&[&allow(r#""s3:*""#, r#""arn:aws:s3:::home/a*""#)])).unwrap_err();
    assert_eq!(found.resource, "arn:aws:s3:::home/${aws:username}/");
    let not_own = deny(r#""s3:*""#, r#""arn:aws:s3:::home/${aws:username}/*""#);
    contained(&[&home, &not_own], &[&home, &not_own]);
    assert!(matches!(gap(&[&home], &[&home, &not_own]), Gap::Denied(_)));
    assert!(matches!(
        gap(&[&allow(r#""s3:*""#, r#""arn:aws:s3:::home/ana/x""#)], &[&home, &not_own]),
        Gap::Denied(_)
    ));
    contained(&[&allow(r#""s3:*""#, r#""arn:aws:s3:::away""#)], &[&allow(ANY, ANY), &not_own]);
    let besides =
        r#""Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::home/${aws:username}/*""#;
    contained(&[besides], &[besides]);
    // Without a user name the old statement may not apply at all.
    let away = allow(r#""s3:*""#, r#""arn:aws:s3:::away/*""#);
    assert_eq!(
        gap(&[&away], &[besides]),
        Gap::Condition { statement: first(Layer::Identity), condition: None }
    );
    // Only a user named `x` owns what the second statement leaves out, and the first has that.
    let of_x = allow(r#""s3:*""#, r#""arn:aws:s3:::home/x/*""#);
    let but_x = r#""Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::home/x?""#;
    contained(&[&own], &[&of_x, but_x]);
    assert_eq!(gap(&[&own], &[but_x]), Gap::NotAllowed);
    // In the older version of the language the same text is no variable.
    let older = parse(&document(&[&own]).emit().replace("2012", "2008")).unwrap();
    assert!(contain(&set(&[&own]), &PolicySet::new(&[&older], None)).is_err());
}

#[test]
fn boundaries_bound() {
    let all = allow(ANY, ANY);
    let s3 = allow(r#""s3:*""#, ANY);
    let with = |identity: &str, boundary: &str| bounded(&[identity], Some(&[boundary]));
    assert_eq!(contain(&with(&all, &s3), &set(&[&s3])), Ok(()));
    assert_eq!(contain(&set(&[&s3]), &with(&all, &s3)), Ok(()));
    assert_eq!(contain(&with(&all, &s3), &with(&s3, &all)), Ok(()));
    let found = contain(&set(&[&all]), &with(&all, &s3)).unwrap_err();
    assert_eq!(found.gap, Gap::NotWithinBoundary);
    let bounded_by_condition = given(&all, r#""Bool": {"aws:SecureTransport": "true"}"#);
    assert_eq!(contain(&with(&s3, &bounded_by_condition), &set(&[&bounded_by_condition])), Ok(()));
    assert_eq!(contain(&with(&s3, &bounded_by_condition), &with(&s3, &bounded_by_condition)), Ok(()));
    assert!(contain(&set(&[&s3]), &with(&s3, &bounded_by_condition)).is_err());
    // A boundary that allows nothing leaves nothing to contain.
    assert_eq!(contain(&with(&all, &deny(ANY, ANY)), &set(&[])), Ok(()));
}

#[test]
fn actions_are_taken_as_service_and_name() {
    contained(&[&allow(ANY, ANY)], &[&allow(r#""*:*""#, ANY)]);
    contained(&[&allow(ANY, ANY)], &[&allow(r#"["s3:*", "?*:*"]"#, ANY)]);
    // No action has that name.
    contained(&[&allow(r#"["s3", "s3:", "a:b:c"]"#, ANY)], &[]);
}

#[test]
fn what_stays_is_not_hard() {
    let patterns: Vec<_> = ('a'..='z').map(|one| format!(r#""s3:*{one}*""#)).collect();
    let all: Vec<_> = patterns.iter().map(|pattern| allow(pattern, ANY)).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    let (new, old) = (set(&all), set(&all));
    assert_eq!(contain(&new, &old), Ok(()));
    let hard = compare(&new, &old, &Plain::default(), 100_000).unwrap_err();
    assert_eq!(hard.gap, Gap::Undecided);
}

#[test]
fn too_hard_is_not_contained() {
    let hard: Vec<_> = ('a'..='z').map(|one| format!(r#""*{one}*{one}{one}?{one}*!""#)).collect();
    let old = allow(r#""s3:*""#, &format!("[{}]", hard.join(",")));
    let new = allow(r#""s3:*""#, r#""*?!""#);
    assert!(contain(&set(&[&new]), &set(&[&old])).is_err());
}

/// A document like the old one, with less: fewer statements and patterns, narrower patterns, more denies.
fn narrowed(old: Document) -> impl Strategy<Value = Document> {
    let seeds = prop::collection::vec(any::<u8>(), 24);
    seeds.prop_map(move |seeds| {
        let mut seeds = seeds.into_iter().cycle();
        let mut chance = move |one_in: u8| seeds.next().unwrap_or(0) % one_in == 0;
        let mut new = old.clone();
        new.statements.retain(|statement| statement.effect == Effect::Deny || !chance(3));
        for statement in new.statements.iter_mut().filter(|statement| statement.effect == Effect::Allow) {
            narrow(&mut statement.actions, "s3:GetA", &mut chance);
            if let Some(resources) = &mut statement.resources {
                narrow(resources, "arn:aws:s3:::a/b", &mut chance);
            }
            if chance(8) {
                statement.conditions.pop();
            }
        }
        if chance(12) {
            new.statements.retain(|statement| statement.effect == Effect::Allow);
        }
        new
    })
}

fn narrow(matcher: &mut Matcher, pattern: &str, chance: &mut impl FnMut(u8) -> bool) {
    if matcher.negated {
        if chance(2) {
            matcher.patterns.push(pattern.to_owned());
        }
    } else if chance(3) {
        matcher.patterns = vec![pattern.to_owned()];
    } else if chance(3) && matcher.patterns.len() > 1 {
        matcher.patterns.pop();
    }
    matcher.bare = false;
}

/// An old document and a new one that often is contained in it.
fn pairs(features: Features) -> impl Strategy<Value = (Document, Document)> {
    let related = documents(features).prop_flat_map(|old| (narrowed(old.clone()), Just(old)));
    prop_oneof![1 => (documents(features), documents(features)), 3 => related]
}

/// Every resource of up to four pieces of the patterns' alphabet, and every action of small alphabets.
fn requests() -> Vec<(String, String)> {
    let pieces = ["arn:aws:s3:::", "a", "b", "/", "A"];
    let mut resources = vec!["*".to_owned()];
    for number in 1..625_usize {
        let digits = (0..4).map(|at| number / 5_usize.pow(at) % 5);
        resources.push(digits.map(|digit| pieces[digit]).collect());
    }
    let actions =
        ["s3:GetA", "s3:GetB", "s3:PutA", "s3:Put", "ec2:GetA", "ec2:PutB", "eb:GetB", "x:GetA", "x:y"];
    let actions = actions.iter().map(|action| (*action).to_owned());
    actions
        .flat_map(|action| resources.iter().map(move |resource| (action.clone(), resource.clone())))
        .collect()
}

fn decide(set: &PolicySet, action: &str, resource: &str, context: &Context) -> Decision {
    set.evaluate(&Request { action, resource, context }).decision
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Without conditions and variables the answer is exact, so both answers are checked: the counterexample is
    /// one, and where there is none no request out of several thousand is one.
    #[test]
    fn answers_without_conditions_are_exact((new, old) in pairs(Features::PLAIN), from in any::<prop::sample::Index>()) {
        let (new, old) = (PolicySet::new(&[&new], None), PolicySet::new(&[&old], None));
        let context = Context::complete();
        let is_wider = |action: &str, resource: &str| {
            decide(&new, action, resource, &context) == Decision::Allowed
                && decide(&old, action, resource, &context) != Decision::Allowed
        };
        // What `*` asks of a pattern such as `arn:aws:s3:::*` is not judged, so it contradicts nothing.
        let is_surely_wider = |action: &str, resource: &str| {
            is_wider(action, resource)
                && decide(&old, action, resource, &context) != Decision::Undetermined
        };
        prop_assert_eq!(contain(&new, &old).is_ok(), fully(&new, &old).is_ok());
        match contain(&new, &old) {
            Ok(()) => {
                let requests = requests();
                let from = from.index(requests.len());
                for (action, resource) in requests.iter().cycle().skip(from).take(800) {
                    prop_assert!(!is_surely_wider(action, resource), "{} {}", action, resource);
                }
            }
            Err(found) => prop_assert!(is_wider(&found.action, &found.resource), "{}", found),
        }
    }

    #[test]
    fn answers_with_boundaries_are_exact(
        (new, old) in pairs(Features::PLAIN),
        (new_boundary, old_boundary) in pairs(Features::PLAIN),
        (is_new_bounded, is_old_bounded) in any::<(bool, bool)>(),
        picks in prop::collection::vec(select(requests()), 100),
    ) {
        let new = PolicySet::new(&[&new], is_new_bounded.then_some(&new_boundary));
        let old = PolicySet::new(&[&old], is_old_bounded.then_some(&old_boundary));
        let context = Context::complete();
        let is_wider = |action: &str, resource: &str| {
            decide(&new, action, resource, &context) == Decision::Allowed
                && decide(&old, action, resource, &context) != Decision::Allowed
        };
        // What `*` asks of a pattern such as `arn:aws:s3:::*` is not judged, so it contradicts nothing.
        let is_surely_wider = |action: &str, resource: &str| {
            is_wider(action, resource)
                && decide(&old, action, resource, &context) != Decision::Undetermined
        };
        prop_assert_eq!(contain(&new, &old).is_ok(), fully(&new, &old).is_ok());
        match contain(&new, &old) {
            Ok(()) => {
                for (action, resource) in picks {
                    prop_assert!(!is_surely_wider(&action, &resource), "{} {}", action, resource);
                }
            }
            Err(found) => prop_assert!(is_wider(&found.action, &found.resource), "{}", found),
        }
    }

    /// With conditions and variables: what is contained is never contradicted by a request.
    #[test]
    fn contained_policies_allow_no_more(
        (new, old) in pairs(Features::ALL),
        asks in prop::collection::vec(asks(), 60),
    ) {
        let (new, old) = (PolicySet::new(&[&new], None), PolicySet::new(&[&old], None));
        prop_assert_eq!(contain(&new, &old).is_ok(), fully(&new, &old).is_ok());
        if contain(&new, &old).is_ok() {
            for (action, resource, known) in asks {
                let context = complete(&known);
                if decide(&new, action, resource, &context) == Decision::Allowed {
                    let decision = decide(&old, action, resource, &context);
                    prop_assert_eq!(decision, Decision::Allowed, "{} {} {:?}", action, resource, known);
                }
            }
        }
    }

    #[test]
    fn every_policy_contains_itself(document in documents(Features::ALL)) {
        let set = PolicySet::new(&[&document], None);
        prop_assert_eq!(contain(&set, &set), Ok(()));
        prop_assert_eq!(fully(&set, &set), Ok(()));
    }
}

#[test]
fn generated_pairs_meet_both_answers() {
    let mut runner = TestRunner::deterministic();
    let mut contained = 0;
    for _ in 0..500 {
        let (new, old) = pairs(Features::ALL).new_tree(&mut runner).unwrap().current();
        let (new, old) = (PolicySet::new(&[&new], None), PolicySet::new(&[&old], None));
        contained += u32::from(contain(&new, &old).is_ok());
    }
    assert!((100..400).contains(&contained), "{contained}");
}
