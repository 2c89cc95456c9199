//! `cargo xtask fuzz`: feeds hostile input to what reads such, guided by what code it reaches.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, bail};

use crate::place::Place;
use crate::step::succeed;

/// What `cargo xtask fuzz` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Targets, by the names of their corpora; all unless named
    targets: Vec<String>,
    /// How long each is fed
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u32,
}

/// Where the targets and their corpora are.
const FOLDER: &str = "agent/fuzz";

/// The most that a target may have in memory, in MB: several times what it takes, so that growth is found.
const MEMORY: u32 = 512;

/// The longest input, in bytes.
const LONGEST: u32 = 16 * 1024;

/// How long one input may take, in seconds.
const PATIENCE: u32 = 20;

/// How often and how long a target is fed.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// From where chance begins, for so many seconds.
    Seconds(u32),
    /// The same inputs each time, so many.
    Inputs(u32),
}

/// Feeds the targets that are named for as long as is said.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let place = Place::find()?;
    let all = targets(&place.root)?;
    if let Some(strange) = arguments.targets.iter().find(|name| !all.contains(name)) {
        bail!("there is no target `{strange}`\nhint: there are {}", all.join(", "));
    }
    let chosen = if arguments.targets.is_empty() { &all } else { &arguments.targets };
    feed(&place, chosen, Bound::Seconds(arguments.seconds))
}

/// Feeds all targets what is the same in every run, for continuous integration: a failure is the change's.
pub(crate) fn bounded(place: &Place) -> anyhow::Result<()> {
    feed(place, &targets(&place.root)?, Bound::Inputs(INPUTS))
}

/// How many inputs each target gets in continuous integration.
const INPUTS: u32 = 40_000;

/// The names of the targets, which are those of their corpora.
fn targets(root: &Path) -> anyhow::Result<Vec<String>> {
    let folder = root.join(FOLDER).join("corpus");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn feed(place: &Place, targets: &[String], bound: Bound) -> anyhow::Result<()> {
    build(place, targets)?;
    let mut failed = Vec::new();
    for name in targets {
        let work = place.target.join("fuzz").join(name);
        let said = one(place, name, &work, bound)?;
        let log = work.join("log");
        fs::write(&log, &said.stderr).with_context(|| format!("cannot write `{}`", log.display()))?;
        let text = String::from_utf8_lossy(&said.stderr);
        if said.status.success() {
            let of = |what: &str| statistic(&text, what).unwrap_or("?");
            let (inputs, new, memory) =
                (of("number_of_executed_units"), of("new_units_added"), of("peak_rss_mb"));
            eprintln!("    {name}: {inputs} inputs, {new} of which reached something new, {memory} MB");
        } else {
            eprintln!("{text}");
            failed.push(format!("`{name}`, whose input is in `{}`", work.display()));
        }
    }
    if !failed.is_empty() {
        bail!(
            "targets failed: {}\nhint: an input that failed belongs in `{FOLDER}/corpus`, once it is mended",
            failed.join("; ")
        );
    }
    Ok(())
}

/// Feeds one target, and gives what libFuzzer says.
fn one(place: &Place, name: &str, work: &Path, bound: Bound) -> anyhow::Result<Output> {
    // What a run finds is kept for the next one, but where each is to be the same.
    let found = work.join("corpus");
    if matches!(bound, Bound::Inputs(_)) && found.exists() {
        fs::remove_dir_all(&found).with_context(|| format!("cannot empty `{}`", found.display()))?;
    }
    fs::create_dir_all(&found).with_context(|| format!("cannot make `{}`", found.display()))?;
    let program = place.target.join("debug").join(name);
    let mut command = place.command(&program);
    command.arg(&found).arg(place.root.join(FOLDER).join("corpus").join(name));
    command.args([
        format!("-rss_limit_mb={MEMORY}"),
        format!("-max_len={LONGEST}"),
        format!("-timeout={PATIENCE}"),
        format!("-artifact_prefix={}/", work.display()),
        "-print_final_stats=1".to_owned(),
    ]);
    command.args(match bound {
        Bound::Seconds(seconds) => vec![format!("-max_total_time={seconds}")],
        Bound::Inputs(inputs) => vec![format!("-runs={inputs}"), "-seed=1".to_owned()],
    });
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot run `{}`", program.display()))
}

/// One of the numbers that libFuzzer prints at its end.
fn statistic<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name))?;
    Some(line.trim_start_matches(':').trim())
}

/// Builds the targets. All of the workspace is selected, as in every other step, so that only its own crates are compiled anew.
fn build(place: &Place, targets: &[String]) -> anyhow::Result<()> {
    let mut command: Command = place.cargo(&["build", "--workspace", "--locked"]);
    command.args(["--features", "remit-agent-fuzz/libfuzzer"]);
    command.args(targets.iter().flat_map(|name| ["--bin", name]));
    succeed(command.env("RUSTC_WORKSPACE_WRAPPER", place.root.join(FOLDER).join("instrument")))
}
