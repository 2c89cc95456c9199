//! The files that are measured: made once by the project's own generator, from a seed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use super::run::once;
use super::{Bench, python, script};
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
    let mut generate = bench.place.command(&bench.programs()?.organisation);
    generate.args(["load", "--events", &events.to_string(), "--seed", &SEED.to_string(), "--out"]);
    succeed(generate.arg(&folder)).context("the generator made no files")?;
    std::fs::write(&made, "")?;
    Ok(folder)
}

/// One file with so many events, an event a line.
pub(crate) fn lines(bench: &Bench<'_>, events: u64) -> anyhow::Result<PathBuf> {
    let folder = folder(bench, events)?;
    let file = folder.with_extension("jsonl");
    if !file.is_file() {
        let unfinished = folder.with_extension("unfinished");
        once(Command::new(python(bench)?).arg(script(bench, "lines.py")).arg(&folder).arg(&unfinished))?;
        std::fs::rename(&unfinished, &file)?;
    }
    Ok(file)
}
