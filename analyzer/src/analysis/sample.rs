//! A small analysis for tests.

use remit_ledger::{EventClass, Provider};
use remit_policy::{AccountFile, BareDocument, Call, CallOutcome};

use super::*;
use crate::visible::DAY;

/// The account of the one principal.
pub(crate) const ACCOUNT: &str = "111122223333";

/// The one principal.
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/app";

/// A region's coverage record from one day to another, in which management events were seen.
pub(crate) fn record(region: &str, start: i64, end: i64) -> CoverageRecord {
    CoverageRecord {
        provider: Provider::Aws,
        account: Some(ACCOUNT.to_owned()),
        region: Some(region.to_owned()),
        evidence: "cloudtrail".to_owned(),
        workload: None,
        start: start * DAY,
        end: end * DAY,
        classes: vec![EventClass::ManagementRead, EventClass::ManagementWrite],
        excluded_services: Vec::new(),
        events: 1,
        lost: 0,
    }
}

/// A call that was made on these days.
pub(crate) fn on(mut call: Call, days: impl IntoIterator<Item = i64>) -> Call {
    call.seen.days = Days::none(0);
    days.into_iter().for_each(|day| call.seen.days.insert(day));
    let (first, last) = (call.seen.days.first().unwrap_or(0), call.seen.days.last().unwrap_or(0));
    (call.seen.first, call.seen.last) = (first * DAY, last * DAY + 1);
    call
}

/// One allowed call on the first day.
pub(crate) fn call(service: &str, operation: &str) -> Call {
    Call {
        service: service.to_owned(),
        operation: operation.to_owned(),
        resources: Vec::new(),
        parameters: Arc::default(),
        outcome: CallOutcome::Use,
        via: None,
        account: Some(ACCOUNT.to_owned()),
        region: Some("eu-west-1".to_owned()),
        seen: Seen { count: 1.into(), first: 1, last: 1, sample: None, days: Days::default() },
    }
}

/// The analysis of a role with one statement that allows these actions on these resources.
pub(crate) fn analysis(
    (actions, resource): (&[&str], &str),
    calls: Vec<Call>,
    records: &[CoverageRecord],
    given_up: &[&str],
) -> Analysis {
    analysis_by(&settings(given_up), (actions, resource), calls, records)
}

/// The same by other settings.
pub(crate) fn analysis_by(
    settings: &Settings,
    (actions, resource): (&[&str], &str),
    calls: Vec<Call>,
    records: &[CoverageRecord],
) -> Analysis {
    let statement = serde_json::json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
    let text = serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let mut account = Account::default();
    account.add_bare(&[BareDocument {
        file: AccountFile { name: "app.json", text: &text },
        name: "app".to_owned(),
        principal: Ok(ROLE.to_owned()),
    }]);
    let calls = BTreeMap::from([(ROLE.to_owned(), PrincipalCalls { kind: "role".to_owned(), calls })]);
    analyse(Catalog::embedded().unwrap(), account, &calls, records, settings, None)
}

/// The usual settings, which give up these services.
pub(crate) fn settings(given_up: &[&str]) -> Settings {
    Settings {
        window: WindowSettings {
            longest: 90 * DAY,
            history: 400 * DAY,
            minimum: 30 * DAY,
            longest_gap: 2 * DAY,
        },
        said: Said::default(),
        unreadable: 0,
        given_up: GivenUp { services: given_up.iter().map(|name| (*name).to_owned()).collect() },
        give_up_unused_services: false,
        generalise: Generalise::Templates,
        tier: Tier::default(),
        suspects: Suspects::default(),
        deploys: Arc::default(),
        settle: 0,
        drop_watched: None,
    }
}
