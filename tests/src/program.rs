//! The programs under test, as cargo built them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable that names the `remit` program to test, where it is not the one that cargo built.
pub const REMIT: &str = "REMIT_PROGRAM";

/// The path of the built `remit`.
///
/// # Panics
///
/// Where it is not built.
#[must_use]
pub fn remit() -> PathBuf {
    std::env::var_os(REMIT).map_or_else(|| built("remit"), PathBuf::from)
}

/// The path of the built `remit-organisation`.
///
/// # Panics
///
/// Where it is not built.
#[must_use]
pub fn organisation() -> PathBuf {
    built("remit-organisation")
}

/// A command that runs `remit` without a terminal, without the caller's settings, in a fixed locale.
///
/// # Panics
///
/// Where `remit` is not built.
#[must_use]
pub fn command() -> Command {
    let mut command = Command::new(remit());
    let settings = std::env::vars_os().map(|(name, _)| name);
    for name in settings.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("AWS_") || name.starts_with("REMIT_") || name.starts_with("RUST_LOG")
    }) {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1").stdin(std::process::Stdio::null());
    command
}

/// The folder where cargo puts the programs of the profile that this test was built in.
///
/// # Panics
///
/// Where the test does not run from cargo's target folder.
#[must_use]
pub fn folder() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let folder = test.ancestors().nth(2).map(Path::to_path_buf);
    assert!(folder.is_some(), "the test `{}` is not in cargo's target folder", test.display());
    folder.unwrap_or_default()
}

/// The path of a program that cargo built beside this test: `target/<profile>/<name>`.
fn built(name: &str) -> PathBuf {
    let path = folder().join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "`{name}` is not built at `{}`\nhint: run `cargo xtask test`, which builds it, or `cargo build --workspace --bins`",
        path.display()
    );
    path
}
