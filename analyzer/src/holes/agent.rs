//! What node agents could not read on the wire.

use std::collections::BTreeMap;

use super::{Hole, Sight};
use crate::output::grouped;
use crate::workloads::name_of;

pub(super) fn add(sight: &Sight<'_>, holes: &mut Vec<Hole>) {
    let mut unread: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut lost = 0_u64;
    for record in sight.records.iter().filter(|record| !remit_ledger::is_log(&record.evidence)) {
        match &record.workload {
            Some(workload) => {
                let (all, missed) = unread.entry(name_of(workload)).or_default();
                *all = all.saturating_add(record.events);
                *missed = missed.saturating_add(record.lost);
            }
            None => lost = lost.saturating_add(record.lost),
        }
    }
    for (place, (all, missed)) in unread.into_iter().filter(|(_, (_, missed))| *missed > 0) {
        holes.push(Hole {
            of: "wire",
            place,
            code: "unread_connections",
            detail: format!(
                "{} of {} connections could not be read: it is known where they went, and not what was called",
                grouped(missed),
                grouped(all)
            ),
            close: "remit-agent check PID on its node says which library encrypts and why it cannot be followed".to_owned(),
        });
    }
    if lost > 0 {
        holes.push(Hole {
            of: "wire",
            place: "every node".to_owned(),
            code: "events_lost",
            detail: format!("agents lost {} calls or connections", grouped(lost)),
            close: "see the agent's metrics for the reason; a larger `--buffer` helps against bursts"
                .to_owned(),
        });
    }
}
