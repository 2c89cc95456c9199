//! `cargo xtask ebpf`: compiles the kernel's programs, which are committed so that nothing else needs their compiler.

mod record;
mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::digest::sha256;
use crate::place::Place;
use crate::step::succeed;
use record::Record;

/// What `cargo xtask ebpf` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Compile, and fail where something else comes out than is committed
    #[arg(long)]
    check: bool,
}

/// The architecture whose registers the programs read.
const ARCHITECTURE: &str = "x86_64";

/// The target, of which rustup has no standard library.
const TARGET: &str = "bpfel-unknown-none";

/// Compiles the programs, and writes or compares them.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let place = Place::find()?;
    toolchain::ensure(&place)?;
    let built = build(&place)?;
    let object = fs::read(&built).with_context(|| format!("cannot read `{}`", built.display()))?;
    let record = Record {
        source: record::source(&place.root)?,
        object: sha256(&object),
        compiler: toolchain::compiler(&place)?,
    };
    let (committed, recorded) = files(&place.root);
    if arguments.check {
        let old = Record::read(&recorded)?;
        if old != record {
            bail!(
                "`{}` is not what its source compiles to\nhint: run `cargo xtask ebpf`; committed was what `{}` made, and \
                 here is `{}`",
                committed.display(),
                old.compiler,
                record.compiler,
            );
        }
        return Ok(());
    }
    fs::write(&committed, object).with_context(|| format!("cannot write `{}`", committed.display()))?;
    record.write(&recorded)?;
    eprintln!("    {} is written", committed.display());
    Ok(())
}

/// The committed object and what is recorded of it.
fn files(root: &Path) -> (PathBuf, PathBuf) {
    let folder = root.join("ebpf/object");
    (folder.join(format!("{ARCHITECTURE}.o")), folder.join(format!("{ARCHITECTURE}.toml")))
}

/// Compiles, and answers where the object is.
fn build(place: &Place) -> anyhow::Result<PathBuf> {
    let target = place.target.join("ebpf");
    let mut command = place.command("cargo");
    command.current_dir(place.root.join("ebpf"));
    command.args(["build", "--release", "--locked", "--quiet", "-Z", "build-std=core", "--target", TARGET]);
    // No debug information: the programs touch no structure of the kernel, and paths of one machine must not be in it.
    let flags = ["-Clinker=bpf-linker", "-Cdebuginfo=0", "--cfg=bpf_target_arch=\"x86_64\""].join("\x1f");
    command.env("CARGO_ENCODED_RUSTFLAGS", flags).env("CARGO_TARGET_DIR", &target);
    command
        .env("RUSTUP_TOOLCHAIN", toolchain::NIGHTLY)
        .env_remove("RUSTC")
        .env_remove("RUSTC_WORKSPACE_WRAPPER");
    succeed(&mut command)?;
    Ok(target.join(TARGET).join("release/remit-ebpf"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_programs_are_those_of_the_source() {
        let root = crate::place::root();
        let (committed, recorded) = files(&root);
        let record = Record::read(&recorded).unwrap();
        assert_eq!(
            record.source,
            record::source(&root).unwrap(),
            "run `cargo xtask ebpf` and commit what it writes"
        );
        assert_eq!(record.object, sha256(&fs::read(committed).unwrap()));
    }
}
