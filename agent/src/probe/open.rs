//! Files of others, opened so that these cannot do anything by it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};

/// What a path refers to, without opening it: opening a device can do something, and opening a pipe waits.
const REFERENCE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// The root of a process.
#[derive(Debug)]
pub(super) struct Root(File);

impl Root {
    /// # Errors
    ///
    /// Where the process ended, or the kernel does not let the agent look at it.
    pub(super) fn of(process: u32) -> io::Result<Root> {
        Root::at(Path::new(&format!("/proc/{process}/root")))
    }

    pub(super) fn at(path: &Path) -> io::Result<Root> {
        Ok(Root(File::from(openat(CWD, path, REFERENCE.union(OFlags::DIRECTORY), Mode::empty())?)))
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &File {
        &self.0
    }

    /// Opens a file below. Links lead where they lead for the process, and never out of its root.
    ///
    /// # Errors
    ///
    /// Where there is no such file, or it is none with content.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        regular(&self.reference(path, OFlags::empty())?)
    }

    /// The names in a folder below, at most so many.
    pub(super) fn names(&self, folder: &Path, most: usize) -> Vec<std::ffi::OsString> {
        let Ok(folder) = self.reference(folder, OFlags::DIRECTORY) else { return Vec::new() };
        let entries = std::fs::read_dir(reopened(&folder)).into_iter().flatten();
        entries.take(most).flatten().map(|entry| entry.file_name()).collect()
    }

    fn reference(&self, path: &Path, flags: OFlags) -> io::Result<File> {
        let within = ResolveFlags::IN_ROOT.union(ResolveFlags::NO_MAGICLINKS);
        Ok(File::from(openat2(&self.0, path, REFERENCE.union(flags), Mode::empty(), within)?))
    }
}

/// Opens what a link of the kernel's own leads to, such as one of `/proc/PID/map_files`.
///
/// # Errors
///
/// Where it leads to no file with content.
pub(super) fn linked(link: &Path) -> io::Result<File> {
    regular(&File::from(openat(CWD, link, REFERENCE, Mode::empty())?))
}

/// Opens what is referred to: the very file that is looked at here, whatever has its name by now.
fn regular(reference: &File) -> io::Result<File> {
    if !reference.metadata()?.is_file() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    File::open(reopened(reference))
}

fn reopened(reference: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", reference.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_do_not_lead_out_of_a_root() {
        let folder = tempfile::tempdir().unwrap();
        let (outside, root) = (folder.path().join("secret"), folder.path().join("root"));
        std::fs::write(&outside, "outside").unwrap();
        std::fs::create_dir_all(root.join("lib")).unwrap();
        std::fs::write(root.join("lib/inside"), "inside").unwrap();
        symlink(&outside, root.join("lib/absolute")).unwrap();
        symlink("../../secret", root.join("lib/above")).unwrap();
        symlink("/lib/inside", root.join("lib/own")).unwrap();
        symlink(format!("/proc/{}/cwd", std::process::id()), root.join("lib/magic")).unwrap();
        let process = Root::at(&root).unwrap();
        let read = |name: &str| {
            let mut text = String::new();
            process.open(Path::new(name)).map(|mut file| file.read_to_string(&mut text).map(|_| text))
        };
        assert_eq!(read("lib/own").unwrap().unwrap(), "inside");
        assert_eq!(read("../../../lib/inside").unwrap().unwrap(), "inside");
        for name in ["lib/absolute", "lib/above", "lib/magic", "../secret", "lib", "lib/none"] {
            assert!(read(name).is_err(), "{name}");
        }
        let mut names = process.names(Path::new("lib"), 100);
        names.sort();
        assert_eq!(names, ["above", "absolute", "inside", "magic", "own"]);
        assert_eq!(process.names(Path::new("lib"), 2).len(), 2);
        assert!(process.names(Path::new("lib/absolute"), 2).is_empty());
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("libssl.so.3");
        // Opening it would wait for a writer, who never comes.
        rustix::fs::mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        symlink("/dev/zero", folder.path().join("libgnutls.so.30")).unwrap();
        assert!(linked(&pipe).is_err());
        let root = Root::at(folder.path()).unwrap();
        assert!(root.open(Path::new("libssl.so.3")).is_err());
        assert!(Root::at(Path::new("/")).unwrap().open(Path::new("/dev/zero")).is_err());
        assert!(root.open(Path::new("libgnutls.so.30")).is_err());
    }
}
