//! Every call of a client of AWS is seen exactly once, and named as the client meant it.

use std::io::Write;
use std::process::{Command, Stdio};

use remit_tests::peer;

use crate::server::{Server, script};
use crate::trace::Trace;

/// Runs a client, which prints what it calls, while a trace runs; and compares that with what was seen and with what the
/// cloud was asked.
fn compare(known: &[&str], client: &mut Command, calls: usize, cloud: &Server) {
    let Some(mut trace) = Trace::start() else { return };
    trace.knows(known);
    let client = client.arg(cloud.port.to_string()).stdout(Stdio::piped()).spawn().unwrap();
    let process = client.id();
    let output = client.wait_with_output().unwrap();
    assert!(output.status.success());
    let seen = trace.stop();
    let (requests, names) = seen.named(process);
    let text = String::from_utf8(output.stdout).unwrap();
    let meant: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(meant.len(), calls);
    seen.equals(&names, &meant);
    seen.equals(&requests, &cloud.asked());
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

/// Becomes s5cmd.
const S5CMD: &str =
    "import os, sys, s5cmd; path = s5cmd.__path__[0] + '/bin/s5cmd'; os.execv(path, [path, *sys.argv[1:]])";

#[test]
fn s5cmd_in_go_without_symbols_is_named_as_it_calls() {
    let Some(cloud) = Server::cloud() else { return };
    let Some(mut trace) = Trace::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large");
    std::fs::write(&large, vec![b'x'; 11 << 20]).unwrap();
    let run = |commands: &str, trace: &mut Trace| {
        let mut s5cmd = peer::python().unwrap();
        s5cmd.args(["-c", S5CMD, "--log", "trace", "--no-verify-ssl", "--endpoint-url", &cloud.address("")]);
        s5cmd.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "hunter2");
        s5cmd.env("AWS_REGION", "eu-west-1").current_dir(folder.path());
        let mut child = s5cmd.arg("run").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // It waits for what to do, so it can be waited for.
        assert!(trace.says("/s5cmd of process"), "s5cmd is not watched");
        child.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
        let process = child.id();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        (process, String::from_utf8(output.stdout).unwrap())
    };
    let all =
        |command: &str| (1..=38).map(|number| command.replace('#', &number.to_string())).collect::<String>();
    // The commands of one run happen at once.
    let runs = [
        "mb s3://bucket\n".to_owned(),
        all("cp small s3://bucket/small#\n") + "cp -p 5 large s3://bucket/large\n",
        all("cat s3://bucket/small#\nls s3://bucket/small#\n") + &"ls s3://bucket\n".repeat(4),
        all("rm s3://bucket/small#\n"),
    ];
    std::fs::write(folder.path().join("small"), "GET /forged HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n")
        .unwrap();
    let runs: Vec<(u32, String)> = runs.iter().map(|commands| run(commands, &mut trace)).collect();
    let seen = trace.stop();
    let meant: Vec<String> = runs.iter().flat_map(|(_, log)| logged(log)).collect();
    assert_eq!(meant.len(), 200);
    let (requests, names): (Vec<_>, Vec<_>) = runs.iter().map(|(process, _)| seen.named(*process)).unzip();
    seen.equals(&names.concat(), &meant);
    seen.equals(&requests.concat(), &cloud.asked());
}

/// What s5cmd logs that it sends: the operation, and two lines later the request with bucket and key.
fn logged(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().collect();
    let calls = lines.windows(3).filter_map(|lines| {
        let operation = lines[0].strip_prefix("DEBUG: Request s3/")?.strip_suffix(" Details:")?;
        let path = lines[2].split([' ', '?']).nth(1)?.strip_prefix('/')?;
        let bucket = format!("arn:aws:s3:::{}", path.split('/').next()?);
        Some(match operation {
            "ListObjectsV2" => format!("s3 ListObjects {bucket}"),
            "DeleteObjects" => format!("s3 DeleteObjects {bucket}/*"),
            _ if path.contains('/') => format!("s3 {operation} {bucket} arn:aws:s3:::{path}"),
            _ => format!("s3 {operation} {bucket}"),
        })
    });
    calls.collect()
}
