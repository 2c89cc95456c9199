use remit_policy::Call;

use super::replay::Cause;
use super::*;
use crate::analysis::sample::{ROLE, analysis, call, on, record};
use crate::deploys::{Kind, Marker};

/// A bucket's tags are read on these days.
fn reads(bucket: &str, days: impl IntoIterator<Item = i64>) -> Call {
    let mut call = on(call("s3", "GetBucketTagging"), days);
    call.resources = vec![format!("arn:aws:s3:::{bucket}")];
    call
}

fn plan(train: Train) -> Plan {
    Plan {
        train: vec![train],
        horizons: vec![30],
        step: 30,
        policies: vec![Policy::Exact, Policy::Tier(Tier::Standard)],
        settle: 0,
        generalise: None,
        drop_watched: None,
    }
}

/// What became of a role that made these calls, and was deployed on these days: the line of the tier, of all.
fn line(calls: &[Call], deploys: &[i64], plan: &Plan) -> Line {
    let granted = (["s3:GetBucketTagging", "s3:PutBucketTagging"].as_slice(), "*");
    let mut analysis = analysis(granted, calls.to_vec(), &[record("eu-west-1", 0, 400)], &[]);
    let marker = || Marker { kind: Kind::Function, what: String::new(), sample: None };
    for one in &mut analysis.principals {
        one.deployed.markers = deploys.iter().map(|day| (*day, marker())).collect();
    }
    let calls = PrincipalCalls { kind: "role".to_owned(), calls: calls.to_vec() };
    let (calls, none) = (BTreeMap::from([(ROLE.to_owned(), calls)]), BTreeMap::new());
    let past = Past::of(Catalog::embedded().unwrap(), &analysis, &calls, None, &none);
    let lines = past.replay(plan).lines.into_iter();
    let mut lines = lines.filter(|line| line.stratum.is_none() && line.deploying.is_none());
    lines.find(|line| matches!(line.policy, Policy::Tier(_))).unwrap()
}

/// Buckets that are new every fifth day are none that were seen, so that a policy of exact names breaks every time.
#[test]
fn a_way_to_name_resources_that_is_asked_for_is_the_one_that_is_replayed() {
    let calls: Vec<Call> = (0..60).map(|at| reads(&format!("intake-{at:03}"), [at * 5])).collect();
    let broken = |generalise| {
        let plan = Plan { generalise, ..plan(Train::days(90)) };
        let broken = line(&calls, &[], &plan).broken;
        (broken.hits, broken.of)
    };
    let (none, all) = broken(None);
    assert!(none == 0 && all > 3, "{none} of {all}");
    assert_eq!(broken(Some(Generalise::Granted)), (0, all));
    assert_eq!(broken(Some(Generalise::Exact)), (all, all));
}

/// Four months without use, and one more use: everything had gone by then.
#[test]
fn who_used_nothing_is_counted_apart() {
    let calls = [reads("intake", [0, 1, 2, 190])];
    let short = line(&calls, &[], &plan(Train::days(90)));
    assert_eq!((short.broken.of, short.cut_offs, short.idle.hits, short.idle.of), (0, 0, 1, 3), "{short:?}");
    // Who looks back for longer has seen the use, and keeps it.
    let long = line(&calls, &[], &plan(Train { longest: 400, least: 90 }));
    assert_eq!((long.broken.hits, long.broken.of, long.idle.of), (0, 3, 0), "{long:?}");
}

/// A call that was refused is no use, so that no figure of who works is that of who made it.
#[test]
fn who_was_only_refused_was_never_seen_at_work() {
    let unseen = |calls: &[Call]| {
        let granted = (["s3:GetBucketTagging"].as_slice(), "*");
        let analysis = analysis(granted, calls.to_vec(), &[record("eu-west-1", 0, 400)], &[]);
        let calls = PrincipalCalls { kind: "role".to_owned(), calls: calls.to_vec() };
        let (calls, none) = (BTreeMap::from([(ROLE.to_owned(), calls)]), BTreeMap::new());
        Past::of(Catalog::embedded().unwrap(), &analysis, &calls, None, &none).unseen()
    };
    let allowed = reads("intake", [1, 2]);
    let refused = Call { outcome: CallOutcome::Denied, ..allowed.clone() };
    assert_eq!(unseen(&[]), BTreeMap::from([(ROLE.to_owned(), false)]));
    assert_eq!(unseen(std::slice::from_ref(&refused)), BTreeMap::from([(ROLE.to_owned(), true)]));
    assert_eq!(unseen(&[refused, allowed]), BTreeMap::new());
}

/// Cut-offs of a horizon end with the ledger, whatever other horizons are asked for.
#[test]
fn a_horizon_has_the_same_cut_offs_alone_and_beside_others() {
    let told = Told { first: 0, end: 100 };
    let days = |horizons: &[i64], of: i64| -> Vec<i64> {
        let plan = Plan { horizons: horizons.to_vec(), ..plan(Train::days(30)) };
        let cuts = plan.cuts(told).into_iter().filter(|(_, horizons)| horizons.contains(&of));
        cuts.map(|(cut, _)| cut.day).collect()
    };
    assert_eq!(days(&[30], 30), [70, 40]);
    assert_eq!(days(&[7, 30, 90], 30), [70, 40]);
    assert_eq!(days(&[7, 30, 90], 7), [93, 63, 33]);
    assert_eq!(days(&[7, 30, 90], 90), [0_i64; 0]);
}

/// What a deploy brought was not there before it, neither the permission nor the bucket.
#[test]
fn what_was_used_before_is_not_for_a_deploy_to_answer_for() {
    let steady = reads("steady", 0..250);
    let plan = Plan { generalise: Some(Generalise::Exact), ..plan(Train::days(90)) };
    let causes = |other: Call| line(&[steady.clone(), other], &[225], &plan).causes;
    assert_eq!(causes(reads("new", [230])), BTreeMap::from([(Cause::AfterDeploy, 1)]));
    assert_eq!(causes(reads("old", [1, 230])), BTreeMap::from([(Cause::Resource, 1)]));
}

/// What is watched, and goes where it was not used for as long as history is: then a use of it breaks.
#[test]
fn watched_permissions_that_are_dropped_are_missed() {
    let mut writes = reads("intake", 0..250);
    writes.operation = "PutBucketTagging".to_owned();
    let granted = (["s3:PutBucketTagging", "s3:DeleteBucket"].as_slice(), "*");
    let mut deletes = reads("intake", [240]);
    deletes.operation = "DeleteBucket".to_owned();
    let calls = vec![writes, deletes];
    let analysis = analysis(granted, calls.clone(), &[record("eu-west-1", 0, 400)], &[]);
    let calls = BTreeMap::from([(ROLE.to_owned(), PrincipalCalls { kind: "role".to_owned(), calls })]);
    let none = BTreeMap::new();
    let past = Past::of(Catalog::embedded().unwrap(), &analysis, &calls, None, &none);
    let broken = |drop_watched| {
        let plan = Plan { policies: vec![Policy::Tier(Tier::Strict)], drop_watched, ..plan(Train::days(90)) };
        past.replay(&plan).lines.iter().find(|line| line.stratum.is_none()).unwrap().broken.hits
    };
    assert_eq!((broken(None), broken(Some(180)), broken(Some(90))), (0, 0, 1));
}
