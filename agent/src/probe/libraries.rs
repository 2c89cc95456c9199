//! Where libraries are that programs load by themselves, long after they started.

use std::path::{Path, PathBuf};

use super::open::Root;

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

/// More of a folder's names are not read, and more libraries not looked at. Distributions have a tenth of either, and who
/// makes more has the agent look at them once they are loaded.
const MOST: (usize, usize) = (65_536, 64);

/// Paths below a root at which there may be TLS libraries. Several names may be of one file.
pub(super) fn find(root: &Root) -> Vec<PathBuf> {
    let folders = FOLDERS.iter().map(Path::new);
    let paths = folders.flat_map(|folder| {
        root.names(folder, MOST.0).into_iter().filter_map(move |name| {
            let is_wanted =
                NAMES.iter().any(|beginning| name.to_str().is_some_and(|name| name.starts_with(beginning)));
            is_wanted.then(|| Path::new("/").join(folder).join(name))
        })
    });
    paths.take(MOST.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_by_their_names() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("usr/lib64");
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["libssl.so.3", "libgnutls.so.30.34.3", "libcurl.so.4", "notlibssl.so"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let mut found = find(&Root::at(root.path()).unwrap());
        found.sort();
        let expected = ["/usr/lib64/libgnutls.so.30.34.3", "/usr/lib64/libssl.so.3"];
        assert_eq!(found, expected.map(PathBuf::from));
    }
}
