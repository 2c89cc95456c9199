//! `remit-agent check`: what this kernel allows, what is missing, and what would be blind, before anything is installed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use remit_abi::Kind;
use remit_agent::kernel::{Kernel, Share};
use remit_agent::probe::{Blind, Hook, Mapping, Watch, executables, processes};
use remit_agent::wire::Responses;

use crate::observe::follow_sockets;

/// One line of the answer.
struct Row {
    name: String,
    state: &'static str,
    about: String,
}

/// How many processes are named of a runtime that is blind.
const NAMED: usize = 5;

/// Runs the checks and prints a line for each.
pub(crate) fn run() -> anyhow::Result<()> {
    // The ring buffer is waited for within a runtime only.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _entered = runtime.enter();
    let mut rows = vec![release(), uprobes(), cgroups(), mappings()];
    let loaded = Kernel::load(Share::default(), Responses::Off).and_then(|mut kernel| {
        kernel.load_all()?;
        Ok(kernel)
    });
    rows.push(match &loaded {
        Ok(_) => row("programs", "yes", "taken by the kernel, and attached to the start of programs"),
        Err(error) => row("programs", "no", error.to_string()),
    });
    if let Ok(mut kernel) = loaded {
        rows.push(match follow_sockets(&mut kernel) {
            None => row("sockets", "yes", "servers of connections that cannot be read are told of by name"),
            Some(reason) => row(
                "sockets",
                "limited",
                format!("connections that cannot be read are not told of: {reason}"),
            ),
        });
        rows.push(probes(&mut kernel));
        rows.extend(runtimes(&mut kernel)?);
    }
    let mut output = std::io::stdout().lock();
    for Row { name, state, about } in &rows {
        writeln!(output, "{name:<10} {state:<8} {about}")?;
    }
    output.flush()?;
    if rows.iter().any(|row| row.state == "no") {
        anyhow::bail!("calls cannot be seen here\nhint: what says `no` above must be mended first");
    }
    Ok(())
}

fn row(name: &str, state: &'static str, about: impl Into<String>) -> Row {
    Row { name: name.to_owned(), state, about: about.into().escape_debug().to_string() }
}

fn counted(processes: usize) -> String {
    format!("{processes} {}", if processes == 1 { "process" } else { "processes" })
}

fn release() -> Row {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    row(
        "kernel",
        if is_new_enough(&release) { "yes" } else { "no" },
        format!("{}; 5.8 or later is needed", release.trim()),
    )
}

/// Whether a release has ring buffers, which came with 5.8.
fn is_new_enough(release: &str) -> bool {
    let mut numbers = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(5), Some(8))
}

fn uprobes() -> Row {
    let kind = "/sys/bus/event_source/devices/uprobe/type";
    match Path::new(kind).exists() {
        true => row("uprobes", "yes", "the kernel attaches to functions of programs"),
        false => row(
            "uprobes",
            "no",
            format!("`{kind}` is missing: the kernel is built without uprobes, or sysfs is not mounted"),
        ),
    }
}

fn cgroups() -> Row {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mut unified = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (_, place, kind) = (fields.next()?, fields.next()?, fields.next()?);
        (kind == "cgroup2").then_some(place)
    });
    match unified.next_back() {
        Some(place) => row("cgroups", "yes", format!("the unified hierarchy is at `{place}`")),
        None => row("cgroups", "limited", "no unified hierarchy: calls are told apart by process only"),
    }
}

fn mappings() -> Row {
    let process = std::process::id();
    let range = executables(process).into_iter().next().map(|mapping| mapping.range).unwrap_or_default();
    match std::fs::metadata(format!("/proc/{process}/map_files/{range}")) {
        Ok(_) => row("mappings", "yes", "files that processes execute are opened as they are mapped"),
        Err(_) => row(
            "mappings",
            "limited",
            "files that processes execute are opened by name; deleted ones are not seen",
        ),
    }
}

/// Whether a probe at the agent's own function sees it called.
fn probes(kernel: &mut Kernel) -> Row {
    const NUMBER: u64 = 1;
    let mut heard = false;
    let tried = kernel.own().and_then(|own| {
        let mut events = kernel.events()?;
        own.call(NUMBER);
        while events.take(|header, _| heard |= header.kind == Kind::Test as u8) > 0 {}
        Ok(())
    });
    match tried {
        Ok(()) if heard => row("probes", "yes", "a function of the agent was called, and that was seen"),
        Ok(()) => row("probes", "no", "the kernel takes probes, and does not tell when a function is called"),
        Err(error) => row("probes", "no", error.to_string()),
    }
}

/// Which runtimes of the processes here are seen. Everything is detached again at the end.
fn runtimes(kernel: &mut Kernel) -> anyhow::Result<Vec<Row>> {
    let mut watch = Watch::new(Responses::Off);
    let mut rows = Vec::new();
    let mut blind: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut unfollowed = Blind::default();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for process in processes()? {
        watch.process(kernel, process);
        let mapped = executables(process);
        let is_followed = |mapping: &Mapping| !watch.hooks(process, std::slice::from_ref(mapping)).is_empty();
        let others = mapped.iter().filter(|mapping| !is_followed(mapping));
        let runtimes: BTreeSet<&str> =
            others.filter_map(|mapping| unfollowed.runtime(process, mapping)).collect();
        for runtime in runtimes {
            blind.entry(runtime).or_default().push(process);
        }
        let mut runtimes: Vec<&str> = watch.hooks(process, &mapped).into_iter().filter_map(runtime).collect();
        runtimes.sort_unstable();
        runtimes.dedup();
        for runtime in runtimes {
            *seen.entry(runtime).or_default() += 1;
        }
    }
    for (runtime, count) in seen {
        rows.push(row(runtime, "seen", counted(count)));
    }
    for (runtime, processes) in blind {
        let why = match runtime {
            "Java" => "encrypts by itself",
            "NSS" | "Mbed TLS" | "wolfSSL" | "s2n" => "is not followed",
            _ => "is linked in where it cannot be followed",
        };
        let about = format!(
            "{} ({}): {runtime} {why}, so only names of servers are seen and calls stay unobservable",
            counted(processes.len()),
            named(&processes)
        );
        rows.push(row(runtime, "blind", about));
    }
    if unfollowed.unsearched() > 0 {
        rows.push(row(
            "files",
            "limited",
            format!(
                "{} are too large to be searched for libraries of TLS, by themselves or together: more may be blind",
                unfollowed.unsearched()
            ),
        ));
    }
    Ok(rows)
}

/// Some processes by number and name.
fn named(processes: &[u32]) -> String {
    let name = |process: &u32| {
        let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
        format!("{process} {}", name.trim_end())
    };
    let mut names: Vec<String> = processes.iter().take(NAMED).map(name).collect();
    if processes.len() > NAMED {
        names.push("...".to_owned());
    }
    names.join(", ")
}

fn runtime(hook: Hook) -> Option<&'static str> {
    match hook {
        Hook::SslWrite | Hook::SslWriteEx => Some("OpenSSL"),
        Hook::GnutlsRecordSend => Some("GnuTLS"),
        Hook::GoTlsWrite => Some("Go"),
        Hook::RustlsWrite | Hook::RustlsWriteVectored => Some("rustls"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_as_numbers() {
        for new in ["5.8.0", "5.10.0-8-amd64", "6.1.0", "10.0"] {
            assert!(is_new_enough(new), "{new}");
        }
        for old in ["5.7.19", "4.18.0-305.el8", "", "x"] {
            assert!(!is_new_enough(old), "{old}");
        }
    }
}
