//! The floor: inflate every file and look at each byte once. No reader of these files can do less.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use anyhow::Context;
use libdeflater::Decompressor;

/// Inflates the files below a folder on all cores; answers how many bytes there were, and their sum.
pub(crate) fn run(folder: &Path) -> anyhow::Result<String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let next = AtomicUsize::new(0);
    let (length, sum) = (AtomicU64::new(0), AtomicU64::new(0));
    let threads = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        let work = || -> anyhow::Result<()> {
            let mut decompressor = Decompressor::new();
            let mut inflated = Vec::new();
            while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                inflate(&mut decompressor, path, &mut inflated)?;
                length.fetch_add(inflated.len() as u64, Ordering::Relaxed);
                let walked = inflated.iter().fold(0_u64, |sum, byte| sum.wrapping_add(u64::from(*byte)));
                sum.fetch_add(walked, Ordering::Relaxed);
            }
            Ok(())
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(done) => done,
            Err(_) => anyhow::bail!("a thread of the floor panicked"),
        })
    })?;
    Ok(format!("{} bytes, sum {}", length.into_inner(), sum.into_inner()))
}

/// Inflates one gzip file into a buffer that is used again.
fn inflate(decompressor: &mut Decompressor, path: &Path, inflated: &mut Vec<u8>) -> anyhow::Result<()> {
    let packed = std::fs::read(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    // The last four bytes of a gzip file are its inflated size.
    let size = packed.last_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
    inflated.resize(size, 0);
    let done = decompressor.gzip_decompress(&packed, inflated);
    let length = done.with_context(|| format!("`{}` cannot be inflated", path.display()))?;
    inflated.truncate(length);
    Ok(())
}

/// The gzip files below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("`{}` cannot be read", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.to_string_lossy().ends_with(".json.gz") {
            files.push(path);
        }
    }
    Ok(())
}
