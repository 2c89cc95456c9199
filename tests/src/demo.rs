//! What `remit demo` makes: it takes long in a build for tests, so it is made once for all that begin with it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::program;

/// Puts what `remit demo` makes into a folder of this name.
///
/// # Panics
///
/// Where it cannot be made.
pub fn put(place: &Path, name: &str) {
    let put = shared().and_then(|shared| copy(&shared, &place.join(name)));
    assert!(put.is_ok(), "no demo can be put into `{}`: {put:?}", place.display());
}

/// The folder that is copied, of the program as it is and of today.
fn shared() -> io::Result<PathBuf> {
    let root = program::folder().join("demo-of-tests");
    fs::create_dir_all(&root)?;
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let built = since(program::remit_path().metadata()?.modified()?);
    let made = root.join(format!("{built}-{}", since(SystemTime::now()) / 86_400));
    let lock = File::create(root.join("lock"))?;
    lock.lock()?;
    if !made.is_dir() {
        for entry in fs::read_dir(&root)? {
            let path = entry?.path();
            if path.is_dir() {
                fs::remove_dir_all(path)?;
            }
        }
        program::remit(&root, &["demo", "--out", "unfinished"]);
        fs::rename(root.join("unfinished"), &made)?;
    }
    Ok(made)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}
