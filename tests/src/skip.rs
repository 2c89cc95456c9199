//! Tests that cannot run here: loud on a developer's machine, a failure in CI.

use std::fs::OpenOptions;
use std::io::Write;

/// The environment variable that names the file to which skipped tests are appended, a line each;
/// `cargo xtask test` prints it at its end, since a passing test's own output is not shown.
pub const SKIPS: &str = "REMIT_SKIPS";

/// Says that the calling test is skipped because `what` is missing, and how to get it.
///
/// # Panics
///
/// Where `CI` is set: there nothing may be missing.
pub fn loudly(what: &str, hint: &str) {
    assert!(!in_ci(), "{what}, and in CI no test may be skipped\nhint: {hint}");
    let thread = std::thread::current();
    let line = format!("SKIPPED {}: {what}; hint: {hint}\n", thread.name().unwrap_or("a test"));
    // One write of one line, so that lines of concurrent tests do not mix.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = std::env::var_os(SKIPS)
        && let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path)
    {
        let _ = file.write_all(line.as_bytes());
    }
}

/// Whether this is a run where every test must run.
#[must_use]
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
