//! Archives whose bytes tell nothing of who made them and when.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

/// Packs the files of a folder under a name.
pub(super) fn pack(folder: &Path, name: &str, archive: &Path) -> anyhow::Result<()> {
    let output = File::create(archive).with_context(|| format!("cannot write `{}`", archive.display()))?;
    let mut builder = Builder::new(GzEncoder::new(output, Compression::best()));
    for path in files(folder)? {
        let content = fs::read(&path)?;
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(if is_executable(&path)? { 0o755 } else { 0o644 });
        header.set_mtime(0);
        let inside = Path::new(name).join(path.strip_prefix(folder)?);
        builder.append_data(&mut header, inside, content.as_slice())?;
    }
    builder.into_inner()?.finish()?;
    Ok(())
}

/// The files of a folder and those below it, by name.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => found.extend(files(&entry.path())?),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    Ok(found)
}

fn is_executable(path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o100 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let packed = |name: &str| {
            let source = folder.path().join(name);
            fs::create_dir_all(source.join("below")).unwrap();
            for file in ["b", "a", "below/c"] {
                fs::write(source.join(file), file).unwrap();
            }
            let archive = folder.path().join(format!("{name}.tar.gz"));
            pack(&source, "remit", &archive).unwrap();
            fs::read(archive).unwrap()
        };
        let first = packed("first");
        assert_eq!(first, packed("second"));
        let mut read = tar::Archive::new(flate2::read::GzDecoder::new(first.as_slice()));
        let names = read.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().into_owned());
        let names: Vec<PathBuf> = names.collect();
        assert_eq!(names, ["remit/a", "remit/b", "remit/below/c"].map(PathBuf::from));
    }
}
