//! Ingests logs into a ledger: `ingest cloudtrail|kubernetes-audit LEDGER INPUT...`. For trials, tests and benchmarks of this crate;
//! `remit ingest` is the program.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use remit_ingest::{NoProgress, Options, cloudtrail, kubernetes};

/// As the program has it.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

#[expect(clippy::print_stderr, reason = "an example talks on the terminal")]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(format), Some(ledger)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: ingest cloudtrail|kubernetes-audit LEDGER INPUT...");
        return ExitCode::from(64);
    };
    let threads = std::env::var("THREADS").ok().and_then(|threads| threads.parse().ok()).unwrap_or(2);
    let options =
        Options { inputs: arguments.collect(), ledger: ledger.into(), threads, ..Options::default() };
    let done = match format.as_str() {
        "kubernetes-audit" => kubernetes::ingest(options, None, &NoProgress),
        _ => cloudtrail::ingest(options, None, &NoProgress),
    };
    match done {
        Ok(summary) => {
            for diagnostic in &summary.diagnostics {
                eprintln!("{diagnostic}");
            }
            eprintln!("{:?} {:?}", summary.counts, summary.files);
            eprintln!(
                "bytes {} commits {} written {} unresolved {:?} since {:?}",
                summary.bytes,
                summary.commits,
                summary.written,
                summary.unresolved.iter().take(10).collect::<Vec<_>>(),
                summary.duplicates_found_since
            );
            ExitCode::from(if summary.is_partial() { 2 } else { 0 })
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
