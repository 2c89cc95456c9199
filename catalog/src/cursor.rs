//! Reading numbers and texts from the table's bytes.

use crate::CatalogError;

/// A place in the table.
#[derive(Debug)]
pub(crate) struct Cursor {
    rest: &'static [u8],
}

impl Cursor {
    pub(crate) fn new(bytes: &'static [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// A number in LEB128: seven bits a byte, the lowest first.
    pub(crate) fn number(&mut self) -> Result<usize, CatalogError> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let (byte, rest) = self.rest.split_first().ok_or_else(Self::cut_short)?;
            self.rest = rest;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(CatalogError::new("a number is too long"))
    }

    /// Every row takes a byte at least, so a count beyond what is left is a lie.
    pub(crate) fn at_most(&self, count: usize) -> usize {
        count.min(self.rest.len())
    }

    /// The table's texts: their number, their lengths, their bytes.
    pub(crate) fn texts(&mut self) -> Result<Vec<&'static str>, CatalogError> {
        let count = self.number()?;
        let mut lengths = Vec::with_capacity(self.at_most(count));
        for _ in 0..count {
            lengths.push(self.number()?);
        }
        let (bytes, rest) = self.rest.split_at_checked(lengths.iter().sum()).ok_or_else(Self::cut_short)?;
        self.rest = rest;
        let mut text = std::str::from_utf8(bytes).map_err(|_| CatalogError::new("a text is not UTF-8"))?;
        let mut texts = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (first, rest) = text.split_at_checked(length).ok_or_else(Self::cut_short)?;
            texts.push(first);
            text = rest;
        }
        Ok(texts)
    }

    fn cut_short() -> CatalogError {
        CatalogError::new("it is cut short")
    }
}
