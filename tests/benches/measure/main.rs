//! What `cargo xtask bench` measures that is no program of its own: the floor under ingest, and parts of
//! Remit by themselves.
#![expect(clippy::print_stdout, reason = "its output is what the caller reads")]

mod decisions;
mod dice;
mod evaluate;
mod floor;
mod ledger;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use ledger::Company;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["floor", folder] => floor::run(&PathBuf::from(folder)),
        ["requests", file, policies, requests] => numbers(policies, requests)
            .and_then(|[policies, requests]| decisions::write(&PathBuf::from(file), policies, requests)),
        ["decide", file, times] => {
            times.parse().map_err(Into::into).and_then(|times| decisions::decide(&PathBuf::from(file), times))
        }
        ["ledger", folder, rows] => rows
            .parse()
            .map_err(Into::into)
            .and_then(|rows| ledger::run(&PathBuf::from(folder), &Company::busy(rows, Company::FEW))),
        ["wide", folder, rows, principals] => numbers(rows, principals).and_then(|[rows, principals]| {
            ledger::run(&PathBuf::from(folder), &Company::busy(rows as u64, principals))
        }),
        ["days", folder, first, end] => match (first.parse(), end.parse()) {
            (Ok(first), Ok(end)) => ledger::run(&PathBuf::from(folder), &Company::large(first..end)),
            _ => Err(anyhow::anyhow!("`{first}` and `{end}` are to be days")),
        },
        ["evaluate", folder, truth, cut, horizon] => {
            let days = (cut.parse(), horizon.parse());
            match days {
                (Ok(cut), Ok(horizon)) => {
                    evaluate::run(&PathBuf::from(folder), &PathBuf::from(truth), cut, horizon)
                }
                _ => Err(anyhow::anyhow!("`{cut}` and `{horizon}` are to be days")),
            }
        }
        ["catalog"] => catalog(),
        _ => Err(anyhow::anyhow!("this program is run by `cargo xtask bench`")),
    };
    match done {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn numbers(first: &str, second: &str) -> anyhow::Result<[usize; 2]> {
    Ok([first.parse()?, second.parse()?])
}

/// How long the catalog takes to load in a process that has not used it, in nanoseconds.
fn catalog() -> anyhow::Result<String> {
    let start = Instant::now();
    let catalog = remit_catalog::Catalog::embedded()?;
    let time = start.elapsed();
    anyhow::ensure!(catalog.find("s3:GetObject").is_some(), "the catalog lacks `s3:GetObject`");
    Ok(time.as_nanos().to_string())
}
