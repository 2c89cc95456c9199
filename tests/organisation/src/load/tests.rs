use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::*;

/// Contents of all files below a folder, by path.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(
                    path.strip_prefix(folder).unwrap().display().to_string(),
                    std::fs::read(path).unwrap(),
                );
            }
        }
    }
    found
}

fn written(load: &Load) -> (LogSummary, BTreeMap<String, Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    (load.write(folder.path()).unwrap(), contents(folder.path()))
}

#[test]
fn the_bytes_depend_on_the_seed_alone() {
    let (summary, files) = written(&Load { seed: 5, events: 2_200, threads: 1 });
    assert_eq!((summary.files, summary.events), (5, 2_200));
    assert_eq!(files.values().map(|bytes| bytes.len() as u64).sum::<u64>(), summary.packed);
    assert_eq!(files, written(&Load { seed: 5, events: 2_200, threads: 3 }).1);
    assert_ne!(files, written(&Load { seed: 6, events: 2_200, threads: 1 }).1);
}

#[test]
fn every_file_is_a_list_of_records_of_realistic_size() {
    let (summary, files) = written(&Load { seed: 1, events: 1_500, threads: 2 });
    let mean = summary.bytes / summary.events;
    assert!((1_200..1_800).contains(&mean), "{mean}");
    let mut unpacker = libdeflater::Decompressor::new();
    for (path, packed) in files {
        assert!(path.ends_with(".json.gz"), "{path}");
        let mut text = vec![0; 2_000_000];
        let size = unpacker.gzip_decompress(&packed, &mut text).unwrap();
        let value: Value = serde_json::from_slice(&text[..size]).unwrap();
        assert_eq!(value["Records"].as_array().unwrap().len(), 500);
    }
}
