//! The analysis of a wide cluster: what the program has in memory.

use std::path::PathBuf;
use std::process::Command;

use super::row::Row;
use super::run::once;
use super::{Bench, python, script};

const SUBJECTS: &str = "10000";
const ROLES: &str = "5000";
/// Any number will do, as long as it stays.
const SEED: &str = "20261130";

/// Megabytes that it may take.
const MEMORY: f64 = 1000.0;

pub(super) fn run(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let folder = folder(bench)?;
    let (ledger, out) = (folder.join("ledger"), folder.join("out"));
    let remit = || Ok::<_, anyhow::Error>(Command::new(&bench.programs()?.remit));
    // What is in the ledger already is passed over.
    once(remit()?.args(["ingest", "kubernetes-audit"]).arg(folder.join("log")).arg("--ledger").arg(&ledger))?;
    let mut rows = Vec::new();
    for verb in ["findings", "propose", "report"] {
        let _ = std::fs::remove_dir_all(&out);
        let mut command = remit()?;
        command.arg(verb).arg("--ledger").arg(&ledger).arg("--grants").arg(folder.join("rbac.json"));
        command.args(["--audit-policy", "eks"]);
        if verb != "findings" {
            command.arg("--out").arg(&out);
        }
        let run = once(&mut command)?;
        eprintln!("    {verb:<9} {:>7.1} s", run.time.as_secs_f64());
        let what =
            format!("peak memory of `remit {verb}`, {SUBJECTS} subjects of a cluster by {ROLES} roles");
        rows.push(Row::peak(what, &[run], MEMORY));
    }
    Ok(rows)
}

/// A folder with roles, bindings and an audit log.
fn folder(bench: &Bench<'_>) -> anyhow::Result<PathBuf> {
    let folder = bench.place.target.join(format!("bench/cluster-{SUBJECTS}-{ROLES}-{SEED}"));
    let made = folder.join("made");
    if !made.is_file() {
        let _ = std::fs::remove_dir_all(&folder);
        let mut generate = Command::new(python(bench)?);
        generate.arg(script(bench, "wide_cluster.py")).arg(&folder).args([SUBJECTS, ROLES, SEED]);
        once(&mut generate)?;
        std::fs::write(&made, "")?;
    }
    Ok(folder)
}
