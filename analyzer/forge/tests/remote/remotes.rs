//! Remote repositories over other ways than files, what they may bring, and forges whose API nobody knows.

use jiff::Timestamp;
use remit_forge::codeowners::Dialect;
use remit_forge::{Destination, Git, Outcome, Token, patches};
use remit_tests::forge::Flavour;

use crate::daemon::Daemon;
use crate::place::{Lines, Place, facts, git};

fn patched(place: &Place, remote: &str, push: bool) -> Vec<(&'static str, String)> {
    let outcomes = patched_as_well(place, remote, push).into_iter();
    outcomes.map(|one| (one.state, one.url)).collect()
}

fn patched_as_well(place: &Place, remote: &str, push: bool) -> Vec<Outcome> {
    let scratch = Git::open(remote, None).unwrap();
    let now: Timestamp = place.now.parse().unwrap();
    let proposals = [facts("absent", &["b"]), facts("two", &["b"]), facts("one", &["b", "c"])];
    let out = place.folder.path().join("out");
    let to = Destination { folder: &out, push, dialect: Dialect::GitHub };
    let report = patches(&scratch, &proposals, &mut Lines, &place.settings, to, now).unwrap();
    assert_eq!(report.problems, [] as [&str; 0]);
    report.outcomes
}

#[test]
fn patches_apply_and_branches_are_pushed_over_the_network() {
    let mut place = Place::new(Flavour::GitHub);
    place.settings.max_open = 1;
    let daemon = Daemon::start(&place, None);
    let remote = daemon.remote();
    let states = patched(&place, &remote, true);
    // What removes most comes first.
    assert_eq!(states.iter().map(|one| one.0).collect::<Vec<_>>(), ["pushed", "nothing to edit", "waits"]);
    let patch = place.folder.path().join("out").join(&states[0].1);
    place.git(&["apply", "--check", patch.to_str().unwrap()]);
    place.git(&["am", "--quiet", patch.to_str().unwrap()]);
    let text = std::fs::read_to_string(patch.with_extension("md")).unwrap();
    assert!(text.starts_with("**2 of 3 permissions of role `one` go**"), "{text}");
    let before = place.branches();
    assert_eq!(patched(&place, &remote, true)[0].0, "open");
    assert_eq!(place.branches(), before);
}

/// What became of each proposal of which something can be edited, with its branch pushed.
fn pushed(place: &Place, remote: &str) -> Vec<&'static str> {
    let states = patched(place, remote, true).into_iter();
    states.map(|one| one.0).filter(|state| *state != "nothing to edit").collect()
}

#[test]
fn as_many_branches_are_pushed_on_a_day_as_may_be_opened() {
    let mut place = Place::new(Flavour::GitHub);
    let remote = place.remote();
    let states = |place: &Place| pushed(place, &remote);
    assert_eq!(states(&place), ["pushed", "waits"]);
    let first = place.branches();
    assert_eq!((states(&place), place.branches()), (vec!["open", "waits"], first));
    place.set_now("2026-11-29T00:00:01Z");
    assert_eq!(states(&place), ["open", "pushed"]);
    // A branch that is written anew is not a new one, and stays as old as it is.
    place.write(
        "iam/one.json",
        &place.file("main", "iam/one.json").replace("  \"s3:b\",\n", "  \"s3:b\", \"s3:x\",\n"),
    );
    place.commit("Conflict");
    assert_eq!(states(&place), ["pushed", "open"]);
    let branches = place.branches();
    let day = |name: &str| {
        let (_, commit) = branches.iter().find(|(branch, _)| branch.starts_with(name)).unwrap();
        let said = git(&place.folder.path().join("remote.git"), &["log", "-1", "--format=%B", commit]);
        said.lines().find_map(|line| line.strip_prefix("Remit-Opened: ")).unwrap().to_owned()
    };
    assert_eq!((day("remit/one-"), day("remit/two-")), ("2026-11-28".to_owned(), "2026-11-29".to_owned()));
    // Without a forge nothing tells a branch that somebody deleted from one that never was.
    place.git(&[
        "push",
        "--quiet",
        "origin",
        "--delete",
        branches.keys().find(|one| one.starts_with("remit/two-")).unwrap(),
    ]);
    place.set_now("2026-11-30T12:00:00Z");
    assert_eq!(states(&place), ["open", "pushed"]);
}

#[test]
fn whoever_commits_onto_a_branch_makes_no_room_for_another() {
    let mut place = Place::new(Flavour::GitHub);
    let remote = place.remote();
    let states = |place: &Place| pushed(place, &remote);
    assert_eq!(states(&place), ["pushed", "waits"]);
    let branch = place.branches().into_keys().find(|one| one.starts_with("remit/one-")).unwrap();
    place.git(&["fetch", "--quiet", "origin"]);
    place.git(&["checkout", "--quiet", "--detach", &format!("origin/{branch}")]);
    for message in ["Mine", "And more"] {
        place.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }
    place.git(&["push", "--quiet", "origin", &format!("HEAD:{branch}")]);
    let before = place.branches();
    assert_eq!((states(&place), place.branches()), (vec!["left", "waits"], before));
    place.set_now("2026-11-29T00:00:01Z");
    assert_eq!(states(&place), ["left", "pushed"]);
}

#[test]
fn without_a_forge_owners_are_named() {
    let place = Place::new(Flavour::GitHub);
    let outcomes = patched_as_well(&place, &place.remote(), true);
    assert!(outcomes[0].detail.ends_with("; review by @maya, @acme/platform"), "{outcomes:?}");
    assert_eq!(outcomes[2].detail.rsplit("; ").next(), Some("review by @lee"), "{outcomes:?}");
    let text = place.folder.path().join("out").join(outcomes[0].url.replace(".patch", ".md"));
    let text = std::fs::read_to_string(text).unwrap();
    assert!(
        text.contains("\nAsk for a review, as `CODEOWNERS` says: `@maya`, `@acme/platform`.\n"),
        "{text}"
    );
}

#[test]
fn what_the_repository_brings_does_not_run_and_bytes_stay() {
    let place = Place::new(Flavour::GitHub);
    let policy = "[\r\n  \"s3:a\",\r\n  \"s3:b\",\r\n  \"\u{e4}$Id$\"\r\n]";
    let attributes = "* text=auto eol=lf ident working-tree-encoding=UTF-16 filter=evil\n";
    std::fs::write(place.folder.path().join("policy"), policy).unwrap();
    std::fs::write(place.folder.path().join("attributes"), attributes).unwrap();
    let object = place.git(&["hash-object", "-w", "--no-filters", "../attributes"]);
    place.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{},.gitattributes", object.trim())]);
    let object = place.git(&["hash-object", "-w", "--no-filters", "../policy"]);
    place.git(&["rm", "--quiet", "--cached", "iam/one.json"]);
    place.git(&["update-index", "--add", "--cacheinfo", &format!("100755,{},iam/one.json", object.trim())]);
    let link = place.git(&["hash-object", "-w", "--no-filters", "iam/two.json"]);
    place.git(&["update-index", "--add", "--cacheinfo", &format!("120000,{},iam/three.json", link.trim())]);
    place.git(&["commit", "--quiet", "-m", "Odd"]);
    place.git(&["push", "--quiet", "origin", "HEAD:main"]);
    assert_eq!(place.state(&facts("one", &["b"])), "opened");
    let branch = place.forge.pulls()[0].branch.clone();
    assert_eq!(place.file(&branch, "iam/one.json"), policy.replace("  \"s3:b\",\r\n", ""));
    let remote = place.folder.path().join("remote.git");
    assert!(git(&remote, &["ls-tree", &branch, "iam/one.json"]).starts_with("100755 "));
    let changed = git(&remote, &["diff", "--name-only", "main", &branch]);
    assert_eq!(changed, "iam/one.json\n");
}

#[test]
fn odd_addresses_are_refused() {
    for (address, said) in [
        ("--upload-pack=touch /tmp/x", "is no address"),
        ("", "is no address"),
        ("a\nb", "is no address"),
        ("https://user:secret@forge.example/a/b", "holds a password"),
    ] {
        let error = Git::open(address, Some(("x", &Token::new("T", "t")))).unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains("secret"), "{error}");
    }
    let place = Place::new(Flavour::GitHub);
    let mut settings = place.settings.clone();
    for base in ["-d", "a..b", "main:x", "x y"] {
        settings.base = Some(base.to_owned());
        let place = Place { settings: settings.clone(), ..Place::new(Flavour::GitHub) };
        let error = place.try_run(&[], &[]).unwrap_err().to_string();
        assert!(error.contains("is no name of a branch"), "{error}");
    }
    settings.base = Some("absent".to_owned());
    let place = Place { settings, ..place };
    let error = place.try_run(&[], &[]).unwrap_err().to_string();
    assert!(error.starts_with("`git fetch` failed: ") && error.contains("absent"), "{error}");
}
