//! Executable files, as far as probes need them: sections, segments, and bytes at an offset.
//!
//! The files belong to whoever runs a workload, so they are hostile: every size is bounded, nothing is mapped into
//! memory, since a file that shrinks meanwhile would end the agent, and memory does not grow with the file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Sections and segments beyond so many are not looked at. Real programs have under a hundred.
const MOST: usize = 512;

/// `EM_X86_64`.
const X86_64: u16 = 62;

/// An executable file for this machine.
#[derive(Debug)]
pub(super) struct Elf<'a> {
    file: &'a File,
    sections: Vec<Section>,
    segments: Vec<Segment>,
    names: Option<Section>,
}

/// A section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: u32,
    /// `SHT_SYMTAB` and so on.
    pub(super) kind: u32,
    /// Its address in memory.
    pub(super) address: u64,
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// Its size in the file.
    pub(super) size: u64,
    /// The index of the section that belongs to it.
    pub(super) link: u32,
}

/// A part of the file that is mapped into memory for execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    address: u64,
    offset: u64,
    size: u64,
}

/// The symbols that the linker left in.
pub(super) const SYMBOLS: u32 = 2;
/// The symbols that the dynamic linker needs.
pub(super) const DYNAMIC_SYMBOLS: u32 = 11;

impl<'a> Elf<'a> {
    /// Reads the headers. None where the file is no 64-bit program for this machine.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read.
    pub(super) fn read(file: &'a File) -> io::Result<Option<Elf<'a>>> {
        let mut header = [0; 64];
        if !fill(file, 0, &mut header)? {
            return Ok(None);
        }
        // EI_MAG, EI_CLASS, EI_DATA.
        if !header.starts_with(b"\x7fELF\x02\x01") || short(&header, 18) != Some(X86_64) {
            return Ok(None);
        }
        let mut elf = Elf { file, sections: Vec::new(), segments: Vec::new(), names: None };
        elf.read_segments(&header)?;
        elf.read_sections(&header)?;
        Ok(Some(elf))
    }

    fn read_segments(&mut self, header: &[u8]) -> io::Result<()> {
        let (Some(start), Some(56), Some(count)) = (long(header, 32), short(header, 54), short(header, 56))
        else {
            return Ok(());
        };
        let mut entry = [0; 56];
        for index in 0..u64::from(count).min(MOST as u64) {
            let Some(at) = start.checked_add(index * 56) else { break };
            if !fill(self.file, at, &mut entry)? {
                break;
            }
            // PT_LOAD with PF_X.
            if word(&entry, 0) == Some(1)
                && word(&entry, 4).is_some_and(|flags| flags & 1 != 0)
                && let (Some(offset), Some(address), Some(size)) =
                    (long(&entry, 8), long(&entry, 16), long(&entry, 32))
            {
                self.segments.push(Segment { address, offset, size });
            }
        }
        Ok(())
    }

    fn read_sections(&mut self, header: &[u8]) -> io::Result<()> {
        let (Some(start), Some(64), Some(count), Some(names)) =
            (long(header, 40), short(header, 58), short(header, 60), short(header, 62))
        else {
            return Ok(());
        };
        let mut entry = [0; 64];
        for index in 0..u64::from(count).min(MOST as u64) {
            let Some(at) = start.checked_add(index * 64) else { break };
            if !fill(self.file, at, &mut entry)? {
                break;
            }
            let section = || {
                Some(Section {
                    name: word(&entry, 0)?,
                    kind: word(&entry, 4)?,
                    address: long(&entry, 16)?,
                    offset: long(&entry, 24)?,
                    size: long(&entry, 32)?,
                    link: word(&entry, 40)?,
                })
            };
            self.sections.extend(section());
        }
        self.names = self.sections.get(usize::from(names)).copied();
        Ok(())
    }

    /// The sections of a kind, each with the section that belongs to it.
    pub(super) fn sections(&self, kind: u32) -> impl Iterator<Item = (Section, Section)> {
        let found = self.sections.iter().filter(move |section| section.kind == kind);
        found.filter_map(|section| {
            let linked = self.sections.get(usize::try_from(section.link).ok()?)?;
            Some((*section, *linked))
        })
    }

    /// The section of a name.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read.
    pub(super) fn section(&self, name: &str) -> io::Result<Option<Section>> {
        let Some(names) = self.names else { return Ok(None) };
        let mut wanted = name.as_bytes().to_vec();
        wanted.push(0);
        let mut found = vec![0; wanted.len()];
        for section in &self.sections {
            let Some(at) = names.offset.checked_add(u64::from(section.name)) else { continue };
            if fill(self.file, at, &mut found)? && found == wanted {
                return Ok(Some(*section));
            }
        }
        Ok(None)
    }

    /// Where in the file the code at an address is.
    #[must_use]
    pub(super) fn offset(&self, address: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let inside = address.checked_sub(segment.address).filter(|inside| *inside < segment.size)?;
            segment.offset.checked_add(inside)
        })
    }

    /// Up to `size` bytes of code at an address.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read.
    pub(super) fn code(&self, address: u64, size: usize) -> io::Result<Vec<u8>> {
        let Some(offset) = self.offset(address) else { return Ok(Vec::new()) };
        let mut code = vec![0; size];
        let read = read_up_to(self.file, offset, &mut code)?;
        code.truncate(read);
        Ok(code)
    }

    /// The file.
    #[must_use]
    pub(super) fn file(&self) -> &File {
        self.file
    }
}

/// Fills the buffer from an offset. False where the file ends before.
pub(super) fn fill(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<bool> {
    Ok(read_up_to(file, offset, buffer)? == buffer.len())
}

/// Reads as much of the buffer as the file has from an offset on.
pub(super) fn read_up_to(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        // An offset beyond what a file can have is beyond its end.
        let Some(at) = offset.checked_add(done as u64).filter(|at| i64::try_from(*at).is_ok()) else { break };
        match file.read_at(rest, at) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// The 16-bit number at an index.
pub(super) fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The 32-bit number at an index.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The 64-bit number at an index.
pub(super) fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn this_program_has_symbols_and_code() {
        let file = File::open("/proc/self/exe").unwrap();
        let elf = Elf::read(&file).unwrap().unwrap();
        let text = elf.section(".text").unwrap().unwrap();
        assert_eq!(elf.offset(text.address), Some(text.offset));
        assert_eq!(elf.code(text.address, 64).unwrap().len(), 64);
        assert_eq!(elf.section(".no").unwrap(), None);
        assert!(elf.sections(SYMBOLS).count() + elf.sections(DYNAMIC_SYMBOLS).count() > 0);
    }

    #[test]
    fn files_cut_off_anywhere_and_with_any_byte_changed_end_in_an_answer() {
        let mut head = vec![0; 4096];
        read_up_to(&File::open("/proc/self/exe").unwrap(), 0, &mut head).unwrap();
        for at in 0..head.len() {
            let mut bytes = head.clone();
            bytes[at] ^= 0xff;
            if at % 2 == 0 {
                bytes.truncate(at);
            }
            if at > 128 && at % 61 != 0 {
                continue;
            }
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            if let Some(elf) = Elf::read(&file).unwrap() {
                let _ = elf.section(".text").unwrap();
                assert!(elf.sections.len() <= MOST && elf.segments.len() <= MOST);
            }
        }
    }

    #[test]
    fn what_is_no_program_is_none() {
        for bytes in [&b""[..], b"#!/bin/sh\n", &[0x7f, b'E', b'L', b'F', 1, 1]] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            assert!(Elf::read(&file).unwrap().is_none());
        }
    }
}
