//! What Helm makes of the chart.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::{data, peer};

/// What Helm makes of the chart, for each of several values: `objects`, and what the schemas of Kubernetes say is wrong with them as
/// `problems`; `lint`; `notes`; or why it was `refused`. None, and loudly so, where Helm was not prepared.
///
/// # Panics
///
/// Where `CI` is set and it is absent, or where it fails.
#[must_use]
pub fn rendered(values: &[Value]) -> Option<Vec<Value>> {
    rendered_as("remit", values)
}

/// The same for a release of another name.
///
/// # Panics
///
/// As [`rendered`].
#[must_use]
pub fn rendered_as(release: &str, values: &[Value]) -> Option<Vec<Value>> {
    let mut command = peer::helm()?;
    command
        .arg(data::repository().join("tests/chart/render.py"))
        .arg(data::repository().join("deploy/chart"))
        .arg(release);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    assert!(child.is_ok(), "Python does not start: {child:?}");
    let mut child = child.ok()?;
    let mut lines = String::new();
    values.iter().try_for_each(|values| writeln!(lines, "{values}")).ok()?;
    // Nothing is printed before all is read but what fits into a pipe.
    let sent = child.stdin.take().map(|mut input| input.write_all(lines.as_bytes()));
    let output = child.wait_with_output();
    let answers: Vec<Value> = output.iter().flat_map(|output| objects(&output.stdout)).collect();
    assert!(answers.len() == values.len(), "{sent:?}: {output:?}");
    Some(answers)
}

fn objects(output: &[u8]) -> Vec<Value> {
    output.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}
