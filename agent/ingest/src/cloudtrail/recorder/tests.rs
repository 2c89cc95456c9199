use crate::cloudtrail::ingest;
use crate::{NoProgress, Options, Summary};

/// An event with these members besides the usual ones.
fn event(id: u8, members: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.08","eventTime":"2026-10-01T10:00:00Z","awsRegion":"eu-west-1","eventID":"00000000-0000-4000-8000-0000000000{id:02}","eventSource":"sqs.amazonaws.com","eventName":"ListQueues","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333"}},"recipientAccountId":"111122223333"{members}}}"#
    )
}

fn ingested(text: &str) -> Summary {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("events.json");
    std::fs::write(&file, text).unwrap();
    let options = Options {
        inputs: vec![file.to_string_lossy().into_owned()],
        ledger: place.path().join("ledger"),
        ..Options::default()
    };
    ingest(options, None, &NoProgress).unwrap()
}

#[test]
fn every_event_is_recorded_skipped_or_lost() {
    let events = [
        event(1, r#","eventType":"AwsApiCall""#),
        event(1, r#","eventType":"AwsApiCall""#),
        event(2, r#","eventType":"AwsServiceEvent""#),
        event(3, r#","eventType":"AwsConsoleSignIn""#),
        r#"{"eventVersion":"1.08","eventTime":"yesterday"}"#.to_owned(),
    ];
    let summary = ingested(&format!("{{\"Records\":[{}]}}", events.join(",")));
    assert_eq!(summary.counts.read, 5);
    assert_eq!(summary.counts.recorded, 1);
    assert_eq!(summary.counts.skipped["duplicate"], 1);
    assert_eq!(summary.counts.skipped["service_event"], 1);
    assert_eq!(summary.counts.skipped["console_sign_in"], 1);
    assert_eq!(summary.counts.lost_total(), 1);
    assert!(summary.counts.is_balanced() && summary.is_partial());
}

#[test]
fn one_event_a_line_and_one_bad_line() {
    let text = format!("{}\nnot json\n{}\n", event(1, ""), event(2, ""));
    let summary = ingested(&text);
    assert_eq!(summary.counts.recorded, 2);
    assert!(summary.is_partial(), "{summary:?}");
    assert!(!summary.diagnostics.is_empty());
}

#[test]
fn a_call_that_does_not_say_who_made_it_is_lost() {
    let who = r#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333"}"#;
    let as_is = event(1, "");
    for nobody in [r#""userIdentity":null,"#, r#""userIdentity":{ },"#, r#""userIdentity":"ann","#, ""] {
        let call = as_is.replace(&format!(r#""userIdentity":{who},"#), nobody);
        assert_ne!(call, as_is);
        // A sound copy of it still counts, and a service's events may come from nobody.
        let of_service = call
            .replace("{\"eventVersion", "{\"eventType\":\"AwsServiceEvent\",\"eventVersion")
            .replace("0001", "0002");
        let summary = ingested(&[call, as_is.clone(), of_service].join("\n"));
        assert_eq!((summary.counts.recorded, summary.counts.lost["incomplete"]), (1, 1), "{nobody}");
        assert_eq!(summary.counts.skipped["service_event"], 1);
        assert!(summary.diagnostics[0].to_string().contains("who did what"), "{summary:?}");
    }
}
