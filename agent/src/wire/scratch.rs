//! A buffer for what passes through and must not stay: heads with their tokens, cookies and signatures.

use std::{fmt, ops::Deref};

use zeroize::Zeroize;

/// Bytes that are overwritten when they are cleared, moved to a larger place, or dropped.
#[derive(Default)]
pub(super) struct Scratch {
    bytes: Vec<u8>,
}

impl Scratch {
    /// The least that is allocated, so that a head's lines seldom move.
    const LEAST: usize = 256;

    pub(super) fn extend(&mut self, more: &[u8]) {
        let need = self.bytes.len().saturating_add(more.len());
        if need > self.bytes.capacity() {
            // A vector that grows by itself would leave the old bytes in the memory it gives back.
            let mut larger = Vec::with_capacity(need.max(self.bytes.capacity() * 2).max(Self::LEAST));
            larger.extend_from_slice(&self.bytes);
            self.clear();
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(more);
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    /// Overwrites what lies beyond a length and forgets it.
    pub(super) fn truncate(&mut self, length: usize) {
        if let Some(rest) = self.bytes.get_mut(length..) {
            rest.zeroize();
        }
        self.bytes.truncate(length);
    }

    pub(super) fn clear(&mut self) {
        self.truncate(0);
    }

    /// What it occupies.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

impl Deref for Scratch {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.clear();
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Scratch({} bytes)", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_off_does_not_come_back() {
        let mut scratch = Scratch::default();
        scratch.extend(b"hunter2hunter2");
        scratch.truncate(7);
        assert_eq!(&*scratch, b"hunter2");
        scratch.extend(b"x");
        assert_eq!(&*scratch, b"hunter2x");
        scratch.clear();
        assert!(scratch.is_empty());
    }

    #[test]
    fn nothing_is_shown() {
        let mut scratch = Scratch::default();
        for byte in b"hunter2".repeat(100) {
            scratch.push(byte);
        }
        assert_eq!(&*scratch, b"hunter2".repeat(100));
        assert_eq!(format!("{scratch:?}"), "Scratch(700 bytes)");
    }
}
