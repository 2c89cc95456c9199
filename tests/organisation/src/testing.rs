//! What several modules' tests do with files that were written.

use std::collections::BTreeMap;
use std::path::Path;

/// Contents of all files below a folder, by path.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// The text of a file that is one gzip member.
pub(crate) fn unpacked(packed: &[u8]) -> String {
    let size = u32::from_le_bytes(packed[packed.len() - 4..].try_into().unwrap());
    let mut text = vec![0; usize::try_from(size).unwrap()];
    libdeflater::Decompressor::new().gzip_decompress(packed, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}
