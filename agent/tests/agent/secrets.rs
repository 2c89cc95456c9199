//! No secret of what clients send is in anything that the agent keeps, writes or says.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::process::Command;

use remit_tests::case::files;

use crate::run::records;
use crate::server::{Server, script, succeed};
use crate::trace::Trace;

/// How often each secret is in some bytes, by the word that is between its beginning and its end.
fn secrets(bytes: &[u8], end: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let starts = bytes.windows(6).enumerate().filter(|(_, window)| window == b"canary");
    for (start, _) in starts {
        let rest: Vec<u8> = bytes[start + 6..].iter().copied().take(32).collect();
        let rest = String::from_utf8_lossy(&rest).into_owned();
        if let Some((word, _)) = rest.split_once(end) {
            *found.entry(word.to_owned()).or_default() += 1;
        }
    }
    found
}

/// The memory of a process, by the lines that describe its mappings: all that a core dump would hold, and the ring buffer,
/// which it would not.
pub(crate) fn dump(process: u32) -> Vec<(String, Vec<u8>)> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut dump = Vec::new();
    for line in maps.lines() {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        // What is behind no page cannot be read, and holds nothing.
        if memory.read_exact_at(&mut bytes, from).is_ok() {
            dump.push((line.to_owned(), bytes));
        }
    }
    dump
}

/// Calls that the clients make. Other programs of the machine may call, too.
const CALLS: u64 = 50 * 7 + 100;

fn recorded(metrics: &str) -> u64 {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix("remit_calls_recorded_total "));
    lines.map(|number| number.parse::<u64>().unwrap()).sum()
}

pub(crate) fn page(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn no_secret_is_kept_written_or_said() {
    let end = format!("{:08x}", std::process::id());
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (ledger, spool) = (folder.path().join("ledger"), folder.path().join("spool"));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let folders = ["--ledger".as_ref(), ledger.as_os_str(), "--spool".as_ref(), spool.as_os_str()];
    let options = ["--interval", "1", "--listen", &listen].map(AsRef::as_ref);
    let arguments = [&["run".as_ref()], &folders[..], &options].concat();
    // Where maps would be pinned, and nobody else's are.
    let pins = "/sys/fs/bpf";
    let mount = "mount -t bpf bpf \"$1\"; shift; exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-ec", mount, "sh", pins, env!("CARGO_BIN_EXE_remit-agent")]);
    let Some(mut run) = Trace::by(command.args(arguments).env("RUST_LOG", "trace")) else { return };
    run.knows(&["node", "-e", "setTimeout(() => {}, 1000)"]);
    succeed(Command::new("python3").arg(script("planted.py")).arg(server.port.to_string()).arg(&end));
    let mut node = Command::new("node");
    succeed(node.arg(script("secrets.js")).args(server.certificate()).arg(&end));
    // All of them are written, or the number of what was recorded is wrong at the end.
    for _ in 0..600 {
        if recorded(&page(port, "/metrics")) >= CALLS {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    // What was taken from the ring buffer is overwritten within a second.
    let ring = "anon_inode:bpf-map";
    let is_left = |(name, bytes): &(String, Vec<u8>)| name.contains(ring) && !secrets(bytes, &end).is_empty();
    for _ in 0..100 {
        if !dump(run.process()).iter().any(is_left) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let (mut heaps, mut rings) = (0, 0);
    let held = ledger.as_os_str().as_encoded_bytes();
    for (name, bytes) in dump(run.process()) {
        assert_eq!(secrets(&bytes, &end), BTreeMap::new(), "{name}");
        rings += usize::from(name.contains(ring) && bytes.len() > 1 << 20);
        heaps +=
            usize::from(name.contains("[heap]") && bytes.windows(held.len()).any(|window| window == held));
    }
    assert!(heaps > 0 && rings > 0, "the dump lacks what the agent has in memory");
    for path in ["/metrics", "/healthz"] {
        assert_eq!(secrets(page(port, path).as_bytes(), &end), BTreeMap::new(), "{path}");
    }
    let pinned = std::fs::read_dir(format!("/proc/{}/root{pins}", run.process())).unwrap().flatten();
    // The kernel itself puts two there.
    let pinned: Vec<_> = pinned
        .map(|entry| entry.file_name())
        .filter(|name| name != "maps.debug" && name != "progs.debug")
        .collect();
    assert!(pinned.is_empty(), "maps that are pinned outlive the agent: {pinned:?}");
    let seen = run.stop();
    let said = [seen.printed, seen.summary].concat();
    assert_eq!(secrets(said.as_bytes(), &end), BTreeMap::new(), "{said}");
    let written = [files(&ledger), files(&spool)].concat();
    for file in &written {
        assert_eq!(secrets(&std::fs::read(file).unwrap(), &end), BTreeMap::new(), "{}", file.display());
    }
    let calls: u64 = records(&ledger).iter().map(|record| record.count).sum();
    assert!(calls >= CALLS, "{calls} were recorded");
}
