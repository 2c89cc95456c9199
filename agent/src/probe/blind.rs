//! Which files encrypt in a way that no probe sees, for a person who wants to know before anything is recorded.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use memchr::memmem::Finder;

use super::image::Identity;
use super::maps::Mapping;
use super::process;

/// Libraries of TLS without functions that are followed, by the beginnings of their names.
const LIBRARIES: [(&str, &str); 5] = [
    ("libjvm.so", "Java"),
    ("libssl3.so", "NSS"),
    ("libmbedtls.so", "Mbed TLS"),
    ("libwolfssl.so", "wolfSSL"),
    ("libs2n.so", "s2n"),
];

/// What programs have in them that a library is linked into, also where their symbols are stripped: paths of its source, in
/// its messages of errors.
const MARKS: [(&str, &str); 3] =
    [("/rustls-0.", "rustls"), ("ssl/ssl_lib.cc", "BoringSSL or AWS-LC"), ("ssl/ssl_lib.c", "OpenSSL")];

/// Bytes of a file that are searched; no program that is in use is larger.
const LONGEST: u64 = 512 * 1024 * 1024;
/// Bytes of all files.
const ALL: u64 = 8 * 1024 * 1024 * 1024;
/// Bytes that are searched at a time, and of these so many again with the next.
const PART: usize = 1024 * 1024;
const OVERLAP: usize = 16;

/// What files that are not followed encrypt with.
#[derive(Debug)]
pub struct Blind {
    known: HashMap<Identity, Option<&'static str>>,
    /// Bytes that may be searched yet.
    left: u64,
    unsearched: usize,
}

impl Default for Blind {
    fn default() -> Self {
        Self { known: HashMap::new(), left: ALL, unsearched: 0 }
    }
}

impl Blind {
    /// What a file that a process has mapped, and that is not followed, encrypts with, as far as is known.
    pub fn runtime(&mut self, process: u32, mapping: &Mapping) -> Option<&'static str> {
        if let Some(runtime) = library(&mapping.path) {
            return Some(runtime);
        }
        let identity = process::identity(process, mapping).ok()?;
        if let Some(runtime) = self.known.get(&identity) {
            return *runtime;
        }
        let file = process::open(process, mapping).ok()?;
        let runtime = self.search(file);
        self.known.insert(identity, runtime);
        runtime
    }

    /// How many files were not searched to their end, since they or all of them are too large.
    #[must_use]
    pub fn unsearched(&self) -> usize {
        self.unsearched
    }

    fn search(&mut self, file: File) -> Option<&'static str> {
        let is_too_large = file.metadata().is_ok_and(|metadata| metadata.len() > LONGEST.min(self.left));
        self.unsearched += usize::from(is_too_large);
        let mut file = file.take(LONGEST.min(self.left));
        let finders = MARKS.map(|(mark, runtime)| (Finder::new(mark), runtime));
        let mut found = [false; MARKS.len()];
        let (mut part, mut kept) = (vec![0; PART + OVERLAP], 0);
        loop {
            let read = match part.get_mut(kept..).map(|room| file.read(room)) {
                Some(Ok(read)) if read > 0 => read,
                _ => break,
            };
            self.left = self.left.saturating_sub(read as u64);
            let end = kept + read;
            let bytes = part.get(..end).unwrap_or_default();
            for ((finder, _), found) in finders.iter().zip(&mut found) {
                *found |= finder.find(bytes).is_some();
            }
            kept = end.min(OVERLAP);
            part.copy_within(end - kept..end, 0);
        }
        finders.iter().zip(found).find_map(|((_, runtime), found)| found.then_some(*runtime))
    }
}

/// The library that a file is by its name.
fn library(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    LIBRARIES.iter().find(|(start, _)| name.starts_with(start)).map(|(_, runtime)| *runtime)
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    fn search(bytes: &[u8]) -> Option<&'static str> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        Blind::default().search(file)
    }

    #[test]
    fn libraries_are_told_by_what_is_left_of_them() {
        assert_eq!(search(b"\0/home/x/.cargo/registry/src/y/rustls-0.23.4/src/conn.rs\0"), Some("rustls"));
        assert_eq!(search(b"../third_party/boringssl/src/ssl/ssl_lib.cc\0"), Some("BoringSSL or AWS-LC"));
        assert_eq!(search(b"../ssl/ssl_lib.c\0"), Some("OpenSSL"));
        // Whatever a program of Rust has for its cryptography.
        assert_eq!(search(b"ssl/ssl_lib.cc\0/rustls-0.23.4/src\0"), Some("rustls"));
        assert_eq!(search(b"SSL_write\0"), None);
        for place in [PART - 9, PART, PART + OVERLAP - 3, 3 * PART + 2 * OVERLAP - 5] {
            let mut bytes = vec![0; place];
            bytes.extend(b"/rustls-0.23.4");
            assert_eq!(search(&bytes), Some("rustls"), "{place}");
        }
    }

    #[test]
    fn files_that_are_not_searched_are_counted() {
        let mut blind = Blind { left: 20, ..Blind::default() };
        for expected in [0, 1, 2] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"/rustls-0.23.4").unwrap();
            file.rewind().unwrap();
            blind.search(file);
            assert_eq!(blind.unsearched(), expected);
        }
        let large = tempfile::tempfile().unwrap();
        large.set_len(LONGEST + 1).unwrap();
        let mut blind = Blind::default();
        blind.search(large);
        assert_eq!(blind.unsearched(), 1);
    }

    #[test]
    fn some_libraries_have_names() {
        assert_eq!(library(Path::new("/usr/lib/jvm/java-17/lib/server/libjvm.so")), Some("Java"));
        assert_eq!(library(Path::new("/usr/lib/libssl.so.3")), None);
    }
}
