use super::*;

#[test]
fn kinds_are_told_by_every_type_in_an_arn() {
    let table = |rest: &str| format!("arn:aws:dynamodb:eu-west-1:1:table/{rest}");
    let cases = [
        (table("a"), table("b"), true),
        (table("a"), table("a/index/i"), false),
        (table("a/index/i"), table("a/index/j"), true),
        (table("a/index/i"), table("a/stream/i"), false),
        ("arn:aws:s3:::bucket/a/b".to_owned(), "arn:aws:s3:::other/c".to_owned(), true),
        ("arn:aws:s3:::bucket/a".to_owned(), "arn:aws:s3:::bucket".to_owned(), false),
        ("arn:aws:sns:eu-west-1:1:a".to_owned(), "arn:aws:sns:eu-west-1:1:b".to_owned(), true),
        ("arn:aws:sns:eu-west-1:1:a".to_owned(), "arn:aws:sqs:eu-west-1:1:a".to_owned(), false),
        ("arn:aws:lambda:r:1:function:f".to_owned(), "arn:aws:lambda:r:1:function:f:live".to_owned(), false),
        ("arn:aws:apigateway:r::/restapis/a".to_owned(), "arn:aws:apigateway:r::/apis/a".to_owned(), false),
        (String::new(), table("a"), false),
    ];
    for (left, right, expected) in cases {
        assert_eq!(is_same_kind(&left, &right), expected, "{left} {right}");
        assert_eq!(is_same_kind(&right, &left), expected, "{right} {left}");
    }
}

#[test]
fn an_address_keeps_no_query_and_no_password() {
    let cases = [
        (
            "https://sqs.eu-west-1.amazonaws.com/1/q?X-Amz-Signature=s",
            "https://sqs.eu-west-1.amazonaws.com/1/q",
        ),
        ("http://ann:secret@example.com/a#b", "http://example.com/a"),
        ("https://example.com/a@b", "https://example.com/a@b"),
        ("a/key?with=question", "a/key?with=question"),
        ("s3://bucket/key?", "s3://bucket/key?"),
        ("", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(without_secrets(text), expected);
    }
}

#[test]
fn each_listed_arn_tells_one_value() {
    let mut packed = vec![0; HEAD];
    let listed =
        ["arn:aws:dynamodb:r:1:table/t", "arn:aws:dynamodb:r:1:table/t", "arn:aws:dynamodb:r:1:table/u"];
    packed.extend_from_slice(&3_u32.to_le_bytes());
    listed.iter().for_each(|arn| pack_bytes(&mut packed, arn.as_bytes()));
    let mut used = 0;
    let mut told =
        |value: &'static str| is_told(&packed, &mut used, Value::Text(Text { raw: value.as_bytes() }));
    assert_eq!([told("t"), told("t"), told("le/u"), told("u"), told("u")], [true, false, false, true, false]);
}
