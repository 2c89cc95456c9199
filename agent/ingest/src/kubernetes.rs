//! Kubernetes: from audit logs to a ledger.

mod asked;
mod called;
mod caller;
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
