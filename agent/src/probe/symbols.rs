//! Functions by their names in a symbol table, without holding the table.

use std::io;

use memchr::memmem::Finder;

use super::elf::{DYNAMIC_SYMBOLS, Elf, SYMBOLS, Section, long, read_up_to, word};

/// How much of a table is held at a time.
const WINDOW: usize = 64 * 1024;

/// Tables beyond this size are not read. The largest browsers' and databases' tables are a quarter of it.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Bytes of a symbol: `Elf64_Sym`.
const SYMBOL: usize = 24;

/// A name may stand at several places of the strings, at the ends of longer ones; more than so many are an attack.
const PLACES: usize = 64;

/// A text may stand within so many names; debug builds of large programs have a hundred with one of [`super::rustls`].
const PLACES_WITHIN: usize = 1024;

/// Longer names are not looked at: before the text and behind it.
const LONGEST: usize = 256;

/// A function of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// Its address, as the file would have it.
    pub(super) address: u64,
    /// Its size in bytes; 0 where the table does not tell.
    pub(super) size: u64,
}

/// Finds functions by name, in the order of the names.
///
/// # Errors
///
/// Where the file cannot be read.
pub(super) fn functions(elf: &Elf<'_>, names: &[&str]) -> io::Result<Vec<Option<Function>>> {
    let mut found = vec![None; names.len()];
    // What the dynamic linker needs is the smaller table, and in libraries it has all that can be called.
    for kind in [DYNAMIC_SYMBOLS, SYMBOLS] {
        for (table, strings) in elf.sections(kind) {
            if found.iter().all(Option::is_some) {
                return Ok(found);
            }
            search(elf, table, strings, names, &mut found)?;
        }
    }
    Ok(found)
}

fn search(
    elf: &Elf<'_>,
    table: Section,
    strings: Section,
    names: &[&str],
    found: &mut [Option<Function>],
) -> io::Result<()> {
    if table.size > LARGEST || strings.size > LARGEST {
        return Ok(());
    }
    let mut places: Vec<(u32, usize)> = Vec::new();
    for (index, name) in
        names.iter().enumerate().filter(|(index, _)| found.get(*index).is_some_and(Option::is_none))
    {
        let places_of_name = occurrences(elf, strings, format!("{name}\0").as_bytes(), PLACES)?;
        places.extend(places_of_name.into_iter().filter_map(|at| Some((u32::try_from(at).ok()?, index))));
    }
    named(elf, table, places, |index, function| {
        if let Some(slot) = found.get_mut(index) {
            slot.get_or_insert(function);
        }
    })
}

/// Finds functions whose names contain a text and are wanted, as many as there are, with what the wish for them was.
///
/// # Errors
///
/// Where the file cannot be read.
pub(super) fn containing<T: Copy>(
    elf: &Elf<'_>,
    text: &str,
    wanted: impl Fn(&[u8]) -> Option<T>,
) -> io::Result<Vec<(T, Function)>> {
    let mut found = Vec::new();
    for (table, strings) in elf.sections(SYMBOLS) {
        if table.size > LARGEST || strings.size > LARGEST {
            continue;
        }
        let mut places = Vec::new();
        let mut wishes = Vec::new();
        for at in occurrences(elf, strings, text.as_bytes(), PLACES_WITHIN)? {
            let start = at.saturating_sub(LONGEST as u64);
            let mut window = vec![0; 2 * LONGEST + text.len()];
            let read = read_window(elf, strings, start, &mut window)?;
            let inside = usize::try_from(at - start).unwrap_or(usize::MAX);
            let Some((before, after)) = window.get(..read).and_then(|all| all.split_at_checked(inside))
            else {
                continue;
            };
            let begin = before.iter().rposition(|byte| *byte == 0).map_or(0, |end| end + 1);
            let end = after.iter().position(|byte| *byte == 0).map_or(after.len(), |end| end) + inside;
            let wish = window.get(begin..end).and_then(&wanted);
            if let (Some(wish), Ok(place)) = (wish, u32::try_from(start + begin as u64)) {
                places.push((place, wishes.len()));
                wishes.push(wish);
            }
        }
        named(elf, table, places, |index, function| {
            found.extend(wishes.get(index).map(|wish| (*wish, function)));
        })?;
    }
    Ok(found)
}

/// Hands over the functions of a table whose names begin at places of the strings, each with what stands beside its place.
fn named(
    elf: &Elf<'_>,
    table: Section,
    mut places: Vec<(u32, usize)>,
    mut on: impl FnMut(usize, Function),
) -> io::Result<()> {
    places.sort_unstable();
    if places.is_empty() {
        return Ok(());
    }
    let mut window = vec![0; WINDOW / SYMBOL * SYMBOL];
    let mut at = 0;
    while at < table.size {
        let read = read_window(elf, table, at, &mut window)?;
        for symbol in window.get(..read).unwrap_or_default().chunks_exact(SYMBOL) {
            let Some(name) = word(symbol, 0) else { continue };
            let Ok(place) = places.binary_search_by_key(&name, |(at, _)| *at) else { continue };
            // STT_FUNC or STT_GNU_IFUNC would do; the latter's address is a resolver's, so it must not be probed.
            let is_function = symbol.get(4).is_some_and(|info| info & 0xf == 2);
            let is_defined = super::elf::short(symbol, 6).is_some_and(|section| section != 0);
            if let (true, true, Some(address), Some(size), Some((_, index))) =
                (is_function, is_defined, long(symbol, 8), long(symbol, 16), places.get(place))
            {
                on(*index, Function { address, size });
            }
        }
        if read < SYMBOL {
            break;
        }
        at += (read / SYMBOL * SYMBOL) as u64;
    }
    Ok(())
}

/// Where bytes stand in a section, from its start.
pub(super) fn occurrences(
    elf: &Elf<'_>,
    section: Section,
    bytes: &[u8],
    most: usize,
) -> io::Result<Vec<u64>> {
    let finder = Finder::new(bytes);
    let mut window = vec![0; WINDOW];
    let mut places = Vec::new();
    let mut at = 0;
    while at < section.size && places.len() < most {
        let read = read_window(elf, section, at, &mut window)?;
        let text = window.get(..read).unwrap_or_default();
        places.extend(finder.find_iter(text).map(|place| at + place as u64).take(most - places.len()));
        // What stands across the edge is found in the next window.
        let Some(step) = (read + 1).checked_sub(bytes.len()).filter(|step| *step > 0) else { break };
        at += step as u64;
    }
    Ok(places)
}

/// Reads a section from a place on, as far as it and the window go.
fn read_window(elf: &Elf<'_>, section: Section, at: u64, window: &mut [u8]) -> io::Result<usize> {
    let Some(offset) = section.offset.checked_add(at) else { return Ok(0) };
    let size = usize::try_from(section.size - at).map_or(window.len(), |left| left.min(window.len()));
    read_up_to(elf.file(), offset, window.get_mut(..size).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_function_of_this_program_is_found_and_no_other_name() {
        let file = File::open("/proc/self/exe").unwrap();
        let elf = Elf::read(&file).unwrap().unwrap();
        let found = functions(&elf, &["main", "no_such_function", "ain"]).unwrap();
        let main = found[0].unwrap();
        assert!(elf.offset(main.address).is_some());
        assert_eq!(found[1..], [None, None]);
    }

    #[test]
    fn bytes_across_windows_are_found_once() {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut bytes = std::fs::read("/proc/self/exe").unwrap();
        let start = bytes.len();
        bytes.resize(start + 3 * WINDOW, b'-');
        let places = [0, 7, WINDOW - 3, 2 * WINDOW - 1, 3 * WINDOW - 6];
        for place in places {
            bytes[start + place..start + place + 6].copy_from_slice(b"needle");
        }
        file.write_all(&bytes).unwrap();
        let elf = Elf::read(file.as_file()).unwrap().unwrap();
        let mut section = elf.sections(SYMBOLS).chain(elf.sections(DYNAMIC_SYMBOLS)).next().unwrap().0;
        (section.offset, section.size) = (start as u64, 3 * WINDOW as u64);
        let found = occurrences(&elf, section, b"needle", PLACES).unwrap();
        assert_eq!(found, places.map(|place| place as u64));
        assert_eq!(occurrences(&elf, section, b"needle", 2).unwrap().len(), 2);
    }
}
