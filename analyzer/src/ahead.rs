//! Events that a ledger dates in the future: a clock was wrong. A window that ended with one of them would be of a time of which
//! nothing else is known yet, so that every verdict would be lost.

use remit_ledger::{CoverageRecord, HOUR, is_log};
use remit_policy::day;

use crate::output::counted;
use crate::visible::DAY;

/// Events that are dated in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ahead {
    events: u64,
    /// The end of the newest one's hour, in microseconds since the Unix epoch.
    end: i64,
}

/// The moment after which an event cannot have been at present: clocks of others may be ahead by some hours.
pub(crate) fn limit(present: i64) -> i64 {
    present.saturating_add(DAY).div_euclid(HOUR).saturating_mul(HOUR)
}

/// Leaves out what logs show beyond a limit. What was lost is kept, whenever that was: it hides what is before as well.
pub(crate) fn leave_out(records: &mut Vec<CoverageRecord>, limit: i64) -> Option<Ahead> {
    let mut ahead: Option<Ahead> = None;
    records.retain_mut(|record| {
        let shows = is_log(&record.evidence) && record.workload.is_none() && record.events > 0;
        if !shows || record.end <= limit {
            return true;
        }
        if record.start < limit {
            // Of a stretch that goes on beyond the limit it is not told how many events are where.
            record.end = limit;
            return true;
        }
        let all = ahead.get_or_insert(Ahead { events: 0, end: record.end });
        all.events = all.events.saturating_add(record.events);
        all.end = all.end.max(record.end);
        if record.lost == 0 {
            return false;
        }
        record.events = 0;
        record.classes.clear();
        true
    });
    ahead
}

/// Time of the newest event: of one that is dated in the future the end of what is known before.
pub(crate) fn newest(last: i64, records: &[CoverageRecord], limit: i64) -> i64 {
    if last <= limit {
        return last;
    }
    let ends =
        records.iter().filter(|record| record.events > 0 && record.end <= limit).map(|record| record.end);
    ends.max().map_or(limit, |end| end.saturating_sub(1))
}

impl Ahead {
    /// It in words, with a hint.
    pub(crate) fn words(self) -> String {
        format!(
            "{} dated in the future, the newest on {}, and left out of the window\n\
             hint: a clock was wrong, of whoever recorded or of this machine; what was called then still counts as used",
            counted(self.events, "event is", "events are"),
            day(self.end.saturating_sub(1)),
        )
    }
}

#[cfg(test)]
mod tests {
    use remit_ledger::{CLOUDTRAIL, EventClass, Provider, WIRE};

    use super::*;
    use crate::ledgers::Ledger;
    use crate::renewal::tests::sample;

    const PRESENT: i64 = 20_000 * DAY + 1;

    fn record(evidence: &str, start: i64, end: i64) -> CoverageRecord {
        CoverageRecord {
            provider: Provider::Aws,
            account: Some("111122223333".to_owned()),
            region: None,
            evidence: evidence.to_owned(),
            workload: None,
            start: 20_000 * DAY + start * HOUR,
            end: 20_000 * DAY + end * HOUR,
            classes: vec![EventClass::ManagementWrite],
            excluded_services: Vec::new(),
            events: 3,
            lost: 0,
        }
    }

    #[test]
    fn hours_later_than_tomorrow_are_left_out() {
        let limit = limit(PRESENT);
        assert_eq!(limit, 20_001 * DAY);
        let lost = CoverageRecord { lost: 2, ..record(CLOUDTRAIL, 87_000, 87_001) };
        let all = [
            record(CLOUDTRAIL, -5, 2),
            record(CLOUDTRAIL, 23, 24),
            record(CLOUDTRAIL, 23, 26),
            record(CLOUDTRAIL, 24, 25),
            record(CLOUDTRAIL, 87_600, 87_601),
            lost.clone(),
            record(WIRE, 30, 31),
        ];
        let mut kept = all.to_vec();
        let ahead = leave_out(&mut kept, limit).unwrap();
        let lost = CoverageRecord { events: 0, classes: Vec::new(), ..lost };
        assert_eq!(kept, [all[0].clone(), all[1].clone(), record(CLOUDTRAIL, 23, 24), lost, all[6].clone()]);
        assert_eq!(ahead, Ahead { events: 9, end: all[4].end });
        let said = ahead.words();
        assert!(said.starts_with("9 events are dated in the future, the newest on 2034-10-"), "{said}");
        // What is of the past is as it was.
        let mut past = all[..2].to_vec();
        assert_eq!(leave_out(&mut past, limit), None);
        assert_eq!(past, all[..2]);
    }

    #[test]
    fn the_newest_event_is_the_last_that_is_not_of_the_future() {
        let limit = limit(PRESENT);
        let records = [record(CLOUDTRAIL, -9, -5), record(CLOUDTRAIL, -3, -2), record(WIRE, 30, 31)];
        assert_eq!(newest(limit, &records, limit), limit);
        assert_eq!(newest(limit + 1, &records, limit), records[1].end - 1);
        assert_eq!(newest(limit + 1, &[], limit), limit);
    }

    #[test]
    fn a_ledger_leaves_out_what_its_reader_cannot_have_seen() {
        let place = tempfile::tempdir().unwrap();
        let (ledger, window) = sample(place.path());
        let location = place.path().to_str().unwrap();
        let logged = |ledger: &Ledger| ledger.coverage().iter().filter(|one| is_log(&one.evidence)).count();
        assert!(logged(&ledger) > 0);
        let before = window.start - 9 * DAY;
        let early = Ledger::open_as_of(location, 0, before).unwrap();
        assert_eq!(logged(&early), 0);
        assert_eq!(early.newest(), limit(before));
        assert_eq!(early.info(), ledger.info());
    }
}
