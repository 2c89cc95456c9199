use super::*;

/// The figure of a sort is of those that were seen, and says nothing of who was not.
#[test]
fn of_who_was_never_seen_no_replay_speaks() {
    let name = |name: &str| name.to_owned();
    let strata = ["seen", "unseen", "refused"].map(|one| (name(one), (Realm::Account, Stratum::Workload)));
    let unseen = BTreeMap::from([(name("unseen"), false), (name("refused"), true)]);
    let forecasts = Forecasts { strata: strata.into(), unseen, ..Forecasts::default() };
    assert_eq!(forecasts.short("seen"), "not enough history");
    assert!(forecasts.sentence("seen").contains("0 identities at past dates can be replayed"));
    assert_eq!(forecasts.short("unseen"), "never seen");
    assert_eq!(forecasts.sentence("unseen"), "It was never seen in the history, so no replay speaks of it.");
    assert_eq!(forecasts.short("refused"), "never seen at work");
    assert_eq!(
        forecasts.sentence("refused"),
        "None of its calls in the history is known to have been allowed, so no replay speaks of it."
    );
}

/// A sort of which nothing broke so far may break all the same, and the figure of it says so.
#[test]
fn a_chance_that_rounds_to_nothing_is_not_said_to_be_nothing() {
    let sort = (Realm::Account, Stratum::Workload);
    let line = Line {
        realm: Realm::Account,
        policy: Policy::Tier(Tier::Standard),
        train: 400,
        horizon: 30,
        stratum: Some(Stratum::Workload),
        deploying: None,
        cut_offs: 4,
        broken: Share::of(0, 132),
        broken_write: Share::of(0, 132),
        days_to_break: None,
        to_repair: None,
        permissions_met: 1.0,
        calls_met: 1.0,
        reduction: 0.9,
        narrowing: 0.9,
        idle: Share::of(0, 0),
        causes: BTreeMap::new(),
        saved: BTreeMap::new(),
        most_missed: Vec::new(),
    };
    let said = |chance| {
        let own = (Record { windows: 4, broken: 0 }, chance);
        let forecasts = Forecasts {
            strata: BTreeMap::from([("app".to_owned(), sort)]),
            lines: BTreeMap::from([(sort, line.clone())]),
            foretold: BTreeMap::from([("app".to_owned(), own)]),
            ..Forecasts::default()
        };
        forecasts.sentence("app")
    };
    assert!(said(0.02).ends_with("at 0 of 4 dates; weighed together, that foretells 2.0 % of it."));
    let none = said(0.0);
    assert!(
        none.ends_with("that foretells less than 0.1 % of it, and rules out no more than the interval does."),
        "{none}"
    );
}

#[test]
fn one_permission_is_told_in_the_singular() {
    let group = |disposition, names: &[&str]| Group {
        disposition,
        why: String::new(),
        permissions: names
            .iter()
            .map(|name| Named { permission: (*name).to_owned(), service: "s3".to_owned() })
            .collect(),
    };
    let groups =
        [group(Disposition::Watch, &["s3:DeleteBucket"]), group(Disposition::Remove, &["s3:A", "s3:B"])];
    let text = markdown("app", "standard", "", &[], &groups).unwrap();
    assert!(text.contains("Of 3 permissions 2 go, 1 is watched and stays for now, 0 stay and"), "{text}");
}
