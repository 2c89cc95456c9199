//! Where the quotes and brackets of a stretch of JSON are, found sixty-four bytes at a time.

use wide::u8x16;

use super::{Fault, Find};

/// The marks of one stretch of a buffer. It begins outside of any string.
#[derive(Debug, Default)]
pub(crate) struct Index {
    start: usize,
    end: usize,
    words: Vec<Word>,
}

/// Marks of sixty-four bytes, lowest bit first.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Quotes that begin or end a string.
    quotes: u64,
    /// Control characters within strings, where JSON has none: a quote went missing before them.
    controls: u64,
    /// Brackets outside of strings that open and close objects and arrays.
    opens: u64,
    closes: u64,
}

/// What one block hands to the next.
#[derive(Clone, Copy, Default)]
struct Carry {
    /// All ones when a string is open.
    in_string: u64,
    /// One when the first byte is escaped.
    escaped: u64,
}

const BLOCK: usize = 64;

impl Index {
    /// Forgets what the index is of; it covers nothing.
    pub(crate) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        self.words.clear();
    }

    /// Whether the index covers a position.
    pub(crate) fn covers(&self, at: usize) -> bool {
        (self.start..self.end).contains(&at)
    }

    /// First position that is covered.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// First position that is not covered.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// Marks `length` bytes from `start`, which is outside of any string.
    pub(crate) fn build(&mut self, bytes: &[u8], start: usize, length: usize) {
        self.start = start;
        self.end = bytes.len().min(start.saturating_add(length));
        self.words.clear();
        let stretch = bytes.get(start..self.end).unwrap_or_default();
        let mut carry = Carry::default();
        let (blocks, rest) = stretch.as_chunks::<BLOCK>();
        self.words.extend(blocks.iter().map(|block| mark(block, &mut carry)));
        if !rest.is_empty() {
            let mut block = [b' '; BLOCK];
            for (slot, byte) in block.iter_mut().zip(rest) {
                *slot = *byte;
            }
            self.words.push(mark(&block, &mut carry));
        }
    }
}

impl Find for &Index {
    #[inline]
    fn string_end(&self, _: &[u8], at: usize) -> Result<usize, Fault> {
        let from = at.wrapping_sub(self.start);
        let mut number = from / BLOCK;
        let mut ahead = u64::MAX << (from % BLOCK);
        while let Some(word) = self.words.get(number) {
            let marks = (word.quotes | word.controls) & ahead;
            if marks != 0 {
                let bit = marks.trailing_zeros();
                let position = self.start + number * BLOCK + bit as usize;
                let is_control = (word.controls >> bit) & 1 == 1;
                return if is_control { Err(Fault::Bad(position)) } else { Ok(position) };
            }
            number += 1;
            ahead = u64::MAX;
        }
        Err(Fault::End)
    }

    #[inline]
    fn bracket_end(&self, _: &[u8], at: usize) -> Result<usize, Fault> {
        let from = at.wrapping_sub(self.start);
        let mut number = from / BLOCK;
        let mut ahead = u64::MAX << (from % BLOCK);
        let mut depth = 0_u32;
        while let Some(word) = self.words.get(number) {
            let (opens, closes, controls) = (word.opens & ahead, word.closes & ahead, word.controls & ahead);
            if closes.count_ones() < depth && controls == 0 {
                depth = depth + opens.count_ones() - closes.count_ones();
            } else {
                let mut marks = opens | closes | controls;
                while marks != 0 {
                    let bit = marks.trailing_zeros();
                    let position = self.start + number * BLOCK + bit as usize;
                    let mark = 1_u64 << bit;
                    if opens & mark != 0 {
                        depth += 1;
                    } else if closes & mark != 0 {
                        depth -= 1;
                        if depth == 0 {
                            return Ok(position);
                        }
                    } else {
                        return Err(Fault::Bad(position));
                    }
                    marks &= marks - 1;
                }
            }
            number += 1;
            ahead = u64::MAX;
        }
        Err(Fault::End)
    }
}

#[inline]
fn mark(block: &[u8; BLOCK], carry: &mut Carry) -> Word {
    let (mut quotes, mut backslashes, mut opens, mut closes, mut controls) =
        (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    let (lanes, _) = block.as_chunks::<16>();
    for (number, lane) in lanes.iter().enumerate() {
        let bytes = u8x16::from(*lane);
        // `[` and `]` are `{` and `}` without this bit.
        let folded = bytes | u8x16::splat(0x20);
        let bits = |mask: u8x16| u64::from(mask.to_bitmask()) << (number * 16);
        quotes |= bits(bytes.simd_eq(u8x16::splat(b'"')));
        backslashes |= bits(bytes.simd_eq(u8x16::splat(b'\\')));
        opens |= bits(folded.simd_eq(u8x16::splat(b'{')));
        closes |= bits(folded.simd_eq(u8x16::splat(b'}')));
        controls |= bits(bytes.min(u8x16::splat(0x1f)).simd_eq(bytes));
    }
    let quotes = quotes & !escaped(backslashes, carry);
    let in_string = prefix_xor(quotes) ^ carry.in_string;
    carry.in_string = 0_u64.wrapping_sub(in_string >> 63);
    Word { quotes, controls: controls & in_string, opens: opens & !in_string, closes: closes & !in_string }
}

/// Bytes that follow an odd number of backslashes.
#[inline]
fn escaped(backslashes: u64, carry: &mut Carry) -> u64 {
    if backslashes == 0 {
        return std::mem::take(&mut carry.escaped);
    }
    let mut escaped = carry.escaped;
    let mut rest = backslashes & !escaped;
    carry.escaped = 0;
    while rest != 0 {
        let bit = rest.trailing_zeros();
        if bit == 63 {
            carry.escaped = 1;
            break;
        }
        let next = 2_u64 << bit;
        escaped |= next;
        // An escaped backslash escapes nothing.
        rest &= !(next | (next - 1));
    }
    escaped
}

/// Every bit is the parity of itself and those below: within quotes, the opening one included.
#[inline]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
