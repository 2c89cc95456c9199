//! The file behind a file of a container.
//!
//! A container's files lie in an overlay, which gives each container a device of its own; but the kernel attaches a probe
//! to the file in the image's layer, which all containers of the image share. Without knowing that file, the agent would
//! attach once for each container, and see each call as often.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::image::Identity;

/// More of a process's mounts is not read. Nodes with hundreds of pods have a megabyte.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Images have at most 127 layers.
const LAYERS: usize = 512;

/// The file in a layer that is behind a file of a process, where that lies in an overlay. The path is the process's own
/// word, so what it leads to must agree with the file in all that the overlay hands through.
pub(super) fn behind(process: u32, path: &Path, metadata: &Metadata) -> Option<Identity> {
    let mut mounts = Vec::new();
    let read = File::open(format!("/proc/{process}/mountinfo"))
        .and_then(|file| file.take(LONGEST).read_to_end(&mut mounts));
    read.ok()?;
    let device = (device(metadata.dev()), metadata);
    mounts.split(|byte| *byte == b'\n').find_map(|line| {
        let overlay = overlay(line)?;
        let inside = path.strip_prefix(&overlay.mounted).ok()?;
        (overlay.device == device.0).then(|| file(&overlay, inside, device.1))?
    })
}

/// An overlay, as a process has it mounted.
#[derive(Debug, PartialEq, Eq)]
struct Overlay {
    device: String,
    mounted: PathBuf,
    /// From the topmost.
    layers: Vec<PathBuf>,
}

/// Reads a line of `/proc/PID/mountinfo` (proc(5)): number, parent, device, root, place, options, optional fields, a dash,
/// kind, source and the file system's options.
fn overlay(line: &[u8]) -> Option<Overlay> {
    let mut fields = line.split(|byte| *byte == b' ');
    let device = std::str::from_utf8(fields.nth(2)?).ok()?.to_owned();
    let (root, mounted) = (fields.next()?, fields.next()?);
    let mut rest = fields.skip_while(|field| *field != b"-");
    let (kind, options) = (rest.nth(1)?, rest.nth(1)?);
    // A part of an overlay that is mounted elsewhere would have other paths.
    if kind != b"overlay" || root != b"/" {
        return None;
    }
    let (mut upper, mut lower) = (Vec::new(), Vec::new());
    for option in options.split(|byte| *byte == b',') {
        if let Some(path) = option.strip_prefix(b"upperdir=") {
            upper.push(unescaped(path));
        } else if let Some(path) = option.strip_prefix(b"lowerdir+=") {
            lower.push(unescaped(path));
        } else if let Some(paths) = option.strip_prefix(b"lowerdir=") {
            lower.extend(paths.split(|byte| *byte == b':').take(LAYERS).map(unescaped));
        }
    }
    let layers = upper.into_iter().chain(lower).collect();
    Some(Overlay { device, mounted: unescaped(mounted), layers })
}

/// The topmost layer's file, if it is the one.
fn file(overlay: &Overlay, inside: &Path, wanted: &Metadata) -> Option<Identity> {
    let found = overlay.layers.iter().find_map(|layer| std::fs::symlink_metadata(layer.join(inside)).ok())?;
    let is_same = found.is_file()
        && (found.ino(), found.size(), found.mtime(), found.mtime_nsec())
            == (wanted.ino(), wanted.size(), wanted.mtime(), wanted.mtime_nsec());
    is_same.then(|| Identity::from(&found))
}

/// A device as the kernel prints it in `mountinfo`.
fn device(number: u64) -> String {
    let major = (number >> 8) & 0xfff | (number >> 32) & 0xffff_f000;
    let minor = number & 0xff | (number >> 12) & 0xffff_ff00;
    format!("{major}:{minor}")
}

/// A path in which the kernel wrote some bytes as `\040`.
fn unescaped(path: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.first_chunk::<3>().filter(|_| *first == b'\\');
        let octal = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match (octal, after.get(3..)) {
            (Some(byte), Some(after)) => {
                bytes.push(byte);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    PathBuf::from(std::ffi::OsStr::from_bytes(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "612 500 0:57 / / rw,relatime master:9 - overlay overlay rw,lowerdir=/a\\040b/1:/var/2,upperdir=/u,workdir=/w";

    #[test]
    fn the_layers_of_an_overlay_are_read_from_the_topmost() {
        let layers = ["/u", "/a b/1", "/var/2"].map(PathBuf::from).to_vec();
        let expected = Overlay { device: "0:57".to_owned(), mounted: PathBuf::from("/"), layers };
        assert_eq!(overlay(LINE.as_bytes()), Some(expected));
        let single = LINE.replace("lowerdir=/a\\040b/1:/var/2", "lowerdir+=/x,lowerdir+=/y");
        assert_eq!(overlay(single.as_bytes()).unwrap().layers, ["/u", "/x", "/y"].map(PathBuf::from));
        for other in
            [LINE.replace("- overlay", "- ext4"), LINE.replace("0:57 /", "0:57 /part"), "1 2".to_owned()]
        {
            assert_eq!(overlay(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn the_topmost_file_must_be_the_one_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let (upper, lower) = (folder.path().join("upper"), folder.path().join("lower"));
        for layer in [&upper, &lower] {
            std::fs::create_dir(layer).unwrap();
        }
        std::fs::write(lower.join("libssl.so"), "x").unwrap();
        let wanted = std::fs::metadata(lower.join("libssl.so")).unwrap();
        let layers = vec![upper.clone(), lower];
        let overlay = Overlay { device: String::new(), mounted: PathBuf::from("/"), layers };
        assert_eq!(file(&overlay, Path::new("libssl.so"), &wanted), Some(Identity::from(&wanted)));
        assert_eq!(file(&overlay, Path::new("libcrypto.so"), &wanted), None);
        std::fs::write(upper.join("libssl.so"), "another").unwrap();
        assert_eq!(file(&overlay, Path::new("libssl.so"), &wanted), None);
        // A link in a layer may lead anywhere.
        std::fs::remove_file(upper.join("libssl.so")).unwrap();
        std::os::unix::fs::symlink("../lower/libssl.so", upper.join("libssl.so")).unwrap();
        assert_eq!(file(&overlay, Path::new("libssl.so"), &wanted), None);
    }

    #[test]
    fn devices_are_printed_as_the_kernel_does() {
        let metadata = std::fs::metadata("/proc/self").unwrap();
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let line = mounts.lines().find(|line| line.contains(" - proc ")).unwrap();
        assert_eq!(line.split(' ').nth(2), Some(device(metadata.dev()).as_str()));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(line in proptest::collection::vec(0_u8.., 0..200)) {
            let _ = overlay(&line);
        }
    }
}
