//! The ledger that audit events of Kubernetes are recorded in.

use std::path::PathBuf;

use remit_ingest::Limits;
use remit_ingest::kubernetes::Intake;
use remit_ledger::{LedgerError, WriterOptions, compact};

use super::journal::{Events, Journal, Journals, Refusal};

/// A ledger's folder that takes the audit events of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLog {
    ledger: PathBuf,
    cluster: Option<String>,
}

impl AuditLog {
    /// A folder, and the cluster's name where it is known. Nothing is touched yet.
    pub fn new(ledger: PathBuf, cluster: Option<String>) -> Self {
        Self { ledger, cluster }
    }
}

impl Journals for AuditLog {
    type Journal = Intake;

    fn open(&mut self) -> Result<Intake, Refusal> {
        let (options, cluster) = (WriterOptions::default(), self.cluster.as_deref());
        Intake::open(&self.ledger, options, Limits::default(), cluster).map_err(|error| away(&error))
    }

    fn compact(&mut self) -> Result<(), Refusal> {
        compact(&self.ledger, WriterOptions::default()).map(drop).map_err(|error| away(&error))
    }
}

impl Journal for Intake {
    fn count(&mut self, body: &[u8]) -> Result<Events, Refusal> {
        let counts = Intake::count(self, body).map_err(|error| Refusal::Foreign(error.to_string()))?;
        let (recorded, lost) = (counts.recorded, counts.lost_total());
        Ok(Events { recorded, skipped: counts.skipped.values().sum(), lost })
    }

    fn publish(&mut self) -> Result<(), Refusal> {
        Intake::publish(self).map(drop).map_err(|error| away(&error))
    }
}

fn away(error: &LedgerError) -> Refusal {
    Refusal::Away(error.to_string())
}
