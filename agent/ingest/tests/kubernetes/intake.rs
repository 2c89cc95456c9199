//! Events that are handed over, as a webhook does.

use remit_ingest::Limits;
use remit_ingest::kubernetes::{ForeignList, Intake};
use remit_ledger::{Snapshot, Step, WriterOptions};
use serde_json::json;

use crate::event::Event;
use crate::place::Place;

fn open(place: &Place, writer: WriterOptions) -> Intake {
    Intake::open(&place.ledger(), writer, Limits::default(), Some("blue")).unwrap()
}

fn list(numbers: std::ops::Range<u32>) -> Vec<u8> {
    let events: Vec<_> =
        numbers.map(|number| Event::new(number, "get", "/api/v1/namespaces/shop/pods/p", 200).0).collect();
    json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": events})
        .to_string()
        .into()
}

#[test]
fn what_was_published_is_not_counted_again_in_another_life() {
    let place = Place::new();
    let mut intake = open(&place, WriterOptions::default());
    assert_eq!(intake.count(&list(0..10)).unwrap().recorded, 10);
    assert_eq!(intake.count(&list(5..15)).unwrap().recorded, 5);
    assert!(intake.footprint() > 0);
    let published = intake.publish().unwrap();
    assert!(!published.files.is_empty());
    assert_eq!(intake.count(&list(0..15)).unwrap().skipped["duplicate"], 15);
    drop(intake);
    let mut intake = open(&place, WriterOptions::default());
    let counts = intake.count(&list(10..20)).unwrap();
    assert_eq!((counts.recorded, counts.skipped["duplicate"]), (5, 5));
    intake.publish().unwrap();
    let rows = place.rows();
    assert_eq!(rows.iter().map(|row| row.count).sum::<u64>(), 20);
    assert!(rows.iter().all(|row| row.account.as_deref() == Some("blue")));
}

#[test]
fn what_could_not_be_published_can_be_sent_again() {
    let place = Place::new();
    let observer: remit_ledger::Observer = Box::new(|step| match step {
        Step::Published => Ok(()),
        _ => Err(std::io::Error::other("the disk is full")),
    });
    let mut intake = open(&place, WriterOptions { observer: Some(observer), ..WriterOptions::default() });
    assert_eq!(intake.count(&list(0..10)).unwrap().recorded, 10);
    assert!(intake.publish().is_err());
    drop(intake);
    let mut intake = open(&place, WriterOptions::default());
    assert_eq!(intake.count(&list(0..10)).unwrap().recorded, 10);
    intake.publish().unwrap();
    assert_eq!(place.rows().iter().map(|row| row.count).sum::<u64>(), 10);
}

#[test]
fn what_is_no_list_is_refused_and_an_event_that_tells_nothing_is_lost_and_said() {
    let place = Place::new();
    let mut intake = open(&place, WriterOptions::default());
    let whole = list(0..3);
    assert!(matches!(intake.count(&whole[..whole.len() - 20]), Err(ForeignList::Damaged(_))));
    assert_eq!(intake.count(br#"{"kind":"PodList","items":[]}"#), Err(ForeignList::Other));
    assert_eq!(intake.count(b"[]"), Err(ForeignList::Other));
    assert!(intake.count(b"").is_err());
    assert!(intake.publish().unwrap().files.is_empty());
    let event = Event::new(9, "get", "/api", 200).without("user").0;
    let counts = intake.count(json!({"kind": "EventList", "items": [event]}).to_string().as_bytes()).unwrap();
    assert_eq!((counts.read, counts.lost_total()), (1, 1));
    intake.publish().unwrap();
    assert_eq!(place.coverage().iter().map(|record| record.lost).sum::<u64>(), 1);
    assert_eq!(Snapshot::of_folder(&place.ledger()).unwrap().commits().count(), 1);
    // Bodies are as deep as their objects.
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(intake.count(format!(r#"{{"kind":"EventList","items":[],"x":{deep}}}"#).as_bytes()).is_ok());
}
