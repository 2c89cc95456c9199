//! What the logs of AWS accounts do not show.

use std::collections::BTreeSet;

use remit_catalog::Visibility;
use remit_ledger::{CLOUDTRAIL, Provider};
use remit_policy::{Account, Coverage, moment};

use super::{Called, Hole, Sight, Stretches, lost};
use crate::output::counted;
use crate::regions::regions;
use crate::visible::{coverage_of, is_log, runs};

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
    let unrecorded = unrecorded(sight, account, coverage);
    let select = || select(coverage, &unrecorded);
    if !coverage.management_reads {
        let detail = "management events that read were not recorded during the whole window".to_owned();
        holes.push(hole("reads_off", detail, select()));
    }
    if !coverage.management_writes {
        let detail = "management events that write were not recorded during the whole window".to_owned();
        holes.push(hole("writes_off", detail, select()));
    }
    for service in &coverage.excluded_services {
        let detail = format!("the trail's settings leave out `{service}`");
        holes.push(hole("service_excluded", detail, select()));
    }
    if !unrecorded.is_empty() {
        let kinds: Vec<String> = unrecorded.iter().map(|kind| format!("`{kind}`")).collect();
        let whose = if kinds.len() == 1 { "its service was" } else { "their services were" };
        let detail = format!("data events of {} were not recorded, and {whose} called", kinds.join(", "));
        let close = format!("{}; tell by `--coverage FILE` what `get-event-selectors` prints then", select());
        holes.push(hole("data_events_off", detail, close));
    }
    if let Some(home) = coverage.home_off() {
        let detail = format!(
            "no event of `{home}` was recorded, or only late ones, where IAM and other services without regions are logged"
        );
        let close = format!(
            "aws cloudtrail update-trail --name NAME --is-multi-region-trail; remit ingest cloudtrail ITS-LOGS --ledger {}",
            sight.location
        );
        holes.push(hole("home_region_off", detail, close));
    }
    if coverage.lost > 0 {
        let detail = format!("{} when damaged files were read", lost(coverage.lost));
        let files = sight.damaged_sources(Provider::Aws, Some(account));
        let close = format!("remit ingest cloudtrail {files} --ledger {}", sight.location);
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

/// The command that has a trail record all management events, and data events of all these types beside those that it records. There is
/// one for all holes: it replaces all selectors of the trail, so that a command for each would undo the others, and what has no selector for
/// management events ends their recording. Source: AWS CLI reference, `cloudtrail put-event-selectors`.
fn select(coverage: &Coverage, unrecorded: &BTreeSet<String>) -> String {
    let field = |field: &str, value: &str| format!("{{\"Field\": \"{field}\", \"Equals\": [\"{value}\"]}}");
    let selector = |fields: &[String]| format!("{{\"FieldSelectors\": [{}]}}", fields.join(", "));
    let recorded = coverage.data.iter().map(|data| data.resource_type.as_str());
    let kinds: BTreeSet<&str> = recorded.chain(unrecorded.iter().map(String::as_str)).collect();
    let data = kinds
        .into_iter()
        .map(|kind| selector(&[field("eventCategory", "Data"), field("resources.type", kind)]));
    let all: Vec<String> =
        [selector(&[field("eventCategory", "Management")])].into_iter().chain(data).collect();
    format!(
        "aws cloudtrail put-event-selectors --trail-name NAME --advanced-event-selectors '[{}]', which replaces all selectors of the trail: \
         first add to it what else `aws cloudtrail get-event-selectors --trail-name NAME` prints",
        all.join(", ")
    )
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
