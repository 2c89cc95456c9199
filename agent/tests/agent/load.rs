//! Many calls and many programs: what is lost is counted, and memory stays within bounds.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use futures::FutureExt as _;
use remit_ledger::{Provider, Snapshot};

use crate::server::{script, succeed};
use crate::trace::Trace;

/// Lets processes write calls as fast as they can, so many each, no two of them to the same host.
fn write(name: &str, processes: usize, calls: usize) {
    let start = |number: usize| {
        let mut python = Command::new("python3");
        python
            .arg(script("load.py"))
            .arg(format!("{name}{number}"))
            .args([calls.to_string(), "0".to_owned()]);
        python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut children: Vec<Child> = (0..processes).map(start).collect();
    for child in &mut children {
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n");
    }
    for child in &mut children {
        writeln!(child.stdin.as_mut().unwrap()).unwrap();
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn every_key_is_recorded_once_or_counted_as_lost() {
    const PROCESSES: usize = 4;
    const CALLS: usize = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let Some(run) = Trace::of(&["run".as_ref(), "--ledger".as_ref(), ledger.as_os_str()]) else { return };
    let name = format!("test{}-", std::process::id());
    write(&name, PROCESSES, CALLS);
    let seen = run.stop();
    let snapshot = Snapshot::of_folder(&ledger).unwrap();
    let records = snapshot.usage().now_or_never().unwrap().unwrap();
    let coverage = snapshot.coverage().now_or_never().unwrap().unwrap();
    // Of calls that nobody could name it is not known whose API they called, so they may have been these.
    let lost: u64 = coverage.iter().filter(|row| row.provider == Provider::Http).map(|row| row.lost).sum();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for record in records.iter().filter(|record| record.service.contains(&name)) {
        *counts.entry(&record.service).or_default() += record.count;
    }
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}; {}", seen.summary);
    let keys: Vec<String> = (0..PROCESSES)
        .flat_map(|process| (0..CALLS).map(move |number| (process, number)))
        .map(|(process, number)| format!("k{number}.{name}{process}.remit-load.example"))
        .collect();
    let missing = keys.iter().filter(|key| !counts.contains_key(key.as_str())).count();
    assert_eq!(counts.len() + missing, keys.len(), "{}", seen.summary);
    assert!(missing as u64 <= lost, "{missing} keys are missing, {lost} calls were lost; {}", seen.summary);
    let [calls, recorded, dropped] = ["calls", "of them recorded", "dropped"].map(|what| seen.count(what));
    assert_eq!(calls, recorded + dropped, "{}", seen.summary);
}

#[test]
fn memory_is_bounded_over_many_programs_and_operations() {
    /// Megabytes. What is reached is in docs/benchmarks.md; a build for tests needs more.
    const BOUND: u64 = 60;
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let Some(run) = Trace::of(&["run".as_ref(), "--ledger".as_ref(), ledger.as_os_str()]) else { return };
    succeed(Command::new("sh").args(["-c", "i=0; while [ $i -lt 10000 ]; do /bin/true; i=$((i+1)); done"]));
    write(&format!("memory{}-", std::process::id()), 4, 2_500);
    let status = std::fs::read_to_string(format!("/proc/{}/status", run.process())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches("kB").trim().parse().unwrap();
    let seen = run.stop();
    assert!(peak / 1024 < BOUND, "{} MB; {}", peak / 1024, seen.summary);
}
