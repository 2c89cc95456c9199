//! What `cargo xtask bench agent` measures, as root: each part prints its figures, a name and a number a line.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what the caller reads")]

mod agent;
mod caller;
mod client;
mod cost;
#[path = "../../src/wire/tests/heads.rs"]
#[expect(dead_code, reason = "tests need more of them")]
mod heads;
mod load;
mod memory;
mod sample;
mod server;
mod sites;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["cost", ..] => cost::run(),
        ["work", rounds, ..] => rounds.parse().map(cost::work).map_err(Into::into),
        ["sites", ..] => sites::run(),
        ["client", pairs, ..] => pairs.parse().map_err(Into::into).and_then(client::run),
        ["memory", ..] => memory::run(),
        ["load", ..] => load::run(),
        _ => Err(anyhow::anyhow!("this program is run by `cargo xtask bench agent`")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Prints a figure.
fn figure(name: &str, value: f64) {
    println!("{name}\t{value}");
}

/// The value in the middle.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
