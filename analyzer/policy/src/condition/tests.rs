use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::evaluate::{Context, ContextValue};
use crate::generated::{asks, complete, conditions};

fn test(operator: &str, value: Value) -> Test {
    let values = value.as_array().cloned().unwrap_or_else(|| vec![value]);
    let condition =
        Condition { operator: operator.to_owned(), key: "aws:Key".to_owned(), values, bare: false };
    Test::new(&condition, true)
}

/// Whether a condition holds for these values of its key.
fn holds(operator: &str, value: Value, values: &[&str]) -> Truth {
    let mut context = Context::complete().with("aws:username", "ana");
    context.set("AWS:KEY", ContextValue::Known(values.iter().map(|value| (*value).to_owned()).collect()));
    test(operator, value).holds(&context)
}

#[track_caller]
fn yes(operator: &str, value: Value, values: &[&str]) {
    assert_eq!(holds(operator, value, values), Truth::True);
}

#[track_caller]
fn no(operator: &str, value: Value, values: &[&str]) {
    assert_eq!(holds(operator, value, values), Truth::False);
}

#[track_caller]
fn unknown(operator: &str, value: Value, values: &[&str]) {
    assert_eq!(holds(operator, value, values), Truth::Unknown);
}

#[test]
fn strings() {
    yes("StringEquals", json!("a*"), &["a*"]);
    no("StringEquals", json!("a*"), &["ab"]);
    no("StringEquals", json!("a"), &["A"]);
    yes("StringEquals", json!(["b", "a"]), &["a"]);
    yes("StringEquals", json!("x-${aws:username}"), &["x-ana"]);
    yes("StringEquals", json!(true), &["true"]);
    yes("StringEqualsIgnoreCase", json!("aB"), &["Ab"]);
    yes("StringNotEquals", json!(["a", "b"]), &["c"]);
    no("StringNotEquals", json!(["a", "b"]), &["b"]);
    yes("stringlike", json!("a?c*"), &["abcd"]);
    no("StringNotLike", json!("a*"), &["abc"]);
    no("StringEquals", json!("${aws:userid}"), &["${aws:userid}"]);
    yes("StringNotEquals", json!("${aws:userid}"), &["a"]);
    yes("StringEquals", json!("${aws:userid, 'none'}"), &["none"]);
}

#[test]
fn keys_without_value() {
    no("StringEquals", json!("a"), &[]);
    yes("StringNotEquals", json!("a"), &[]);
    yes("StringEqualsIfExists", json!("a"), &[]);
    yes("Null", json!("true"), &[]);
    no("Null", json!(true), &["a"]);
    yes("Null", json!("false"), &["a"]);
    yes("ForAllValues:StringEquals", json!("a"), &[]);
    no("ForAnyValue:StringEquals", json!("a"), &[]);
    no("ForAnyValue:StringNotEquals", json!("a"), &[]);
    unknown("ForAnyValue:StringEqualsIfExists", json!("a"), &[]);
}

#[test]
fn several_values() {
    yes("ForAllValues:StringEquals", json!(["a", "b"]), &["a", "b"]);
    no("ForAllValues:StringEquals", json!(["a", "b"]), &["a", "c"]);
    yes("ForAnyValue:StringEquals", json!(["a", "b"]), &["c", "a"]);
    no("ForAnyValue:StringEquals", json!(["a", "b"]), &["c"]);
    yes("ForAnyValue:StringNotEquals", json!("a"), &["a", "b"]);
    no("ForAllValues:StringNotEquals", json!("a"), &["a", "b"]);
    unknown("StringEquals", json!("a"), &["a", "b"]);
}

#[test]
fn numbers_are_exact() {
    yes("NumericEquals", json!("1.50"), &["01.5"]);
    yes("NumericEquals", json!(0), &["-0.0"]);
    no("NumericEquals", json!("9007199254740993"), &["9007199254740992"]);
    yes("NumericLessThan", json!(["5", "10"]), &["7"]);
    no("NumericLessThan", json!("-2"), &["-1.5"]);
    yes("NumericGreaterThanEquals", json!("-2"), &["-2"]);
    yes("NumericLessThan", json!("10"), &["9.99"]);
    yes("NumericGreaterThan", json!("1.05"), &["1.5"]);
    unknown("NumericEquals", json!("1"), &["many"]);
    unknown("NumericEquals", json!("1e3"), &["1000"]);
}

#[test]
fn dates() {
    yes("DateEquals", json!("2020-04-01T00:00:00Z"), &["2020-04-01"]);
    yes("DateEquals", json!("2020-04-01T02:00:00+02:00"), &["2020-04-01"]);
    yes("DateEquals", json!("2020-04"), &["1585699200"]);
    yes("DateGreaterThan", json!("2020-04-01T00:00:00.5Z"), &["2020-04-01T00:00:01Z"]);
    no("DateLessThan", json!("2020-04-01"), &["2020-04-01"]);
    yes("DateLessThanEquals", json!("2020-04-01"), &["2020-04-01"]);
    yes("DateNotEquals", json!("2020-04-01"), &["2020-04-02"]);
    // A year, or seconds? Seconds, or milliseconds?
    unknown("DateLessThan", json!("2020"), &["2020-04-01"]);
    unknown("DateLessThan", json!("1585699200000"), &["2020-04-01"]);
    unknown("DateLessThan", json!("2020-04-01T00:00:00"), &["2020-04-01"]);
}

#[test]
fn addresses() {
    yes("IpAddress", json!("203.0.113.0/24"), &["203.0.113.255"]);
    no("IpAddress", json!("203.0.113.0/24"), &["203.0.114.0"]);
    yes("IpAddress", json!("0.0.0.0/0"), &["255.255.255.255"]);
    no("IpAddress", json!("0.0.0.0/0"), &["::1"]);
    yes("IpAddress", json!(["10.0.0.1", "2001:DB8::/32"]), &["2001:db8:ffff::1"]);
    yes("IpAddress", json!("::/0"), &["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]);
    no("NotIpAddress", json!("10.0.0.1/8"), &["10.255.0.1"]);
    yes("NotIpAddress", json!("10.0.0.0/8"), &["::1"]);
    unknown("IpAddress", json!("10.0.0.0/33"), &["10.0.0.1"]);
    unknown("IpAddress", json!("10.0.0.0/8"), &["cloudformation.amazonaws.com"]);
}

#[test]
fn arns_are_matched_part_by_part() {
    yes("ArnLike", json!("arn:aws:iam::*:role/*"), &["arn:aws:iam::111122223333:role/a:b/c"]);
    no("ArnLike", json!("arn:aws:*:role/*:x:y"), &["arn:aws:iam::1:role/role/a:x:y"]);
    yes("ArnEquals", json!("arn:aws:iam::1:user/${aws:username}"), &["arn:aws:iam::1:user/ana"]);
    no("ArnNotLike", json!("arn:aws:iam::1:*"), &["arn:aws:iam::1:user/ana"]);
    unknown("ArnLike", json!("*"), &["arn:aws:iam::1:user/ana"]);
    unknown("ArnLike", json!("arn:aws:iam::1:*"), &["ana"]);
}

#[test]
fn bool_and_binary() {
    yes("Bool", json!("TRUE"), &["true"]);
    no("Bool", json!(false), &["true"]);
    unknown("Bool", json!("yes"), &["true"]);
    yes("BinaryEquals", json!("QmluYXJ5"), &["QmluYXJ5"]);
    no("BinaryEquals", json!("QmluYXJ5"), &["qmluyxj5"]);
}

#[test]
fn what_is_not_understood_is_not_judged() {
    unknown("StringResembles", json!("a"), &["a"]);
    unknown("ForSomeValues:StringEquals", json!("a"), &["a"]);
    unknown("NullIfExists", json!("true"), &[]);
    unknown("StringEquals", json!([]), &["a"]);
    unknown("NumericNotLessThan", json!("1"), &["2"]);
}

#[test]
fn implication() {
    let implies = |one: (&str, Value), two: (&str, Value)| test(one.0, one.1).implies(&test(two.0, two.1));
    let holds = [
        (("StringEquals", json!("a")), ("StringEquals", json!(["b", "a"]))),
        (("StringEquals", json!("ab")), ("StringLike", json!("a*"))),
        (("StringEquals", json!("AB")), ("StringEqualsIgnoreCase", json!("ab"))),
        (("StringLike", json!("ab*")), ("StringLike", json!(["a*", "c"]))),
        (("StringNotEquals", json!(["a", "b"])), ("StringNotEquals", json!("a"))),
        (("StringNotLike", json!("a*")), ("StringNotEquals", json!("ab"))),
        (("StringEquals", json!("${aws:username}")), ("StringLike", json!("*"))),
        (("StringEquals", json!("${aws:username}")), ("StringEqualsIgnoreCase", json!("${aws:username}"))),
        (("StringEquals", json!("a")), ("StringEqualsIfExists", json!("a"))),
        (("ForAllValues:StringEquals", json!("a")), ("ForAllValues:StringNotEquals", json!("b"))),
        (("ForAnyValue:StringEquals", json!("a")), ("ForAnyValue:StringLike", json!("?"))),
        (("StringEquals", json!("a")), ("Null", json!("false"))),
        (("Null", json!("true")), ("StringEqualsIfExists", json!("a"))),
        (("Null", json!("true")), ("StringNotEquals", json!("a"))),
        (("NumericLessThan", json!("5")), ("NumericLessThanEquals", json!("5"))),
        (("NumericEquals", json!(["1", "2"])), ("NumericLessThan", json!("3"))),
        (("NumericNotEquals", json!(["5", "6"])), ("NumericNotEquals", json!("5"))),
        (("ForAnyValue:NumericGreaterThan", json!("5")), ("ForAnyValue:NumericNotEquals", json!("5"))),
        (("DateGreaterThan", json!("2021-01-01")), ("DateGreaterThan", json!("2020-01-01T00:00:00Z"))),
        (("IpAddress", json!("10.1.0.0/16")), ("IpAddress", json!("10.0.0.0/8"))),
        (("IpAddress", json!("10.0.0.0/8")), ("IpAddress", json!(["10.0.0.0/9", "10.128.0.0/9"]))),
        (("NotIpAddress", json!("10.0.0.0/8")), ("NotIpAddress", json!("10.1.0.0/16"))),
        (("ArnEquals", json!("arn:aws:iam::1:role/a")), ("ArnLike", json!("arn:aws:iam::*:role/*"))),
        (
            ("ArnLike", json!("arn:aws:iam::1:user/${aws:username}")),
            ("arnlike", json!("arn:aws:iam::1:user/${aws:username}")),
        ),
        (("Bool", json!("true")), ("Bool", json!(["true", "false"]))),
        (("BinaryEquals", json!("YQ==")), ("BinaryEquals", json!(["YQ==", "Yg=="]))),
        (("StringResembles", json!(["a", "b"])), ("stringResembles", json!(["b", "a"]))),
        (("ForAnyValue:StringEqualsIfExists", json!("a")), ("ForAnyValue:StringEqualsIfExists", json!("a"))),
    ];
    for (one, two) in holds {
        assert!(implies(one.clone(), two.clone()), "{one:?} {two:?}");
    }
    let fails = [
        (("StringEqualsIfExists", json!("a")), ("StringEquals", json!("a"))),
        (("StringLike", json!("a*")), ("StringEquals", json!("ab"))),
        (("StringEqualsIgnoreCase", json!("ab")), ("StringEquals", json!("ab"))),
        (("StringNotEquals", json!("a")), ("StringNotEquals", json!(["a", "b"]))),
        // The key may have both values, and which of them counts then is not documented.
        (("StringEquals", json!("a")), ("StringNotEquals", json!("b"))),
        (("NumericEquals", json!("6")), ("NumericNotEquals", json!("5"))),
        (("NumericNotEquals", json!("5")), ("NumericLessThan", json!("5"))),
        (("DateEquals", json!("2021-01-01")), ("DateNotEquals", json!("2020-01-01"))),
        (("IpAddress", json!("10.0.0.1")), ("NotIpAddress", json!("10.0.0.2"))),
        (("ArnEquals", json!("arn:aws:iam::1:user/a")), ("ArnNotEquals", json!("arn:aws:iam::1:user/b"))),
        (("StringNotEquals", json!("a")), ("Null", json!("false"))),
        (("ForAllValues:StringEquals", json!("a")), ("ForAnyValue:StringEquals", json!("a"))),
        (("ForAllValues:StringEquals", json!("a")), ("Null", json!("false"))),
        (("ForAllValues:StringEquals", json!("a")), ("StringEquals", json!("a"))),
        (("StringEquals", json!("${aws:username}")), ("StringEquals", json!("${aws:userid}"))),
        (("StringNotEquals", json!("a")), ("StringNotEquals", json!("${aws:username}"))),
        (
            ("StringNotEquals", json!("${aws:username}")),
            ("StringNotEqualsIgnoreCase", json!("${aws:username}")),
        ),
        (("StringEqualsIgnoreCase", json!("${aws:username}")), ("StringEquals", json!("${aws:username}"))),
        (("NumericLessThanEquals", json!("5")), ("NumericLessThan", json!("5"))),
        (("IpAddress", json!("10.0.0.0/8")), ("IpAddress", json!("10.1.0.0/16"))),
        (
            ("ArnLike", json!("arn:aws:iam::1:user/*")),
            ("ArnLike", json!("arn:aws:iam::1:user/${aws:username}")),
        ),
        (("StringResembles", json!("a")), ("StringResembles", json!(["a", "b"]))),
        (("NumericEquals", json!("one")), ("NumericEquals", json!(["one", "2"]))),
        (("Bool", json!("true")), ("Bool", json!("false"))),
    ];
    for (one, two) in fails {
        assert!(!implies(one.clone(), two.clone()), "{one:?} {two:?}");
    }
}

#[test]
fn implication_is_of_the_same_key_and_language() {
    let condition = |key: &str| Condition {
        operator: "StringEquals".to_owned(),
        key: key.to_owned(),
        values: vec![json!("${aws:username}")],
        bare: true,
    };
    let test = |key, variables| Test::new(&condition(key), variables);
    assert!(test("aws:a", true).implies(&test("AWS:A", true)));
    assert!(!test("aws:a", true).implies(&test("aws:b", true)));
    assert!(!test("aws:a", true).implies(&test("aws:a", false)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn implied_conditions_hold(
        one in conditions(true),
        two in conditions(true),
        older in any::<bool>(),
        asks in prop::collection::vec(asks(), 20),
    ) {
        // The same key and family make implications that are not trivial likely.
        let two = Condition { key: one.key.clone(), ..two };
        let (one, two) = (Test::new(&one, !older), Test::new(&two, true));
        if one.implies(&two) {
            for (.., known) in asks {
                let context = complete(&known);
                if one.holds(&context) == Truth::True {
                    prop_assert_eq!(two.holds(&context), Truth::True, "{:?}", known);
                }
            }
        }
    }
}
