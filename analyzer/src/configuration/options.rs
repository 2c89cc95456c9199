//! Options of the command line as a file sets them: a value becomes the default of its option, so that the command line still
//! wins, and whatever an option takes, explains and refuses is the same in both places.

use std::collections::BTreeMap;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};
use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::schema::TABLES;
use super::wrong::File;

/// A verb whose options a file may set, by the names of its commands.
type Path = Vec<String>;

/// Every option that a file may set.
pub(super) struct Options {
    /// The verbs by the names of their tables, with their options by the names of their keys.
    pub(super) verbs: BTreeMap<String, (Path, BTreeMap<String, Arg>)>,
    /// Options that may stand above all tables.
    pub(super) shared: BTreeMap<String, Arg>,
}

/// Verbs that need no file: they say what the program is, or run on a sample.
pub(crate) const WITHOUT: [&str; 5] = ["completions", "config", "demo", "help", "man"];

/// The verb whose options, as far as other verbs have them, may stand above all tables: they say what is analysed and how.
const ANALYSING: &str = "findings";

/// Where a verb writes, how it prints and how it ends is for that verb alone.
const OF_ONE_VERB: [&str; 3] = ["check", "format", "out"];

impl Options {
    /// Those of a command.
    pub(super) fn of(command: &Command) -> Self {
        let mut verbs = BTreeMap::new();
        add(command, &[], &mut verbs);
        let analysing = verbs.get(ANALYSING).map(|(_, options)| options);
        let mut shared = analysing.cloned().unwrap_or_default();
        shared.retain(|key, _| !OF_ONE_VERB.contains(&key.as_str()));
        Self { verbs, shared }
    }

    /// The verb of a table.
    pub(super) fn verb(
        &self,
        file: &File<'_>,
        name: &Spanned<DeString<'_>>,
    ) -> anyhow::Result<&(Path, BTreeMap<String, Arg>)> {
        self.verbs.get(name.get_ref().as_ref()).ok_or_else(|| {
            let tables = TABLES.iter().map(|(name, ..)| *name);
            let known = self.verbs.keys().map(String::as_str).chain(tables);
            file.unknown(name.span().start, "table", name.get_ref(), known)
        })
    }

    /// Sets an option of one verb, or of all that have it.
    pub(super) fn set(
        &self,
        file: &File<'_>,
        mut command: Command,
        verb: Option<&Spanned<DeString<'_>>>,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> anyhow::Result<Command> {
        let (name, at) = (key.get_ref().as_ref(), key.span().start);
        let of_verb = verb.map(|verb| self.verb(file, verb)).transpose()?;
        match of_verb {
            Some((_, options)) if !options.contains_key(name) => {
                let known = options.keys().map(String::as_str);
                return Err(file.unknown(at, "key", name, known));
            }
            None if !self.shared.contains_key(name) => return Err(self.unknown(file, at, name)),
            Some(_) | None => {}
        }
        // What takes one file where the others take several means something else by it.
        let is_meant = |options: &BTreeMap<String, Arg>| {
            let both = self.shared.get(name).zip(options.get(name));
            both.is_some_and(|(shared, own)| is_list(shared) == is_list(own))
        };
        let others = self.verbs.values().filter(|(_, options)| verb.is_none() && is_meant(options));
        let all = of_verb.into_iter().chain(others);
        for (path, option) in all.filter_map(|(path, options)| Some((path, options.get(name)?))) {
            let values = values(file, option, name, value)?;
            check(file, find(&command, path), option, &values, value.span().start)?;
            command = with_defaults(command, path, option, values);
        }
        Ok(command)
    }

    /// An error about a key above all tables; one that belongs into a table is told so.
    fn unknown(&self, file: &File<'_>, at: usize, name: &str) -> anyhow::Error {
        let having = self.verbs.iter().find(|(_, (_, options))| options.contains_key(name));
        match having {
            Some((verb, _)) => {
                let message =
                    format!("`{name}` is for one verb alone\nhint: put it below `[{verb}]` or another");
                file.wrong(at, &message)
            }
            None => file.unknown(at, "key", name, self.shared.keys().map(String::as_str)),
        }
    }
}

/// Adds the verbs below a command.
fn add(command: &Command, path: &[String], verbs: &mut BTreeMap<String, (Path, BTreeMap<String, Arg>)>) {
    for below in command.get_subcommands().filter(|one| !WITHOUT.contains(&one.get_name())) {
        let path = [path, &[below.get_name().to_owned()]].concat();
        if below.has_subcommands() {
            add(below, &path, verbs);
            continue;
        }
        let options = below.get_arguments().filter_map(|option| Some((key(option)?, option.clone())));
        verbs.insert(path.join("-"), (path, options.collect()));
    }
}

/// The key of an option; none of what a file may not say.
fn key(option: &Arg) -> Option<String> {
    let is_settable = matches!(option.get_action(), ArgAction::Set | ArgAction::Append | ArgAction::SetTrue);
    let long = option.get_long().filter(|_| is_settable && !option.is_global_set())?;
    Some(long.replace('-', "_"))
}

/// Whether an option takes several values.
pub(super) fn is_list(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Append)
        || option.get_num_args().is_some_and(|count| count.max_values() > 1)
}

/// Whether an option takes none.
pub(super) fn is_flag(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::SetTrue)
}

/// The values of an option as they would be typed.
fn values(
    file: &File<'_>,
    option: &Arg,
    name: &str,
    value: &Spanned<DeValue<'_>>,
) -> anyhow::Result<Vec<String>> {
    let one = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(text) if !is_flag(option) => Some(text.to_string()),
        DeValue::Integer(number) if !is_flag(option) && number.radix() == 10 => {
            Some(number.as_str().to_owned())
        }
        DeValue::Boolean(is_on) if is_flag(option) => Some(is_on.to_string()),
        _ => None,
    };
    let all = match value.get_ref() {
        DeValue::Array(values) if is_list(option) => values.iter().map(one).collect(),
        _ => one(value).map(|value| vec![value]),
    };
    all.ok_or_else(|| {
        let wanted = match (is_flag(option), is_list(option)) {
            (true, _) => format!("`{name} = true`"),
            (false, true) => format!("`{name} = [\"...\"]`"),
            (false, false) => format!("`{name} = \"...\"`"),
        };
        let kind = match value.get_ref() {
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
            DeValue::Boolean(_) => "true or false",
            DeValue::String(_) => "a text",
            _ => "such a value",
        };
        let message = format!("`{name}` does not take {kind}\nhint: write {wanted}");
        file.wrong(value.span().start, &message)
    })
}

/// Whether the command line would take the values too.
fn check(
    file: &File<'_>,
    verb: Option<&Command>,
    option: &Arg,
    values: &[String],
    at: usize,
) -> anyhow::Result<()> {
    let (Some(verb), Some(long)) = (verb.filter(|_| !is_flag(option)), option.get_long()) else {
        return Ok(());
    };
    for value in values {
        let words = [format!("--{long}={value}")];
        let Err(error) = verb.clone().no_binary_name(true).try_get_matches_from(words) else { continue };
        // What else a command line would need is not the file's matter.
        if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
            continue;
        }
        let told = std::error::Error::source(&error).map(ToString::to_string);
        let message = told.unwrap_or_else(|| {
            let one_of = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(known)) => {
                    let known: Vec<_> = known.iter().map(|known| format!("`{known}`")).collect();
                    format!("\nhint: give one of {}", known.join(", "))
                }
                _ => String::new(),
            };
            format!("`{value}` is no value of `{}`{one_of}", long.replace('-', "_"))
        });
        return Err(file.wrong(at, &message));
    }
    Ok(())
}

fn find<'a>(command: &'a Command, path: &[String]) -> Option<&'a Command> {
    path.iter().try_fold(command, |command, name| command.find_subcommand(name))
}

fn with_defaults(command: Command, path: &[String], option: &Arg, values: Vec<String>) -> Command {
    match path.split_first() {
        Some((name, rest)) => {
            command.mut_subcommand(name, |below| with_defaults(below, rest, option, values))
        }
        // A flag that is off is what it is without a file, too.
        None if is_flag(option) && values.iter().all(|value| value == "false") => command,
        None => command.mut_arg(option.get_id(), |option| option.required(false).default_values(values)),
    }
}
