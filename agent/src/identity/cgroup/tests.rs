use std::path::PathBuf;

use super::*;

const UID: &str = "0f3c1a52-5a7e-4c44-9d0b-3a1f0d6f8e11";

struct Host {
    folder: tempfile::TempDir,
    unified: PathBuf,
}

impl Host {
    fn new(unified: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let unified = folder.path().join("cgroup").join(unified);
        fs::create_dir_all(&unified).unwrap();
        fs::write(unified.join("cgroup.controllers"), "").unwrap();
        Self { folder, unified }
    }

    fn tree(&self) -> CgroupTree {
        CgroupTree::new(&self.folder.path().join("cgroup"), &self.folder.path().join("proc"))
    }

    fn cgroup(&self, path: &str) -> u64 {
        let folder = self.unified.join(path.trim_start_matches('/'));
        fs::create_dir_all(&folder).unwrap();
        fs::metadata(folder).unwrap().ino()
    }

    fn process(&self, pid: u32, cgroups: impl AsRef<[u8]>, program: &str) {
        let folder = self.folder.path().join("proc").join(pid.to_string());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("cgroup"), cgroups).unwrap();
        std::os::unix::fs::symlink(program, folder.join("exe")).unwrap();
    }
}

fn container(digit: char) -> String {
    format!("/kubepods/burstable/pod{UID}/{}", digit.to_string().repeat(64))
}

fn container_of(found: Option<(Place, bool)>) -> Option<char> {
    found?.0.container?.chars().next()
}

#[test]
fn a_live_process_tells_its_cgroup() {
    let host = Host::new("");
    let number = host.cgroup(&container('a'));
    host.process(7, format!("0::{}\n", container('a')), "/usr/bin/curl (deleted)");
    let tree = host.tree();
    let (place, is_shared) = tree.place(number, 7).unwrap();
    assert_eq!((place.pod.as_deref(), is_shared), (Some(UID), true));
    assert_eq!(tree.program(7).as_deref(), Some("curl"));
    assert!(tree.is_alive(7) && !tree.is_alive(8));
}

#[test]
fn a_number_that_went_to_another_process_tells_nothing() {
    let host = Host::new("");
    let number = host.cgroup(&container('a'));
    host.cgroup(&container('b'));
    host.process(7, format!("0::{}\n", container('b')), "/usr/bin/curl");
    let mut tree = host.tree();
    assert_eq!(tree.place(number, 7), None);
    // The tree knows better, whether or not the process lives.
    tree.look();
    assert_eq!(container_of(tree.place(number, 7)), Some('a'));
    assert_eq!(container_of(tree.place(number, 8)), Some('a'));
}

#[test]
fn a_namespace_below_does_not_hide_who_it_is() {
    let host = Host::new("");
    let number = host.cgroup(&container('a'));
    host.process(7, format!("0::/../..{}\n", container('a')), "/usr/bin/curl");
    let mut tree = host.tree();
    assert_eq!(tree.place(number, 7), None);
    tree.look();
    assert_eq!(container_of(tree.place(number, 7)), Some('a'));
}

#[test]
fn a_hybrid_machine_has_containers_in_version_1() {
    let host = Host::new("unified");
    let root = host.cgroup("/");
    let cgroups = format!("12:pids:{}\n1:name=systemd:{}\n0::/\n", container('a'), container('a'));
    host.process(7, cgroups, "/usr/bin/curl");
    let place = host.tree().place(root, 7);
    assert_eq!(container_of(place.clone()), Some('a'));
    assert!(!place.unwrap().1, "other processes of the root may be anywhere");
    // A container that is in version 2 after all is found there.
    let number = host.cgroup(&container('b'));
    host.process(8, format!("12:pids:/\n0::{}\n", container('b')), "/usr/bin/curl");
    assert_eq!(container_of(host.tree().place(number, 8)), Some('b'));
    // And of a process that is elsewhere nothing is told.
    assert_eq!(host.tree().place(number, 7), None);
}

#[test]
fn a_machine_of_version_1() {
    let host = Host::new("unified");
    fs::remove_file(host.unified.join("cgroup.controllers")).unwrap();
    host.process(7, format!("4:memory:{}\n", container('a')), "/usr/bin/curl");
    assert_eq!(container_of(host.tree().place(1, 7)), Some('a'));
}

#[test]
fn names_that_are_no_text_hide_nothing() {
    let host = Host::new("");
    let number = host.cgroup(&container('a'));
    let mut cgroups = format!("3:cpu:/\n0::{}/", container('a')).into_bytes();
    cgroups.extend([0xff, 0xfe, b'\n']);
    host.process(7, cgroups, "/usr/bin/curl");
    let mut tree = host.tree();
    tree.look();
    assert_eq!(container_of(tree.place(number, 7)), Some('a'));
}

#[test]
fn odd_files() {
    let host = Host::new("");
    let root = host.cgroup("/");
    for (pid, text) in [(1, ""), (2, "0"), (3, "::\n::::"), (4, "\0\0"), (5, "0::relative")] {
        host.process(pid, text, "/");
        assert_eq!(container_of(host.tree().place(root, pid)), None);
        assert_eq!(host.tree().program(pid), None);
    }
    host.process(6, format!("0::/\n{}", "9:a:/b\n".repeat(100_000)), "/usr/bin/curl");
    assert_eq!(host.tree().place(root, 6), Some((Place::default(), false)));
}
