//! Real data that nobody on this project wrote. It is read in place and is no part of the repository.

use std::path::{Path, PathBuf};

use crate::skip;

/// The environment variable that names the folder of real data.
pub const DATA: &str = "REMIT_TEST_DATA";

/// The folder of real data: `REMIT_TEST_DATA`, or `shared/data` beside the repository; none where absent.
#[must_use]
pub fn root() -> Option<PathBuf> {
    let root = match std::env::var_os(DATA) {
        Some(path) => PathBuf::from(path),
        None => repository().join("../shared/data"),
    };
    root.canonicalize().ok().filter(|root| root.is_dir())
}

/// A file or folder of the real data, such as `aws/cloudtrail/invictus`. None, and loudly so, where it is
/// absent: the calling test then returns.
///
/// # Panics
///
/// Where `CI` is set and the data is absent.
#[must_use]
pub fn require(path: &str) -> Option<PathBuf> {
    let found = root().map(|root| root.join(path)).filter(|path| path.try_exists().unwrap_or(false));
    if found.is_none() {
        skip::loudly(
            &format!("no real data at `{path}`"),
            &format!(
                "set {DATA} to the folder that holds it, or put it at `shared/data` beside the repository"
            ),
        );
    }
    found
}

/// The root of the repository.
#[must_use]
pub fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_holds_the_workspace() {
        assert!(repository().join("Cargo.lock").is_file());
    }

    #[test]
    fn what_is_required_exists() {
        if let Some(path) = require("README.md") {
            assert!(path.is_file());
        }
    }
}
