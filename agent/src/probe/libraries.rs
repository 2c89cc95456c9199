//! Where libraries are that programs load by themselves, long after they started.

use std::path::{Path, PathBuf};

/// The folders in which distributions keep libraries.
const FOLDERS: [&str; 8] = [
    "usr/lib/x86_64-linux-gnu",
    "lib/x86_64-linux-gnu",
    "usr/lib64",
    "lib64",
    "usr/lib",
    "lib",
    "usr/local/lib",
    "usr/local/lib64",
];

/// The beginnings of names that are worth a look.
const NAMES: [&str; 2] = ["libssl.so", "libgnutls.so"];

/// The TLS libraries below a root. Several names may be of one file.
pub(super) fn find(root: &Path) -> Vec<PathBuf> {
    let entries = FOLDERS.iter().filter_map(|folder| std::fs::read_dir(root.join(folder)).ok());
    let files = entries.flatten().flatten().filter(|entry| {
        let name = entry.file_name();
        NAMES.iter().any(|beginning| name.to_str().is_some_and(|name| name.starts_with(beginning)))
    });
    files.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_by_their_names() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("usr/lib64");
        std::fs::create_dir_all(folder.join("libssl.so.d")).unwrap();
        for name in ["libssl.so.3", "libgnutls.so.30.34.3", "libcurl.so.4", "notlibssl.so"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let mut found = find(root.path());
        found.sort();
        assert_eq!(found, [folder.join("libgnutls.so.30.34.3"), folder.join("libssl.so.3")]);
    }
}
