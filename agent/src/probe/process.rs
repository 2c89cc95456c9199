//! Processes, and the files they execute.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::image::Identity;
use super::maps::{Mapping, executed};
use super::open::{Root, linked};

/// More of a process's mappings is not read. Java programs with thousands of threads have a tenth.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The processes that run now.
///
/// # Errors
///
/// Where `/proc` cannot be read.
pub fn processes() -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        found.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(found)
}

/// The files that a process executes. None where it ended, or is a kernel thread.
#[must_use]
pub fn executables(process: u32) -> Vec<Mapping> {
    let mut maps = Vec::new();
    let read = File::open(format!("/proc/{process}/maps"))
        .and_then(|file| file.take(LONGEST).read_to_end(&mut maps));
    // What could be read before the process ended is as good as all.
    let _ = read;
    executed(&maps)
}

/// Which file a process has mapped, without opening it.
///
/// # Errors
///
/// Where the process ended, or the kernel does not let the agent look through mappings.
pub(super) fn identity(process: u32, mapping: &Mapping) -> io::Result<Identity> {
    Ok(Identity::from(&std::fs::metadata(link(process, mapping))?))
}

/// The mapping as a link to its file.
fn link(process: u32, mapping: &Mapping) -> PathBuf {
    Path::new("/proc").join(process.to_string()).join("map_files").join(&mapping.range)
}

/// Opens a file that a process has mapped.
///
/// By the mapping itself, which is that very file whatever its name leads to now. The kernel lets only the privileged do
/// so; otherwise by its name below the process's root, which nothing but its own links can lead out of, and these only
/// to a file that must be the one mapped.
///
/// # Errors
///
/// Where the process ended, or the file is not there any more.
pub(super) fn open(process: u32, mapping: &Mapping) -> io::Result<File> {
    match linked(&link(process, mapping)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => named(&Root::of(process)?, mapping),
        opened => opened,
    }
}

fn named(root: &Root, mapping: &Mapping) -> io::Result<File> {
    use std::os::unix::fs::MetadataExt;

    let file = root.open(&mapping.path)?;
    let metadata = file.metadata()?;
    let (major, minor) =
        ((metadata.dev() >> 8) & 0xfff, (metadata.dev() & 0xff) | ((metadata.dev() >> 12) & 0xfff00));
    if metadata.ino() != mapping.file.1 || format!("{major:02x}:{minor:02x}") != mapping.file.0 {
        return Err(io::Error::new(io::ErrorKind::NotFound, "another file has that name now"));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_executes_this_program() {
        let process = std::process::id();
        assert!(processes().unwrap().contains(&process));
        let program = std::fs::read_link("/proc/self/exe").unwrap();
        let mapped = executables(process);
        let mapping = mapped.iter().find(|mapping| mapping.path == program).unwrap();
        let expected = Identity::of(&File::open(&program).unwrap()).unwrap();
        assert_eq!(Identity::of(&open(process, mapping).unwrap()).unwrap(), expected);
        assert_eq!(
            Identity::of(&named(&Root::at(Path::new("/")).unwrap(), mapping).unwrap()).unwrap(),
            expected
        );
    }

    #[test]
    fn a_name_that_leads_to_another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("libssl.so.3"), "another").unwrap();
        let file = ("fe:00".to_owned(), 1);
        let mapping = Mapping { range: "1-2".to_owned(), file, path: PathBuf::from("/libssl.so.3") };
        assert!(named(&Root::at(folder.path()).unwrap(), &mapping).is_err());
    }
}
