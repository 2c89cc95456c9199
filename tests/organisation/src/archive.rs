//! Everything about an organisation in one small file.
//!
//! The archive is a tar file compressed with zstd. It holds, sorted, the delivered log files under `AWSLogs/` as
//! uncompressed `.json` (a gzip'd file each would not pack), `account-authorization-details.json`,
//! `event-selectors.json`, and the files of a cluster under `cluster/`. Owners, times and modes are fixed.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::delivery::LogFile;
use crate::error::Error;
use crate::organisation::Organisation;

/// Name of the grants' file.
pub const GRANTS: &str = "account-authorization-details.json";
/// Name of the event selectors' file.
pub const SELECTORS: &str = "event-selectors.json";
/// Name of the truth's file, which no archive holds.
pub const TRUTH: &str = "truth.json";

/// Packing is rare and unpacking costs the same at every level.
const LEVEL: i32 = 19;

/// A window of 32 MB, within what every decoder accepts unasked.
const WINDOW_LOG: u32 = 25;

impl Organisation {
    /// All files but the truth, sorted by path.
    ///
    /// # Errors
    /// A principal or group that names a policy which the profile does not define.
    pub fn all_files(&self) -> Result<Vec<LogFile>, Error> {
        let mut files = self.files();
        files.push(LogFile { path: GRANTS.to_owned(), text: pretty(&self.authorization_details()?) });
        files.push(LogFile { path: SELECTORS.to_owned(), text: pretty(&self.event_selectors()) });
        Ok(files)
    }

    /// The files of the archive, sorted by path.
    ///
    /// # Errors
    /// Those of [`Organisation::all_files`].
    pub fn packed_files(&self, cluster: &Cluster) -> Result<Vec<LogFile>, Error> {
        let of_cluster = cluster.all_files().into_iter();
        let of_cluster = of_cluster.map(|file| LogFile { path: format!("cluster/{}", file.path), ..file });
        let mut files: Vec<LogFile> = self.all_files()?.into_iter().chain(of_cluster).collect();
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(files)
    }

    /// The archive.
    ///
    /// # Errors
    /// Those of [`Organisation::all_files`], and a failing compressor.
    pub fn archive(&self, cluster: &Cluster) -> Result<Vec<u8>, Error> {
        let mut tar = tar::Builder::new(Vec::new());
        for file in self.packed_files(cluster)? {
            let mut header = tar::Header::new_ustar();
            header.set_size(file.text.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(0);
            tar.append_data(&mut header, &file.path, file.text.as_bytes()).map_err(Error::Archive)?;
        }
        let bytes = tar.into_inner().map_err(Error::Archive)?;
        let mut encoder = zstd::stream::Encoder::new(Vec::new(), LEVEL).map_err(Error::Archive)?;
        // The window covers the whole archive, so that the first day helps to pack the last.
        encoder.window_log(WINDOW_LOG).map_err(Error::Archive)?;
        encoder.long_distance_matching(true).map_err(Error::Archive)?;
        encoder.set_pledged_src_size(Some(bytes.len() as u64)).map_err(Error::Archive)?;
        std::io::copy(&mut bytes.as_slice(), &mut encoder).map_err(Error::Archive)?;
        encoder.finish().map_err(Error::Archive)
    }

    /// Writes the archive and the truth to these files.
    ///
    /// # Errors
    /// A folder or file that cannot be written, and those of [`Organisation::archive`].
    pub fn pack(&self, cluster: &Cluster, archive: &Path, truth: &Path) -> Result<(), Error> {
        write_file(archive, &self.archive(cluster)?)?;
        write_file(truth, self.truth_text().as_bytes())
    }

    /// The truth as the text of a file.
    #[must_use]
    pub fn truth_text(&self) -> String {
        pretty(&serde_json::to_value(&self.truth).unwrap_or_default())
    }

    /// Writes the files, the log's gzip'd as they are delivered, and the truth beside them.
    ///
    /// # Errors
    /// A folder or file that cannot be written, and those of [`Organisation::all_files`].
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let mut packer = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let truth = LogFile { path: TRUTH.to_owned(), text: self.truth_text() };
        for file in self.all_files()?.into_iter().chain([truth]) {
            if file.path.starts_with("AWSLogs/") {
                let path = folder.join(format!("{}.gz", file.path));
                write_file(&path, &gzip(&mut packer, file.text.as_bytes()))?;
            } else {
                write_file(&folder.join(&file.path), file.text.as_bytes())?;
            }
        }
        Ok(())
    }
}

/// The files of an archive, in its order.
///
/// # Errors
/// An archive that cannot be read.
pub fn unpack(archive: &[u8]) -> Result<Vec<LogFile>, Error> {
    let mut decoder = zstd::stream::Decoder::new(archive).map_err(Error::Archive)?;
    decoder.window_log_max(WINDOW_LOG).map_err(Error::Archive)?;
    let mut tar = tar::Archive::new(decoder);
    let mut files = Vec::new();
    for entry in tar.entries().map_err(Error::Archive)? {
        let mut entry = entry.map_err(Error::Archive)?;
        let path = entry.path().map_err(Error::Archive)?.to_string_lossy().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).map_err(Error::Archive)?;
        files.push(LogFile { path, text });
    }
    Ok(files)
}

/// Text as one gzip member.
pub(crate) fn gzip(packer: &mut libdeflater::Compressor, text: &[u8]) -> Vec<u8> {
    let mut packed = vec![0; packer.gzip_compress_bound(text.len())];
    // The buffer has the size that the packer asked for, so there is room for any text.
    let size = packer.gzip_compress(text, &mut packed).unwrap_or(0);
    packed.truncate(size);
    packed
}

pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}

fn pretty(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(
        &mut bytes,
        serde_json::ser::PrettyFormatter::with_indent(b"    "),
    );
    // Writing a JSON value to memory cannot fail.
    let _ = serde::Serialize::serialize(value, &mut writer);
    bytes.push(b'\n');
    String::from_utf8(bytes).unwrap_or_default()
}
