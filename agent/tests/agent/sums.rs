//! Requests that are made again and again are added up in the kernel, and none is lost or taken for another.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use remit_ledger::Outcome;

use crate::run::records;
use crate::secrets::{dump, page};
use crate::server::{Server, script, succeed};
use crate::trace::Trace;

/// Where responses are followed, only those are added up that were answered alike, and each has its own outcome.
#[test]
fn equal_requests_that_are_answered_alike_are_counted_in_the_kernel() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let Some((mut run, port)) = Trace::recording(folder.path()) else { return };
    run.knows(&["libssl"]);
    run.knows(&["libgnutls"]);
    let address = |path: &str| server.address(&format!("/remit-again/{path}"));
    for (program, options) in
        [("curl", &["-sk"][..]), ("wget", &["-qO", "/dev/null", "--no-check-certificate"])]
    {
        let mut client = Command::new(program);
        client.args(options).args(std::iter::repeat_n(address(program), 60));
        client.stdout(Stdio::null());
        succeed(&mut client);
    }
    let mut python = Command::new("python3");
    succeed(python.arg(script("again.py")).args([&server.port.to_string(), "/remit-again"]));
    // The last was told of by nobody when the process ended.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let metrics = page(port, "/metrics");
    let seen = run.stop();
    let own = format!("127.0.0.1:{}", server.port);
    let mut counts: BTreeMap<(String, Outcome), u64> = BTreeMap::new();
    for record in records(folder.path()).into_iter().filter(|record| record.service == own) {
        *counts.entry((record.operation, record.outcome)).or_default() += record.count;
    }
    let expected = [
        ("curl", Outcome::Allowed, 60),
        ("wget", Outcome::Allowed, 60),
        ("same", Outcome::Allowed, 100),
        ("fifth", Outcome::Allowed, 80),
        ("fifth", Outcome::Denied, 20),
        ("denied", Outcome::Denied, 10),
        // Made before it was answered.
        ("ahead", Outcome::Unknown, 2),
        ("slow", Outcome::Allowed, 1),
        ("slow", Outcome::Unknown, 1),
    ];
    let expected =
        expected.map(|(path, outcome, count)| ((format!("GET /remit-again/{path}"), outcome), count));
    assert_eq!(counts, BTreeMap::from(expected), "{}", seen.summary);
    assert_eq!(counts.values().sum::<u64>(), server.asked().len() as u64);
    let of = |name: &str| {
        let line = metrics.lines().find_map(|line| line.split_once(&format!("\"{name}\"}} "))).unwrap();
        line.1.parse::<u64>().unwrap()
    };
    // Of three runs of equal requests all but the first, and three of each five.
    assert!(of("summed") >= 3 * 59 && of("summed") < 300, "{metrics}");
    assert!(metrics.contains("\nremit_kernel_open 1\n"), "{metrics}");
}

#[test]
fn equal_requests_are_counted_in_the_kernel() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let mut arguments =
        ["run", "--responses", "off", "--listen", &listen, "--ledger"].map(AsRef::as_ref).to_vec();
    arguments.push(folder.path().as_os_str());
    let Some(run) = Trace::of(&arguments) else { return };
    let mut python = Command::new("python3");
    let secret = format!("hunter2-{}-sums", std::process::id());
    succeed(python.arg(script("sums.py")).arg(server.port.to_string()).args(["/remit-sums", &secret]));
    // The last were not told of when the process ended.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
    let is_left = || dump(run.process()).iter().any(|(_, bytes)| holds(bytes));
    let is_gone = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        !is_left()
    });
    assert!(is_gone, "a head that was added up is left");
    let metrics = page(port, "/metrics");
    let seen = run.stop();
    // Other programs of the machine may call, too, and lose calls.
    let lost = metrics.lines().find(|line| line.contains("\"sums\"")).map(str::to_owned);
    assert!(lost.is_none_or(|line| line.ends_with(" 0")), "{metrics}");
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for call in server.asked() {
        *expected.entry(call).or_default() += 1;
    }
    assert_eq!(expected.values().sum::<u64>(), 384);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let own = format!("127.0.0.1:{}", server.port);
    // Whoever runs this test at the same time has another port.
    let host = format!("remit-sums-{}-", server.port);
    let signed = format!("remit-sums/signed-{}", server.port);
    for record in records(folder.path()) {
        if record.credential.is_some() {
            let is_own = record.resources.iter().any(|resource| resource.ends_with(&signed));
            *counts.entry(format!("GET /{signed}")).or_default() += record.count * u64::from(is_own);
        } else if record.service == own {
            *counts.entry(record.operation).or_default() += record.count;
        } else if let Some(index) = record.service.strip_prefix(&host) {
            assert_eq!((record.count, index.ends_with(".example")), (10, true), "{record:?}");
            *counts.entry("GET /remit-sums/hosts".to_owned()).or_default() += record.count;
        }
    }
    assert_eq!(counts, expected, "{}", seen.summary);
    let summed = metrics.lines().find_map(|line| line.split_once("\"summed\"} ")).unwrap().1;
    // Of each of nine runs the first request is told, and of the hosts all.
    assert!(summed.parse::<u64>().unwrap() >= 345, "{metrics}");
}
