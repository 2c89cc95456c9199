//! The programs that are measured, built for release.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::place::Place;
use crate::step;

/// Paths of programs.
#[derive(Debug)]
pub(crate) struct Programs {
    /// The product.
    pub(crate) remit: PathBuf,
    /// The generator of logs.
    pub(crate) organisation: PathBuf,
    /// The floor, and parts of Remit by themselves.
    pub(crate) measure: PathBuf,
}

impl Programs {
    /// Builds them. The product is built as its users build it, and not together with the others.
    pub(crate) fn build(place: &Place, remit: Option<PathBuf>) -> anyhow::Result<Programs> {
        let remit = product(place, remit)?;
        let organisation = organisation(place)?;
        Ok(Programs { remit, organisation, measure: measure(place)? })
    }
}

/// The product, built where none is given.
pub(crate) fn product(place: &Place, given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    match given {
        Some(path) => path.canonicalize().with_context(|| format!("no program at `{}`", path.display())),
        None => build(place, &["--package", "remit", "--bin", "remit"]),
    }
}

/// The floor, and parts of Remit by themselves.
pub(crate) fn measure(place: &Place) -> anyhow::Result<PathBuf> {
    build(place, &["--package", "remit-tests", "--bench", "measure"])
}

/// The generator of logs.
pub(crate) fn organisation(place: &Place) -> anyhow::Result<PathBuf> {
    build(place, &["--package", "remit-organisation", "--bin", "remit-organisation"])
}

/// Builds one program and answers where it is.
pub(super) fn build(place: &Place, selection: &[&str]) -> anyhow::Result<PathBuf> {
    let mut command: Command =
        place.cargo(&["build", "--release", "--locked", "--message-format", "json-render-diagnostics"]);
    command.args(selection).stdout(Stdio::piped());
    eprintln!("    {}", step::line(&command));
    let output =
        command.spawn().and_then(std::process::Child::wait_with_output).context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("`{}` ended with {}", step::line(&command), output.status);
    }
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    // A benchmark brings the programs of its package along; what was asked for is named last.
    let wanted = selection.last().copied();
    let is_it = |message: &Value| message.pointer("/target/name").and_then(Value::as_str) == wanted;
    let mut paths =
        messages.filter(is_it).filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from));
    paths.next_back().context("cargo named no program")
}
