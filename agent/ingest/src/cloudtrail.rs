//! CloudTrail: from log files to a ledger.

mod call;
mod coverage;
mod delivery;
pub(crate) mod event;
mod flush;
mod identity;
mod known;
mod operation;
mod outcome;
pub(crate) mod recorder;
mod request;
pub mod selectors;
mod table;

use std::collections::HashMap;

use remit_ledger::{Counts, CoverageRecord, Flush, LedgerError, Provider, SourcePlace, StagedFile};

use self::coverage::Evidence;
use self::delivery::Delivery;
use self::event::Cloudtrail;
use self::flush::Part;
use self::recorder::Recorder;
use self::selectors::Selectors;
use self::table::Table;
use crate::accounting::Accounting;
use crate::format::{Format, Names};
use crate::{IngestError, Limits, Options, Progress, Summary};

/// The ledger's name of this source.
const EVIDENCE: &str = remit_ledger::CLOUDTRAIL;

/// Reads CloudTrail events into a ledger. `selectors` are the event selectors of the trails, if they are known.
///
/// # Errors
/// When the ledger cannot be read or written. What is wrong with the input is part of the summary.
pub fn ingest(
    options: Options,
    selectors: Option<Selectors>,
    progress: &dyn Progress,
) -> Result<Summary, IngestError> {
    let logs = Logs { selectors, ..Logs::default() };
    crate::run::ingest(options, logs, progress)
}

/// What becomes of the events of a log, without a ledger.
pub fn read(bytes: &[u8]) -> Counts {
    crate::run::read(&Logs::default(), bytes)
}

/// CloudTrail's logs, and what is known of them between two flushes.
#[derive(Default)]
struct Logs {
    selectors: Option<Selectors>,
    /// Calls of operations that the catalog does not know, by their names.
    unresolved: HashMap<String, u64>,
    /// What the events of the next flush show.
    evidence: Evidence,
    /// The workers' emptied tables, the last worker's first, with the names that the next events will bring again.
    spares: Vec<Table>,
}

impl Format for Logs {
    type Grammar = Cloudtrail;
    type Recorder = Recorder;
    type Part = Part;

    const PROVIDER: Provider = Provider::Aws;

    fn names(&self) -> Names {
        Names { delivered: Delivery::name_of, place, ..Names::default() }
    }

    fn recorder(&self, accounting: Accounting, limits: Limits, workers: usize) -> Recorder {
        Recorder::new(limits.names / workers, accounting)
    }

    fn take(&mut self, recorder: &mut Recorder) -> Part {
        recorder.tally.add_to(&mut self.evidence, |number| recorder.table.name(number).map(str::to_owned));
        // Each worker gets its own table back: what a table knows goes by the numbers of its worker's plans.
        let part = recorder.take(self.spares.pop().unwrap_or_default());
        for (plan, calls) in std::mem::take(&mut recorder.unresolved) {
            if let Some(plan) = part.plans.get(plan) {
                let name = format!("{}:{}", plan.service, plan.operation);
                *self.unresolved.entry(name).or_default() += calls;
            }
        }
        part
    }

    fn stage(
        &mut self,
        flush: Flush<'_>,
        parts: Vec<Part>,
        keep: usize,
    ) -> Result<(Vec<StagedFile>, Vec<CoverageRecord>), LedgerError> {
        let staged = flush::stage(flush, &parts)?;
        self.spares = parts.into_iter().rev().map(|part| part.table.emptied(keep)).collect();
        let evidence = std::mem::take(&mut self.evidence);
        Ok((staged, coverage::records(&evidence, self.selectors.as_ref())))
    }

    fn finish(self, summary: &mut Summary) {
        summary.unresolved = self.unresolved.into_iter().collect();
        summary
            .unresolved
            .sort_by(|(left_name, left), (right_name, right)| (right, left_name).cmp(&(left, right_name)));
    }
}

/// Where and when the events of a file may have been made, as far as its name tells.
fn place(name: &str) -> SourcePlace {
    let delivery = Delivery::of(name);
    let span = delivery.span();
    SourcePlace { span, evidence: EVIDENCE.to_owned(), account: delivery.account, region: delivery.region }
}
