//! `cargo xtask bless`: accepts what comes out now as what is expected.

use anyhow::Context;

use crate::place::Place;
use crate::step::{Steps, succeed};
use crate::test;

/// What `cargo xtask bless` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only tests whose names contain one of these
    filters: Vec<String>,
}

/// Runs the tests with golden cases told to rewrite their files.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let place = Place::find()?;
    let skips = place.target.join("skipped-tests.txt");
    let _ = std::fs::remove_file(&skips);
    let settings = [("REMIT_BLESS", "1")];
    let mut steps = Steps::new(false);
    steps.take("build", || test::build(&place));
    steps.take("tests", || test::tests(&place, &skips, &arguments.filters, &settings));
    let done = steps.finish();
    eprintln!("\nread what changed before you commit it:");
    succeed(place.command("git").args(["status", "--short"]))
        .context("git is needed to show what changed")?;
    done
}
