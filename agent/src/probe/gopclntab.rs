//! Go's own table of functions, which a program keeps when its symbols are stripped, since the runtime needs it.
//!
//! Its layout is in Go's `src/runtime/symtab.go` (`pcHeader`, `functab`, `_func`) and `src/debug/gosym/pclntab.go`. Read
//! are the layouts since Go 1.18; Go 1.17 differs in every field and has been without fixes for years.

use std::io;

use super::elf::{Elf, Section, long, read_up_to, word};
use super::symbols::{Function, occurrences};

/// Sections that hold the table: of plain and of position-independent programs.
const SECTIONS: [&str; 2] = [".gopclntab", ".data.rel.ro.gopclntab"];

/// The table's first word, since Go 1.18 and since Go 1.20.
const MAGIC: [u32; 2] = [0xffff_fff0, 0xffff_fff1];

/// More functions are not looked at. Kubernetes' programs have a hundred thousand.
const MOST: u64 = 4_000_000;

/// How much of the table is held at a time.
const WINDOW: usize = 64 * 1024;

/// Finds a function by its full name.
///
/// # Errors
///
/// Where the file cannot be read.
pub(super) fn function(elf: &Elf<'_>, name: &str) -> io::Result<Option<Function>> {
    for section in SECTIONS {
        if let Some(section) = elf.section(section)?
            && let Some(function) = search(elf, section, name)?
        {
            return Ok(Some(function));
        }
    }
    Ok(None)
}

fn search(elf: &Elf<'_>, section: Section, name: &str) -> io::Result<Option<Function>> {
    let mut header = [0; 72];
    read_up_to(elf.file(), section.offset, &mut header)?;
    let is_known = word(&header, 0).is_some_and(|magic| MAGIC.contains(&magic));
    // The size of a pointer; the fields that follow are of it.
    if !is_known || header.get(7) != Some(&8) {
        return Ok(None);
    }
    let (Some(count), Some(start), Some(names), Some(units), Some(table)) =
        (long(&header, 8), long(&header, 24), long(&header, 32), long(&header, 40), long(&header, 64))
    else {
        return Ok(None);
    };
    // The linker of newer versions, and that of position-independent programs, leaves the start to the loader.
    let start = match (start, elf.section(".text")?) {
        (0, Some(text)) => text.address,
        (start, _) => start,
    };
    let Some(names) = part(section, names, units) else { return Ok(None) };
    let wanted: Vec<u8> = [b"\0", name.as_bytes(), b"\0"].concat();
    let Some(place) = occurrences(elf, names, &wanted, 1)?.first().map(|before| before + 1) else {
        return Ok(None);
    };
    let Some(table) = part(section, table, section.size) else { return Ok(None) };
    let (mut index, mut functions) = (Window::new(table), Window::new(table));
    for entry in (0..count.min(MOST)).map(|number| number * 8) {
        let Some((address, at)) = index.pair(elf, entry)? else { break };
        let Some((_, named)) = functions.pair(elf, u64::from(at))? else { break };
        if u64::from(named) != place {
            continue;
        }
        let Some((next, _)) = index.pair(elf, entry + 8)? else { break };
        let function = start.checked_add(u64::from(address)).zip(next.checked_sub(address));
        return Ok(function.map(|(address, size)| Function { address, size: u64::from(size) }));
    }
    Ok(None)
}

/// A part of a section, from its start.
fn part(section: Section, from: u64, to: u64) -> Option<Section> {
    let size = to.min(section.size).checked_sub(from)?;
    Some(Section { offset: section.offset.checked_add(from)?, size, ..section })
}

/// The part of a section that was read last, since what is read next is mostly in it.
struct Window {
    section: Section,
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    fn new(section: Section) -> Window {
        Window { section, start: 0, bytes: Vec::new() }
    }

    /// Two words at a place. None beyond the end.
    fn pair(&mut self, elf: &Elf<'_>, at: u64) -> io::Result<Option<(u32, u32)>> {
        if at.checked_add(8).is_none_or(|end| end > self.section.size) {
            return Ok(None);
        }
        if at < self.start || at + 8 > self.start + self.bytes.len() as u64 {
            let Some(offset) = self.section.offset.checked_add(at) else { return Ok(None) };
            self.bytes.resize(WINDOW, 0);
            let read = read_up_to(elf.file(), offset, &mut self.bytes)?;
            self.bytes.truncate(read);
            self.start = at;
        }
        let Ok(inside) = usize::try_from(at - self.start) else { return Ok(None) };
        Ok(word(&self.bytes, inside).zip(word(&self.bytes, inside + 4)))
    }
}

#[cfg(test)]
mod tests;
