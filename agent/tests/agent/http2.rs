//! Every call over HTTP/2 is seen exactly once, with the names that its connection's tables have.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use remit_tests::peer;

use crate::server::{Server, script, succeed};
use crate::trace::Trace;

const NODE: [&str; 3] = ["/node of process", "-e", "setTimeout(() => {}, 1000)"];

#[test]
fn curl_is_seen_over_http2() {
    let server = Server::http2();
    let Some(mut trace) = Trace::start() else { return };
    trace.knows(&["libssl"]);
    let curl = |arguments: &[&str], paths: &[&str]| {
        let addresses = paths.iter().map(|path| server.address(path));
        succeed(Command::new("curl").args(["-sSk", "--http2"]).args(arguments).args(addresses));
    };
    // One after the other over one connection, all at once, with bodies, and each in a process of its own.
    curl(
        &["-H", "Authorization: Bearer hunter2"],
        &["/remit-curl2/[1-50]", "/remit-curl2/denied/[51-70]?token=hunter2"],
    );
    curl(&["--parallel"], &["/remit-curl2/[71-120]", "/remit-curl2/denied/[121-130]"]);
    curl(&["--parallel", "-d", "GET /forged HTTP/1.1"], &["/remit-curl2/[131-180]"]);
    for number in 181..=200 {
        curl(&[], &[&format!("/remit-curl2/{number}")]);
    }
    let seen = trace.stop();
    seen.is_exactly(&server, "/remit-curl2/", 200);
    assert!(!seen.printed.contains("hunter2") && !seen.summary.contains("hunter2"));
}

#[test]
fn node_is_seen_over_http2() {
    let server = Server::http2();
    let Some(mut trace) = Trace::start() else { return };
    trace.knows(&NODE);
    for (prefix, calls) in [("/remit-node2", "160"), ("/remit-node2/denied", "40")] {
        succeed(Command::new("node").arg(script("http2.mjs")).args([&server.address(""), prefix, calls]));
    }
    let seen = trace.stop();
    seen.is_exactly(&server, "/remit-node2/", 200);
    assert!(!seen.printed.contains("hunter2") && !seen.summary.contains("hunter2"));
}

#[test]
fn go_is_seen_over_http2() {
    let server = Server::http2();
    let Some(mut trace) = Trace::start() else { return };
    trace.knows(&["kubectl", "version", "--client"]);
    let kubectl = |arguments: &[&str]| {
        let mut kubectl = Command::new("kubectl");
        kubectl.args(["--insecure-skip-tls-verify", "--username=a", "--password=b", "--server"]);
        // It keeps what it is told of resources by the server's address, which may have been another server's.
        let cache = tempfile::tempdir().unwrap();
        succeed(kubectl.arg(server.address("")).arg("--cache-dir").arg(cache.path()).args(arguments));
    };
    // Many over one connection, and some in processes of their own.
    let names: Vec<String> = (1..=180).map(|number| format!("remit-{number}")).collect();
    let names = names.iter().map(String::as_str);
    let arguments: Vec<&str> = ["delete", "configmap", "--wait=false"].into_iter().chain(names).collect();
    kubectl(&arguments);
    for number in 181..=200 {
        kubectl(&["get", "--raw", &format!("/api/v1/namespaces/default/configmaps/remit-{number}")]);
    }
    let seen = trace.stop();
    seen.is_exactly(&server, "/api/v1/namespaces/default/configmaps/", 200);
}

#[test]
fn methods_of_grpc_are_seen() {
    let server = Server::http2();
    let Some(mut node) = peer::node() else { return };
    let Some(mut trace) = Trace::start() else { return };
    trace.knows(&NODE);
    succeed(node.arg(script("grpc.mjs")).arg(format!("localhost:{}", server.port)).arg("200"));
    let seen = trace.stop();
    seen.is_exactly(&server, "/remit.Orders/", 200);
    let named = |line: &&String| line.contains(&format!(":{} POST /remit.Orders/Get", server.port));
    assert_eq!(seen.lines.iter().filter(named).count(), 200);
    assert!(!seen.printed.contains("hunter2"));
}

#[test]
fn what_a_connection_said_before_is_unknown_and_never_guessed() {
    let server = Server::http2();
    let mut node = Command::new("node");
    node.arg(script("http2.mjs")).args([&server.address(""), "/remit-late2", "110", "wait"]);
    let mut client = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(client.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let Some(mut trace) = Trace::start() else {
        client.kill().unwrap();
        client.wait().unwrap();
        return;
    };
    // The process runs since before, so it is known now.
    assert!(trace.says("/node of process"));
    client.stdin.take().unwrap().write_all(b"\n").unwrap();
    let process = format!("{} ", client.id());
    assert!(client.wait().unwrap().success());
    let seen = trace.stop();
    let mut asked = server.asked();
    asked.retain(|call| call.split('/').next_back().unwrap().parse::<u32>().unwrap() >= 10);
    assert_eq!(asked.len(), 100);
    let calls = seen.lines.iter().filter_map(|line| line.strip_prefix(&process));
    let calls: Vec<&str> = calls.filter(|call| !call.contains(" -> ")).collect();
    // Paths are not among what tables keep, so they are known; the server's name is, so it is not.
    let paths: Vec<String> =
        calls.iter().map(|call| call.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    seen.equals(&paths, &asked);
    let guessed: Vec<&&str> =
        calls.iter().filter(|call| !call.contains(" ? ") || !call.ends_with(" unknown")).collect();
    assert_eq!(guessed, Vec::<&&str>::new());
}
