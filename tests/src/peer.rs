//! Other projects' programs that the tests ask for a second opinion, or watch, as subprocesses: Python and node with the
//! packages that `tests/referee` and `tests/chart` list. `cargo xtask test` installs them under `target/peers`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{data, program, skip};

/// The environment variable that names the folder of prepared peers.
pub const PEERS: &str = "REMIT_PEERS";

/// The environment variable that names the folder whose `node_modules` holds the referee.
pub const REFEREE: &str = "REMIT_REFEREE";

/// A Python interpreter with the packages; none, and loudly so, where it was not prepared.
///
/// # Panics
///
/// Where `CI` is set and it is absent.
#[must_use]
pub fn python() -> Option<Command> {
    interpreter("python", "tests/referee/requirements.txt")
}

/// A Python interpreter with Helm's library and the schemas of Kubernetes; none, and loudly so, where it was not prepared.
///
/// # Panics
///
/// Where `CI` is set and it is absent.
#[must_use]
pub fn helm() -> Option<Command> {
    interpreter("helm", "tests/chart/requirements.txt")
}

/// The interpreter of a virtual environment with the packages of a list.
fn interpreter(name: &str, list: &str) -> Option<Command> {
    let folder = peers().join(name);
    if !is_prepared(&folder.join("requirements.txt"), list) {
        skip::loudly(
            &format!("no Python with the packages of `{list}`"),
            "install python3 with its venv module and run `cargo xtask test`",
        );
        return None;
    }
    let mut command = Command::new(folder.join("bin/python"));
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    Some(command)
}

/// node, run in the folder whose `node_modules` holds the packages; none, and loudly so, where it was not prepared. A script
/// elsewhere resolves a package from the working directory: `createRequire(process.cwd() + "/")`.
///
/// # Panics
///
/// Where `CI` is set and it is absent.
#[must_use]
pub fn node() -> Option<Command> {
    let folder = std::env::var_os(REFEREE).map_or_else(|| peers().join("referee"), PathBuf::from);
    node_in(folder, "referee")
}

/// The same with what looks at reports: a browser's driver, an accessibility checker and a SARIF validator.
///
/// # Panics
///
/// Where `CI` is set and it is absent.
#[must_use]
pub fn node_for_reports() -> Option<Command> {
    node_in(peers().join("report"), "report")
}

/// node in a folder with the packages that the lock file of a folder of `tests` names.
fn node_in(folder: PathBuf, source: &str) -> Option<Command> {
    if !is_prepared(&folder.join("installed.json"), &format!("tests/{source}/package-lock.json")) {
        skip::loudly(
            &format!("no node with the packages of `tests/{source}`"),
            "install node 20 with npm and run `cargo xtask test`",
        );
        return None;
    }
    let mut command = Command::new("node");
    command.current_dir(folder);
    Some(command)
}

/// The path of Chromium; none, and loudly so, where it is not installed.
///
/// # Panics
///
/// Where `CI` is set and it is absent.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    installed(&["chromium", "chromium-browser", "google-chrome"], "Debian's package is `chromium`")
}

/// The path of kubectl; none, and loudly so, where it is not installed.
///
/// # Panics
///
/// Where `CI` is set and it is absent.
#[must_use]
pub fn kubectl() -> Option<PathBuf> {
    installed(&["kubectl"], "Debian's package is `kubernetes-client`")
}

/// The path of an installed program that has one of these names.
fn installed(names: &[&str], hint: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = names
        .iter()
        .flat_map(|name| std::env::split_paths(&folders).map(move |folder| folder.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        skip::loudly(&format!("no {}", names.first().unwrap_or(&"program")), &format!("install it: {hint}"));
    }
    found
}

/// Whether the copy that preparing leaves last is of the list of packages as it is now.
fn is_prepared(stamp: &Path, list: &str) -> bool {
    let source = data::repository().join(list);
    matches!((std::fs::read(stamp), std::fs::read(source)), (Ok(stamp), Ok(source)) if stamp == source)
}

/// The folder of prepared peers: `target/peers`.
fn peers() -> PathBuf {
    match std::env::var_os(PEERS) {
        Some(path) => PathBuf::from(path),
        None => program::folder().join("../peers"),
    }
}
