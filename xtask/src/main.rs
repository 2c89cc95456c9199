//! What cargo cannot do: one file per verb.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's tool that talks on its streams"
)]

mod bench;
mod bless;
mod catalog;
mod digest;
mod dist;
mod ebpf;
mod evaluate;
mod fuzz;
mod metadata;
mod place;
mod step;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What cargo cannot do
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Pass every test: format, tidy, clippy, tests, doctests, documentation, dependencies
    Test(test::Arguments),
    /// Check what the compiler does not: layers, file sizes, names, links, the architecture document
    Tidy,
    /// Measure ratios to other programs on the same files, and print them as a Markdown table
    Bench(bench::Arguments),
    /// Hold what the learner proposes against the truth of synthetic organisations, and print what came of it as Markdown
    Evaluate(evaluate::Arguments),
    /// Make the catalog's table again, of its pinned sources and `catalog/overrides`
    Catalog(catalog::Arguments),
    /// Feed hostile input to what reads such, guided by the code that it reaches
    Fuzz(fuzz::Arguments),
    /// Compile the kernel's programs, with a compiler that is installed where it is missing
    Ebpf(ebpf::Arguments),
    /// Build static programs, and pack them with man pages, completions and what a container image is made of
    Dist(dist::Arguments),
    /// Rewrite the expected files of golden cases and snapshots with what comes out now
    Bless(bless::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::Test(arguments) => test::run(&arguments),
        Verb::Tidy => tidy::run(),
        Verb::Evaluate(arguments) => evaluate::run(&arguments),
        Verb::Bench(arguments) => bench::run(&arguments),
        Verb::Catalog(arguments) => catalog::run(&arguments),
        Verb::Fuzz(arguments) => fuzz::run(&arguments),
        Verb::Ebpf(arguments) => ebpf::run(&arguments),
        Verb::Dist(arguments) => dist::run(&arguments),
        Verb::Bless(arguments) => bless::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
