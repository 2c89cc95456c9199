//! What is recorded of the compiled programs: what they were made of, and by what.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::digest::sha256;

/// What is recorded of the compiled programs.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Digest of the source.
    pub(super) source: String,
    /// Digest of the object.
    pub(super) object: String,
    /// The compiler, since another makes another object of the same source.
    pub(super) compiler: String,
}

/// What the programs are compiled of.
const SOURCES: [&str; 5] =
    ["ebpf/Cargo.toml", "ebpf/Cargo.lock", "ebpf/src", "ebpf/abi/Cargo.toml", "ebpf/abi/src"];

impl Record {
    /// Reads what is recorded.
    pub(super) fn read(path: &Path) -> anyhow::Result<Record> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        toml::from_str(&text).with_context(|| format!("`{}` is damaged", path.display()))
    }

    /// Records.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = format!("# Written by `cargo xtask ebpf`.\n{}", toml::to_string(self)?);
        fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
    }
}

/// Digest of all sources, with their names.
pub(super) fn source(root: &Path) -> anyhow::Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&root.join(source), &mut files)?;
    }
    files.sort();
    let mut text = String::new();
    for file in files {
        let one = fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        // Where lines end differs between checkouts; lengths keep names and texts apart.
        let one = one.replace("\r\n", "\n");
        text.push_str(&format!("{name} {}\n{one}", one.len()));
    }
    Ok(sha256(text.as_bytes()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot read `{}`", path.display()))? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_counts_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for source in ["ebpf/src", "ebpf/abi/src"] {
            fs::create_dir_all(root.join(source)).unwrap();
        }
        for file in ["ebpf/Cargo.toml", "ebpf/Cargo.lock", "ebpf/src/main.rs", "ebpf/abi/Cargo.toml"] {
            fs::write(root.join(file), "x\n").unwrap();
        }
        let before = source(root).unwrap();
        fs::write(root.join("ebpf/abi/src/lib.rs"), "").unwrap();
        let with = source(root).unwrap();
        fs::rename(root.join("ebpf/abi/src/lib.rs"), root.join("ebpf/abi/src/word.rs")).unwrap();
        let renamed = source(root).unwrap();
        fs::write(root.join("ebpf/src/main.rs"), "x\r\n").unwrap();
        assert_eq!(renamed, source(root).unwrap());
        fs::write(root.join("ebpf/src/main.rs"), "y\n").unwrap();
        let changed = source(root).unwrap();
        assert!(before != with && with != renamed && renamed != changed);
    }
}
