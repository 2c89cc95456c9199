use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::testing::{contents, unpacked};

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
    for (path, packed) in files {
        assert!(path.ends_with(".json.gz"), "{path}");
        let value: Value = serde_json::from_str(&unpacked(&packed)).unwrap();
        assert_eq!(value["Records"].as_array().unwrap().len(), 500);
    }
}
