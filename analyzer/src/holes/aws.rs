//! What the logs of AWS accounts do not show.

use std::collections::BTreeSet;

use remit_catalog::Visibility;
use remit_ledger::{CLOUDTRAIL, Provider};
use remit_policy::{Account, Coverage, moment};

use super::{Called, Hole, Sight, Stretches, lost};
use crate::output::counted;
use crate::regions::regions;
use crate::visible::{coverage_of, is_log, runs};

const SELECTORS: &str = "aws cloudtrail put-event-selectors --trail-name NAME";

pub(super) fn add(sight: &Sight<'_>, holes: &mut Vec<Hole>) {
    let of_logs = sight.records.iter().filter(|record| is_log(record) && record.events > 0);
    let accounts: BTreeSet<&str> = of_logs.filter_map(|record| record.account.as_deref()).collect();
    let is_called = |called: &&Called| called.provider == Provider::Aws.as_str();
    if accounts.is_empty() && sight.called.iter().any(|called| is_called(&called)) {
        holes.push(Hole {
            of: "aws",
            place: "every account".to_owned(),
            code: "no_log",
            detail: "calls were seen on the wire, and no log tells whether there were others".to_owned(),
            close: format!("remit ingest cloudtrail LOGS --ledger {}", sight.location),
        });
    }
    for account in accounts {
        let Some(coverage) = coverage_of(sight.records, account, sight.said, sight.settings) else {
            continue;
        };
        of_account(sight, account, &coverage, holes);
    }
}

fn of_account(sight: &Sight<'_>, account: &str, coverage: &Coverage, holes: &mut Vec<Hole>) {
    let hole = |code, detail: String, close: String| Hole {
        of: "aws",
        place: account.to_owned(),
        code,
        detail,
        close,
    };
    let here = sight
        .records
        .iter()
        .filter(|record| is_log(record) && record.events > 0 && record.account.as_deref() == Some(account));
    let stretches = here.map(|record| (record.start, record.end));
    let stretches = Stretches { runs: runs(stretches, sight.settings.longest_gap) };
    holes.extend(stretches.holes(sight, &hole, "cloudtrail"));
    let all = "'[{\"ReadWriteType\": \"All\", \"IncludeManagementEvents\": true}]'";
    if !coverage.management_reads {
        let detail = "management events that read were not recorded during the whole window".to_owned();
        holes.push(hole("reads_off", detail, format!("{SELECTORS} --event-selectors {all}")));
    }
    if !coverage.management_writes {
        let detail = "management events that write were not recorded during the whole window".to_owned();
        holes.push(hole("writes_off", detail, format!("{SELECTORS} --event-selectors {all}")));
    }
    for service in &coverage.excluded_services {
        let detail = format!("the trail's settings leave out `{service}`");
        let close =
            format!("take it out of `ExcludeManagementEventSources`: {SELECTORS} --event-selectors {all}");
        holes.push(hole("service_excluded", detail, close));
    }
    for kind in unrecorded(sight, account, coverage) {
        let detail = format!("data events of `{kind}` were not recorded, and its service was called");
        let field =
            |field: &str, value: &str| format!("{{\"Field\": \"{field}\", \"Equals\": [\"{value}\"]}}");
        let fields = [field("eventCategory", "Data"), field("resources.type", &kind)].join(", ");
        let close = format!(
            "add to the trail's selectors: {SELECTORS} --advanced-event-selectors '[{{\"FieldSelectors\": [{fields}]}}]', and \
             tell by `--coverage FILE` what `get-event-selectors` prints"
        );
        holes.push(hole("data_events_off", detail, close));
    }
    if coverage.lost > 0 {
        let detail = format!("{} when damaged files were read", lost(coverage.lost));
        let close = format!("remit ingest cloudtrail THOSE-FILES --ledger {}", sight.location);
        holes.push(hole("events_lost", detail, close));
    }
    if let Some((count, example)) = quiet_regions(sight, account, coverage) {
        let detail = format!(
            "{count} without any event for long, such as {example}: quiet, or their logs are missing"
        );
        let close = format!(
            "aws cloudtrail update-trail --name NAME --is-multi-region-trail; remit ingest cloudtrail THEIR-LOGS --ledger {}",
            sight.location
        );
        holes.push(hole("region_gaps", detail, close));
    }
}

/// How many regions with events had none for longer than counts as covered, and the one that had none for longest.
fn quiet_regions(sight: &Sight<'_>, account: &str, coverage: &Coverage) -> Option<(String, String)> {
    let longest_gap = sight.settings.longest_gap;
    let regions = regions(sight.records, &Account::default(), account, coverage.window, longest_gap);
    let gaps = regions.iter().filter_map(|(name, region)| {
        let gap = region.gaps.iter().max_by_key(|gap| gap.length())?;
        Some((gap.length(), std::cmp::Reverse(name.as_deref().unwrap_or("(not told)")), gap))
    });
    let gaps: Vec<_> = gaps.collect();
    let (_, name, gap) = gaps.iter().max_by_key(|(length, name, _)| (*length, *name))?;
    let example = format!("`{}` between {} and {}", name.0, moment(gap.start), moment(gap.end));
    Some((counted(gaps.len() as u64, "region", "regions"), example))
}

/// Types of resources of services that were called, of which data events were not recorded.
fn unrecorded(sight: &Sight<'_>, account: &str, coverage: &Coverage) -> BTreeSet<String> {
    let called: BTreeSet<&str> = sight
        .called
        .iter()
        .filter(|called| called.evidence == CLOUDTRAIL && called.account.as_deref() == Some(account))
        .map(|called| called.service.as_str())
        .collect();
    let mut kinds = BTreeSet::new();
    for service in called {
        for (_, action) in sight.catalog.service_actions(service) {
            data(&action.visibility, &mut kinds);
        }
    }
    let is_recorded = |kind: &String| {
        coverage.data.iter().any(|data| data.resource_type == *kind && data.reads && data.writes)
    };
    kinds.retain(|kind| !is_recorded(kind));
    kinds
}

fn data(visibility: &Visibility, kinds: &mut BTreeSet<String>) {
    match visibility {
        Visibility::Data { resource_type, .. } => {
            kinds.insert((*resource_type).to_owned());
        }
        Visibility::Mixed(several) => several.iter().for_each(|one| data(one, kinds)),
        Visibility::Management { .. } | Visibility::NotLogged(_) | Visibility::NoOperation => {}
    }
}
