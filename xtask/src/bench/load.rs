//! The files that are measured: made once by the project's own generator, from a seed.

use std::path::PathBuf;

use anyhow::Context;

use super::Bench;
use crate::step::succeed;

/// Any number will do, as long as it stays.
const SEED: u64 = 20_261_031;

/// A folder with CloudTrail files of so many events, as delivered.
pub(crate) fn folder(bench: &Bench<'_>, events: u64) -> anyhow::Result<PathBuf> {
    let root = bench.place.target.join("bench");
    let folder = root.join(format!("load-{events}-{SEED}"));
    let made = folder.join("made");
    if made.is_file() {
        return Ok(folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&root)?;
    let mut generate = bench.place.command(&bench.programs.organisation);
    generate.args(["load", "--events", &events.to_string(), "--seed", &SEED.to_string(), "--out"]);
    succeed(generate.arg(&folder)).context("the generator made no files")?;
    std::fs::write(&made, "")?;
    Ok(folder)
}
