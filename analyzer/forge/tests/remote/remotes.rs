//! Remote repositories over other ways than files, what they may bring, and forges whose API nobody knows.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use remit_forge::{Git, Token, patches};
use remit_tests::forge::Flavour;

use crate::place::{Lines, NOW, Place, facts, git};

/// Git's own server, which ends when it is dropped.
struct Daemon(Child, u16);

impl Daemon {
    fn start(place: &Place) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new("git");
        command.args([
            "daemon",
            "--listen=127.0.0.1",
            "--export-all",
            "--enable=receive-pack",
            "--reuseaddr",
        ]);
        command.arg(format!("--port={port}")).arg(format!("--base-path={}", place.folder.path().display()));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let daemon = Self(child, port);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        daemon
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The server forks for each connection, and those end with it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn patched(place: &Place, remote: &str, push: bool) -> Vec<(&'static str, String)> {
    let scratch = Git::open(remote, None).unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    let proposals = [facts("one", &["b", "c"]), facts("two", &["b"]), facts("absent", &["b"])];
    let out = place.folder.path().join("out");
    let report = patches(&scratch, &proposals, &mut Lines, &place.settings, &out, push, now).unwrap();
    assert_eq!(report.problems, [] as [&str; 0]);
    report.outcomes.into_iter().map(|one| (one.state, one.url)).collect()
}

#[test]
fn patches_apply_and_branches_are_pushed_over_the_network() {
    let mut place = Place::new(Flavour::GitHub);
    place.settings.max_open = 1;
    let daemon = Daemon::start(&place);
    let remote = format!("git://127.0.0.1:{}/remote.git", daemon.1);
    let states = patched(&place, &remote, true);
    assert_eq!(states.iter().map(|one| one.0).collect::<Vec<_>>(), ["pushed", "waits", "nothing to edit"]);
    let patch = place.folder.path().join("out").join(&states[0].1);
    place.git(&["apply", "--check", patch.to_str().unwrap()]);
    place.git(&["am", "--quiet", patch.to_str().unwrap()]);
    let text = std::fs::read_to_string(patch.with_extension("md")).unwrap();
    assert!(text.starts_with("**2 of 3 permissions of role `one` go**"), "{text}");
    let before = place.branches();
    assert_eq!(patched(&place, &remote, true)[0].0, "open");
    assert_eq!(place.branches(), before);
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
