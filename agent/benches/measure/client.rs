//! What the agent takes of the requests a second of a client: curl, over one connection, one request after the other.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::agent::{Agent, used};
use crate::server::Server;
use crate::{figure, median};

/// Requests of one run.
const REQUESTS: u32 = 10_000;

/// What is before the number of a request in its path: of requests that differ, and of equal ones, since what is behind the sign
/// is not sent.
const DIFFERENT: &str = "";
const EQUAL: &str = "same#";

/// Seconds that one of them takes without the agent.
const PACE: f64 = 1.0 / 5000.0;

/// A client that asks a server for paths.
struct Client<'a> {
    server: &'a Server,
    path: &'static str,
}

/// What one run took, in microseconds a request.
#[derive(Clone, Copy)]
struct Run {
    time: f64,
    /// Of processors, by the client.
    used: f64,
}

/// Measures so many pairs of runs, with the agent and without.
pub(crate) fn run(pairs: usize) -> anyhow::Result<()> {
    let server = Server::start()?;
    let client = Client { server: &server, path: DIFFERENT };
    let fastest = (0..3).map(|_| client.run()).collect::<anyhow::Result<Vec<Run>>>()?;
    let fastest = fastest.iter().map(|run| run.time).fold(f64::INFINITY, f64::min);
    figure("client, fastest requests a second", 1e6 / fastest);
    let mut pause = (PACE - fastest / 1e6).max(0.0);
    for _ in 0..4 {
        server.pause(Duration::from_secs_f64(pause));
        let mut times = [0.0; 3];
        for time in &mut times {
            *time = client.run()?.time;
        }
        pause = (pause + PACE - median(&mut times) / 1e6).max(0.0);
    }
    server.pause(Duration::from_secs_f64(pause));
    for (name, options, path) in [
        ("with responses", &["--responses", "first"][..], DIFFERENT),
        ("requests only, no sockets", &["--responses", "off", "--no-sockets"], DIFFERENT),
        ("equal requests, with responses", &["--responses", "first"], EQUAL),
    ] {
        compare(name, options, &Client { server: &server, path }, pairs)?;
    }
    Ok(())
}

fn compare(name: &str, options: &[&str], client: &Client<'_>, pairs: usize) -> anyhow::Result<()> {
    let (mut drops, mut more, mut agents, mut paces) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for pair in 0..pairs {
        // What comes first changes, since a machine gets faster and slower.
        let (without, with) = if pair % 2 == 0 {
            let without = client.run()?;
            (without, watched(options, client, &mut agents)?)
        } else {
            let with = watched(options, client, &mut agents)?;
            (client.run()?, with)
        };
        let drop = (1.0 - without.time / with.time) * 100.0;
        eprintln!(
            "    {name}: {:.0} and {:.0} requests a second, {drop:.1} % less; {:.1} and {:.1} µs of processors",
            1e6 / without.time,
            1e6 / with.time,
            without.used,
            with.used
        );
        drops.push(drop);
        more.push(with.used - without.used);
        paces.push(1e6 / without.time);
    }
    figure(&format!("client, {name}, requests a second without"), median(&mut paces));
    figure(&format!("client, {name}, drop in %"), median(&mut drops));
    let quarter = |place: usize| drops.get(drops.len() * place / 4).copied().unwrap_or(f64::NAN);
    figure(&format!("client, {name}, lower quarter"), quarter(1));
    figure(&format!("client, {name}, upper quarter"), quarter(3));
    figure(&format!("client, {name}, µs more a request"), median(&mut more));
    let (mut agents, mut idle): (Vec<f64>, Vec<f64>) = agents.into_iter().unzip();
    figure(&format!("client, {name}, µs of the agent a request"), median(&mut agents));
    figure(&format!("client, {name}, µs of the agent with two requests a second"), median(&mut idle));
    Ok(())
}

/// A run while the agent watches. What the agent used goes with what it uses in that time for two requests a second, each in
/// microseconds of one of the many.
fn watched(options: &[&str], client: &Client<'_>, agents: &mut Vec<(f64, f64)>) -> anyhow::Result<Run> {
    let folder = tempfile::tempdir()?;
    let agent = Agent::start(&folder.path().join("ledger"), options)?;
    let before = agent.used()?;
    let run = client.run()?;
    let between = agent.used()?;
    // What a program and its connection cost, and what is done once a second, is no cost of each request.
    let seconds = run.time * f64::from(REQUESTS) / 1e6;
    let few = (seconds * 2.0).max(1.0) as u32;
    let start = Instant::now();
    Client { path: EQUAL, ..*client }.ask(few, &["--rate", "2/s"])?;
    std::thread::sleep(Duration::from_secs_f64(seconds).saturating_sub(start.elapsed()));
    let each = 1e6 / f64::from(REQUESTS);
    agents.push(((between - before) * each, (agent.used()? - between) * each));
    let [calls, ..] = agent.stop()?;
    ensure!(calls >= u64::from(REQUESTS + few), "the agent saw {calls} calls");
    Ok(run)
}

impl Client<'_> {
    /// A run of curl.
    fn run(&self) -> anyhow::Result<Run> {
        self.ask(REQUESTS, &[])
    }

    /// A run of so many requests, with options.
    fn ask(&self, requests: u32, options: &[&str]) -> anyhow::Result<Run> {
        let address =
            format!("https://127.0.0.1:{}/remit-bench/{}[1-{requests}]", self.server.port, self.path);
        let mut curl = Command::new("curl");
        curl.args(options).args(["-sk", "--http1.1", &address]).stdout(Stdio::null());
        let start = Instant::now();
        let mut child = curl.spawn()?;
        // What it used is told until it is waited for.
        let state = format!("/proc/{}/stat", child.id());
        while !std::fs::read_to_string(&state)?.contains(") Z ") {
            std::thread::sleep(Duration::from_millis(1));
        }
        let time = start.elapsed().as_secs_f64();
        let used = used(child.id())?;
        ensure!(child.wait()?.success(), "curl failed");
        let each = 1e6 / f64::from(requests);
        Ok(Run { time: time * each, used: used * each })
    }
}
