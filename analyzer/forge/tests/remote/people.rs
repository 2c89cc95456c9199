//! What people say and do is what counts.

use remit_tests::forge::{Flavour, Pull};

use crate::place::{Place, facts};

const BOTH: [Flavour; 2] = [Flavour::GitHub, Flavour::GitLab];

#[test]
fn a_closed_one_stays_closed_until_the_evidence_changes() {
    let mut place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    place.forge.change(1, |pull| pull.state = "closed".to_owned());
    place.set_now("2026-12-05T12:00:00Z");
    assert_eq!(place.state(&facts("one", &["b"])), "closed");
    assert_eq!(place.state(&facts("one", &["b", "c"])), "opened");
    assert_eq!(place.forge.pulls().len(), 2);
}

#[test]
fn what_is_kept_by_a_comment_stays() {
    for flavour in BOTH {
        let mut place = Place::new(flavour);
        place.state(&facts("one", &["b", "c"]));
        place.forge.say(1, "stranger", "/remit keep s3:c I am nobody", false);
        assert_eq!(place.state(&facts("one", &["b", "c"])), "open");
        place.forge.say(1, "maya", "I need that.\n/remit keep s3:C in spring", true);
        assert_eq!(place.state(&facts("one", &["b", "c"])), "updated");
        let pull = place.forge.pulls()[0].clone();
        assert!(place.file(&pull.branch, "iam/one.json").contains("s3:c"));
        assert!(pull.body.contains("Kept because somebody asked for it: `s3:c`."), "{}", pull.body);
        // It is remembered when that pull request is history.
        place.merge(1);
        place.set_now("2026-12-05T12:00:00Z");
        assert_eq!(place.state(&facts("one", &["c"])), "nothing to edit");
        assert_eq!(place.state(&facts("one", &["c", "d"])), "opened");
        let pulls = place.forge.pulls();
        assert!(place.file(&pulls.last().unwrap().branch, "iam/one.json").contains("s3:c"));
    }
}

#[test]
fn keeping_everything_closes_it() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    place.forge.say(1, "maya", "/remit keep s3:* all of it", true);
    assert_eq!(place.state(&facts("one", &["b"])), "resolved");
    assert_eq!(place.state(&facts("one", &["b"])), "nothing to edit");
}

#[test]
fn what_is_put_off_comes_back_when_its_day_is_over() {
    for flavour in BOTH {
        let mut place = Place::new(flavour);
        place.state(&facts("one", &["b"]));
        place.forge.say(1, "maya", "/remit snooze 90d", true);
        assert_eq!(place.state(&facts("one", &["b"])), "put off");
        assert_eq!(place.forge.pulls()[0].state, "closed");
        place.set_now("2027-02-26T23:00:00Z");
        // Nor does new evidence make a difference.
        assert_eq!(place.state(&facts("one", &["b", "c"])), "put off");
        place.set_now("2027-02-27T00:00:00Z");
        assert_eq!(place.state(&facts("one", &["b"])), "opened");
    }
}

#[test]
fn whoever_puts_off_may_close_it_by_hand() {
    let mut place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    place.forge.say(1, "maya", "/remit snooze 7d", true);
    place.forge.change(1, |pull| pull.state = "closed".to_owned());
    assert_eq!(place.state(&facts("one", &["b"])), "put off");
    place.set_now("2026-12-06T12:00:00Z");
    assert_eq!(place.state(&facts("one", &["b"])), "opened");
}

#[test]
fn the_file_of_the_repository_counts() {
    let mut place = Place::new(Flavour::GitHub);
    place.write(
        ".remit/keep.toml",
        "[[keep]]\ngrant = \"s3:c\"\nreason = \"runbook\"\nuntil = \"2026-12-31\"\n\n\
         [[snooze]]\nidentity = \"*/two\"\nuntil = \"2026-12-31\"\n",
    );
    place.commit("Keep");
    let proposals = [facts("one", &["b", "c"]), facts("two", &["b", "c"])];
    assert_eq!(place.states(&proposals), [("one".to_owned(), "opened"), ("two".to_owned(), "put off")]);
    assert!(place.file(&place.forge.pulls()[0].branch, "iam/one.json").contains("s3:c"));
    place.set_now("2027-01-01T12:00:00Z");
    assert_eq!(place.states(&proposals), [("one".to_owned(), "updated"), ("two".to_owned(), "opened")]);
    assert!(!place.file(&place.forge.pulls()[0].branch, "iam/one.json").contains("s3:c"));

    place.write(".remit/keep.toml", "[[keep]]\ngrants = \"s3:c\"\n");
    place.commit("Break it");
    let _ = place.forge.calls();
    let error = place.try_run(&proposals, &[]).unwrap_err().to_string();
    assert!(error.starts_with(".remit/keep.toml:2: ") && error.contains("\nhint: "), "{error}");
    assert_eq!(place.forge.writes(), [] as [&str; 0]);
}

#[test]
fn commits_of_others_are_never_written_over() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    let branch = place.forge.pulls()[0].branch.clone();
    let ours = place.branches()[&branch].clone();
    for (what, arguments) in [
        ("a commit on top", &["commit", "--quiet", "--allow-empty", "-m", "Mine"][..]),
        ("another message", &["commit", "--quiet", "--amend", "-m", "Mine", "--"]),
    ] {
        place.git(&["fetch", "--quiet", "origin", &ours]);
        place.git(&["checkout", "--quiet", "--detach", &ours]);
        place.git(arguments);
        place.git(&["push", "--quiet", "--force", "origin", &format!("HEAD:{branch}")]);
        let before = place.branches();
        assert_eq!(place.state(&facts("one", &["b", "c"])), "left", "{what}");
        assert_eq!(place.branches(), before, "{what}");
    }
    // Closed with somebody's commits on its branch, it cannot be opened anew.
    place.forge.change(1, |pull| pull.state = "closed".to_owned());
    place.forge.change(1, |pull| pull.created = "2026-11-01T00:00:00Z".to_owned());
    let report = place.run(&[facts("one", &["b", "c"])]);
    assert_eq!(report.outcomes[0].state, "stuck");
    assert!(report.problems[0].contains("holds commits of others\nhint: "), "{report:?}");
}

#[test]
fn a_pull_request_from_a_fork_is_nobodys() {
    for flavour in BOTH {
        let place = Place::new(flavour);
        let mut ours = facts("one", &["b"]);
        place.state(&ours);
        let pull = place.forge.pulls()[0].clone();
        ours = facts("two", &["b"]);
        let forged = Pull {
            number: 77,
            branch: remit_forge::Unit::of(&ours.identity).to_string(),
            state: "closed".to_owned(),
            is_foreign: true,
            created: "2026-11-01T00:00:00Z".to_owned(),
            ..pull
        };
        place.forge.add(Pull { branch: format!("remit/{}", forged.branch), ..forged });
        let mut settings = place.settings.clone();
        settings.a_day = 5;
        let place = Place { settings, ..place };
        let states = place.states(&[ours]);
        assert!(states.contains(&("two".to_owned(), "opened")), "{states:?}");
    }
}
