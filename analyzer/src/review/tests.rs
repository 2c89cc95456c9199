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
