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

    /// A row takes a byte at least, so a count beyond what is left is a lie.
    fn at_most(&self, count: usize) -> usize {
        count.min(self.rest.len())
    }

    /// A number that fits a smaller type.
    pub(crate) fn small<T: TryFrom<usize>>(&mut self) -> Result<T, CatalogError> {
        T::try_from(self.number()?).map_err(|_| CatalogError::new("a number is too large"))
    }

    /// One of `all`, by its number.
    pub(crate) fn pick<T: Copy>(&mut self, all: &[T]) -> Result<T, CatalogError> {
        let number = self.number()?;
        all.get(number).copied().ok_or_else(|| CatalogError::new("a row that it refers to is missing"))
    }

    /// Rows, their number before them.
    pub(crate) fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, CatalogError>,
    ) -> Result<Vec<T>, CatalogError> {
        let count = self.number()?;
        let mut list = Vec::with_capacity(self.at_most(count));
        for _ in 0..count {
            list.push(read(self)?);
        }
        Ok(list)
    }

    /// Pieces of bytes: their number, their lengths, their bytes.
    pub(crate) fn pieces(&mut self) -> Result<Vec<&'static [u8]>, CatalogError> {
        let lengths = self.list(Self::number)?;
        let mut pieces = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (piece, rest) = self.rest.split_at_checked(length).ok_or_else(Self::cut_short)?;
            pieces.push(piece);
            self.rest = rest;
        }
        Ok(pieces)
    }

    /// The table's texts: their number, their lengths, their bytes.
    pub(crate) fn texts(&mut self) -> Result<Vec<&'static str>, CatalogError> {
        let lengths = self.list(Self::number)?;
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
