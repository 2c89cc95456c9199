//! Tests of what names are, and of seals.

use super::*;

#[test]
fn a_token_is_not_shown() {
    let token = Token::new("FORGE_TOKEN", "a-secret");
    let git = Git::open("https://forge.example/a/b.git", Some(("user", &token))).unwrap();
    let shown = format!("{git:?} {token:?}");
    assert!(!shown.contains("a-secret") && !shown.contains(&STANDARD.encode("user:a-secret")), "{shown}");
}

#[test]
fn names_that_lead_elsewhere_are_none() {
    for name in ["main", "remit/app-1", "a.b/c_d"] {
        assert!(is_branch(name), "{name}");
    }
    for name in [
        "", "-d", "/a", "a/", "a..b", "a//b", "a b", "a:b", "a~1", "a^", "@{u}", ".a", "a/.b", "a.lock",
        "a\nb", "a*",
    ] {
        assert!(!is_branch(name), "{name}");
    }
    for path in ["a", "a/b.tf", "-a", ":(glob)*", "a b/ü"] {
        assert!(is_path(path), "{path}");
    }
    for path in ["", "/a", "a/", "../a", "a/../b", "./a", ".git/config", "a/.GIT/x", "a\0b"] {
        assert!(!is_path(path), "{path}");
    }
}

#[test]
fn a_broken_seal_still_tells_the_day_of_its_own_unit() {
    let day = |message: &str| seal::opened(message, "u").map(|day| day.to_string());
    let whole = "Title\n\nRemit-Unit: u\nRemit-Evidence: e\nRemit-Opened: 2026-11-28\nRemit-Seal: s\n";
    for message in [whole, &whole.replace("Title", "Mine"), &format!("{whole}Signed-off-by: me\n")] {
        assert_eq!(day(message).as_deref(), Some("2026-11-28"), "{message}");
    }
    for message in [
        &whole.replace("Unit: u", "Unit: u2"),
        &whole.replace("2026-11-28", "today"),
        &whole.replace("Remit-Opened", "> Remit-Opened"),
        "",
    ] {
        assert_eq!(day(message), None, "{message}");
    }
}

#[test]
fn whatever_is_changed_breaks_the_seal() {
    let message = Seal::message("Title\n\nText\n\nRemit-Unit: u\nRemit-Evidence: e", "t1", "p1");
    let commit =
        |tree: &str, parents: &str, message: &str| format!("tree {tree}\n{parents}author A\n\n{message}");
    let whole = commit("t1", "parent p1\n", &message);
    assert_eq!(Seal::read(&whole), Some(Seal { evidence: "e".to_owned(), opened: None }));
    for broken in [
        commit("t2", "parent p1\n", &message),
        commit("t1", "parent p2\n", &message),
        commit("t1", "parent p1\nparent p2\n", &message),
        commit("t1", "", &message),
        commit("t1", "parent p1\n", &message.replace("Title", "Mine")),
        commit("t1", "parent p1\n", &message.replace("Remit-Evidence: e", "Remit-Evidence: f")),
        commit("t1", "parent p1\n", &format!("{message}Signed-off-by: me\n")),
        commit("t1", "parent p1\n", ""),
        String::new(),
    ] {
        assert_eq!(Seal::read(&broken), None, "{broken}");
    }
}
