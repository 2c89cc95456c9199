//! Every call of a client of AWS is seen exactly once, and named as the client meant it.

use std::process::{Command, Stdio};

use remit_tests::peer;

use crate::server::{Server, script};
use crate::trace::Trace;

/// Runs a client, which prints what it calls, while a trace runs; and compares that with what was seen and with what the
/// cloud was asked.
fn compare(known: &[&str], client: &mut Command, calls: usize, cloud: &Server) {
    let Some(mut trace) = Trace::start_with(&["--responses", "off"]) else { return };
    trace.knows(known);
    let client = client.arg(cloud.port.to_string()).stdout(Stdio::piped()).spawn().unwrap();
    let process = client.id();
    let output = client.wait_with_output().unwrap();
    assert!(output.status.success());
    let seen = trace.stop();
    let (requests, names) = seen.named(process);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut meant: Vec<&str> = text.lines().collect();
    meant.sort_unstable();
    assert_eq!(meant.len(), calls);
    assert_eq!(names, meant, "{}", seen.summary);
    assert_eq!(requests, cloud.asked(), "{}", seen.summary);
    assert!(!seen.printed.contains("hunter2") && !seen.summary.contains("hunter2"));
}

#[test]
fn boto3_is_named_as_it_calls() {
    let (Some(cloud), Some(mut python)) = (Server::cloud(), peer::python()) else { return };
    compare(&["libssl"], python.arg(script("aws.py")), 200, &cloud);
}

#[test]
fn the_sdk_for_javascript_is_named_as_it_calls() {
    let (Some(cloud), Some(mut node)) = (Server::cloud(), peer::node()) else { return };
    compare(
        &["node", "-e", "setTimeout(() => {}, 1000)"],
        node.env("NODE_NO_WARNINGS", "1").arg(script("aws.mjs")),
        200,
        &cloud,
    );
}
