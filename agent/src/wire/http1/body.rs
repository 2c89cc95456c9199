//! What is left of a body, so that the next head is found behind it.

use super::Framing;

/// The bytes of a body that are still to come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rest {
    /// As many.
    Length(u64),
    /// All.
    Close,
    /// The size line of a chunk, as far as it was read.
    Size { size: u64, digits: u8, is_over: bool },
    /// The bytes of a chunk.
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd,
    /// The lines after the last chunk; whether the line has anything in it.
    Trailer { is_empty: bool },
}

/// What comes next of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Bytes(&'a [u8]),
    /// The input was taken.
    Wait,
    End,
    /// It is not framed as it says.
    Broken,
}

const SIZE: Rest = Rest::Size { size: 0, digits: 0, is_over: false };

impl Rest {
    pub(super) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(length) => Rest::Length(length),
            Framing::Chunked => SIZE,
            Framing::Close => Rest::Close,
        }
    }

    /// Passes over bytes that were not seen, if all of them are the body's.
    pub(super) fn skip(&mut self, missing: u64) -> bool {
        match self {
            Rest::Length(rest) | Rest::Chunk(rest) => {
                let less = rest.checked_sub(missing);
                *rest = less.unwrap_or(0);
                less.is_some()
            }
            Rest::Close => true,
            _ => false,
        }
    }

    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Step<'a> {
        loop {
            match self {
                Rest::Length(0) => return Step::End,
                Rest::Chunk(0) => *self = Rest::ChunkEnd,
                _ if input.is_empty() => return Step::Wait,
                Rest::Close => return Step::Bytes(std::mem::take(input)),
                Rest::Length(rest) | Rest::Chunk(rest) => {
                    let length = usize::try_from(*rest).unwrap_or(usize::MAX).min(input.len());
                    let (bytes, after) = input.split_at_checked(length).unwrap_or((*input, &[]));
                    *rest -= bytes.len() as u64;
                    *input = after;
                    return Step::Bytes(bytes);
                }
                _ => {
                    let Some((byte, after)) = input.split_first() else { return Step::Wait };
                    *input = after;
                    if let Some(step) = self.line(*byte) {
                        return step;
                    }
                }
            }
        }
    }

    /// Takes a byte of the lines between chunks.
    fn line(&mut self, byte: u8) -> Option<Step<'static>> {
        *self = match (*self, byte) {
            (Rest::Size { digits: 0, .. }, b'\n') => return Some(Step::Broken),
            (Rest::Size { size: 0, .. }, b'\n') => Rest::Trailer { is_empty: true },
            (Rest::Size { size, .. }, b'\n') => Rest::Chunk(size),
            (rest @ Rest::Size { is_over: true, .. }, _) => rest,
            (Rest::Size { size, digits, .. }, byte) => match char::from(byte).to_digit(16) {
                Some(digit) if digits < 15 => {
                    Rest::Size { size: size * 16 + u64::from(digit), digits: digits + 1, is_over: false }
                }
                None if digits > 0 && b"; \t\r".contains(&byte) => Rest::Size { size, digits, is_over: true },
                _ => return Some(Step::Broken),
            },
            (Rest::ChunkEnd, b'\n') => SIZE,
            (Rest::ChunkEnd, b'\r') => Rest::ChunkEnd,
            (Rest::Trailer { is_empty: true }, b'\n') => return Some(Step::End),
            (Rest::Trailer { is_empty }, b'\r') => Rest::Trailer { is_empty },
            (Rest::Trailer { .. }, byte) => Rest::Trailer { is_empty: byte == b'\n' },
            _ => return Some(Step::Broken),
        };
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body, how it ended, and what is left of the input.
    fn read(framing: Framing, mut input: &[u8]) -> (Vec<u8>, Step<'static>, usize) {
        let mut rest = Rest::new(framing);
        let mut body = Vec::new();
        loop {
            let step = match rest.next(&mut input) {
                Step::Bytes(bytes) => {
                    body.extend_from_slice(bytes);
                    continue;
                }
                Step::Wait => Step::Wait,
                Step::End => Step::End,
                Step::Broken => Step::Broken,
            };
            return (body, step, input.len());
        }
    }

    #[test]
    fn a_body_ends_where_it_says() {
        assert_eq!(read(Framing::Length(3), b"abcGET"), (b"abc".to_vec(), Step::End, 3));
        assert_eq!(read(Framing::Length(0), b"GET"), (Vec::new(), Step::End, 3));
        assert_eq!(read(Framing::Close, b"abc"), (b"abc".to_vec(), Step::Wait, 0));
        let chunks = b"3\r\nabc\r\n0A ;x=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET";
        assert_eq!(read(Framing::Chunked, chunks), (b"abc0123456789".to_vec(), Step::End, 3));
        assert_eq!(read(Framing::Chunked, b"1\na\n0\n\nGET"), (b"a".to_vec(), Step::End, 3));
    }

    #[test]
    fn chunks_of_no_size_are_broken() {
        for input in [&b"\r\n"[..], b"x\r\n", b"1\r\nab\r\n", b"1111111111111111\r\n", b"-1\r\n"] {
            assert_eq!(read(Framing::Chunked, input).1, Step::Broken, "{input:?}");
        }
    }

    #[test]
    fn missing_bytes_are_passed_over_where_they_are_the_bodys() {
        let mut rest = Rest::Length(10);
        assert!(rest.skip(10));
        assert!(!rest.skip(1));
        assert!(!Rest::new(Framing::Chunked).skip(1));
        assert!(Rest::Close.skip(u64::MAX));
    }
}
