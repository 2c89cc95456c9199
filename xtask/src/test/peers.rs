//! Other projects' programs that tests and benchmarks run as subprocesses: prepared once, under the target
//! folder, at the versions that the repository pins.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail};

use crate::place::{Place, in_ci};
use crate::step::succeed;

/// Prepares what the tests ask for a second opinion. What this machine lacks is said, and refused in CI.
pub(crate) fn for_tests(place: &Place) -> anyhow::Result<()> {
    let prepared = [
        (
            "Python with packages",
            python(place, "python", &place.root.join("tests/referee/requirements.txt")).map(drop),
        ),
        (
            "Python with Helm",
            python(place, "helm", &place.root.join("tests/chart/requirements.txt")).map(drop),
        ),
        ("node with packages", referee(place).map(drop)),
        ("node for reports", node(place, "report").map(drop)),
    ];
    for (name, done) in prepared {
        match done {
            Ok(()) => eprintln!("    {name} is ready"),
            Err(error) if in_ci() => return Err(error.context(format!("{name} is needed in CI"))),
            Err(error) => {
                eprintln!("ATTENTION: {name} cannot be prepared, its tests will be skipped: {error:#}");
            }
        }
    }
    Ok(())
}

/// A Python with the pinned requirements, in a virtual environment of the given name; returns its interpreter.
pub(crate) fn python(place: &Place, name: &str, requirements: &Path) -> anyhow::Result<PathBuf> {
    let folder = place.peers().join(name);
    let python = folder.join("bin/python");
    let stamp = folder.join("requirements.txt");
    if python.is_file() && same(&stamp, requirements) {
        return Ok(python);
    }
    let Some(system) = place.program("python3") else { bail!("python3 is not installed") };
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(place.peers())?;
    succeed(place.command(system).args(["-m", "venv"]).arg(&folder))
        .context("python3 has no working venv module")?;
    let mut install = place.command(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "5", "-r"]);
    succeed(install.arg(requirements).stdin(Stdio::null()))?;
    // Written last, so that a broken installation is begun anew.
    std::fs::copy(requirements, &stamp)?;
    Ok(python)
}

/// The folder whose `node_modules` holds the referee.
pub(crate) fn referee(place: &Place) -> anyhow::Result<PathBuf> {
    node(place, "referee")
}

/// A folder whose `node_modules` holds the packages that the lock file of a folder of `tests` names.
fn node(place: &Place, name: &str) -> anyhow::Result<PathBuf> {
    let folder = place.peers().join(name);
    let source = place.root.join("tests").join(name);
    let stamp = folder.join("installed.json");
    if same(&stamp, &source.join("package-lock.json")) {
        return Ok(folder);
    }
    if place.program("node").is_none() {
        bail!("node is not installed");
    }
    let Some(npm) = place.program("npm") else { bail!("npm is not installed") };
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(source.join(file), folder.join(file))?;
    }
    let mut install = place.command(npm);
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    succeed(install.current_dir(&folder).stdin(Stdio::null()))?;
    std::fs::copy(source.join("package-lock.json"), &stamp)?;
    Ok(folder)
}

/// Whether a stamp was left by the present version of a file.
fn same(stamp: &Path, source: &Path) -> bool {
    matches!((std::fs::read(stamp), std::fs::read(source)), (Ok(stamp), Ok(source)) if stamp == source)
}
