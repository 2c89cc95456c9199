//! Bytes of a source, decompressed: whole where they are few, piece by piece where they may be many.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::bufread::MultiGzDecoder;
use memchr::memmem;
use twox_hash::XxHash3_128;

/// How a source is compressed, told by its first bytes and not by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
    None,
}

impl Compression {
    pub(crate) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// A gzip member's shortest possible form: header, empty block, checksum and length.
const GZIP_SMALLEST: usize = 18;

/// Inflates a whole gzip file into `output`, which grows to `limit` at most. None when it does not fit, has
/// several members, or is damaged: reading it piece by piece then finds what can be had of it.
pub(crate) fn inflate<'a>(
    inflater: &mut libdeflater::Decompressor,
    bytes: &[u8],
    output: &'a mut Vec<u8>,
    limit: usize,
) -> Option<&'a [u8]> {
    if bytes.len() < GZIP_SMALLEST {
        return None;
    }
    // The last four bytes say how long the last member is. A bomb may lie, but not beyond the limit.
    let size = u32::from_le_bytes(*bytes.last_chunk::<4>()?) as usize;
    if size > limit || memmem::find(bytes.get(1..)?, b"\x1f\x8b\x08").is_some() {
        return None;
    }
    if output.len() < size {
        output.resize(size, 0);
    }
    let written = inflater.gzip_decompress(bytes, output.get_mut(..size)?).ok()?;
    output.get(..written)
}

/// Decompresses as it is read.
pub(crate) fn decoder<'a>(
    compression: Compression,
    input: impl Read + Send + 'a,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let input = BufReader::with_capacity(256 << 10, input);
    Ok(match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(input)),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
            // The window is memory that the sender of a file chooses.
            decoder.window_log_max(27)?;
            Box::new(decoder)
        }
        Compression::None => Box::new(input),
    })
}

/// The bytes of a source as stored, hashed while they are read.
pub(crate) struct Hashed<R> {
    inner: R,
    hasher: XxHash3_128,
    /// Bytes read so far.
    pub(crate) read: u64,
    /// Whether the bytes could not be read to their end.
    pub(crate) failed: Arc<AtomicBool>,
}

impl<R: Read> Hashed<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, hasher: XxHash3_128::new(), read: 0, failed: Arc::default() }
    }

    /// Reads to the end, if a decoder stopped before it, and returns the hash of all bytes.
    pub(crate) fn finish(mut self) -> io::Result<(u128, u64)> {
        let mut buffer = vec![0; 64 << 10];
        while self.read(&mut buffer)? > 0 {}
        Ok((self.hasher.finish_128(), self.read))
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.failed.store(true, Ordering::Relaxed);
            }
        })?;
        if let Some(bytes) = buffer.get(..count) {
            self.hasher.write(bytes);
        }
        self.read += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn one_member_is_inflated_whole() {
        let mut inflater = libdeflater::Decompressor::new();
        let mut output = Vec::new();
        assert_eq!(inflate(&mut inflater, &gzip(b"hello"), &mut output, 100), Some(&b"hello"[..]));
        assert_eq!(inflate(&mut inflater, &gzip(b"hi"), &mut output, 100), Some(&b"hi"[..]));
    }

    #[test]
    fn several_members_large_and_damaged_files_are_left_to_the_decoder() {
        let mut inflater = libdeflater::Decompressor::new();
        let mut output = Vec::new();
        let two = [gzip(b"hello"), gzip(b"world")].concat();
        assert_eq!(inflate(&mut inflater, &two, &mut output, 100), None);
        assert_eq!(inflate(&mut inflater, &gzip(&[b'a'; 101]), &mut output, 100), None);
        let whole = gzip(b"hello");
        assert_eq!(inflate(&mut inflater, &whole[..whole.len() - 1], &mut output, 100), None);
        let mut all = String::new();
        decoder(Compression::Gzip, two.as_slice()).unwrap().read_to_string(&mut all).unwrap();
        assert_eq!(all, "helloworld");
    }
}
