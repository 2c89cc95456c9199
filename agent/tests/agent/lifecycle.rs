//! Processes, libraries and the agent come and go.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::server::{Server, script, succeed};
use crate::trace::Trace;

/// The library that curl uses.
pub(crate) fn libssl() -> PathBuf {
    let output = Command::new("sh").args(["-c", "ldd $(command -v curl)"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.contains("libssl.so")).unwrap();
    PathBuf::from(line.split_whitespace().nth(2).unwrap())
}

#[test]
fn a_workload_survives_the_death_of_the_agent() {
    let server = Server::start();
    let Some(trace) = Trace::start() else { return };
    let mut python = Command::new("python3");
    python.arg(script("client.py")).args([&server.port.to_string(), "/remit-survivor", "600", "20"]);
    let mut client = python.stderr(Stdio::null()).spawn().unwrap();
    while server.asked().len() < 100 {
        assert!(client.try_wait().unwrap().is_none(), "the client ended early");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    trace.kill();
    let before = server.asked().len();
    assert!(client.wait().unwrap().success());
    assert!(before < 600, "the agent was killed too late to show anything");
    assert_eq!(server.asked().len(), 600);
}

#[test]
fn a_library_that_comes_later_is_watched_once_a_process_has_it() {
    let server = Server::start();
    let Some(mut trace) = Trace::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let library = libssl();
    let copy = folder.path().join(library.file_name().unwrap());
    std::fs::copy(&library, &copy).unwrap();
    let curl = |path: &str| {
        let mut curl = Command::new("curl");
        succeed(curl.arg("-sk").arg(server.address(path)).env("LD_LIBRARY_PATH", folder.path()));
    };
    // A process may be over before its libraries are known, so this one lives until they are.
    let waiting = |trace: &mut Trace, times: usize| {
        let mut python = Command::new("python3");
        python.args(["-c", "import ssl, sys; sys.stdin.read()"]).env("LD_LIBRARY_PATH", folder.path());
        let mut waiting = python.stdin(Stdio::piped()).spawn().unwrap();
        assert!(trace.says_times(copy.to_str().unwrap(), times));
        drop(waiting.stdin.take());
        assert!(waiting.wait().unwrap().success());
    };
    waiting(&mut trace, 1);
    curl("/remit-later/1");
    // Replaced on disk as package managers do it: written beside, renamed over.
    let new = folder.path().join("new");
    let mut bytes = std::fs::read(&library).unwrap();
    bytes.extend(b"another version");
    std::fs::write(&new, bytes).unwrap();
    std::fs::rename(&new, &copy).unwrap();
    waiting(&mut trace, 2);
    curl("/remit-later/2");
    let seen = trace.stop();
    assert_eq!(seen.calls(&server, "/remit-later"), ["GET /remit-later/1", "GET /remit-later/2"]);
}
