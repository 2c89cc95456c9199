//! Connections whose plaintext is not seen are told of by what their sockets send, and those that are read are not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use futures::FutureExt as _;
use remit_ledger::{CoverageRecord, Provider, Snapshot, UsageRecord, Workload};
use remit_tests::skip;

use crate::pod::Cgroup;
use crate::server::{Server, script, succeed};
use crate::trace::Trace;

/// A client that encrypts by itself, at an address of its own: its process, and the port that it connected to.
fn blind(kind: &str, name: &str, place: &str) -> (u32, String) {
    blind_by(Command::new("python3"), kind, name, place)
}

/// The same by a command that runs Python.
fn blind_by(mut python: Command, kind: &str, name: &str, place: &str) -> (u32, String) {
    python.arg(script("blind.py")).args([kind, name, place]).stdout(Stdio::piped());
    let child = python.spawn().unwrap();
    let process = child.id();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    (process, String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// The lines of a process.
fn lines(printed: &[String], process: u32) -> Vec<&str> {
    let start = format!("{process} ");
    printed.iter().filter(|line| line.starts_with(&start)).map(String::as_str).collect()
}

#[test]
fn what_encrypts_by_itself_is_told_of_by_client_hello_and_dns() {
    let Some(trace) = Trace::start() else { return };
    // Names by a ClientHello that is longer than a packet of most networks, by an answer of DNS, and by nothing.
    let named = blind("sni", "Secrets.example.com", "127.93.0.1");
    let asked = blind("dns", "asked.example.com", "127.93.0.2");
    let nameless = blind("none", "-", "127.93.0.3");
    let newer = match std::net::TcpListener::bind("[::1]:0") {
        Ok(_) => Some(blind("none", "-", "::1")),
        Err(error) => {
            skip::loudly(
                &format!("`::1` cannot be listened at: {error}"),
                "switch IPv6 on for the loopback interface",
            );
            None
        }
    };
    let silent = blind("silent", "-", "127.93.0.4");
    let seen = trace.stop();
    let expect = |(process, port): &(u32, String), host: &str| {
        let lines = lines(&seen.lines, *process);
        assert_eq!(lines.len(), 1, "{lines:?}");
        let end = format!(" -> {host}:{port} (TLS, not readable)");
        assert!(lines[0].contains(" python3") && lines[0].ends_with(&end), "{lines:?}");
    };
    expect(&named, "secrets.example.com");
    expect(&asked, "asked.example.com");
    expect(&nameless, "127.93.0.3");
    if let Some(newer) = &newer {
        expect(newer, "[::1]");
    }
    // A handshake after which nothing is sent carries no call.
    assert_eq!(lines(&seen.lines, silent.0), Vec::<&str>::new());
    assert_eq!(seen.count("lost_sockets"), 0, "{}", seen.summary);
}

/// Calls over connections that a library encrypts for without their sockets.
const IN_MEMORY: &str = r#"
import asyncio, ssl, sys
async def call(number):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=ssl._create_unverified_context())
    writer.write(b"GET /remit-read/%d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % number)
    assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    writer.close()
async def calls():
    await asyncio.gather(*[call(number) for number in range(20)])
asyncio.run(calls())
"#;

/// Writes what is no HTTP.
const NOISE: &str = r#"
import socket, ssl, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
    with ssl._create_unverified_context().wrap_socket(plain) as connection:
        connection.sendall(b"noise")
"#;

#[test]
fn connections_that_are_read_are_not_told_of() {
    let server = Server::start();
    let Some(mut trace) = Trace::start() else { return };
    assert!(trace.says("libssl") && trace.says("libgnutls"));
    trace.knows(&["node", "-e", "setTimeout(() => {}, 1000)"]);
    trace.knows(&["kubectl", "version", "--client"]);
    let port = server.port.to_string();
    let mut processes = Vec::new();
    let mut run = |command: &mut Command| {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        processes.push(child.id());
        assert!(child.wait().unwrap().success(), "{command:?}");
    };
    // Ten at once in one process, kept ones, new ones, and a host that is not the server's name.
    run(Command::new("curl")
        .args(["-skZ", "--parallel-max", "10"])
        .arg(server.address("/remit-read/[1-40]")));
    run(Command::new("curl")
        .args(["-sk", "-H", "Host: another.example"])
        .arg(server.address("/remit-read/41")));
    run(Command::new("python3").arg(script("client.py")).args([&port, "/remit-read", "50", "5"]));
    run(Command::new("wget")
        .args(["-q", "--no-check-certificate", "-O", "/dev/null"])
        .arg(server.address("/remit-read/42")));
    run(Command::new("node").arg(script("client.js")).args([&port, "/remit-read", "20"]));
    for number in 0..5 {
        let mut kubectl = Command::new("kubectl");
        kubectl.args(["--insecure-skip-tls-verify", "--username=a", "--password=b", "--server"]);
        kubectl.arg(server.address("")).args(["get", "--raw", &format!("/remit-read/{number}")]);
        run(&mut kubectl);
    }
    // What is encrypted in memory, twenty times at once, and what is no HTTP at all.
    run(Command::new("python3").args(["-c", IN_MEMORY, &port]));
    run(Command::new("python3").args(["-c", NOISE, &port]));
    let seen = trace.stop();
    let server = format!("127.0.0.1:{} (TLS", server.port);
    let unread: Vec<&String> = seen.lines.iter().filter(|line| line.contains(&server)).collect();
    assert_eq!(unread, Vec::<&String>::new(), "{}", seen.summary);
    // Every one of them is seen otherwise.
    for process in processes.iter().rev().skip(1) {
        assert!(!lines(&seen.lines, *process).is_empty(), "{}", seen.summary);
    }
}

#[test]
fn sockets_are_left_alone_where_that_is_asked_for() {
    let Some(trace) = Trace::start_with(&["--no-sockets"]) else { return };
    let (process, _) = blind("sni", "left.example.com", "127.93.0.5");
    let seen = trace.stop();
    assert_eq!(lines(&seen.lines, process), Vec::<&str>::new());
    assert_eq!(seen.count("sockets"), 0, "{}", seen.summary);
}

pub(crate) fn rows(ledger: &Path) -> (Vec<UsageRecord>, Vec<CoverageRecord>) {
    let snapshot = Snapshot::of_folder(ledger).unwrap();
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    let usage = snapshot.usage().now_or_never().unwrap().unwrap();
    (usage, snapshot.coverage().now_or_never().unwrap().unwrap())
}

/// A Java program that calls these addresses, all of which this machine has.
fn java(folder: &Path, hosts: &[&str], addresses: &[String]) -> Option<Command> {
    if Command::new("java").arg("-version").output().is_err() {
        skip::loudly("java is not installed", "install a JDK, such as Debian's default-jdk-headless");
        return None;
    }
    let known: PathBuf = folder.join("hosts");
    std::fs::write(&known, hosts.iter().map(|host| format!("127.0.0.1 {host}\n")).collect::<String>())
        .unwrap();
    let mut java = Command::new("java");
    java.arg(format!("-Djdk.net.hosts.file={}", known.display())).arg(script("Client.java")).args(addresses);
    Some(java)
}

#[test]
fn java_is_in_the_ledger_by_its_servers_and_as_a_gap() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let hosts = ["dynamodb.mx-central-1.amazonaws.com", "remit-java.example.com"];
    let addresses = hosts.map(|host| format!("https://{host}:{}/remit-java", server.port));
    let Some(mut java) = java(folder.path(), &hosts, &addresses) else { return };
    let Some(mut run) = Trace::of(&["run".as_ref(), "--ledger".as_ref(), ledger.as_os_str()]) else { return };
    assert!(run.says("libssl"));
    succeed(&mut java);
    let known = format!("kinesis.mx-central-1.amazonaws.com:{}:127.0.0.1", server.port);
    let mut curl = Command::new("curl");
    curl.args(["-sk", "--resolve", &known]);
    succeed(curl.arg(format!("https://kinesis.mx-central-1.amazonaws.com:{}/", server.port)));
    run.stop();
    assert_eq!(server.asked().iter().filter(|asked| asked.contains("/remit-java")).count(), 2);
    let (usage, coverage) = rows(&ledger);
    // Others on this machine call, too; not these hosts by this evidence.
    let port = format!(":{}", server.port);
    let web = format!("remit-java.example.com{port}");
    let own = usage.iter().filter(|row| {
        let is_of_region = row.region.as_deref() == Some("mx-central-1");
        row.evidence == "sni" && (is_of_region || row.service.ends_with(&port))
    });
    let mut own: Vec<(Provider, &str, &str, Option<&str>, u64)> = own
        .inspect(|row| {
            let workload = row.workload.as_ref().unwrap();
            assert_eq!(workload.owner_name.as_deref(), Some("java"));
            assert_eq!((row.principal.as_str(), row.outcome.as_str()), ("unknown", "unknown"));
        })
        .map(|row| {
            (row.provider, row.service.as_str(), row.operation.as_str(), row.region.as_deref(), row.count)
        })
        .collect();
    own.sort();
    let expected = [
        (Provider::Aws, "dynamodb", "unknown", Some("mx-central-1"), 1),
        (Provider::Http, web.as_str(), "unknown", None, 1),
    ];
    assert_eq!(own, expected);
    // Without a signature it is nobody's call of AWS.
    let read = format!("kinesis.mx-central-1.amazonaws.com:{}", server.port);
    assert!(usage.iter().any(|row| row.evidence == "wire" && row.service == read));
    for provider in [Provider::Aws, Provider::Http] {
        let gap = coverage.iter().find(|row| {
            let name = row.workload.as_ref().and_then(|workload| workload.owner_name.as_deref());
            row.provider == provider && row.evidence == "sni" && name == Some("java")
        });
        let gap = gap.unwrap_or_else(|| panic!("no gap of {provider:?} in {coverage:?}"));
        assert!(gap.lost >= 1 && gap.events >= gap.lost && gap.classes.is_empty(), "{gap:?}");
    }
}

#[test]
fn a_container_is_told_of_by_what_its_own_cgroup_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let unified = Cgroup::top(|kind, _| kind == "cgroup2").unwrap();
    let id = format!("{:032x}{:032x}", std::process::id(), 0x50c);
    let uid = format!("{:08x}-5a7e-4c44-9d0b-3a1f0d6f8e0c", std::process::id());
    let Some(run) = Trace::of(&["run".as_ref(), "--ledger".as_ref(), ledger.as_os_str()]) else { return };
    let cgroup = Cgroup::new(&unified, &format!("kubepods/besteffort/pod{uid}/{id}"));
    let name = format!("remit-{}.s3.mx-central-1.amazonaws.com", std::process::id());
    blind_by(cgroup.run("python3"), "dns", &name, "127.93.0.7");
    run.stop();
    let (usage, coverage) = rows(&ledger);
    let is_own = |workload: &Option<Workload>| {
        let container = workload.as_ref().and_then(|workload| workload.container.as_deref());
        container == id.get(..12)
    };
    let own: Vec<&UsageRecord> = usage.iter().filter(|row| is_own(&row.workload)).collect();
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!((own[0].evidence.as_str(), own[0].service.as_str(), own[0].count), ("sni", "s3", 1));
    let gaps: Vec<(Provider, u64, u64)> = coverage
        .iter()
        .filter(|row| is_own(&row.workload))
        .map(|row| (row.provider, row.events, row.lost))
        .collect();
    assert_eq!(gaps, [(Provider::Aws, 1, 1)]);
}

#[test]
fn processes_that_cannot_be_read_are_named_beforehand() {
    let folder = tempfile::tempdir().unwrap();
    // A program as it looks that has rustls in it, without symbols.
    let program = folder.path().join("remit-asleep");
    // Not by this process: what another test starts meanwhile would have the file open, which then is busy.
    let copy = "cp /bin/sleep \"$1\"; printf /registry/rustls-0.23.46/src/conn.rs >> \"$1\"";
    succeed(Command::new("sh").args(["-ec", copy, "sh"]).arg(&program));
    let mut asleep = Command::new(&program).arg("600").spawn().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_remit-agent")).arg("check").output().unwrap();
    asleep.kill().unwrap();
    asleep.wait().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        assert!(text.contains("not permitted"), "{text}");
        skip::loudly("BPF is not permitted here", "run as root on a kernel with BPF and uprobes");
        return;
    }
    let row = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_default();
    assert!(row("sockets").contains(" yes "), "{text}");
    // Of others that have their symbols, the line before says that they are seen.
    let rustls =
        text.lines().find(|line| line.starts_with("rustls") && line.contains(" blind ")).unwrap_or_default();
    // Of more than five, some are not named.
    let is_named = rustls.contains(&format!("{} remit-asleep", asleep.id()));
    assert!(is_named || rustls.contains("..."), "{text}");
}
