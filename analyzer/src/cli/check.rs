//! `remit check`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use remit_catalog::AccessLevel;
use remit_ledger::Provider;
use remit_policy::Usage;
use remit_source::Repository;
use serde::Serialize;

use super::Streams;
use super::analysing::catalog;
use super::comment::CommentArguments;
use crate::exit::Exit;
use crate::finding::LEVELS;
use crate::gate::{
    self, Counts, Input, Objection, Policy, Severity, Whom, code_quality, markdown, sarif, tree,
};
use crate::ledgers::Ledger;
use crate::output::plain;
use crate::owners::{OwnerArguments, Search};
use crate::pattern::Pattern;
use crate::proposals::write_file;
use crate::rollup::{Filter, by_principal};

/// Say what a change of policies grants that they did not grant before
///
/// Compares a folder of Terraform, CloudFormation, JSON policies or manifests of Kubernetes with what it was, and holds what it
/// grants newly against rules. Ends with 1 where a rule is broken.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder or file as it is now
    #[arg(value_name = "PATH", default_value = ".")]
    head: PathBuf,
    /// What it was: a folder or file, or a revision of git from which the change started
    #[arg(long, value_name = "REVISION|PATH")]
    base: String,
    /// A ledger, to tell whether what is granted was asked for
    #[arg(long, value_name = "DIR")]
    ledger: Option<String>,
    /// An action that nothing may be granted newly, such as `iam:PassRole` or `kms:*`
    #[arg(long, value_name = "ACTION", value_parser = Pattern::new)]
    forbid: Vec<Pattern>,
    /// The most dangerous access level that may be granted newly: `list`, `read`, `tagging`, `write` or `permissions-management`
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    max_privilege: Option<AccessLevel>,
    /// What is granted more needs an owner: by a tag, CODEOWNERS, or `[[owner]]` in `remit.toml`
    #[arg(long)]
    require_owner: bool,
    /// Wildcards and the right to change permissions need a date of review or expiry
    #[arg(long)]
    require_review: bool,
    /// From which severity on the exit code is 1
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "error")]
    fail_on: Severity,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Form,
    /// Write SARIF for code scanning into this file, too
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write a report of code quality, which GitLab shows in the merge request, into this file, too
    #[arg(long, value_name = "FILE")]
    code_quality: Option<PathBuf>,
    /// Write a comment for the pull request into this file, too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    #[command(flatten)]
    owners: OwnerArguments,
    #[command(flatten)]
    comment: CommentArguments,
}

/// How it is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// A line for each
    #[default]
    Text,
    /// One JSON object
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// A comment for the pull request
    Markdown,
}

/// Access levels as the command line has them.
fn level(text: &str) -> Result<AccessLevel, String> {
    let words = || LEVELS.iter().map(|(level, name)| (*level, name.replace(' ', "-")));
    let found = words().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(level, _)| level);
    found.ok_or_else(|| {
        let known: Vec<_> = words().map(|(_, name)| format!("`{name}`")).collect();
        format!("`{text}` is no access level\nhint: give one of {}", known.join(", "))
    })
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let head = tree::of_path(&arguments.head)?;
    let base = match Path::new(&arguments.base) {
        path if path.exists() => tree::of_path(path)?,
        _ => tree::of_revision(&arguments.head, &arguments.base)?,
    };
    let usage = arguments.ledger.as_deref().map(usage).transpose()?;
    let policy = Policy {
        forbidden: arguments.forbid.clone(),
        most: arguments.max_privilege,
        needs_owner: arguments.require_owner,
        needs_review: arguments.require_review,
    };
    let search = Search::new(&streams.configuration.owners, &arguments.owners, streams.today)?;
    let search = std::cell::RefCell::new(search);
    let owner = |whom: Whom<'_>| {
        let file = shown(&arguments.head, whom.file);
        search.borrow_mut().present(whom.identity, whom.tags(&head), &file).map(|owner| owner.shown())
    };
    let mutes = &streams.configuration.mutes;
    let mut objections = gate::check(&Input {
        catalog: catalog()?,
        base: &base,
        head: &head,
        policy: &policy,
        usage: usage.as_ref(),
        owner: &owner,
        mutes,
        today: streams.today,
    });
    for expired in mutes.expired() {
        streams.problem(expired);
    }
    let problems = problems(&base, &head);
    for problem in &problems {
        streams.problem(problem);
    }
    // Code scanning and people look for files from where they stand.
    for objection in &mut objections {
        objection.file = shown(&arguments.head, &objection.file);
    }
    print(arguments, &objections, streams)?;
    if let Some(path) = &arguments.sarif {
        write_file(path, &sarif::render(&objections)?)?;
    }
    if let Some(path) = &arguments.code_quality {
        write_file(path, &code_quality::render(&objections)?)?;
    }
    let comment = || markdown::render(&objections, &arguments.head);
    if let Some(path) = &arguments.markdown {
        write_file(path, &comment())?;
    }
    if arguments.comment.is_wanted() {
        // What the check says does not depend on who may hear it.
        match arguments.comment.leave(&comment(), !objections.is_empty()) {
            Ok(left) => streams.say(&left),
            Err(error) => streams.problem(&format!("there is no comment: {error:#}")),
        }
    }
    streams.say(&Counts::of(&objections).shown());
    let fails = |objection: &Objection| objection.muted.is_none() && objection.severity <= arguments.fail_on;
    Ok(match (problems.is_empty(), objections.iter().any(fails)) {
        (_, true) => Exit::Findings,
        (false, false) => Exit::Failed,
        (true, false) => Exit::Done,
    })
}

/// A file of the tree from where people stand.
fn shown(head: &Path, file: &str) -> String {
    match (head.is_file(), head == Path::new(".")) {
        (true, _) => head.display().to_string(),
        (false, true) => file.to_owned(),
        (false, false) => head.join(file).display().to_string(),
    }
}

/// What could not be read of files that the change touches.
fn problems(base: &Repository, head: &Repository) -> Vec<String> {
    let text = |of: &Repository, path: &Path| {
        of.files.iter().find(|file| file.path == path).map(|file| file.text().to_owned())
    };
    let is_touched = |path: &Path| text(base, path).is_none_or(|before| Some(before) != text(head, path));
    let touched = head.problems.iter().filter(|problem| is_touched(&problem.path));
    touched.map(|one| format!("{}:{}: {}", one.path.display(), one.line, one.message)).collect()
}

/// What principals were seen to do, by the last part of their name.
fn usage(ledger: &str) -> anyhow::Result<BTreeMap<String, Usage>> {
    let catalog = catalog()?;
    let ledger = Ledger::open(ledger)?;
    let mut callers = ledger.roll_up(&Filter::default())?;
    let mut usage = BTreeMap::new();
    let mut several = Vec::new();
    for (principal, calls) in by_principal(&mut callers, Provider::Aws) {
        let name = principal.rsplit('/').next().unwrap_or(&principal).to_owned();
        if usage.insert(name.clone(), Usage::gather(catalog, &calls.calls)).is_some() {
            several.push(name);
        }
    }
    // Of two accounts' roles with one name nobody knows which is meant.
    several.iter().for_each(|name| drop(usage.remove(name)));
    Ok(usage)
}

#[derive(Serialize)]
struct Whole<'a> {
    schema: &'static str,
    totals: Counts,
    results: &'a [Objection],
}

fn print(arguments: &Arguments, objections: &[Objection], streams: &mut Streams<'_>) -> anyhow::Result<()> {
    match arguments.format {
        Form::Sarif => write!(streams.out, "{}", sarif::render(objections)?)?,
        Form::Markdown => write!(streams.out, "{}", markdown::render(objections, &arguments.head))?,
        Form::Json => {
            let whole =
                Whole { schema: "remit.check/v1", totals: Counts::of(objections), results: objections };
            serde_json::to_writer_pretty(&mut *streams.out, &whole)?;
            writeln!(streams.out)?;
        }
        Form::Text => {
            for one in objections.iter().filter(|one| one.muted.is_none()) {
                let owner = one.owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
                let line = format!(
                    "{}:{}: {} {}: `{}` {}{owner}",
                    one.file,
                    one.line,
                    one.severity.as_str(),
                    one.rule,
                    one.address,
                    one.message
                );
                writeln!(streams.out, "{}", plain(&line))?;
            }
        }
    }
    Ok(())
}
