//! Processes, libraries and the agent come and go.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::secrets::page;
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

/// Takes all breakpoints out of a process's own program, whatever put them there.
fn mute(process: u32) {
    let program = File::open(format!("/proc/{process}/exe")).unwrap();
    let path = std::fs::read_link(format!("/proc/{process}/exe")).unwrap();
    let memory = File::options().read(true).write(true).open(format!("/proc/{process}/mem")).unwrap();
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    for line in maps.lines().filter(|line| line.contains(" r-xp ") && line.ends_with(path.to_str().unwrap()))
    {
        let fields: Vec<&str> = line.split(' ').collect();
        let (from, to) = fields[0].split_once('-').unwrap();
        let [from, to, offset] = [from, to, fields[2]].map(|number| u64::from_str_radix(number, 16).unwrap());
        let mut code = vec![0; usize::try_from(to - from).unwrap()];
        let (mut file, size) = (code.clone(), program.metadata().unwrap().len() - offset);
        file.truncate(usize::try_from(size).unwrap());
        program.read_exact_at(&mut file, offset).unwrap();
        memory.read_exact_at(&mut code, from).unwrap();
        for (at, (byte, _)) in file.iter().zip(&code).enumerate().filter(|(_, (byte, now))| byte != now) {
            memory.write_all_at(&[*byte], from + at as u64).unwrap();
        }
    }
}

#[test]
fn probes_that_show_nothing_any_more_are_a_problem_and_a_loss() {
    let folder = tempfile::tempdir().unwrap();
    let Some((run, port)) = Trace::recording(folder.path()) else { return };
    let says = |path: &str, words: &str| {
        (0..600).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            page(port, path).contains(words)
        })
    };
    assert!(says("/healthz", "200 OK"));
    assert!(says("/metrics", "remit_probes_alive 1"));
    mute(run.process());
    assert!(says("/healthz", "probes do not work"), "{}", page(port, "/healthz"));
    assert!(says("/metrics", "remit_probes_alive 0"));
    let metrics = page(port, "/metrics");
    let lost = metrics.lines().find(|line| line.contains("\"probe_dead\"")).unwrap_or_default();
    assert!(!lost.is_empty() && !lost.ends_with(" 0"), "{metrics}");
    run.stop();
    let coverage = crate::sockets::rows(folder.path()).1;
    assert!(coverage.iter().any(|row| row.evidence == "wire" && row.lost > 0), "{coverage:?}");
}
