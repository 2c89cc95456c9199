//! What the pages of metrics say, as a library of others reads them.

use std::io::Write as _;
use std::process::{Output, Stdio};

use remit_tests::{data, peer};
use serde_json::Value;

use crate::secrets::page;
use crate::trace::Trace;

/// How many series a page has, on which nothing may be wrong; none, and loudly so, where Prometheus' library was not prepared.
pub(crate) fn series(page: &str) -> Option<u64> {
    let (head, text) = page.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let output = checked(text)?;
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["problems"], serde_json::json!([]), "{text}");
    told["series"].as_u64()
}

/// What the checker says of a page.
fn checked(text: &str) -> Option<Output> {
    let mut command = peer::helm()?;
    command.arg(data::repository().join("tests/chart/metrics.py"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap())
}

/// A checker that finds nothing wrong with anything would be none.
#[test]
fn what_is_wrong_with_metrics_is_found() {
    for (text, problem) in [
        ("remit_a_total 1\n", "no type"),
        ("# TYPE remit_a_total counter\nremit_a_total 1\n", "no help"),
        ("# HELP remit_a A.\n# TYPE remit_a counter\nremit_a 1\n", "`_total`"),
        ("# HELP remit_a_total A.\n# TYPE remit_a_total gauge\nremit_a_total 1\n", "`_total`"),
        ("# HELP remit_wait_ms A.\n# TYPE remit_wait_ms gauge\nremit_wait_ms 1\n", "`ms`"),
        ("# HELP remit_aB A.\n# TYPE remit_aB gauge\nremit_aB 1\n", "name"),
        ("# HELP other_a A.\n# TYPE other_a gauge\nother_a 1\n", "prefix"),
        ("# HELP remit_a A.\n# TYPE remit_a gauge\nremit_a 1\nremit_a 1\n", "twice"),
        ("# HELP remit_a A.\n# TYPE remit_a gauge\nremit_a{le=\"1\"} 1\n", "label"),
        ("# HELP remit_a A.\n# TYPE remit_a gauge\nremit_a one\n", "cannot be parsed"),
    ] {
        let Some(output) = checked(text) else { return };
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains(problem), "{text}{told}");
    }
}

#[test]
fn metrics_of_the_agent_are_as_others_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let Some((run, port)) = Trace::recording(folder.path()) else { return };
    let mut pages = std::iter::repeat_with(|| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        page(port, "/metrics")
    });
    let page = pages.by_ref().take(600).find(|page| page.contains("remit_probes_alive 1")).unwrap();
    run.stop();
    let of_workloads = page.lines().filter(|line| line.contains("{workload=")).count() as u64;
    // With as many workloads as are told apart, and the others.
    assert!(series(&page).is_none_or(|series| series > 20 && series - of_workloads + 101 <= 200), "{page}");
}
