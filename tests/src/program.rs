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
pub fn remit_path() -> PathBuf {
    std::env::var_os(REMIT).map_or_else(|| built("remit"), PathBuf::from)
}

/// The path of the built `remit-agent`.
///
/// # Panics
///
/// Where it is not built.
#[must_use]
pub fn agent() -> PathBuf {
    built("remit-agent")
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
    let mut command = Command::new(remit_path());
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

/// What a run of a program came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub talk: String,
}

/// Runs `remit` in a folder to its end.
///
/// # Panics
///
/// Where `remit` is not built, or prints what is not UTF-8.
#[must_use]
pub fn run(place: &Path, arguments: &[&str]) -> Ran {
    ran(command().current_dir(place).args(arguments))
}

/// Runs a command to its end.
///
/// # Panics
///
/// Where it does not start, or prints what is not UTF-8.
#[must_use]
pub fn ran(command: &mut Command) -> Ran {
    let output = command.output();
    assert!(output.is_ok(), "{command:?} does not start: {output:?}");
    let (code, [out, talk]) = output.map_or_else(
        |_| (None, [Ok(String::new()), Ok(String::new())]),
        |output| (output.status.code(), [output.stdout, output.stderr].map(String::from_utf8)),
    );
    assert!(out.is_ok() && talk.is_ok(), "{command:?} prints what is not UTF-8");
    Ran { code, out: out.unwrap_or_default(), talk: talk.unwrap_or_default() }
}

/// Runs `remit` in a folder and answers its standard output.
///
/// # Panics
///
/// Where it fails.
pub fn remit(place: &Path, arguments: &[&str]) -> String {
    let ran = run(place, arguments);
    assert!(ran.code == Some(0), "`remit {}` ended with {ran:#?}", arguments.join(" "));
    ran.out
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
