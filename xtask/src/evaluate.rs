//! `cargo xtask evaluate`: what the learner's proposals would have broken, over synthetic organisations of which the truth
//! is known.
//!
//! Each organisation's logs are read by the product as its users would read them. What `remit backtest` says of it is summed up
//! over seeds; and what `remit propose` writes, with the logs up to a cut-off, is held against the truth of the days behind it.

mod sums;
mod table;
mod truth;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use self::sums::Sums;
use self::truth::Checked;
use crate::bench::program;
use crate::place::Place;
use crate::step::succeed;

/// What `cargo xtask evaluate` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The first seed
    #[arg(long, default_value_t = 101)]
    first_seed: u64,
    /// How many seeds
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// How much needs drift: so many times as much as the generator has it change
    #[arg(long, value_delimiter = ',', default_value = "0,1,3")]
    drift: Vec<u32>,
    /// Identities of an organisation
    #[arg(long, default_value_t = 100)]
    identities: u32,
    /// Days of history
    #[arg(long, default_value_t = DAYS)]
    days: u32,
    /// Deal names and tags of siblings out anew, as a control: then peers tell nothing
    #[arg(long)]
    shuffle_siblings: bool,
    /// Leave out the proposals at a cut-off, which are held against the truth
    #[arg(long)]
    no_truth: bool,
    /// Leave out the accounts, and so their proposals as well
    #[arg(long)]
    no_accounts: bool,
    /// Use this `remit` instead of building one
    #[arg(long)]
    remit: Option<PathBuf>,
}

/// Days of history: as many as are needed to learn from a year at several cut-offs.
const DAYS: u32 = 520;

/// Days behind a cut-off.
const HORIZON: u32 = 30;

/// The tiers that are proposed.
const TIERS: [&str; 3] = ["strict", "standard", "balanced"];

/// Evaluates, and prints a document in Markdown.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let place = Place::find()?;
    let remit = program::product(&place, arguments.remit.clone())?;
    let organisation = program::organisation(&place)?;
    let measure = arguments.checks_truth().then(|| program::measure(&place)).transpose()?;
    let programs = Programs { remit, organisation, measure };
    for drift in &arguments.drift {
        let (mut sums, mut of_cluster) = (Sums::default(), Sums::default());
        let mut checked = Checked::default();
        for seed in arguments.first_seed..arguments.first_seed + arguments.seeds {
            eprintln!("==> seed {seed}, drift {drift}");
            let folder = place.target.join("evaluate").join(format!("{seed}-{drift}"));
            let one = Organisation { place: &place, programs: &programs, arguments, folder: &folder };
            one.make(seed, *drift)?;
            if !arguments.no_accounts {
                sums.add(&one.backtest()?)?;
            }
            of_cluster.add(&one.cluster()?)?;
            if arguments.checks_truth() {
                checked.add(&one.proposals()?);
            }
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove `{}`", folder.display()))?;
        }
        println!("{}", table::document(arguments, *drift, [&sums, &of_cluster], &checked));
    }
    Ok(())
}

/// The programs.
struct Programs {
    remit: PathBuf,
    organisation: PathBuf,
    /// What asks policies; it takes long to build, and only the truth needs it.
    measure: Option<PathBuf>,
}

impl Arguments {
    /// Whether proposals are held against the truth.
    fn checks_truth(&self) -> bool {
        !self.no_truth && !self.no_accounts
    }
}

/// One organisation on disk.
struct Organisation<'a> {
    place: &'a Place,
    programs: &'a Programs,
    arguments: &'a Arguments,
    folder: &'a Path,
}

impl Organisation<'_> {
    fn make(&self, seed: u64, drift: u32) -> anyhow::Result<()> {
        let _ = std::fs::remove_dir_all(self.folder);
        let arguments = self.arguments;
        let mut generate = self.place.command(&self.programs.organisation);
        generate.arg("history").arg("--seed").arg(seed.to_string()).arg("--drift").arg(drift.to_string());
        generate.arg("--days").arg(arguments.days.to_string());
        generate.arg("--identities").arg(arguments.identities.to_string());
        if arguments.shuffle_siblings {
            generate.arg("--shuffle-siblings");
        }
        succeed(generate.arg("--out").arg(self.folder)).context("the generator made no organisation")?;
        if !arguments.no_accounts {
            self.ingest("cloudtrail", &[self.folder.join("cloudtrail")], "ledger")?;
        }
        self.ingest("kubernetes-audit", &[self.folder.join("kubernetes")], "cluster")
    }

    fn ingest(&self, source: &str, paths: &[PathBuf], ledger: &str) -> anyhow::Result<()> {
        let mut ingest = self.place.command(&self.programs.remit);
        ingest.args(["ingest", source, "--ledger"]).arg(self.folder.join(ledger)).args(paths);
        succeed(ingest.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null()))
            .context("its logs cannot be read")
    }

    /// A verb that reads a ledger, and prints JSON.
    fn bare(&self, verb: &str, ledger: &str) -> Command {
        let mut command = self.place.command(&self.programs.remit);
        command.arg(verb).arg("--ledger").arg(self.folder.join(ledger)).args(["--format", "json"]);
        command
    }

    /// The same with the grants of the account.
    fn verb(&self, verb: &str, ledger: &str) -> Command {
        let mut command = self.bare(verb, ledger);
        command.arg("--coverage").arg(self.folder.join("selectors.json"));
        command.arg("--grants").arg(self.folder.join("account.json"));
        command
    }

    fn backtest(&self) -> anyhow::Result<Value> {
        replayed(self.verb("backtest", "ledger"))
    }

    /// The same of the organisation's cluster. Gaps of the log, which last four days at most, are taken for covered: verdicts of
    /// the last stretch alone would leave most clusters without any.
    fn cluster(&self) -> anyhow::Result<Value> {
        let mut command = self.bare("backtest", "cluster");
        command.arg("--grants").arg(self.folder.join("manifests"));
        command.arg("--audit-policy").arg(self.folder.join("audit-policy.yaml")).args(["--max-gap", "5d"]);
        replayed(command)
    }

    /// What proposals at a cut-off came to, one of each tier.
    fn proposals(&self) -> anyhow::Result<Vec<Value>> {
        let truth = self.folder.join("truth.json");
        let cut = self.arguments.days.saturating_sub(HORIZON);
        self.ingest(
            "cloudtrail",
            &truth::files_before(&self.folder.join("cloudtrail"), &truth, cut)?,
            "until",
        )?;
        let mut all = Vec::new();
        for tier in TIERS {
            let out = self.folder.join(format!("proposals-{tier}"));
            let mut propose = self.verb("propose", "until");
            propose.arg("--tier").arg(tier).arg("--out").arg(&out);
            let output = propose.output().context("`remit propose` cannot be started")?;
            // What cannot be proven is withheld, and told.
            anyhow::ensure!(out.join("index.json").is_file(), "{}", String::from_utf8_lossy(&output.stderr));
            let measure = self.programs.measure.as_ref().context("nothing was built that asks policies")?;
            let mut check = self.place.command(measure);
            check.arg("evaluate").arg(&out).arg(&truth).arg(cut.to_string()).arg(HORIZON.to_string());
            let output = check.output().context("the proposals cannot be held against the truth")?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut value: Value = serde_json::from_str(&text).with_context(|| text.clone())?;
            if let Some(fields) = value.as_object_mut() {
                fields.insert("tier".to_owned(), tier.into());
            }
            all.push(value);
        }
        Ok(all)
    }
}

/// What a backtest prints.
fn replayed(mut backtest: Command) -> anyhow::Result<Value> {
    backtest.args(["--train", "90,365", "--horizon", "30"]);
    let output = backtest.output().context("`remit backtest` cannot be started")?;
    anyhow::ensure!(output.status.success(), "backtest: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}
