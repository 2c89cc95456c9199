//! `remit.toml`: what is said once for all runs.
//!
//! A key is an option of the command line, so that nothing has to be described, checked and explained twice. Those of the
//! analysing verbs stand above all tables, and each verb that has them takes them; a table named like a verb sets options for
//! that verb alone. What is no option, as mutes and owners, has tables of its own.

mod options;
mod schema;
mod wrong;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Command;
use toml::de::DeTable;

use self::options::Options;
use self::wrong::File;

pub(crate) use self::schema::schema;

/// Its name in the working folder.
const NAME: &str = "remit.toml";

/// Bytes of it that are read; who writes more has named another file.
const LARGEST: u64 = 1 << 20;

/// The file that is meant: the one named on the command line, or the one in the working folder if it is there.
///
/// It is looked for before the command line is parsed, since it says what that need not.
pub(crate) fn path(mut words: impl Iterator<Item = std::ffi::OsString>) -> Option<PathBuf> {
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        match text.as_ref() {
            "--" => break,
            "--no-config" => return None,
            "--config" => return words.next().map(PathBuf::from),
            _ => match text.strip_prefix("--config=") {
                Some(path) => return Some(PathBuf::from(path)),
                None => continue,
            },
        }
    }
    let path = PathBuf::from(NAME);
    path.exists().then_some(path)
}

/// Reads a file, and puts what it says of options into the command.
pub(crate) fn read(path: &Path, command: Command) -> anyhow::Result<Command> {
    let name = path.display().to_string();
    let hint = "\nhint: `--config` takes a file as `docs/configuration.md` explains it";
    let context = || format!("cannot read configuration `{name}`");
    let size = std::fs::metadata(path).with_context(|| format!("{}{hint}", context()))?.len();
    anyhow::ensure!(size <= LARGEST, "{}: it is {size} bytes, more than {LARGEST}{hint}", context());
    let text = std::fs::read_to_string(path).with_context(context)?;
    apply(&File { name: &name, text: &text }, command)
}

/// The same of a text.
fn apply(file: &File<'_>, mut command: Command) -> anyhow::Result<Command> {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(file.text);
    let table = DeTable::parse(text).map_err(|error| file.unreadable(&error))?;
    let options = Options::of(&command);
    let mut of_verbs = Vec::new();
    for (key, value) in table.into_inner() {
        match key.get_ref().as_ref() {
            _ if value.get_ref().is_table() => of_verbs.push((key, value)),
            _ => command = options.set(file, command, None, &key, &value)?,
        }
    }
    // What is said of a verb counts more than what is said of all.
    for (verb, table) in of_verbs {
        options.verb(file, &verb)?;
        for (key, value) in table.get_ref().as_table().into_iter().flatten() {
            command = options.set(file, command, Some(&verb), key, value)?;
        }
    }
    Ok(command)
}
