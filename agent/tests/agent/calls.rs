//! Every call of every kind of client is seen exactly once.

use std::io::Read;
use std::process::{Command, Stdio};

use remit_tests::skip;

use crate::pod::Cgroup;
use crate::server::{Server, example, script, succeed};
use crate::trace::{Seen, Trace};

/// Calls that each client makes.
pub(crate) const CALLS: usize = 200;

/// Runs a client while a trace runs, and compares what was seen with what the server was asked.
pub(crate) fn compare(prefix: &str, known: &[&str], client: impl FnOnce(&Server)) -> Option<Seen> {
    compare_with(true, prefix, |trace| trace.knows(known), client)
}

/// The same, also of clients whose responses are not seen. `wait` waits until the client's library is known.
pub(crate) fn compare_with(
    has_responses: bool,
    prefix: &str,
    wait: impl FnOnce(&mut Trace),
    client: impl FnOnce(&Server),
) -> Option<Seen> {
    let server = Server::start();
    let mut trace = Trace::start()?;
    wait(&mut trace);
    client(&server);
    let seen = trace.stop();
    match has_responses {
        true => seen.is_exactly(&server, prefix, CALLS),
        false => seen.has_exactly(&server, prefix, CALLS),
    }
    Some(seen)
}

#[test]
fn curl_is_seen() {
    compare("/remit-curl/", &["libssl"], |server| {
        // Some in one process over one connection, and some in processes of their own.
        let mut curl = Command::new("curl");
        curl.args(["-sk", "--http1.1"])
            .args([server.address("/remit-curl/[1-120]"), server.address("/remit-curl/denied/[121-180]")]);
        succeed(&mut curl);
        for number in 181..=CALLS {
            let mut curl = Command::new("curl");
            succeed(curl.args(["-sk", "-d", "a=b"]).arg(server.address(&format!("/remit-curl/{number}"))));
        }
    });
}

#[test]
fn python_is_seen_and_no_secret_is_printed() {
    let seen = compare("/remit-python/", &["libssl"], |server| {
        for (prefix, calls) in [("/remit-python", CALLS - 40), ("/remit-python/denied", 40)] {
            let mut python = Command::new("python3");
            let (port, calls) = (server.port.to_string(), calls.to_string());
            succeed(python.arg(script("client.py")).args([&port, prefix, &calls, "10"]));
        }
    });
    if let Some(seen) = seen {
        assert!(!seen.printed.contains("hunter2") && !seen.summary.contains("hunter2"));
    }
}

#[test]
fn equal_calls_of_a_connection_that_is_older_are_seen() {
    if let Some((seen, server)) = over_an_older_connection(&[], "/remit-older/", 20, 0.0) {
        seen.is_exactly(&server, "/remit-older/", 20);
    }
}

/// Where responses are not followed, only time tells a call from another attempt at the one before.
#[test]
fn so_are_those_whose_responses_are_not_followed_when_time_passed_between() {
    let options = ["--responses", "off"];
    if let Some((seen, server)) = over_an_older_connection(&options, "/remit-older-off/", 3, 2.2) {
        seen.has_exactly(&server, "/remit-older-off/", 3);
    }
}

/// Of many at once, a few may be taken for such attempts.
#[test]
fn and_of_those_that_follow_each_other_at_once_nearly_all() {
    let options = ["--responses", "off"];
    if let Some((seen, server)) = over_an_older_connection(&options, "/remit-older-many/", 40, 0.0) {
        let calls = seen.calls(&server, "/remit-older-many/").len();
        assert!((36..=40).contains(&calls), "{calls}: {}", seen.summary);
    }
}

/// Equal calls over a connection that was made before the trace began.
fn over_an_older_connection(
    options: &[&str],
    path: &str,
    calls: usize,
    pause: f64,
) -> Option<(Seen, Server)> {
    let server = Server::start();
    let mut python = Command::new("python3");
    python.arg(script("older.py")).args([
        &server.port.to_string(),
        path,
        &calls.to_string(),
        &pause.to_string(),
    ]);
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = *b"connected\n";
    python.stdout.take().unwrap().read_exact(&mut said).unwrap();
    let trace = Trace::start_with(options).map(|mut trace| {
        trace.knows(&["libssl"]);
        trace
    });
    // It begins when its input ends, which waiting for it does.
    assert!(python.wait().unwrap().success());
    Some((trace?.stop(), server))
}

#[test]
fn node_with_its_own_openssl_is_seen() {
    compare("/remit-node/", &["node", "-e", "setTimeout(() => {}, 1000)"], |server| {
        for (prefix, calls) in [("/remit-node", CALLS - 40), ("/remit-node/denied", 40)] {
            let mut node = Command::new("node");
            let (port, calls) = (server.port.to_string(), calls.to_string());
            succeed(node.arg(script("client.js")).args([&port, prefix, &calls]));
        }
    });
}

#[test]
fn gnutls_is_seen() {
    compare("/remit-wget/", &["libgnutls"], |server| {
        let addresses = (1..=CALLS).map(|number| {
            let folder = if number % 5 == 0 { "denied/" } else { "" };
            server.address(&format!("/remit-wget/{folder}{number}"))
        });
        let mut wget = Command::new("wget");
        wget.args(["-q", "--no-check-certificate", "-O", "/dev/null"]).args(addresses);
        // It fails, since some calls are denied.
        assert_eq!(wget.status().unwrap().code(), Some(8));
    });
}

#[test]
fn go_without_symbols_is_seen() {
    compare("/remit-go/", &["kubectl", "version", "--client"], |server| {
        for number in 0..CALLS {
            let mut kubectl = Command::new("kubectl");
            kubectl.args(["--insecure-skip-tls-verify", "--username=a", "--password=b", "--server"]);
            let is_denied = number % 5 == 0;
            let folder = if is_denied { "denied/" } else { "" };
            kubectl.arg(server.address("")).args(["get", "--raw", &format!("/remit-go/{folder}{number}")]);
            assert_ne!(kubectl.output().unwrap().status.success(), is_denied);
        }
    });
}

#[test]
fn rustls_with_symbols_is_seen() {
    let client = example("client");
    let wait = |trace: &mut Trace| trace.knows(&[client.to_str().unwrap(), "wait"]);
    compare_with(false, "/remit-rust/", wait, |server| {
        let mut client = Command::new(&client);
        succeed(client.args([&server.port.to_string(), "/remit-rust", &CALLS.to_string()]));
    });
}

#[test]
fn openssl_within_a_program_with_symbols_only_is_seen() {
    // By the path at which the kernel has it.
    let cargo = std::fs::canonicalize(env!("CARGO")).unwrap();
    // A folder of its own, whose lock no other cargo holds.
    let home = tempfile::tempdir().unwrap();
    let seen = |server: &Server| {
        for number in 0..CALLS {
            let mut search = Command::new(&cargo);
            let index = server.address(&format!("/remit-cargo/{number}"));
            search
                .args(["search", "--index", &format!("sparse+{index}/"), "remit"])
                .env("CARGO_NET_RETRY", "0")
                .env("CARGO_HOME", home.path());
            // It fails, since this is no registry; and it asks before it does.
            search.env("CARGO_HTTP_CAINFO", &server.certificate()[0]).env("CARGO_HTTP_MULTIPLEXING", "false");
            assert!(!search.output().unwrap().status.success());
        }
    };
    compare("/remit-cargo/", &[cargo.to_str().unwrap(), "--version"], seen);
}

#[test]
fn a_trace_of_a_cgroup_has_its_calls_and_no_others() {
    let server = Server::start();
    let Some(top) = Cgroup::top(|kind, _| kind == "cgroup2") else {
        return skip::loudly("no hierarchy of cgroups of version 2 is mounted", "mount one");
    };
    let above = Cgroup::new(&top, &format!("remit-trace-{}", server.port));
    let below = Cgroup::new(&top, &format!("remit-trace-{}/below", server.port));
    let Some(mut trace) = Trace::start_with(&["--cgroup", above.path().to_str().unwrap()]) else { return };
    trace.knows(&["libssl"]);
    for (number, mut curl) in
        [above.run("curl"), below.run("curl"), Command::new("curl")].into_iter().enumerate()
    {
        succeed(curl.arg("-sk").arg(server.address(&format!("/remit-group/{number}"))));
    }
    let seen = trace.stop();
    assert_eq!(server.asked().len(), 3);
    assert_eq!(seen.calls(&server, "/remit-group/"), ["GET /remit-group/0", "GET /remit-group/1"]);
}

#[test]
fn responses_are_not_followed_where_they_are_not_asked_for() {
    let server = Server::start();
    let Some(trace) = Trace::start_with(&["--responses", "off"]) else { return };
    assert!(!trace.said("SSL_read"));
    let mut python = Command::new("python3");
    succeed(python.arg(script("client.py")).args([&server.port.to_string(), "/remit-off", "50", "10"]));
    let seen = trace.stop();
    let statuses = seen.statuses(&server, "/remit-off/");
    assert_eq!(statuses.len(), 50, "{}", seen.summary);
    assert!(statuses.iter().all(|(_, status)| status.is_none()), "{statuses:?}");
}

#[test]
fn what_is_written_again_since_a_socket_did_not_take_it_is_one_call() {
    let server = Server::start();
    let Some(mut trace) = Trace::start() else { return };
    trace.knows(&["libssl"]);
    let mut python = Command::new("python3");
    python.arg(script("retry.py")).args(server.certificate());
    let output = python.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let host = format!(" 127.0.0.1:{} ", String::from_utf8(output.stdout).unwrap().trim());
    let seen = trace.stop();
    let lines = seen.lines.iter().filter(|line| line.contains(&host) && line.contains(" PUT "));
    let calls: Vec<String> =
        lines.map(|line| line.split(' ').skip(2).step_by(2).take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(calls, ["/remit-retry/1 200", "/remit-retry/1 200", "/remit-retry/2 200"], "{}", seen.summary);
}

#[test]
fn requests_within_an_upload_of_known_length_are_none() {
    let server = Server::start();
    let Some(mut trace) = Trace::start() else { return };
    trace.knows(&["libssl"]);
    let mut python = Command::new("python3");
    succeed(python.arg(script("bodies.py")).args([&server.port.to_string(), "/remit-bodies"]));
    let seen = trace.stop();
    assert_eq!(server.asked().len(), 7);
    seen.has_exactly(&server, "/remit-bodies/", 7);
    assert!(!seen.printed.contains("phantom"), "{}", seen.printed);
}
