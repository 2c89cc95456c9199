//! The programs that are measured, built for release.

use std::path::{Path, PathBuf};
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
    /// Builds them.
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
        None => build(place, "analyzer", &["--bin", "remit"]),
    }
}

/// The floor, and parts of Remit by themselves.
pub(crate) fn measure(place: &Place) -> anyhow::Result<PathBuf> {
    build(place, "tests", &["--bench", "measure"])
}

/// The generator of logs.
pub(crate) fn organisation(place: &Place) -> anyhow::Result<PathBuf> {
    build(place, "tests/organisation", &["--bin", "remit-organisation"])
}

/// Builds one program of a package, which is in this folder, and answers where it is.
///
/// All of the workspace is selected, since a narrower selection has other features of shared dependencies, and would compile these
/// once more; the product's are the same as its users have, which `tidy` checks.
pub(super) fn build(place: &Place, folder: &str, program: &[&str]) -> anyhow::Result<PathBuf> {
    let mut command: Command = place.cargo(&["build", "--release", "--locked", "--workspace"]);
    command.args(["--message-format", "json-render-diagnostics"]).args(program).stdout(Stdio::piped());
    eprintln!("    {}", step::line(&command));
    let output =
        command.spawn().and_then(std::process::Child::wait_with_output).context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("`{}` ended with {}", step::line(&command), output.status);
    }
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    // Several packages have a benchmark of that name, and each brings the programs of its package along.
    let (name, manifest) = (program.last().copied(), place.root.join(folder).join("Cargo.toml"));
    let is_it = |message: &Value| {
        message.pointer("/target/name").and_then(Value::as_str) == name
            && message.get("manifest_path").and_then(Value::as_str).map(Path::new) == Some(&manifest)
    };
    let mut paths =
        messages.filter(is_it).filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from));
    paths.next_back().context("cargo named no program")
}
