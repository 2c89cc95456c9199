//! Which files a process executes, as `/proc/PID/maps` tells.

use std::path::PathBuf;

/// A file that is mapped for execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The range of addresses, as `/proc/PID/map_files` names it.
    pub range: String,
    /// The device and inode, by which a file that was seen is known again without opening it.
    pub file: (String, u64),
    /// The path, as the process sees it. Whoever makes files chooses it, so it is for display only: a name may
    /// contain anything, the words that the kernel appends for deleted files too.
    pub path: PathBuf,
}

/// The files that are mapped for execution, each once.
#[must_use]
pub fn executed(maps: &[u8]) -> Vec<Mapping> {
    let mut found: Vec<Mapping> = Vec::new();
    for mapping in maps.split(|byte| *byte == b'\n').filter_map(line) {
        if !found.iter().any(|other| other.file == mapping.file) {
            found.push(mapping);
        }
    }
    found
}

/// One line: `7f...-7f... r-xp 00000000 fe:00 1234    /usr/lib/libssl.so.3`. The first five fields have no spaces; the
/// rest of the line is the path, in which the kernel writes line breaks as `\012`.
fn line(line: &[u8]) -> Option<Mapping> {
    let mut fields = line.splitn(6, |byte| *byte == b' ');
    let range = std::str::from_utf8(fields.next()?).ok()?;
    let permissions = fields.next()?;
    let _offset = fields.next()?;
    let device = std::str::from_utf8(fields.next()?).ok()?;
    let inode: u64 = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let path = fields.next()?.trim_ascii_start();
    let is_executed = permissions.get(2) == Some(&b'x');
    // Here low addresses have zeros in front, and among the links of `map_files` they have none.
    let (from, to) = range.split_once('-')?;
    let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
    // Memory that no file is behind has inode 0 and no path, or one in brackets.
    if !is_executed || inode == 0 || !path.starts_with(b"/") {
        return None;
    }
    let path = PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path));
    Some(Mapping { range: format!("{from:x}-{to:x}"), file: (device.to_owned(), inode), path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_mapped_for_execution_are_found_once() {
        let maps = b"55d0-55d1 r--p 00000000 fe:00 12   /usr/bin/curl\n\
            55d1-55d2 r-xp 00001000 fe:00 12                         /usr/bin/curl\n\
            7f00-7f01 r-xp 00001000 fe:00 13  /tmp/a b (deleted)\n\
            7f02-7f03 r-xp 00001000 fe:00 13  /tmp/a b (deleted)\n\
            00400000-0047a000 r-xp 00001000 fe:00 14  /usr/bin/node\n\
            7f04-7f05 rwxp 00000000 00:00 0 \n\
            7fff-8000 r-xp 00000000 00:00 0                          [vdso]\n";
        let found = executed(maps);
        assert_eq!(found.len(), 3);
        assert_eq!(found[2].range, "400000-47a000");
        assert_eq!((found[0].range.as_str(), found[0].path.to_str()), ("55d1-55d2", Some("/usr/bin/curl")));
        assert_eq!(found[1].path.to_str(), Some("/tmp/a b (deleted)"));
    }

    #[test]
    fn a_name_cannot_make_another_line_or_another_range() {
        let name = b"7f00-7f01 r-xp 0 fe:00 9 /tmp/x\\0127f09-7f0a r-xp 00000000 fe:00 13 /lib/libssl.so.3\n";
        let found = executed(name);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].file, ("fe:00".to_owned(), 9));
        for range in ["../..-7f01", "7f01", "-", "7f00-", "7f00-7f01/../x"] {
            assert_eq!(executed(format!("{range} r-xp 0 fe:00 9 /tmp/x").as_bytes()), [], "{range}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(maps in proptest::collection::vec(0_u8.., 0..400)) {
            let _ = executed(&maps);
        }
    }
}
