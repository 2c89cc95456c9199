//! Kubernetes: from audit logs to a ledger.

mod asked;
mod called;
mod caller;
mod columns;
mod event;
mod flush;
mod google;
mod intake;
mod outcome;
mod pod;
mod recorder;
mod review;
mod table;

use std::sync::Arc;

use remit_ledger::{Counts, CoverageRecord, Flush, LedgerError, Provider, SourcePlace, StagedFile};

pub use self::intake::{ForeignList, Intake};

use self::event::Audit;
use self::flush::Evidence;
use self::recorder::Recorder;
use self::table::Table;
use crate::accounting::Accounting;
use crate::format::{Format, Names};
use crate::{IngestError, Limits, Options, Progress, Summary};

/// The ledger's name of this source.
const EVIDENCE: &str = remit_ledger::KUBERNETES_AUDIT;

/// Reads audit events of API servers into a ledger. `cluster` is the name of the cluster they are of, where they do not tell it
/// or tell another.
///
/// # Errors
/// When the ledger cannot be read or written. What is wrong with the input is part of the summary.
pub fn ingest(
    options: Options,
    cluster: Option<&str>,
    progress: &dyn Progress,
) -> Result<Summary, IngestError> {
    crate::run::ingest(options, Logs::of(cluster), progress)
}

/// What becomes of the events of a log, without a ledger.
pub fn read(bytes: &[u8]) -> Counts {
    crate::run::read(&Logs::of(None), bytes)
}

/// Audit logs, and what is known of them between two flushes.
struct Logs {
    cluster: Option<Arc<str>>,
    /// What the events of the next flush show.
    evidence: Evidence,
}

impl Logs {
    fn of(cluster: Option<&str>) -> Self {
        Self { cluster: cluster.map(Arc::from), evidence: Evidence::new() }
    }
}

impl Format for Logs {
    type Grammar = Audit;
    type Recorder = Recorder;
    type Part = Table;

    const PROVIDER: Provider = Provider::Kubernetes;

    // Servers and deliverers name files as they are told, and put events one behind the other.
    fn names(&self) -> Names {
        Names { place: |_| place(), account: self.cluster.clone(), is_in_order: true, ..Names::default() }
    }

    fn recorder(&self, accounting: Accounting, _: Limits, _: usize) -> Recorder {
        Recorder::new(accounting, self.cluster.clone())
    }

    fn take(&mut self, recorder: &mut Recorder) -> Table {
        for ((cluster, delivery), hours) in std::mem::take(&mut recorder.tally) {
            let place = (recorder.table.get_cluster(cluster).map(str::to_owned), delivery);
            let all = self.evidence.entry(place).or_default();
            hours.into_iter().for_each(|(hour, seen)| all.entry(hour).or_default().add(seen));
        }
        std::mem::take(&mut recorder.table)
    }

    fn stage(
        &mut self,
        flush: Flush<'_>,
        parts: Vec<Table>,
        _: usize,
    ) -> Result<(Vec<StagedFile>, Vec<CoverageRecord>), LedgerError> {
        let evidence = std::mem::take(&mut self.evidence);
        Ok((flush::stage(flush, &parts)?, flush::coverage(&evidence)))
    }

    fn finish(self, _: &mut Summary) {}
}

/// What of a file was lost may be of any cluster and time, as far as its name tells.
fn place() -> SourcePlace {
    SourcePlace { evidence: EVIDENCE.to_owned(), ..SourcePlace::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::NoProgress;

    fn event() -> String {
        json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "stage": "ResponseComplete", "auditID": "a-1",
            "requestURI": "/api/v1/namespaces/shop/pods", "verb": "list", "user": {"username": "ann"},
            "responseStatus": {"code": 200}, "requestReceivedTimestamp": "2026-11-23T10:00:00.000000Z",
            "annotations": {"authorization.k8s.io/decision": "allow"},
        })
        .to_string()
    }

    #[test]
    fn lines_of_shippers_are_read() {
        for shipped in [
            json!({"log": format!("{}\n", event()), "stream": "stdout", "kubernetes": {"host": "n1"}}),
            json!({"@timestamp": "2026-11-23T10:00:01Z", "log": {"offset": 0, "file": {"path": "audit.log"}}, "message": event()}),
            json!({"message": event(), "log": {"offset": 0}}),
        ] {
            let counts = read(shipped.to_string().as_bytes());
            assert_eq!((counts.read, counts.recorded), (1, 1), "{shipped}: {counts:?}");
        }
        for other in [
            json!({"log": "starting"}),
            json!({"log": "{'a': 1}"}),
            json!({"message": 7}),
            json!({"log": {"offset": 0}}),
        ] {
            assert_eq!(read(other.to_string().as_bytes()).skipped["not_an_event"], 1, "{other}");
        }
    }

    #[test]
    fn a_file_without_any_event_is_told() {
        let place = tempfile::tempdir().unwrap();
        let logs = place.path().join("logs");
        std::fs::create_dir(&logs).unwrap();
        let run = |name: &str, text: &str| {
            std::fs::write(logs.join(name), text).unwrap();
            let options = Options {
                inputs: vec![logs.to_string_lossy().into_owned()],
                ledger: place.path().join("ledger"),
                ..Options::default()
            };
            ingest(options, None, &NoProgress).unwrap()
        };
        let summary = run("notes.md", "");
        let said = summary.diagnostics.first().map(ToString::to_string).unwrap();
        assert!(said.contains("holds nothing to read") && summary.is_partial(), "{said}");
        let summary = run("other.json", "{\"level\":\"info\"}\n{\"level\":\"warn\"}\n");
        let said = summary.diagnostics.first().map(ToString::to_string).unwrap();
        assert!(said.contains("logs") && said.contains("of 2 records none is one\nhint: "), "{said}");
        assert!(summary.is_partial() && summary.counts.lost_total() == 0);
        let summary = run("audit.json", &format!("{{\"level\":\"info\"}}\n{}\n", event()));
        assert_eq!((summary.diagnostics, summary.counts.recorded), (Vec::new(), 1));
    }

    #[test]
    fn events_of_a_day_to_come_are_told() {
        let place = tempfile::tempdir().unwrap();
        let run = |name: &str, time: &str| {
            let file = place.path().join(name);
            std::fs::write(&file, event().replace("2026-11-23T10:00:00.000000Z", time)).unwrap();
            let options = Options {
                inputs: vec![file.to_string_lossy().into_owned()],
                ledger: place.path().join("ledger"),
                ..Options::default()
            };
            ingest(options, None, &NoProgress).unwrap()
        };
        assert_eq!(run("now.json", &jiff::Timestamp::now().to_string()).ahead, None);
        let summary = run("ahead.json", "2999-01-01T05:30:00Z");
        let ahead = summary.ahead.unwrap();
        let newest: jiff::Timestamp = "2999-01-01T05:00:00Z".parse().unwrap();
        assert_eq!((ahead.events, ahead.newest), (1, newest.as_microsecond()));
        assert!(ahead.source.ends_with("ahead.json") && summary.counts.recorded == 1);
    }
}
