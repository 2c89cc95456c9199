//! What of workloads could not be read, in the ledger.

use super::*;

#[test]
fn what_is_not_read_of_a_workload_is_one_stretch_once_it_is_compacted() {
    let place = Disks::new();
    let (mut recorder, java) = (recorder(), subject("java"));
    for minute in 0..3 {
        // Told of two seconds later, it may have been before the flush before.
        let (start, at) = (START + minute * 60_000_000, 60_000_000 * minute - 1_000_000);
        let to = Some(remit_ledger::Provider::Aws);
        recorder.connection(&java, to, false, START + at);
        recorder.connection(&java, to, true, start + 20_000_000);
        let batch = recorder.take(start + 60_000_000).unwrap();
        recorder.acknowledge(place.store().write(batch));
    }
    assert_eq!(place.lost().len(), 3);
    remit_ledger::compact(&place.ledger(), WriterOptions::default()).unwrap();
    let [gap] = place.lost().try_into().unwrap();
    assert_eq!((gap.events, gap.lost, gap.evidence.as_str()), (6, 3, "sni"));
    assert_eq!((gap.start, gap.end), (START - 1_000_000, START + 180_000_000));
    assert_eq!(gap.workload, Some(java.identity().workload.clone()));
}
