//! Identifiers of events that were counted, so that an event delivered again is not counted again.
//!
//! An event is known by the hour it happened in and 64 bits of hash of its id. The chance that an event is taken
//! for another of the same hour is the number of that hour's events in 2^64. The file is made for one purpose and
//! is no part of what other programs read: per hour, the hashes; at the end a checksum.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use twox_hash::XxHash3_64;

use crate::LedgerError;
use crate::staged::{Unpublished, create_temporary};

const MAGIC: &[u8; 8] = b"remitid1";

/// How many events are remembered, newest flushes first. Each costs 8 bytes on disk, and 9 to 18 bytes of an
/// ingest's memory.
pub const REMEMBERED: usize = 5_000_000;

/// Hashes of event ids by hour, in hours since the Unix epoch.
pub type Identifiers = BTreeMap<i64, Vec<u64>>;

/// The hash of an event id.
pub fn identify(event_id: &[u8]) -> u64 {
    XxHash3_64::oneshot(event_id)
}

pub(crate) fn write_identifiers(
    root: &Path,
    path: String,
    identifiers: &Identifiers,
) -> Result<Unpublished, LedgerError> {
    let (temporary, file) = create_temporary(root, &path)?;
    let mut size = 0_u64;
    let write = |file: fs::File, size: &mut u64| -> std::io::Result<()> {
        let mut checksum = XxHash3_64::new();
        let mut output = BufWriter::new(file);
        let mut put = |bytes: &[u8]| {
            std::hash::Hasher::write(&mut checksum, bytes);
            *size += bytes.len() as u64;
            output.write_all(bytes)
        };
        put(MAGIC)?;
        put(&(identifiers.len() as u64).to_le_bytes())?;
        for (hour, hashes) in identifiers {
            put(&hour.to_le_bytes())?;
            put(&(hashes.len() as u64).to_le_bytes())?;
            for hash in hashes {
                put(&hash.to_le_bytes())?;
            }
        }
        let checksum = std::hash::Hasher::finish(&checksum);
        output.write_all(&checksum.to_le_bytes())?;
        output.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    };
    write(file, &mut size).map_err(LedgerError::io("write", &temporary))?;
    Ok(Unpublished { path, temporary, size })
}

/// Reads a file of identifiers.
///
/// # Errors
/// When the file cannot be read, or is not what was written.
pub fn read_identifiers(root: &Path, path: &str) -> Result<Identifiers, LedgerError> {
    let absolute = root.join(path);
    let bytes = fs::read(&absolute).map_err(LedgerError::io("read", &absolute))?;
    parse(&bytes)
        .ok_or_else(|| LedgerError::Foreign { path: path.to_owned(), reason: "it is damaged".to_owned() })
}

fn parse(bytes: &[u8]) -> Option<Identifiers> {
    let (content, checksum) = bytes.split_last_chunk::<8>()?;
    if XxHash3_64::oneshot(content) != u64::from_le_bytes(*checksum) {
        return None;
    }
    let mut words = content.strip_prefix(MAGIC)?.chunks_exact(8).filter_map(|word| word.try_into().ok());
    let hours = u64::from_le_bytes(words.next()?);
    let mut identifiers = Identifiers::new();
    for _ in 0..hours {
        let hour = i64::from_le_bytes(words.next()?);
        let count = usize::try_from(u64::from_le_bytes(words.next()?)).ok()?;
        let hashes: Vec<u64> = words.by_ref().take(count).map(u64::from_le_bytes).collect();
        if hashes.len() != count {
            return None;
        }
        identifiers.insert(hour, hashes);
    }
    Some(identifiers)
}
