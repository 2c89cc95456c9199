use std::process::Command;

use remit_tests::skip;

use super::*;
use crate::kernel::Share;

/// The kernel's programs; says loudly where they cannot be had.
fn kernel() -> Option<Kernel> {
    match Kernel::load(Share::default(), Responses::Off) {
        Ok(kernel) => Some(kernel),
        Err(error) => {
            assert!(error.to_string().contains("not permitted"), "{error}");
            skip::loudly("BPF is not permitted here", "run as root on a kernel with BPF and uprobes");
            None
        }
    }
}

/// A copy of OpenSSL's library that nobody executes, so that no other agent attaches to it.
fn library(folder: &tempfile::TempDir) -> PathBuf {
    let copy = folder.path().join("library");
    let script = r#"cp "$(ldd "$(command -v curl)" | grep -o '/[^ ]*libssl[^ ]*')" "$1""#;
    assert!(Command::new("sh").args(["-ec", script, "sh"]).arg(&copy).status().unwrap().success());
    copy
}

#[test]
fn a_dead_probe_is_noticed_and_attached_again() {
    let Some(mut kernel) = kernel() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (library(&folder), folder.path().join("other"));
    std::fs::copy(&path, &other).unwrap();
    let mut watch = Watch::new(Responses::Off);
    let attach = |watch: &mut Watch, kernel: &mut Kernel| {
        watch.file(kernel, 1, path.clone(), File::open(&path).unwrap()).is_some()
    };
    assert!(attach(&mut watch, &mut kernel));
    watch.verify();
    assert!(!attach(&mut watch, &mut kernel) && watch.dead() == 0, "it lives");
    // The probe goes, and the agent is not told.
    let known = watch.files.values_mut().next().unwrap();
    let (point, link) = known.links.last_mut().unwrap();
    *link = kernel.attach(&File::open(&other).unwrap(), point).unwrap();
    watch.verify();
    assert_eq!((watch.dead(), watch.written(), watch.probes()), (1, 0, 0));
    assert!(attach(&mut watch, &mut kernel));
}

/// Whose library it is, he may do so to, and to no other.
#[test]
fn a_library_that_lost_its_probes_by_being_written_is_no_dead_probe() {
    let Some(mut kernel) = kernel() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = library(&folder);
    let mut watch = Watch::new(Responses::Off);
    watch.file(&mut kernel, 1, path.clone(), File::open(&path).unwrap()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..4096]).unwrap();
    std::fs::write(&path, &bytes).unwrap();
    let known = watch.files.values_mut().next().unwrap();
    let other = folder.path().join("other");
    std::fs::copy(&path, &other).unwrap();
    let (point, link) = known.links.last_mut().unwrap();
    *link = kernel.attach(&File::open(&other).unwrap(), point).unwrap();
    watch.verify();
    assert_eq!((watch.dead(), watch.written(), watch.probes()), (0, 1, 0));
}

#[test]
fn a_library_that_is_written_anew_is_examined_again() {
    let Some(mut kernel) = kernel() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = library(&folder);
    let mut watch = Watch::new(Responses::Off);
    let file = |watch: &mut Watch, kernel: &mut Kernel, path: &PathBuf| {
        watch.file(kernel, 1, path.clone(), File::open(path).unwrap())
    };
    assert!(file(&mut watch, &mut kernel, &path).is_some());
    let probes = watch.probes();
    // In place, with the same inode.
    let times = std::fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
    File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    assert!(file(&mut watch, &mut kernel, &path).is_some());
    assert_eq!(watch.probes(), probes, "each call would be seen twice");
    File::options().write(true).open(&path).unwrap().set_len(100).unwrap();
    assert!(file(&mut watch, &mut kernel, &path).is_none());
    assert_eq!(watch.probes(), 0);
}

#[test]
fn files_that_the_kernel_takes_for_the_same_are_probed_once() {
    let Some(mut kernel) = kernel() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = library(&folder);
    let mut watch = Watch::new(Responses::Off);
    let opened = File::open(&path).unwrap();
    watch.file(&mut kernel, 1, path.clone(), opened.try_clone().unwrap()).unwrap();
    let identity = Identity::of(&opened).unwrap();
    // As an overlay shows it, on a device of its own; and a file that only looks like it.
    let shown = identity.on_another_device();
    assert_eq!(watch.behind(&opened, shown), Some(identity));
    let other = folder.path().join("other");
    std::fs::copy(&path, &other).unwrap();
    assert_eq!(watch.behind(&File::open(&other).unwrap(), shown), None);
}

#[test]
fn there_is_room_for_as_many_probes_as_is_allowed() {
    if kernel().is_none() {
        return;
    }
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let [soft, hard, _] = line.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(soft, hard);
}
