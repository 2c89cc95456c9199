use super::*;
use crate::finding::{FindingKind, Severity};

fn mutes(text: &str) -> Mutes {
    #[derive(Deserialize)]
    struct Written {
        mute: Vec<MuteRule>,
    }
    let written: Written = toml::from_str(text).unwrap();
    let place = |line| Place { file: "remit.toml".to_owned(), line };
    let rules = written.mute.into_iter().enumerate().map(|(at, rule)| (place(at + 1), rule)).collect();
    Mutes::new(rules, "2026-11-28".parse().unwrap())
}

fn finding(names: &[&str]) -> Finding {
    Finding {
        severity: Severity::Low,
        kind: FindingKind::Denied,
        principal: "arn:aws:iam::111122223333:role/ci-deploy".to_owned(),
        service: None,
        permissions: names.len(),
        detail: String::new(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        about: String::new(),
        owner: None,
        muted: None,
    }
}

#[test]
fn all_that_a_mute_says_has_to_match() {
    let reason = |text: &str, names: &[&str]| mutes(text).of_finding(&finding(names)).map(|mute| mute.reason);
    let known = || Some("known".to_owned());
    let base = "[[mute]]\nreason = 'known'\n";
    assert_eq!(reason(&format!("{base}identity = 'ci-*'\n"), &[]), known());
    assert_eq!(reason(&format!("{base}identity = 'web-*'\n"), &[]), None);
    assert_eq!(reason(&format!("{base}identity = 'ci-*'\nrule = 'denied'\n"), &[]), known());
    assert_eq!(reason(&format!("{base}identity = 'ci-*'\nrule = 'unused'\n"), &[]), None);
    assert_eq!(reason(&format!("{base}action = 's3:get*'\n"), &["s3:GetObject", "s3:GetObjectAcl"]), known());
    assert_eq!(reason(&format!("{base}action = 's3:get*'\n"), &["s3:GetObject", "s3:PutObject"]), None);
    assert_eq!(reason(&format!("{base}action = 's3:get*'\n"), &[]), None);
}

#[test]
fn a_mute_holds_to_its_last_day_and_is_told_from_the_next() {
    let text = |day: &str| format!("[[mute]]\nidentity = '*'\nreason = 'known'\nuntil = {day}\n");
    for day in ["2026-11-28", "'2026-11-28'", "2027-01-01"] {
        let mutes = mutes(&text(day));
        assert!(mutes.of_finding(&finding(&[])).is_some_and(|mute| mute.until.is_some()), "{day}");
        assert!(mutes.expired().is_empty());
    }
    let mutes = mutes(&text("2026-11-27"));
    assert!(mutes.of_finding(&finding(&[])).is_none() && mutes.of_identity("x").is_none());
    assert!(mutes.expired().first().unwrap().starts_with("remit.toml:1: this mute held until 2026-11-27"));
}

#[test]
fn only_what_says_nothing_but_whom_mutes_a_principal() {
    let of = |text: &str| mutes(text).of_identity("arn:aws:iam::111122223333:role/ci-deploy").is_some();
    assert!(of("[[mute]]\nidentity = 'ci-*'\nreason = 'x'\n"));
    assert!(!of("[[mute]]\nidentity = 'ci-*'\nrule = 'unused'\nreason = 'x'\n"));
    assert!(!of("[[mute]]\nidentity = 'ci-*'\naction = 's3:*'\nreason = 'x'\n"));
}
