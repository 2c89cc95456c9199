//! Other projects' programs that the tests ask for a second opinion, as subprocesses: Python with DuckDB, and
//! node with the simulator in `tests/referee`. `cargo xtask test` installs them under `target/peers`.

use std::path::PathBuf;
use std::process::Command;

use crate::{program, skip};

/// The environment variable that names the folder of prepared peers.
pub const PEERS: &str = "REMIT_PEERS";

/// The environment variable that names the folder whose `node_modules` holds the referee.
pub const REFEREE: &str = "REMIT_REFEREE";

/// A Python interpreter that can `import duckdb`; none, and loudly so, where it was not prepared.
///
/// # Panics
///
/// Where `CI` is set and it is absent.
#[must_use]
pub fn python() -> Option<Command> {
    let python = peers().join("python/bin/python");
    if !python.is_file() {
        skip::loudly(
            "no Python with DuckDB",
            "install python3 with its venv module and run `cargo xtask test`",
        );
        return None;
    }
    let mut command = Command::new(python);
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    Some(command)
}

/// node, run in the folder whose `node_modules` holds `@cloud-copilot/iam-simulate`; none, and loudly so,
/// where it was not prepared. A script elsewhere resolves the module from the working directory:
/// `createRequire(process.cwd() + "/")`.
///
/// # Panics
///
/// Where `CI` is set and it is absent.
#[must_use]
pub fn referee() -> Option<Command> {
    let folder = std::env::var_os(REFEREE).map_or_else(|| peers().join("referee"), PathBuf::from);
    if !folder.join("node_modules/@cloud-copilot/iam-simulate/package.json").is_file() {
        skip::loudly("no referee", "install node 20 with npm and run `cargo xtask test`");
        return None;
    }
    let mut command = Command::new("node");
    command.current_dir(folder);
    Some(command)
}

/// The folder of prepared peers: `target/peers`.
fn peers() -> PathBuf {
    match std::env::var_os(PEERS) {
        Some(path) => PathBuf::from(path),
        None => program::folder().join("../peers"),
    }
}
