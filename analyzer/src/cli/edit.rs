//! `remit edit`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::bail;
use remit_source::{Edits, Options};
use serde::Serialize;

use super::{Streams, locate};
use crate::exit::Exit;
use crate::output::counted;
use crate::proposals::{read_all, write_file};

/// Write a proposals folder into the sources of a repository, as a patch
///
/// Only what is removed or narrowed changes, and each edit is read back and proven. What cannot be edited safely is
/// suggested on standard error, with its place. The patch is for `git apply`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The proposals folder, or one principal's folder in it
    #[arg(value_name = "PROPOSALS")]
    folder: PathBuf,
    /// The repository, or a folder in it. What its `.gitignore` names is passed over, and links are not followed
    #[arg(long, value_name = "DIR")]
    repo: PathBuf,
    /// Also narrow the resources of policies, and the names of objects that roles list
    #[arg(long)]
    resources: bool,
    /// Change the files of the repository, instead of printing a patch
    #[arg(long)]
    write: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Shape,
}

/// How edits are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// A patch that `git apply` takes.
    #[default]
    Patch,
    /// One JSON object with the patch of each file, the outcome of each grant, and suggestions.
    Json,
}

#[derive(Serialize)]
struct Told<'a> {
    files: Vec<File>,
    outcomes: Vec<Outcome<'a>>,
    suggestions: Vec<Suggested<'a>>,
}

#[derive(Serialize)]
struct File {
    path: String,
    patch: String,
}

#[derive(Serialize)]
struct Outcome<'a> {
    grant: &'a str,
    edited: bool,
    /// Actions that stay on fewer resources, each with these.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    narrowed: &'a BTreeMap<String, BTreeSet<String>>,
}

#[derive(Serialize)]
struct Suggested<'a> {
    grant: &'a str,
    path: Option<String>,
    line: u32,
    why: &'a str,
    text: &'a str,
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let (proposals, known) = read_all(&arguments.folder)?;
    if proposals.is_empty() {
        bail!(
            "no proposals in `{}`\nhint: `remit propose --out {0}` writes them",
            arguments.folder.display()
        );
    }
    let (repository, is_whole) = locate::read(&arguments.repo, streams)?;
    let edits = repository.edit_all(&proposals, &known, Options { resources: arguments.resources });
    match arguments.format {
        Shape::Json => {
            serde_json::to_writer_pretty(&mut *streams.out, &told(&edits))?;
            writeln!(streams.out)?;
        }
        Shape::Patch => {
            if !arguments.write {
                write!(streams.out, "{}", edits.patch())?;
            }
            suggest(&edits, streams);
        }
    }
    if arguments.write {
        for file in &edits.files {
            write_file(&arguments.repo.join(&file.path), &file.after)?;
        }
    }
    let edited = edits.outcomes.iter().filter(|outcome| outcome.is_edited).count();
    streams.say(&format!(
        "{} edited in {}, {} suggested",
        counted(edited as u64, "grant", "grants"),
        counted(edits.files.len() as u64, "file", "files"),
        edits.suggestions.len()
    ));
    Ok(if is_whole { Exit::Done } else { Exit::Failed })
}

fn suggest(edits: &Edits, streams: &mut Streams<'_>) {
    for suggestion in &edits.suggestions {
        let place = match &suggestion.path {
            Some(path) => format!(" at {}:{}", path.display(), suggestion.line),
            None => String::new(),
        };
        streams.say(&format!("not edited: {}{place}: {}", suggestion.grant, suggestion.why));
        if !suggestion.text.is_empty() {
            streams.say("what is to be there:");
        }
        for line in suggestion.text.lines() {
            streams.say(&format!("    {line}"));
        }
    }
}

fn told(edits: &Edits) -> Told<'_> {
    let files =
        edits.files.iter().map(|file| File { path: file.path.display().to_string(), patch: file.patch() });
    let outcomes = edits.outcomes.iter().map(|one| Outcome {
        grant: &one.grant,
        edited: one.is_edited,
        narrowed: &one.narrowed,
    });
    let suggestions = edits.suggestions.iter().map(|one| Suggested {
        grant: &one.grant,
        path: one.path.as_ref().map(|path| path.display().to_string()),
        line: one.line,
        why: &one.why,
        text: &one.text,
    });
    Told { files: files.collect(), outcomes: outcomes.collect(), suggestions: suggestions.collect() }
}
