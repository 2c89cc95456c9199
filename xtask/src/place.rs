//! Where things are: the repository, cargo's target folder, programs on the search path.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::metadata::Metadata;

/// The repository and what cargo says about it.
#[derive(Debug)]
pub(crate) struct Place {
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, which also holds tools and peers.
    pub(crate) target: PathBuf,
    /// What cargo knows about the workspace and its dependencies.
    pub(crate) metadata: Metadata,
}

impl Place {
    /// Asks cargo.
    pub(crate) fn find() -> anyhow::Result<Place> {
        let root = root();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&root);
        let metadata = Metadata::ask(cargo)?;
        Ok(Place { target: metadata.target_directory.clone(), root, metadata })
    }

    /// Where programs that the tests need are installed.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// Where other projects' programs are installed that tests and benchmarks compare with.
    pub(crate) fn peers(&self) -> PathBuf {
        self.target.join("peers")
    }

    /// A cargo command in the repository that sees the installed tools.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments);
        command
    }

    /// A command in the repository that sees the installed tools, and not what cargo told this program about
    /// its own package.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root).env("PATH", self.search_path());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command
    }

    /// The path of a program on the search path or among the installed tools.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(&self.search_path())
            .map(|folder| folder.join(&file))
            .find(|path| path.is_file())
    }

    fn search_path(&self) -> OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain([self.tools().join("bin")]);
        std::env::join_paths(folders).unwrap_or(path)
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// Whether this is a run where nothing may be left out.
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
