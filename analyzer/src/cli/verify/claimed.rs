//! Whether a ledger has what the evidence of a proposal says of it.

use remit_catalog::Catalog;
use remit_ledger::CoverageRecord;
use remit_policy::{Evidence, SeenEntry, Usage, Window, moment};

use crate::output::counted;

/// What evidence says of calls that none of these, gathered over other times, has. The ledger may have more: logs arrive late.
pub(super) fn beyond(evidence: &Evidence, catalog: &Catalog, usages: &[Usage]) -> Option<String> {
    let claims = evidence.kept.iter().filter_map(|kept| Some((&kept.permission, kept.seen.as_ref()?)));
    let claims: Vec<(&String, &SeenEntry)> = claims.collect();
    if !claims.is_empty() && usages.iter().all(|usage| usage.calls.distinct() == 0) {
        return Some(none(claims.len(), &evidence.principal));
    }
    // Another catalog knows other needs of the same calls.
    if evidence.catalog != catalog.version() {
        return None;
    }
    let has = |(permission, claimed): &(&String, &SeenEntry)| {
        let action = catalog.find(permission);
        let uses = usages.iter().filter_map(|usage| usage.actions.get(&action?)?.seen.as_ref());
        let mut uses = uses.map(|seen| (seen.count.distinct(), moment(seen.first), moment(seen.last)));
        uses.any(|(count, first, last)| {
            claimed.count <= count && first <= claimed.first_seen && claimed.last_seen <= last
        })
    };
    let mut without = claims.iter().filter(|claim| !has(claim));
    let (permission, claimed) = without.next()?;
    let others = match without.count() {
        0 => String::new(),
        more => format!(", nor what it has of {}", counted(more as u64, "other", "others")),
    };
    Some(format!(
        "the ledger does not have {} of `{permission}` from {} to {} that the evidence has{others}",
        counted(claimed.count, "call", "calls"),
        claimed.first_seen,
        claimed.last_seen,
    ))
}

/// What is said where the evidence has use, and the ledger nothing of whom it is about.
pub(super) fn none(permissions: usize, principal: &str) -> String {
    format!(
        "the evidence has {} in use, and the ledger no call by `{principal}`",
        counted(permissions as u64, "permission", "permissions")
    )
}

/// What is said where none of these records of logs reach over a window's start and to its end.
pub(super) fn outside<'a>(
    records: impl Iterator<Item = &'a CoverageRecord>,
    window: Window,
) -> Option<String> {
    // Without a log there is no window, and nothing was told by it.
    if window.length() <= 0 {
        return None;
    }
    let (mut begins, mut ends) = (false, false);
    for record in records.filter(|record| record.events > 0) {
        begins |= record.start <= window.start;
        ends |= record.start < window.end && window.end <= record.end;
    }
    (!begins || !ends).then(|| {
        format!(
            "the ledger has no log that begins by {} and ends at {}, as the evidence's window does",
            moment(window.start),
            moment(window.end)
        )
    })
}

#[cfg(test)]
mod tests {
    use remit_ledger::{CLOUDTRAIL, HOUR, Provider};
    use remit_policy::{ActionUse, Count, Days, Seen};
    use serde_json::json;

    use super::*;

    fn evidence(count: u64, first: i64, last: i64) -> Evidence {
        let written = json!({
            "schema": "remit.evidence/v1", "principal": "arn:aws:iam::111122223333:role/app", "kind": "role",
            "window": "", "coverage": {"recorded": [], "lost": 0},
            "catalog": Catalog::embedded().unwrap().version(),
            "policies": [], "boundary": null, "leaves_groups": [], "removed": [], "unknown_patterns": [],
            "kept": [{
                "permission": "sqs:SendMessage", "verdict": "used", "count": count,
                "first_seen": moment(first), "last_seen": moment(last),
                "sample_event_id": null, "resources_known": false
            }],
            "proof": {"obligations": [], "protected": 1, "elements": 1}
        });
        serde_json::from_value(written).unwrap()
    }

    fn usage(count: u64, first: i64, last: i64) -> Usage {
        let count = Count::from(count);
        let seen = Seen { count, first, last, sample: None, days: Days::none(0) };
        let action = Catalog::embedded().unwrap().find("sqs:SendMessage").unwrap();
        let use_ = ActionUse { seen: Some(seen), resource_unknown: true, ..ActionUse::default() };
        Usage { actions: [(action, use_)].into(), calls: count, ..Usage::default() }
    }

    #[test]
    fn evidence_has_no_call_that_the_ledger_has_not() {
        let told = |evidence: &Evidence, usages: &[Usage]| {
            beyond(evidence, Catalog::embedded().unwrap(), usages).unwrap_or_default()
        };
        let has = usage(21, 3 * HOUR, 9 * HOUR);
        for held in [evidence(21, 3 * HOUR, 9 * HOUR), evidence(20, 4 * HOUR, 8 * HOUR)] {
            assert_eq!(told(&held, std::slice::from_ref(&has)), "");
        }
        for (count, first, last) in [(999_999, 3, 9), (21, 2, 9), (21, 3, 10)] {
            let claims = evidence(count, first * HOUR, last * HOUR);
            let said = told(&claims, std::slice::from_ref(&has));
            assert!(
                said.starts_with("the ledger does not have") && said.contains("`sqs:SendMessage`"),
                "{said}"
            );
            // Another time has it.
            assert_eq!(told(&claims, &[has.clone(), usage(count, first * HOUR, last * HOUR)]), "");
        }
        let none = "the evidence has 1 permission in use, and the ledger no call by `arn:aws:iam::111122223333:role/app`";
        assert_eq!(told(&evidence(21, 0, HOUR), &[Usage::default()]), none);
    }

    #[test]
    fn a_window_is_one_of_the_ledger() {
        let record = |start: i64, end: i64, events: u64| CoverageRecord {
            provider: Provider::Aws,
            account: None,
            region: None,
            evidence: CLOUDTRAIL.to_owned(),
            workload: None,
            start: start * HOUR,
            end: end * HOUR,
            classes: Vec::new(),
            excluded_services: Vec::new(),
            events,
            lost: 0,
        };
        let records = [record(10, 12, 1), record(15, 20, 1), record(25, 26, 0)];
        for (start, end, is_inside) in
            [(10, 20, true), (11, 18, true), (10, 14, false), (9, 20, false), (10, 26, false), (0, 0, true)]
        {
            let window = Window { start: start * HOUR, end: end * HOUR };
            assert_eq!(outside(records.iter(), window).is_none(), is_inside, "{start} to {end}");
        }
    }
}
