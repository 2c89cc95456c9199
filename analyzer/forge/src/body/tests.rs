//! Tests of what a pull request says.

use super::*;
use crate::change::{Edited, Suggestion};
use crate::facts::{Proof, Share};

const HOSTILE: &str = "x`|</details><img src=x onerror=alert(1)> @everyone #987 [a](https://b.example)\n# head\u{202e}\u{0} --> ```";

fn line(group: &str, permission: &str, standing: Standing) -> Line {
    Line {
        group: group.to_owned(),
        permission: format!("{group}:{permission}"),
        why: format!("no use of `{permission}` in 90 days"),
        standing,
        denied: 0,
        from: BTreeSet::from(["app".to_owned()]),
    }
}

fn facts() -> Facts {
    Facts {
        folder: "proposals/app".into(),
        identity: "arn:aws:iam::111122223333:role/app".to_owned(),
        kind: "role".to_owned(),
        name: "app".to_owned(),
        window: ("2026-08-30T00:00:00Z".to_owned(), "2026-11-28T00:00:00Z".to_owned()),
        used_since: Some("2025-10-24T00:00:00Z".to_owned()),
        coverage: vec!["management write events".to_owned()],
        lost: Some(3),
        removed: vec![
            line("s3", "PutObject", Standing::Removed),
            line("ec2", "RunInstances", Standing::Removed),
        ],
        kept: vec![
            line("s3", "GetObject", Standing::Used),
            line("s3", "GetObjectAcl", Standing::Unobservable),
        ],
        proof: Proof { what: "recorded requests", form: None, replayed: 1_204, allowed: 1_204, calls: 90 },
        replay: Some(Replay {
            broken: Share { hits: 1, of: 200, share: 0.005, low: 0.0001, high: 0.0275 },
            horizon: 30,
            cut_offs: 7,
        }),
        tier: Some("standard".to_owned()),
        watched: Some(2),
    }
}

fn body(facts: &Facts, change: &Change, kept: &[&str]) -> String {
    let kept = kept.iter().map(|&one| one.to_owned()).collect();
    let marker = Marker { identity: facts.identity.clone(), ..Marker::default() };
    Subject { unit: &Unit::of(&facts.identity), facts, change, kept: &kept, marker: &marker, owners: &[] }
        .body()
}

fn change() -> Change {
    let files = vec![Edited { path: "iam/app.tf".to_owned(), bytes: Vec::new() }];
    Change { files, ..Change::default() }
}

#[test]
fn the_verdict_is_in_three_lines() {
    let text = body(&facts(), &change(), &[]);
    let lines: Vec<&str> = text.lines().take(4).collect();
    assert_eq!(
        lines,
        [
            "**2 of 4 permissions of role `app` go**: none of them was used in 90 days in which every call would have been recorded.\\",
            "**Proven**: 1,204 recorded requests were asked again, and 1,204 are allowed after; nothing is allowed that was not before.\\",
            "**Risk**: such proposals would have missed a permission within 30 days in 1 of 200 replays at 7 past dates (0.5 %, 95 % interval 0.0 % to 2.8 %).",
            "",
        ]
    );
    for said in [
        "| `s3` | `PutObject` | no use of `PutObject` in 90 days |",
        "3 events",
        "`iam/app.tf`",
        "git revert",
        "tier `standard`",
        "- Of what stays, 1 was used (by 90 calls at least), 0 were not, and of 1 it cannot be told\n",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
}

/// A permission of a cluster may be used every day, and go where it is not.
#[test]
fn what_goes_in_part_is_told_apart_from_what_nobody_used() {
    let mut facts = facts();
    facts.removed.push(line("pods", "list", Standing::Narrowed));
    let text = body(&facts, &change(), &[]);
    assert!(
        text.starts_with("**2 permissions of role `app` go**: none of them was used in 90 days")
            && text.lines().next().unwrap().ends_with("recorded; 1 more goes in part.\\"),
        "{text}"
    );
    facts.removed.drain(..2);
    let by_hand = body(&facts, &Change::default(), &[]);
    assert!(
        by_hand.starts_with(
            "**1 permission of role `app` can go in part, by hand**: no use of what goes was seen"
        ),
        "{by_hand}"
    );
    assert!(!by_hand.contains("none of them was used"), "{by_hand}");
}

#[test]
fn the_cycles_that_were_seen_are_counted() {
    let text = body(&facts(), &change(), &[]);
    let seen = "\n- Cycles seen: the window held 12 weeks, 3 month ends and 1 quarter end; since calls count as use there were 57 weeks, 13 month ends \
                and 4 quarter ends\n";
    assert!(text.contains(seen), "{text}");
    let watched = "\n- Used in fewer than two cycles, or perhaps by a stranger only (WATCH): 2 permissions of those that were used\n";
    assert!(text.contains(watched), "{text}");
    let short = Facts { used_since: None, watched: Some(0), ..facts() };
    let text = body(&short, &change(), &[]);
    assert!(text.contains("3 month ends and 1 quarter end\n"), "{text}");
    assert!(text.contains("(WATCH): nothing of what was used\n"), "{text}");
    // Without a review nothing tells what is watched.
    let untold = Facts { watched: None, ..facts() };
    assert!(!body(&untold, &change(), &[]).contains("WATCH"));
}

#[test]
fn what_is_kept_or_not_edited_does_not_go() {
    let kept = body(&facts(), &change(), &["s3:PutObject"]);
    assert!(
        kept.starts_with("**1 of 4 permissions") && kept.contains("asked for it: `s3:PutObject`."),
        "{kept}"
    );
    let mut facts = facts();
    facts.removed[0].from = BTreeSet::from(["other".to_owned()]);
    let suggestion = Suggestion {
        path: "other.tf".to_owned(),
        line: 3,
        why: "it is a template".to_owned(),
        text: "```\n@me\n".to_owned(),
    };
    let unedited = BTreeSet::from(["other".to_owned()]);
    let change = Change { suggestions: vec![suggestion], unedited, ..change() };
    let text = body(&facts, &change, &[]);
    assert!(text.starts_with("**1 of 4 permissions"), "{text}");
    assert!(text.contains("hold 1 more permission that nobody used"), "{text}");
    let by_hand = Change { files: Vec::new(), ..change.clone() };
    assert!(body(&facts, &by_hand, &[]).starts_with("**2 of 4 permissions of role `app` can go, by hand**"));
    assert!(text.contains("`other.tf:3`: it is a template\n\n````\n```\n@me\n````\n"), "{text}");
    // Where there is nothing to write, nothing is shown between fences.
    let mut told = change;
    told.suggestions[0].text = String::new();
    let text = body(&facts, &told, &[]);
    assert!(text.contains("`other.tf:3`: it is a template\n\n"), "{text}");
    assert!(!text.contains("it is a template\n\n```"), "{text}");
}

/// What a person is to write is there as a whole, by whole lines, or it is said how much is not.
#[test]
fn suggestions_are_whole_or_say_what_is_left() {
    let long = format!("resources = [\"arn:aws:s3:::{}\"]", "a".repeat(400));
    let lines = |count: usize| (0..count).map(|at| format!("line {at}\n")).collect::<String>() + &long;
    let told = |count: usize, suggestions: usize| {
        let one =
            Suggestion { path: "a.tf".to_owned(), line: 3, why: "a loop".to_owned(), text: lines(count) };
        body(&facts(), &Change { suggestions: vec![one; suggestions], ..change() }, &[])
    };
    let whole = told(138, 5);
    assert_eq!(whole.matches(&format!("```\n{}\n```\n", lines(138))).count(), 5, "{whole}");
    assert!(!whole.contains("no room here"), "{whole}");
    for suggestions in [1, 5] {
        let cut = told(9_000, suggestions);
        let shown = cut.lines().filter(|line| line.starts_with("line ")).count();
        assert!(cut.chars().count() <= LONGEST && shown > 1_000, "{shown}");
        let left = cut.lines().filter_map(|line| line.split_once(" lines of it have no room here"));
        let left: usize = left.map(|(number, _)| number.replace(',', "").parse::<usize>().unwrap()).sum();
        assert_eq!(shown + left, 9_001 * suggestions);
        assert!(!cut.contains("aaa") && cut.contains("### The way back"));
    }
}

/// What is edited may allow nothing today, since a boundary takes it.
#[test]
fn an_edit_by_which_nothing_goes_says_so() {
    let facts = Facts { removed: Vec::new(), ..facts() };
    let text = body(&facts, &change(), &[]);
    assert!(
        text.starts_with(
            "**Nothing goes of 2 permissions of role `app`**: what is edited allows nothing today"
        ),
        "{text}"
    );
    assert!(
        text.contains("### What goes\n\nNo permission that is in force: a boundary or a denial takes"),
        "{text}"
    );
    assert!(!text.contains("resources on which some stay"), "{text}");
}

#[test]
fn names_from_elsewhere_are_shown_as_they_are() {
    let mut facts = facts();
    for lines in [&mut facts.removed, &mut facts.kept] {
        for line in lines.iter_mut() {
            (line.group, line.permission, line.why) =
                (HOSTILE.to_owned(), HOSTILE.to_owned(), HOSTILE.to_owned());
        }
    }
    (facts.identity, facts.name, facts.kind) = (HOSTILE.to_owned(), HOSTILE.to_owned(), "role".to_owned());
    facts.coverage = vec![HOSTILE.to_owned()];
    facts.window = (HOSTILE.to_owned(), HOSTILE.to_owned());
    let mut change = change();
    change.files[0].path = HOSTILE.to_owned();
    let text = body(&facts, &change, &[HOSTILE]);
    let (shown, marker) = text.rsplit_once("<!-- remit:1 ").unwrap();
    for sign in [
        "@everyone",
        "#987",
        "<img",
        "</details",
        "](https",
        "https://",
        "\n# head",
        "\u{202e}",
        "\0",
        "-->  ",
        "```\n# ",
    ] {
        assert!(!shown.contains(sign), "{sign:?} in {shown}");
    }
    assert!(
        !marker.contains('<') && marker.trim_end().ends_with("-->") && marker.matches("-->").count() == 1
    );
    let unit = Unit::of(&facts.identity);
    let marker = Marker::default();
    let subject = Subject {
        unit: &unit,
        facts: &facts,
        change: &change,
        kept: &BTreeSet::new(),
        marker: &marker,
        owners: &[],
    };
    for text in [subject.title(), subject.message()] {
        assert!(!text.contains(['@', '#', '<', '`', '\u{202e}', '\0']) && !text.contains("\n# "), "{text}");
    }
    assert_eq!(subject.title().lines().count(), 1);
}

#[test]
fn a_body_is_bounded_and_says_what_it_leaves_out() {
    let mut facts = facts();
    facts.removed =
        (0..200).map(|number| line(&format!("service-{number}"), "Do", Standing::Removed)).collect();
    let text = body(&facts, &change(), &[]);
    assert!(text.contains("\n150 more in `evidence.json`.\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("| `service-")).count(), 50);
    let long = "<".repeat(5_000);
    facts.removed =
        (0..3_000).map(|number| line(&format!("{number}{long}"), &long, Standing::Removed)).collect();
    facts.kept = facts.removed.clone();
    let change = Change { files: vec![Edited { path: long, bytes: Vec::new() }; 300], ..change() };
    for kept in [vec![], facts.removed.iter().map(|line| line.permission.as_str()).collect()] {
        let text = body(&facts, &change, &kept);
        assert!(text.chars().count() <= LONGEST, "{}", text.chars().count());
        assert!(text.contains("of 6,000 permissions of role"));
    }
}

#[test]
fn the_longest_of_all_parts_together_are_bounded() {
    let long = "<".repeat(5_000);
    let name = |number: u64| {
        format!(
            "s:{:x}{:x}",
            number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            number.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        )
    };
    let names: Vec<String> = (0..900).map(name).collect();
    let suggestion =
        Suggestion { path: long.clone(), line: 1, why: long.clone(), text: format!("{long}\n").repeat(50) };
    let change = Change {
        files: vec![Edited { path: long.clone(), bytes: Vec::new() }; 300],
        suggestions: vec![suggestion; 9],
        ..change()
    };
    let marker = Marker {
        keep: crate::marker::bounded(names.iter().take(300).cloned().collect()),
        removed: crate::marker::Packed::of(&names.iter().map(String::as_str).collect()),
        ..Marker::default()
    };
    assert!(marker.line().len() > 30_000, "{}", marker.line().len());
    let facts = Facts { coverage: vec![long; 30], ..facts() };
    let unit = Unit::of(&facts.identity);
    let kept = BTreeSet::new();
    let text =
        Subject { unit: &unit, facts: &facts, change: &change, kept: &kept, marker: &marker, owners: &[] }
            .body();
    assert!(text.chars().count() <= LONGEST, "{}", text.chars().count());
    assert!(
        text.contains("\n9 places, for which there is no room here.\n")
            && Marker::read(&text) == Some(marker),
        "{text}"
    );
}

#[test]
fn fewer_resources_are_said_in_the_verdict_and_listed() {
    let of = |names: &[&str]| names.iter().map(|&one| one.to_owned()).collect::<BTreeSet<String>>();
    let narrowed = [
        ("s3:GetObject".to_owned(), of(&["arn:aws:s3:::a/*", HOSTILE])),
        ("s3:ListBucket".to_owned(), of(&["arn:aws:s3:::a"])),
    ];
    let narrowed = Change { narrowed: narrowed.into(), ..change() };
    let text = body(&facts(), &narrowed, &[]);
    let first = text.lines().next().unwrap();
    assert!(first.ends_with("recorded; 2 permissions on fewer resources than today.\\"), "{first}");
    assert!(text.contains("\n| `s3:ListBucket` | `arn:aws:s3:::a` |\n"), "{text}");
    assert!(!text.contains("<img"), "{text}");
    let nothing = Facts { removed: Vec::new(), ..facts() };
    let text = body(&nothing, &narrowed, &[]);
    assert!(text.starts_with("**2 permissions of role `app` on fewer resources than today**: "), "{text}");
    assert!(text.contains("No permission, but resources"), "{text}");
}
