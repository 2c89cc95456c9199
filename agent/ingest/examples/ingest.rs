//! Ingests CloudTrail files into a ledger: `ingest LEDGER INPUT...`. For trials and tests of this crate; `remit ingest
//! cloudtrail` is the program.

use std::process::ExitCode;

use remit_ingest::cloudtrail::ingest;
use remit_ingest::{NoProgress, Options};

#[expect(clippy::print_stderr, reason = "an example talks on the terminal")]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(ledger) = arguments.next() else {
        eprintln!("usage: ingest LEDGER INPUT...");
        return ExitCode::from(64);
    };
    let threads = std::env::var("THREADS").ok().and_then(|threads| threads.parse().ok()).unwrap_or(2);
    let options =
        Options { inputs: arguments.collect(), ledger: ledger.into(), threads, ..Options::default() };
    match ingest(options, None, &NoProgress) {
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
