//! `remit-agent run` from real clients to the ledger.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use futures::FutureExt as _;
use remit_ledger::{Outcome, Provider, Snapshot, UsageRecord};
use remit_tests::case::files;
use remit_tests::cloud::Cloud;

use crate::server::{Server, script, succeed};
use crate::trace::Trace;

/// Calls an address that is nobody's API, and a signed one. Whose calls these are is told by the server's port, and by a key that
/// names it: others make such calls at the same time.
const CLIENT: &str = r#"
import http.client, ssl, sys
connection = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=ssl._create_unverified_context(), timeout=20)
def call(*request):
    connection.request(*request)
    connection.getresponse().read()
for number in range(30):
    call("GET", f"/remit-orders/{number}?token=hunter2", None, {"Authorization": "Bearer hunter2"})
scope = f"Credential=AKIAREMITEXAMPLE{sys.argv[1]}/20261128/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=hunter2"
for _ in range(20):
    call("POST", "/", b'{"Key": "hunter2"}', {
        "Authorization": "AWS4-HMAC-SHA256 " + scope, "X-Amz-Target": "DynamoDB_20120810.GetItem"})
"#;

/// What the ledger holds.
pub(crate) fn records(ledger: &Path) -> Vec<UsageRecord> {
    let snapshot = Snapshot::of_folder(ledger).unwrap();
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    snapshot.usage().now_or_never().unwrap().unwrap()
}

#[test]
fn a_thousand_programs_that_are_gone_at_once_lose_no_call() {
    const PROGRAMS: usize = 1000;
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let Some(run) = Trace::of(&["run".as_ref(), "--ledger".as_ref(), ledger.as_os_str()]) else { return };
    // Eight at once, each with a key of its own.
    let keys = format!("AKIAREMITSHORT{}X", server.port);
    let mut programs = Command::new("xargs");
    programs.args([
        "-P",
        "8",
        "-I{}",
        "curl",
        "-sSk",
        "-o",
        "/dev/null",
        "--aws-sigv4",
        "aws:amz:eu-west-1:s3",
    ]);
    programs.arg("--user").arg(format!("{keys}{{}}:hunter2")).arg(server.address("/remit-short/{}"));
    let mut child = programs.stdin(Stdio::piped()).spawn().unwrap();
    let numbers: Vec<String> = (1..=PROGRAMS).map(|number| number.to_string()).collect();
    child.stdin.take().unwrap().write_all(numbers.join("\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let seen = run.stop();
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for record in records(&ledger) {
        let Some(key) = record.credential.as_deref().and_then(|key| key.strip_prefix(&keys)) else {
            continue;
        };
        let name = record.workload.as_ref().and_then(|workload| workload.owner_name.as_deref());
        assert_eq!(name, Some("curl"), "{record:?}");
        assert_eq!(
            (record.operation.as_str(), record.outcome),
            ("GetObject", Outcome::Allowed),
            "{record:?}"
        );
        *calls.entry(key.to_owned()).or_default() += record.count;
    }
    let expected = numbers.into_iter().map(|number| (number, 1));
    assert_eq!(calls, expected.collect(), "{}", seen.summary);
    assert_eq!(server.asked().len(), PROGRAMS);
}

#[test]
fn calls_are_in_the_ledger_with_workload_names_and_outcome() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let Some(run) = Trace::of(&["run".as_ref(), "--ledger".as_ref(), ledger.as_os_str()]) else { return };
    let port = server.port.to_string();
    succeed(Command::new("python3").arg("-c").arg(CLIENT).arg(&port));
    let seen = run.stop();
    // What other tests write on purpose so that it cannot be followed is dropped by this agent, too.
    assert!(seen.summary.contains(" dropped, 0 left"), "{}", seen.summary);
    let (host, key) = (format!("127.0.0.1:{port}"), format!("AKIAREMITEXAMPLE{port}"));
    // Other programs of the machine may call, too.
    let mut counts: BTreeMap<(Provider, String), u64> = BTreeMap::new();
    for record in records(&ledger) {
        let is_signed = record.credential.as_deref() == Some(key.as_str());
        if record.service != host && !is_signed {
            continue;
        }
        assert_eq!(record.evidence, "wire");
        assert_eq!(record.principal, "unknown", "a key alone does not tell whose it is");
        let workload = record.workload.clone().unwrap();
        assert!(
            workload.owner_name.as_deref().is_some_and(|name| name.starts_with("python3")),
            "{workload:?}"
        );
        assert!(matches!(record.outcome, Outcome::Allowed | Outcome::Failed), "{record:?}");
        *counts.entry((record.provider, record.operation)).or_default() += record.count;
    }
    let expected = [
        ((Provider::Aws, "GetItem".to_owned()), 20),
        ((Provider::Http, "GET /remit-orders/{}".to_owned()), 30),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
    let written = files(&ledger);
    assert!(!written.is_empty());
    for file in written {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", file.display());
    }
    assert!(!seen.printed.contains("hunter2") && !seen.summary.contains("hunter2"));
}

#[test]
fn responses_tell_outcomes_however_late_and_request_ids_as_far_as_they_are_followed() {
    for (responses, id) in [("first", None), ("full", Some("remit-audit"))] {
        let server = Server::start();
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = ["run", "--responses", responses, "--ledger"].map(OsStr::new).to_vec();
        arguments.push(folder.path().as_os_str());
        let Some(run) = Trace::of(&arguments) else { return };
        let client = script("client.py");
        for (prefix, calls) in [("/remit-short", "6"), ("/remit-tall/long", "6"), ("/remit-late/slow", "2")] {
            let port = server.port.to_string();
            succeed(Command::new("python3").arg(&client).args([&port, prefix, calls, "3"]));
        }
        let seen = run.stop();
        let host = format!("127.0.0.1:{}", server.port);
        let mut records = records(folder.path());
        records.retain(|record| record.service == host && record.evidence == "wire");
        assert_eq!(records.iter().map(|record| record.count).sum::<u64>(), 14, "{}", seen.summary);
        for record in records {
            let expected = if record.operation.contains("long") { id } else { Some("remit-audit") };
            assert_eq!(record.sample_id.as_deref(), expected, "{responses}: {record:?}");
            assert_eq!(record.outcome, Outcome::Allowed, "{responses}: {record:?}");
        }
    }
}

/// How many calls of the server the ledger holds.
fn calls_of(ledger: &Path, server: &Server) -> u64 {
    let host = format!("127.0.0.1:{}", server.port);
    records(ledger)
        .iter()
        .filter(|record| record.service == host && record.evidence == "wire")
        .map(|record| record.count)
        .sum()
}

/// An agent that writes to a bucket.
fn writing_to_bucket(spool: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_remit-agent"));
    command.args(["run", "--ledger", "s3://usage/cluster/a", "--interval", "1", "--spool"]).arg(spool);
    command
}

fn call(server: &Server) {
    succeed(Command::new("python3").arg("-c").arg(CLIENT).arg(server.port.to_string()));
}

#[test]
fn calls_wait_for_a_store_beyond_the_run_and_are_in_it_once() {
    let Some(cloud) = Cloud::start() else { return };
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().join("spool");
    // Where nobody listens, which a port that was just free is.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut away = writing_to_bucket(&spool);
    cloud.lend(&mut away);
    away.env("AWS_ENDPOINT_URL", format!("http://{nobody}"));
    let Some(mut run) = Trace::by(&mut away) else { return };
    call(&server);
    assert!(run.says("calls are kept until the ledger takes them"));
    let seen = run.stop();
    assert!(seen.summary.contains(" dropped, 0 left"), "{}", seen.summary);
    assert_eq!(calls_of(&spool, &server), 30);

    // The store is there, and the bucket is not.
    let mut command = writing_to_bucket(&spool);
    cloud.lend(&mut command);
    let Some(mut run) = Trace::by(&mut command) else { return };
    call(&server);
    assert!(run.says("NoSuchBucket"), "the store's own words");
    let (empty, copy) = (folder.path().join("empty"), folder.path().join("copy"));
    std::fs::create_dir(&empty).unwrap();
    cloud.upload(&empty, "usage", "");
    call(&server);
    let seen = run.stop();
    assert!(seen.summary.contains(" dropped, 0 left"), "{}", seen.summary);
    cloud.download("usage", &copy);
    assert_eq!(calls_of(&copy.join("cluster/a"), &server), 90);
    let waiting = Snapshot::of_folder(&spool).unwrap();
    assert_eq!(waiting.info().commits, 0, "nothing waits any more");
}

#[test]
fn a_ledger_in_a_bucket_needs_a_spool() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_remit-agent"));
    let output = command.args(["run", "--ledger", "s3://usage"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("s3://usage") && said.contains("--spool DIR"),
        "{said}"
    );
}
