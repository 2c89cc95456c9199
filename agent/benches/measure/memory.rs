//! What the agent has in memory, while 10,000 programs start and 10,000 different operations are called.

use std::process::Command;
use std::time::Duration;

use anyhow::ensure;

use crate::agent::Agent;
use crate::{figure, load};

/// Programs and operations.
const MANY: u32 = 10_000;

pub(crate) fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let agent = Agent::start(&folder.path().join("ledger"), &["--interval", "5"])?;
    // The first call is named by tables that are unpacked for it.
    load::write("first", 1, 1, 0)?;
    std::thread::sleep(Duration::from_secs(2));
    print("at rest", &agent)?;
    for name in ["5,000 programs", "10,000 programs"] {
        let half = format!("i=0; while [ $i -lt {} ]; do /bin/true; i=$((i+1)); done", MANY / 2);
        ensure!(Command::new("sh").args(["-c", &half]).status()?.success(), "programs did not start");
        std::thread::sleep(Duration::from_secs(1));
        print(name, &agent)?;
    }
    for name in ["10,000 operations", "20,000 operations"] {
        load::write(&name.replace([',', ' '], ""), 4, MANY / 4, 2000)?;
        std::thread::sleep(Duration::from_secs(7));
        print(name, &agent)?;
    }
    let [calls, _, dropped, left] = agent.stop()?;
    eprintln!("    {calls} calls, {dropped} dropped, {left} left");
    Ok(())
}

fn print(when: &str, agent: &Agent) -> anyhow::Result<()> {
    let [resident, peak] = agent.memory()?;
    eprintln!("    {when}: {resident:.1} MB, at most {peak:.1} MB");
    figure(&format!("memory, {when}"), resident);
    figure(&format!("memory, {when}, peak"), peak);
    Ok(())
}
