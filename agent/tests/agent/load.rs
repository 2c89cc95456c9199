//! Many calls and many programs: what is lost is counted, and memory stays within bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use remit_abi::Counter;
use remit_agent::kernel::{Kernel, Share, has_breakpoint};
use remit_agent::probe::{Watch, points};
use remit_agent::wire::Responses;
use remit_ledger::{Provider, Snapshot};
use remit_tests::skip;

use crate::lifecycle::libssl;
use crate::pod::Cgroup;
use crate::server::{script, succeed};
use crate::trace::Trace;

/// Lets processes write calls as fast as they can, so many each, no two of them to the same host.
fn write(name: &str, processes: usize, calls: usize) {
    let start = |number| writer(Command::new("python3"), &format!("{name}{number}"), calls);
    let mut children: Vec<Child> = (0..processes).map(start).collect();
    children.iter_mut().for_each(begin);
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
}

/// A process that is ready to write calls.
fn writer(mut python: Command, name: &str, calls: usize) -> Child {
    python.arg(script("load.py")).arg(name).args([&calls.to_string(), "0"]);
    let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    child
}

/// Lets it begin.
fn begin(child: &mut Child) {
    writeln!(child.stdin.as_mut().unwrap()).unwrap();
}

/// One writes far more than its share while another writes less than its own.
#[test]
fn one_cgroup_does_not_blind_the_agent_to_others() {
    const LOUD: usize = 5_000;
    const QUIET: usize = 50;
    let Some(top) = Cgroup::top(|kind, _| kind == "cgroup2") else {
        return skip::loudly("no hierarchy of cgroups of version 2 is mounted", "mount one");
    };
    let share = Share { calls: 100, burst: 1_000_000_000, ..Share::default() };
    let mut kernel = match Kernel::load(share, Responses::Off) {
        Ok(kernel) => kernel,
        Err(error) => {
            assert!(error.to_string().contains("not permitted"), "{error}");
            return skip::loudly("BPF is not permitted here", "run as root on a kernel with BPF and uprobes");
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let mut events = kernel.events().unwrap();
    let mut watch = Watch::new(Responses::Off);
    watch.round(&mut kernel).unwrap();
    let own = std::process::id();
    let names = ["loud", "quiet"].map(|name| format!("{name}{own}"));
    let cgroups = names.each_ref().map(|name| Cgroup::new(&top, &format!("remit-{name}")));
    let [mut loud, mut quiet] =
        [(0, LOUD), (1, QUIET)].map(|(at, calls)| writer(cgroups[at].run("python3"), &names[at], calls));
    begin(&mut loud);
    begin(&mut quiet);
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    let mut is_over = false;
    loop {
        let taken = events.take(|_, text| {
            let text = String::from_utf8_lossy(text);
            let host = text.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap_or_default();
            for (name, seen) in names.iter().zip(&mut seen) {
                if host.contains(name.as_str()) {
                    seen.insert(host.to_owned());
                }
            }
        });
        if taken == 0 && is_over {
            break;
        }
        is_over = [&mut loud, &mut quiet].map(|child| child.try_wait().unwrap()).iter().all(Option::is_some);
    }
    let counts = kernel.counts().unwrap();
    let [loud, quiet] = seen.map(|seen| seen.len());
    assert_eq!(quiet, QUIET, "{counts:?}");
    assert!(loud < LOUD, "{loud} of the loud one's calls came through");
    assert!(counts.of(Counter::Throttled) >= (LOUD - loud) as u64, "{loud} came through; {counts:?}");
    assert!(counts.is_conserved(), "{counts:?}");
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

/// Alone, since the breakpoints of other agents are at the same places.
#[test]
fn no_breakpoint_is_left_when_the_agent_ends() {
    let file = File::open(libssl()).unwrap();
    let points = points(&file).unwrap();
    let breakpoints = || points.iter().filter(|point| has_breakpoint(&file, point.offset()).unwrap()).count();
    if breakpoints() > 0 {
        return skip::loudly("another agent is at work", "end it");
    }
    for is_killed in [false, true] {
        let Some(trace) = Trace::start() else { return };
        assert!(breakpoints() > 0);
        if is_killed {
            trace.kill();
        } else {
            trace.stop();
        }
        let start = Instant::now();
        while breakpoints() > 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "{} are left", breakpoints());
        }
    }
}
