//! What ties the committed tables to their sources without fetching them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::fetch;

/// SHA-256 of the hand-kept files, with their names, and of the pinned packages.
pub(super) fn fingerprint(overrides: &Path) -> anyhow::Result<String> {
    let mut files = Vec::new();
    collect(overrides, &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let name = file.strip_prefix(overrides).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        // Where lines end differs between checkouts; lengths keep names and texts apart.
        let text = text.replace("\r\n", "\n");
        hash.update(format!("{name} {}\n{text}", text.len()));
    }
    for package in fetch::pins() {
        hash.update(format!("{package}\n"));
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use remit_catalog::{Catalog, Routes};

    use super::{fetch, fingerprint};
    use crate::place::Place;

    #[test]
    fn the_committed_table_is_made_from_the_sources_beside_it() {
        let overrides = Place::find().unwrap().root.join("catalog/overrides");
        let catalog = Catalog::embedded().unwrap();
        assert_eq!(
            catalog.fingerprint(),
            fingerprint(&overrides).unwrap(),
            "`catalog/data/aws.table.zst` is older than `catalog/overrides`: run `cargo xtask catalog`"
        );
        assert_eq!(Routes::embedded().unwrap().fingerprint(), catalog.fingerprint());
        let pins: Vec<String> = fetch::pins().collect();
        assert!(
            pins.iter().any(|pin| pin.contains(&catalog.version().replace(' ', "@"))),
            "{} is none of {pins:?}",
            catalog.version()
        );
    }

    #[test]
    fn every_hand_kept_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("operations")).unwrap();
        std::fs::write(folder.path().join("a.toml"), "a").unwrap();
        let first = fingerprint(folder.path()).unwrap();
        assert_eq!(first, fingerprint(folder.path()).unwrap());
        std::fs::write(folder.path().join("operations/b.toml"), "b").unwrap();
        let second = fingerprint(folder.path()).unwrap();
        std::fs::write(folder.path().join("operations/b.toml"), "c").unwrap();
        let third = fingerprint(folder.path()).unwrap();
        assert_eq!([&first, &second, &third].iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    }
}
