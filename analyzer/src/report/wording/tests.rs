//! Tests of the words.

use std::collections::BTreeSet;

use super::*;
use crate::report::model::ProposalSection;
use crate::report::sample;

#[test]
fn a_share_never_hides_what_is_there() {
    assert_eq!(share(0_u64, 0_u64), "–");
    assert_eq!(share(0_u64, 10_u64), "0%");
    assert_eq!(share(1_u64, 1_000_u64), "<1%");
    assert_eq!(share(999_u64, 1_000_u64), ">99%");
    assert_eq!(share(1_000_u64, 1_000_u64), "100%");
    assert_eq!(share(1_u64, 3_u64), "33%");
    assert_eq!(share(u64::MAX - 1, u64::MAX), ">99%");
}

#[test]
fn moments_are_shortened_and_other_text_is_not() {
    assert_eq!(time("2026-11-23T21:37:25Z"), "2026-11-23 21:37");
    assert_eq!(time("2026-11-23T21:37:25.123Z"), "2026-11-23 21:37");
    for odd in ["", "T", "2026-11-23", "2026-11-23T21:37:25+01:00", "ééT12é45Z", "x|yT<b>Z"] {
        assert_eq!(time(odd), odd);
    }
}

#[test]
fn things_are_counted_in_words() {
    assert_eq!(permissions(1_u64), "1 permission");
    assert_eq!(permissions(0_u64), "0 permissions");
    assert_eq!(counted(1_204_u64, "policy", "policies"), "1,204 policies");
    assert_eq!(more(3_u64, 2_u64, &["reason", "reasons"]).as_deref(), Some("and 1 more reason"));
    assert_eq!(more(2_u64, 2_u64, &["reason", "reasons"]), None);
    assert_eq!(more(1_u64, 2_u64, &["reason", "reasons"]), None);
}

#[test]
fn anchors_are_unique_and_plain() {
    let mut report = sample::report(4, 1);
    for principal in &mut report.principals {
        principal.name = "a b\"'<".to_owned();
        principal.arn = "arn:aws:iam::111122223333:role/x".to_owned();
        principal.kind = "role".to_owned();
    }
    report.principals[2].name = "1-role".to_owned();
    let anchors = anchors(&report);
    assert_eq!(anchors[0], "role-111122223333-ab");
    assert_eq!(anchors[1], "2-role-111122223333-ab");
    assert_eq!(anchors.iter().collect::<BTreeSet<_>>().len(), 4);
    assert!(anchors.concat().chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
}

#[test]
fn gaps_are_told_apart_by_whether_they_can_be_closed() {
    let report = sample::report(40, 3);
    let (remedied, others) = by_remedy(&report.gaps);
    assert_eq!(remedied.len() + others.len(), report.gaps.len());
    assert!(remedied.iter().all(|gap| gap.remedy.is_some()));
    let (some, all) = switchable(&report.gaps);
    assert_eq!(all, report.totals.permissions.unobservable);
    assert!(some > 0 && some < all);
    assert!(hopeless(&others).starts_with(&format!("{} cannot be made observable", permissions(all - some))));
}

#[test]
fn the_levels_add_up() {
    let report = sample::report(40, 3);
    let levels = unused_by_level(&report);
    assert_eq!(levels.iter().map(|(_, _, unused)| unused).sum::<usize>(), report.totals.permissions.unused);
    let score: u64 = report.principals.iter().map(|principal| principal.score).sum();
    assert_eq!(levels.iter().map(|(_, weight, unused)| weight * *unused as u64).sum::<u64>(), score);
}

/// What is used in one place and goes elsewhere is not removed.
#[test]
fn what_is_narrowed_is_told_apart_from_what_is_removed() {
    let counts = PermissionCounts { granted: 11, ..PermissionCounts::default() };
    assert_eq!(removal(&counts, 4, 0, 7), "Removes 4 of 11 permissions and keeps 7.");
    assert_eq!(
        removal(&counts, 4, 2, 7),
        "Removes 4 of 11 permissions, narrows 2 more to where they are needed, and keeps 7, parts of those included."
    );
    let proposal = |removed, narrowed| ProposalSection::Proven {
        changes: Vec::new(),
        granted_after: 7,
        removed,
        narrowed,
        points: 0,
        protected: 7,
        replayed: Some(5),
        folder: String::new(),
    };
    assert_eq!(state(&proposal(4, 0)), "removes 4");
    assert_eq!(state(&proposal(4, 2)), "removes 4, narrows 2");
    assert_eq!(state(&proposal(0, 2)), "narrows 2");
}

#[test]
fn a_proof_says_what_was_checked_of_whom() {
    let of_account = proof(2_u64, None);
    assert!(of_account.starts_with("Proven: 2 pairs of a permission and a resource that"), "{of_account}");
    let of_cluster = proof(1_u64, Some(3));
    assert!(
        of_cluster.starts_with(
            "Proven: 3 requests that the ledger saw allowed are allowed still, and 1 permission that is used or \
             unobservable is granted still; "
        ),
        "{of_cluster}"
    );
    assert!(of_account.contains("AWS") && !of_cluster.contains("AWS"), "{of_cluster}");
    assert!(proof(1_u64, Some(1)).starts_with("Proven: 1 request that the ledger saw allowed is allowed"));
}
