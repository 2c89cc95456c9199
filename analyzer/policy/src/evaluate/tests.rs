use proptest::prelude::*;

use super::*;
use crate::generated::{Features, asks, complete, documents};
use crate::{Glob, parse, reference};

fn set(identity: &[&str], boundary: Option<&str>) -> PolicySet {
    let identity: Vec<_> = identity.iter().map(|text| parse(text).unwrap()).collect();
    let boundary = boundary.map(|text| parse(text).unwrap());
    PolicySet::new(&identity.iter().collect::<Vec<_>>(), boundary.as_ref())
}

fn statement(effect: &str, rest: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "{effect}", {rest}}}]}}"#)
}

fn ask(set: &PolicySet, action: &str, resource: &str, context: &Context) -> Decision {
    set.evaluate(&Request { action, resource, context }).decision
}

#[test]
fn explicit_deny_overrides_and_silence_denies() {
    let allow = statement("Allow", r#""Action": "s3:*", "Resource": "*""#);
    let deny = statement("Deny", r#""Action": "s3:Put*", "Resource": "arn:aws:s3:::a/*""#);
    let set = set(&[&allow, &deny], None);
    let context = Context::unknown();
    assert_eq!(ask(&set, "S3:getobject", "arn:aws:s3:::a/b", &context), Decision::Allowed);
    assert_eq!(ask(&set, "s3:PutObject", "arn:aws:s3:::a/b", &context), Decision::DeniedExplicitly);
    assert_eq!(ask(&set, "s3:PutObject", "arn:aws:s3:::b/b", &context), Decision::Allowed);
    assert_eq!(ask(&set, "ec2:RunInstances", "*", &context), Decision::DeniedImplicitly);
    let denied =
        set.evaluate(&Request { action: "s3:PutObject", resource: "arn:aws:s3:::a/b", context: &context });
    assert_eq!(denied.determining, [StatementRef { layer: Layer::Identity, policy: 1, statement: 0 }]);
}

#[test]
fn boundary_must_allow_too_and_names_its_statement() {
    let allow = statement("Allow", r#""Action": "*", "Resource": "*""#);
    let bound = statement("Allow", r#""NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret*""#);
    let set = set(&[&allow], Some(&bound));
    let context = Context::unknown();
    assert_eq!(ask(&set, "iam:CreateUser", "*", &context), Decision::DeniedImplicitly);
    assert_eq!(ask(&set, "s3:GetObject", "arn:aws:s3:::secrets/x", &context), Decision::DeniedImplicitly);
    let allowed =
        set.evaluate(&Request { action: "s3:GetObject", resource: "arn:aws:s3:::x", context: &context });
    assert_eq!(allowed.decision, Decision::Allowed);
    assert_eq!(
        allowed.determining.iter().map(|one| one.layer).collect::<Vec<_>>(),
        [Layer::Identity, Layer::Boundary]
    );
}

#[test]
fn what_is_not_known_is_undetermined_and_named() {
    let allow = statement(
        "Allow",
        r#""Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"},
            "StringEquals": {"aws:RequestedRegion": "eu-west-1"}}"#,
    );
    let set = set(&[&allow], None);
    let context = Context::unknown().with("aws:securetransport", "true");
    let request = Request { action: "s3:GetObject", resource: "arn:aws:s3:::a", context: &context };
    let evaluation = set.evaluate(&request);
    assert_eq!(evaluation.decision, Decision::Undetermined);
    let statement = StatementRef { layer: Layer::Identity, policy: 0, statement: 0 };
    assert_eq!(evaluation.undetermined, [Unknown { statement, condition: Some(1) }]);
    let context = context.with("aws:RequestedRegion", "us-east-1");
    assert_eq!(ask(&set, "s3:GetObject", "arn:aws:s3:::a", &context), Decision::DeniedImplicitly);
}

#[test]
fn unknown_deny_leaves_an_allow_open_but_not_a_denial() {
    let allow = statement("Allow", r#""Action": "s3:Get*", "Resource": "*""#);
    let deny =
        statement("Deny", r#""Action": "s3:*", "Resource": "*", "Condition": {"Quantum": {"aws:x": "y"}}"#);
    let set = set(&[&allow, &deny], None);
    let context = Context::complete();
    assert_eq!(ask(&set, "s3:GetObject", "arn:aws:s3:::a", &context), Decision::Undetermined);
    assert_eq!(ask(&set, "s3:PutObject", "arn:aws:s3:::a", &context), Decision::DeniedImplicitly);
}

#[test]
fn variables_take_the_context_values() {
    let allow = statement("Allow", r#""Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*""#);
    let own = set(&[&allow], None);
    let ana = Context::complete().with("aws:username", "ana");
    assert_eq!(ask(&own, "s3:GetObject", "arn:aws:s3:::home/ana/x", &ana), Decision::Allowed);
    assert_eq!(ask(&own, "s3:GetObject", "arn:aws:s3:::home/bob/x", &ana), Decision::DeniedImplicitly);
    let star = Context::complete().with("aws:username", "*");
    assert_eq!(ask(&own, "s3:GetObject", "arn:aws:s3:::home/bob/x", &star), Decision::DeniedImplicitly);
    let absent = Context::complete();
    assert_eq!(ask(&own, "s3:GetObject", "arn:aws:s3:::home/bob/x", &absent), Decision::DeniedImplicitly);
    let unknown = Context::unknown();
    assert_eq!(ask(&own, "s3:GetObject", "arn:aws:s3:::home/bob/x", &unknown), Decision::Undetermined);
    assert_eq!(ask(&own, "s3:GetObject", "arn:aws:s3:::away/bob/x", &unknown), Decision::DeniedImplicitly);
    // The older version of the language has no variables.
    let older = set(&[&allow.replace("2012", "2008")], None);
    assert_eq!(ask(&older, "s3:GetObject", "arn:aws:s3:::home/ana/x", &ana), Decision::DeniedImplicitly);
    let literal = "arn:aws:s3:::home/${aws:username}/x";
    assert_eq!(ask(&older, "s3:GetObject", literal, &ana), Decision::Allowed);
}

#[test]
fn actions_without_resource_need_a_star() {
    let granted = |resource: &str| {
        set(&[&statement("Allow", &format!(r#""Action": "*", "Resource": "{resource}""#))], None)
    };
    let decide = |resource| ask(&granted(resource), "s3:ListAllMyBuckets", "*", &Context::complete());
    assert_eq!(decide("*"), Decision::Allowed);
    assert_eq!(decide("arn:aws:s3:::bucket*"), Decision::DeniedImplicitly);
    assert_eq!(decide("arn:aws:logs:*:*:log-group:*"), Decision::DeniedImplicitly);
    for whole in ["arn:aws:s3:::*", "arn:aws:s3:*", "arn:aws:ec2:*:*:*", "arn:aws:*"] {
        assert_eq!(decide(whole), Decision::Undetermined, "{whole}");
    }
}

#[test]
fn not_resource_without_value_is_not_judged() {
    let allow = statement("Allow", r#""Action": "s3:*", "NotResource": "arn:aws:s3:::home/${aws:username}""#);
    let set = set(&[&allow], None);
    let decide = |context: Context| ask(&set, "s3:GetObject", "arn:aws:s3:::away", &context);
    assert_eq!(decide(Context::complete().with("aws:username", "ana")), Decision::Allowed);
    assert_eq!(decide(Context::complete()), Decision::Undetermined);
    assert_eq!(decide(Context::unknown()), Decision::Undetermined);
    assert_eq!(decide(Context::complete().with("aws:username", "")), Decision::Undetermined);
}

#[test]
fn statements_that_no_identity_policy_can_have_are_not_judged() {
    let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"}}}"#;
    let set = set(&[trust], None);
    assert_eq!(ask(&set, "sts:AssumeRole", "*", &Context::complete()), Decision::Undetermined);
}

#[test]
fn compiled_statement_tells_how_resources_lie() {
    let text = statement(
        "Allow",
        r#""Action": ["s3:Get*", "EC2:*"], "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::${aws:username}"]"#,
    );
    let document = parse(&text).unwrap();
    let statement = CompiledStatement::of(&document, 0).unwrap();
    assert!(statement.covers_action("s3:GetObject") && statement.covers_action("ec2:runinstances"));
    assert!(!statement.covers_action("s3:PutObject"));
    let relation = |text| statement.resource_relation(&Glob::resource(text));
    assert_eq!(relation("arn:aws:s3:::a/b"), Relation::Contains);
    assert_eq!(relation("arn:aws:s3:::a/b*"), Relation::Contains);
    assert_eq!(relation("arn:aws:s3:::${aws:username}"), Relation::Contains);
    assert_eq!(relation("arn:aws:s3:::a*"), Relation::Intersects);
    assert_eq!(relation("arn:aws:s3:::x"), Relation::Intersects);
    assert_eq!(relation("arn:aws:sqs:eu-west-1:1:q"), Relation::Disjoint);
    let text = text.replace("Resource", "NotResource");
    let document = parse(&text).unwrap();
    let statement = CompiledStatement::of(&document, 0).unwrap();
    let relation = |text| statement.resource_relation(&Glob::resource(text));
    assert_eq!(relation("arn:aws:s3:::a/b"), Relation::Disjoint);
    assert_eq!(relation("arn:aws:s3:::a*"), Relation::Intersects);
    assert_eq!(relation("arn:aws:sqs:eu-west-1:1:q"), Relation::Contains);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// 20,000 requests: 2,000 pairs of documents, ten requests each.
    #[test]
    fn reference_evaluator_agrees(
        identity in prop::collection::vec(documents(Features::ALL), 1..3),
        boundary in prop::option::weighted(0.3, documents(Features::ALL)),
        asks in prop::collection::vec(asks(), 10),
    ) {
        let identity: Vec<_> = identity.iter().collect();
        let set = PolicySet::new(&identity, boundary.as_ref());
        for (action, resource, known) in asks {
            let context = complete(&known);
            let evaluation = set.evaluate(&Request { action, resource, context: &context });
            let expected = reference::decide(&identity, boundary.as_ref(), action, resource, &known);
            prop_assert_eq!(evaluation.decision, expected, "{} {} {:?}", action, resource, known);
            let has_reason = !evaluation.determining.is_empty();
            prop_assert_eq!(has_reason, matches!(expected, Decision::Allowed | Decision::DeniedExplicitly));
            prop_assert_eq!(evaluation.undetermined.is_empty(), expected != Decision::Undetermined);
        }
    }

    /// What is decided with less knowledge stays so with more.
    #[test]
    fn knowing_more_changes_no_decision(document in documents(Features::ALL), ask in asks()) {
        let set = PolicySet::new(&[&document], None);
        let (action, resource, known) = ask;
        let full = complete(&known);
        let decided = set.evaluate(&Request { action, resource, context: &full }).decision;
        for hidden in known.keys() {
            let mut partial = full.clone();
            partial.set(hidden, ContextValue::Unknown);
            let before = set.evaluate(&Request { action, resource, context: &partial }).decision;
            let is_denial = |decision| matches!(decision, Decision::DeniedExplicitly | Decision::DeniedImplicitly);
            prop_assert!(
                before == Decision::Undetermined || before == decided || (is_denial(before) && is_denial(decided)),
                "{:?} then {:?}", before, decided
            );
        }
    }
}

#[test]
fn generated_requests_meet_every_decision() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..2_000 {
        let document = documents(Features::ALL).new_tree(&mut runner).unwrap().current();
        let (action, resource, known) = asks().new_tree(&mut runner).unwrap().current();
        let context = complete(&known);
        let set = PolicySet::new(&[&document], None);
        let decision = set.evaluate(&Request { action, resource, context: &context }).decision;
        *counts.entry(format!("{decision:?}")).or_insert(0) += 1;
    }
    println!("{counts:?}");
    assert_eq!(counts.len(), 4, "{counts:?}");
    assert!(counts.values().all(|count| *count >= 100), "{counts:?}");
}
