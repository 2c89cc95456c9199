//! HPACK: the fields of a head of HTTP/2, also where the beginning of the connection was not seen.
//!
//! A table that was joined late is a window: the entries that were added since are at the places that they have in the
//! sender's table, since new ones come first. A place beyond the window is a field that is unknown, and nothing is guessed.
//! A sender only names entries that its table still has, so that it does no harm to keep one for too long.
//!
//! Values that are not on the allow-list are not in the table either, which keeps their lengths only.
//!
//! Source: RFC 7541.

mod fixed;
mod huffman;

use std::collections::VecDeque;

use super::{
    field::{Field, Name},
    scratch::Scratch,
};

/// Most bytes of a table that are kept, as RFC 7541 counts them. A sender may use a larger one, if its peer allows; what
/// it names beyond this is then unknown.
const MOST: usize = 16 * 1024;

/// The size of a table before the sender changes it: RFC 9113, section 6.5.2.
const DEFAULT: usize = 4096;

/// What an entry counts beside its name and value: RFC 7541, section 4.1.
const OVERHEAD: usize = 32;

/// A block that is no HPACK. What it added to the table is unknown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

#[derive(Debug)]
struct Entry {
    name: Name,
    /// Length of the name; 0 where it is unknown.
    name_length: usize,
    field: Field,
    /// As RFC 7541 counts it, without a name that is unknown.
    size: usize,
}

/// What an index names.
enum Named<'a> {
    /// A field of the static table.
    Fixed(&'a str, &'a str),
    Entry(&'a Entry),
    /// An entry that was there before the table was joined.
    Unseen,
}

/// The table of one direction of a connection.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The newest first.
    entries: VecDeque<Entry>,
    size: usize,
    most: usize,
    /// Whether all of the sender's entries are here.
    is_whole: bool,
    text: Scratch,
}

impl Decoder {
    /// The table at the beginning of a connection.
    pub(super) fn new() -> Self {
        Self { entries: VecDeque::new(), size: 0, most: DEFAULT, is_whole: true, text: Scratch::default() }
    }

    /// Forgets the table, because it is not known what the sender added to it.
    pub(super) fn forget(&mut self) {
        self.entries.clear();
        self.size = 0;
        self.most = MOST;
        self.is_whole = false;
    }

    /// Decodes a block, field by field. Fields are lent, since a block of a few bytes may name a long one again and again.
    pub(super) fn decode(&mut self, block: &[u8], each: &mut dyn FnMut(&Field)) -> Result<(), Broken> {
        let mut rest = block;
        let mut is_start = true;
        while let Some(&first) = rest.first() {
            let is_size = first & 0xe0 == 0x20;
            if first & 0x80 != 0 {
                let index = integer(&mut rest, 7)?;
                self.indexed(index, each)?;
            } else if is_size {
                // RFC 7541, section 4.2: only at the beginning of a block.
                let most = integer(&mut rest, 5)?;
                if !is_start {
                    return Err(Broken);
                }
                self.resize(most);
            } else {
                let is_added = first & 0x40 != 0;
                let index = integer(&mut rest, if is_added { 6 } else { 4 })?;
                let entry = self.literal(index, &mut rest);
                self.text.clear();
                let entry = entry?;
                each(&entry.field);
                if is_added {
                    self.add(entry);
                }
            }
            is_start &= is_size;
        }
        Ok(())
    }

    /// What an index names.
    fn lookup(&self, index: usize) -> Result<Named<'_>, Broken> {
        let at = index.checked_sub(1).ok_or(Broken)?;
        if let Some((name, value)) = fixed::FIELDS.get(at) {
            return Ok(Named::Fixed(name, value));
        }
        match self.entries.get(at - fixed::FIELDS.len()) {
            Some(entry) => Ok(Named::Entry(entry)),
            None if self.is_whole => Err(Broken),
            None => Ok(Named::Unseen),
        }
    }

    /// The field that has an index.
    fn indexed(&self, index: usize, each: &mut dyn FnMut(&Field)) -> Result<(), Broken> {
        match self.lookup(index)? {
            Named::Fixed(name, value) => each(&Field::read(Name::of(name.as_bytes()), value.as_bytes())),
            Named::Entry(entry) => each(&entry.field),
            Named::Unseen => each(&Field::Unknown),
        }
        Ok(())
    }

    /// A field whose value, and whose name unless it has an index, are written out.
    fn literal(&mut self, index: usize, rest: &mut &[u8]) -> Result<Entry, Broken> {
        let (name, name_length) = if index == 0 {
            string(rest, &mut self.text)?;
            (Name::of(&self.text), self.text.len())
        } else {
            match self.lookup(index)? {
                Named::Fixed(name, _) => (Name::of(name.as_bytes()), name.len()),
                Named::Entry(entry) => (entry.name, entry.name_length),
                Named::Unseen => (Name::Unknown, 0),
            }
        };
        string(rest, &mut self.text)?;
        let size = OVERHEAD.saturating_add(name_length).saturating_add(self.text.len());
        Ok(Entry { name, name_length, field: Field::read(name, &self.text), size })
    }

    fn add(&mut self, entry: Entry) {
        self.size = self.size.saturating_add(entry.size);
        self.entries.push_front(entry);
        self.evict();
    }

    /// Follows the sender's size, as far as it is kept.
    fn resize(&mut self, most: usize) {
        self.most = most.min(MOST);
        self.evict();
        // An empty table has nothing that was not seen; a larger one than is kept soon has.
        self.is_whole = (self.is_whole || most == 0) && most <= MOST;
    }

    /// Removes the oldest entries. An entry that is too large for the table empties it: RFC 7541, section 4.4.
    fn evict(&mut self) {
        while self.size > self.most
            && let Some(entry) = self.entries.pop_back()
        {
            self.size = self.size.saturating_sub(entry.size);
        }
    }

    /// What it occupies.
    pub(super) fn memory(&self) -> usize {
        let fields: usize = self.entries.iter().map(|entry| entry.field.size()).sum();
        self.entries.capacity() * size_of::<Entry>() + fields + self.text.capacity()
    }
}

/// An integer with a prefix of so many bits: RFC 7541, section 5.1.
fn integer(rest: &mut &[u8], bits: u32) -> Result<usize, Broken> {
    let mask = (1_usize << bits) - 1;
    let mut value = usize::from(byte(rest)?) & mask;
    if value < mask {
        return Ok(value);
    }
    // Four bytes make 28 bits, which no length or index of a block that is kept needs.
    for shift in [0, 7, 14, 21] {
        let byte = byte(rest)?;
        value += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Broken)
}

/// A string, plain or in Huffman's code: RFC 7541, section 5.2.
fn string(rest: &mut &[u8], text: &mut Scratch) -> Result<(), Broken> {
    text.clear();
    let is_coded = rest.first().is_some_and(|first| first & 0x80 != 0);
    let length = integer(rest, 7)?;
    let (string, after) = rest.split_at_checked(length).ok_or(Broken)?;
    *rest = after;
    if is_coded {
        return huffman::decode(string, text).ok_or(Broken);
    }
    text.extend(string);
    Ok(())
}

fn byte(rest: &mut &[u8]) -> Result<u8, Broken> {
    let (byte, after) = rest.split_first().ok_or(Broken)?;
    *rest = after;
    Ok(*byte)
}

#[cfg(test)]
mod tests;
