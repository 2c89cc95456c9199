use super::*;

fn data(kind: &str, prefixes: &[&str], reads: bool, writes: bool) -> EventClass {
    EventClass::Data {
        resource_type: kind.to_owned(),
        resource_prefixes: prefixes.iter().map(|&prefix| prefix.to_owned()).collect(),
        reads,
        writes,
    }
}

#[test]
fn what_a_new_trail_logs() {
    let text = r#"{"TrailARN":"arn:aws:cloudtrail:eu-west-1:123456789012:trail/all","EventSelectors":[
        {"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":[]}]}"#;
    let selectors = parse(text).unwrap();
    assert_eq!(selectors.classes, [EventClass::ManagementWrite, EventClass::ManagementRead]);
    assert!(selectors.excluded_services.is_empty() && selectors.notes.is_empty());
}

#[test]
fn basic_data_resources_by_bucket_and_service() {
    let text = r#"{"EventSelectors":[{"ReadWriteType":"WriteOnly","IncludeManagementEvents":false,"DataResources":[
        {"Type":"AWS::S3::Object","Values":["arn:aws:s3:::logs/","arn:aws:s3:::data/raw"]},
        {"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]},
        {"Type":"AWS::DynamoDB::Table","Values":["arn:aws:dynamodb:eu-west-1:123456789012:table/orders"]}]}]}"#;
    let selectors = parse(text).unwrap();
    let expected = [
        data("AWS::Lambda::Function", &[], false, true),
        data("AWS::S3::Object", &["arn:aws:s3:::logs/", "arn:aws:s3:::data/raw"], false, true),
    ];
    assert_eq!(selectors.classes, expected);
    assert_eq!(selectors.notes.len(), 1, "one table is less than a class");
}

#[test]
fn all_buckets_in_both_spellings() {
    for value in ["arn:aws:s3", "arn:aws:s3:::"] {
        let text = format!(
            r#"{{"EventSelectors":[{{"DataResources":[{{"Type":"AWS::S3::Object","Values":["{value}"]}}]}}]}}"#
        );
        assert!(parse(&text).unwrap().classes.contains(&data("AWS::S3::Object", &[], true, true)), "{value}");
    }
}

#[test]
fn advanced_selectors_that_make_classes() {
    let text = r#"{"AdvancedEventSelectors":[
        {"Name":"management without kms","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},
            {"Field":"eventSource","NotEquals":["kms.amazonaws.com","rdsdata.amazonaws.com"]}]},
        {"Name":"object writes","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
            {"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"readOnly","Equals":["false"]},
            {"Field":"resources.ARN","StartsWith":["arn:aws:s3:::data/"]}]}]}"#;
    let selectors = parse(text).unwrap();
    let expected = [
        EventClass::ManagementWrite,
        EventClass::ManagementRead,
        data("AWS::S3::Object", &["arn:aws:s3:::data/"], false, true),
    ];
    assert_eq!(selectors.classes, expected);
    assert_eq!(selectors.excluded_services, ["kms", "rdsdata"]);
}

#[test]
fn a_service_is_excluded_where_no_selector_logs_it() {
    let text = r#"{"AdvancedEventSelectors":[
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]},
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["false"]}]}]}"#;
    // Writes of every service are logged, reads of kms are not.
    assert_eq!(parse(text).unwrap().excluded_services, ["kms"]);
}

#[test]
fn selectors_that_let_through_less_than_a_class_are_notes() {
    for field in [
        r#"{"Field":"eventName","Equals":["DeleteBucket"]}"#,
        r#"{"Field":"eventSource","Equals":["s3.amazonaws.com"]}"#,
        r#"{"Field":"userIdentity.arn","NotStartsWith":["arn:aws:sts"]}"#,
        r#"{"Field":"readOnly","NotEquals":["true"]}"#,
    ] {
        let text = format!(
            r#"{{"AdvancedEventSelectors":[{{"FieldSelectors":[{{"Field":"eventCategory","Equals":["Management"]}},{field}]}}]}}"#
        );
        let selectors = parse(&text).unwrap();
        assert!(selectors.classes.is_empty(), "{field}");
        assert_eq!(selectors.notes.len(), 1, "{field}");
    }
    let single = r#"{"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
        {"Field":"resources.type","Equals":["AWS::Lambda::Function"]},
        {"Field":"resources.ARN","Equals":["arn:aws:lambda:eu-west-1:123456789012:function:f"]}]}]}"#;
    assert!(parse(single).unwrap().classes.is_empty());
}

#[test]
fn other_text_is_refused() {
    assert!(parse("[]").is_err());
    assert!(parse("{}").unwrap_err().to_string().contains("EventSelectors"));
}
