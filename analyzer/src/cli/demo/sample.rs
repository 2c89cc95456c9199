//! The embedded sample: a tar archive under zstd, made by the project's own generator.

use std::fs;
use std::path::{Component, Path};

use anyhow::{Context as _, ensure};

/// CloudTrail files, account authorization details and event selectors of an invented organisation.
const ARCHIVE: &[u8] = include_bytes!("../../../sample/organisation.tar.zst");

/// The archive's window is wider than the decoder takes unasked.
const WINDOW_LOG: u32 = 27;

/// Unpacks the sample.
pub(super) fn unpack(folder: &Path) -> anyhow::Result<()> {
    let mut decoder = zstd::stream::Decoder::new(ARCHIVE).context("cannot read the embedded sample")?;
    decoder.window_log_max(WINDOW_LOG).context("cannot read the embedded sample")?;
    let mut archive = tar::Archive::new(decoder);
    for entry in archive.entries().context("cannot read the embedded sample")? {
        let mut entry = entry.context("cannot read the embedded sample")?;
        let path = entry.path().context("cannot read the embedded sample")?.into_owned();
        let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        ensure!(is_inside, "the embedded sample holds `{}`", path.display());
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot create folder `{}`", parent.display()))?;
        }
        let mut file =
            fs::File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        std::io::copy(&mut entry, &mut file).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(())
}
