use crate::NoProgress;
use crate::cloudtrail::{Options, ingest};

const EVENT: &str = r#"{"eventVersion":"1.08","eventTime":"2026-10-01T10:00:00Z","awsRegion":"eu-west-1","eventID":"00000000-0000-4000-8000-000000000001","eventSource":"sqs.amazonaws.com","eventName":"ListQueues","eventType":"AwsApiCall","recipientAccountId":"111122223333"}"#;

#[test]
fn every_form_of_delivery_is_read() {
    let escaped = EVENT.replace('"', "\\\"");
    let forms = [
        format!("{{\"Records\":[{EVENT}]}}"),
        EVENT.to_owned(),
        format!(
            "{{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{{\"id\":\"1\",\"timestamp\":1,\"message\":\"{escaped}\"}}]}}"
        ),
        format!("{{\"events\":[{{\"message\":\"{escaped}\"}}]}}"),
        format!("{{\"Events\":[{{\"EventId\":\"1\",\"CloudTrailEvent\":\"{escaped}\"}}]}}"),
        format!("{{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":{EVENT}}}"),
    ];
    for form in forms {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("events.json");
        std::fs::write(&file, &form).unwrap();
        let options = Options {
            inputs: vec![file.to_string_lossy().into_owned()],
            ledger: place.path().join("ledger"),
            ..Options::default()
        };
        let summary = ingest(options, &NoProgress).unwrap();
        assert_eq!((summary.counts.read, summary.counts.recorded), (1, 1), "{form}\n{summary:?}");
    }
}
