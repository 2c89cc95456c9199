//! HTTP/2 as no client writes it, and any may: many requests in one write, long heads, and heads behind many bodies.

use std::process::Command;

use crate::server::script;
use crate::trace::Trace;

#[test]
fn requests_are_seen_however_frames_are_written() {
    let Some(mut trace) = Trace::start() else { return };
    assert!(trace.says("libssl"));
    let output = Command::new("python3").arg(script("frames.py")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen = trace.stop();
    let expected: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|path| format!("GET {path} remit-frames.example"))
        .collect();
    assert_eq!(expected.len(), 25);
    let own = seen.lines.iter().filter(|line| line.contains(" remit-frames.example "));
    let calls: Vec<&str> = own.map(|line| line.split_once(' ').unwrap().1).collect();
    let missing: Vec<&String> =
        expected.iter().filter(|call| !calls.iter().any(|seen| seen.starts_with(*call))).collect();
    assert_eq!((missing, calls.len()), (Vec::new(), expected.len()), "{}", seen.summary);
    assert!(!seen.printed.contains("hunter2"));
    assert!(seen.count("untracked") > 0, "what is cut counts as lost: {}", seen.summary);
}
