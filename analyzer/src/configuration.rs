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
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use self::options::Options;
use self::wrong::File;
use crate::finding::{FindingKind, KINDS};
use crate::gate::GATE_RULES;
use crate::mutes::{MuteRule, Mutes};
use crate::owners::OwnerRule;

pub(crate) use self::options::WITHOUT;
pub(crate) use self::schema::schema;
pub(crate) use self::wrong::Place;

/// Its name in the working folder.
const NAME: &str = "remit.toml";

/// What it says beside options.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    /// What is not to be listed.
    pub(crate) mutes: Mutes,
    /// Who owns what.
    pub(crate) owners: Vec<(Place, OwnerRule)>,
}

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

/// Reads a file as of a day, and puts what it says of options into the command.
pub(crate) fn read(path: &Path, command: Command, today: Date) -> anyhow::Result<(Configuration, Command)> {
    let name = path.display().to_string();
    let hint = "\nhint: `--config` takes a file as `docs/configuration.md` explains it";
    let context = || format!("cannot read configuration `{name}`");
    let unreadable = |error: std::io::Error| anyhow::anyhow!("{}: {error}{hint}", context());
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    anyhow::ensure!(size <= LARGEST, "{}: it is {size} bytes, more than {LARGEST}{hint}", context());
    let text = std::fs::read_to_string(path).with_context(context)?;
    apply(&File { name: &name, text: &text }, command, today)
}

/// The same of a text.
fn apply(file: &File<'_>, mut command: Command, today: Date) -> anyhow::Result<(Configuration, Command)> {
    let mut configuration = Configuration::default();
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(file.text);
    let table = DeTable::parse(text).map_err(|error| file.unreadable(&error))?;
    let options = Options::of(&command);
    let mut of_verbs = Vec::new();
    for (key, value) in table.into_inner() {
        match key.get_ref().as_ref() {
            "mute" => {
                let mutes = tables(file, "mute", value)?;
                mutes.iter().try_for_each(|(place, mute)| check_mute(file, place, mute))?;
                configuration.mutes = Mutes::new(mutes, today);
            }
            "owner" => configuration.owners = tables(file, "owner", value)?,
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
    Ok((configuration, command))
}

/// The tables of an array of tables, each with its place.
fn tables<T: DeserializeOwned>(
    file: &File<'_>,
    key: &str,
    value: Spanned<DeValue<'_>>,
) -> anyhow::Result<Vec<(Place, T)>> {
    let span = value.span();
    let DeValue::Array(tables) = value.into_inner() else {
        return Err(file.wrong(
            span.start,
            &format!("`{key}` is no list of tables\nhint: write `[[{key}]]` above each"),
        ));
    };
    let one = |table: Spanned<DeValue<'_>>| {
        let place = file.place(table.span().start);
        let read = T::deserialize(ValueDeserializer::from(table))
            .map_err(|error| file.unreadable_at(place.line, &error))?;
        Ok((place, read))
    };
    tables.into_iter().map(one).collect()
}

/// Whether a mute says whom or what it mutes, by a rule that there is.
fn check_mute(file: &File<'_>, place: &Place, mute: &MuteRule) -> anyhow::Result<()> {
    let rules = KINDS.iter().copied().map(FindingKind::as_str).chain(GATE_RULES.iter().map(|rule| rule.id));
    if let Some(rule) = &mute.rule
        && !rules.clone().any(|known| known == rule.get_ref())
    {
        return Err(file.unknown(rule.span().start, "rule", rule.get_ref(), rules));
    }
    if mute.identity.is_none() && mute.action.is_none() && mute.rule.is_none() {
        anyhow::bail!("{place}: this mutes everything\nhint: say `identity`, `action` or `rule`");
    }
    Ok(())
}
