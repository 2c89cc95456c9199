//! `remit-agent run`: calls of this machine into the ledger, until it is told to stop.

mod connections;
mod kubelet;
mod losses;
mod writer;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use remit_abi::Counter;
use remit_agent::capture::{Capture, Known};
use remit_agent::endpoint::{Board, Endpoint};
use remit_agent::identity::KubeletSettings;
use remit_agent::metrics::Metric;
use remit_agent::recording::{Place, Recorder, RecorderSettings, StoreSettings};
use remit_agent::wire::{Limits, Responses};
use remit_ledger::Address;

use crate::observe::{Observation, identities, now};
use connections::Seen;
use kubelet::Asker;
use losses::Losses;
use writer::Writer;

/// What `remit-agent run` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The ledger: a folder, or a place in an object store such as `s3://BUCKET/PREFIX`
    #[arg(long)]
    ledger: String,
    /// A folder for what cannot be written to the ledger while that is away; needed for an object store
    #[arg(long)]
    spool: Option<PathBuf>,
    /// Megabytes that the spool may take
    #[arg(long, default_value_t = 256)]
    spool_limit: u64,
    /// Seconds after which calls are written at the latest
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    interval: u32,
    /// Which responses to follow: without them outcomes stay unknown, and the workload pays less
    #[arg(long, value_enum, default_value_t)]
    responses: Responses,
    /// Do not look at what sockets send first: connections that cannot be read are not told of, which leaves workloads that
    /// encrypt by themselves without a trace
    #[arg(long)]
    no_sockets: bool,
    /// Show metrics and health at this address, such as 127.0.0.1:9464; of this machine, unless exposed
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Show them to other machines, too, as to a cluster's Prometheus: they name workloads
    #[arg(long, requires = "listen")]
    exposed: bool,
    /// The AWS account of this machine's workloads, in which names without an account are
    #[arg(long)]
    account: Option<String>,
    /// Hosts of Kubernetes API servers, beside those that are told by their names; in a pod that of its cluster, unless told
    /// otherwise
    #[arg(long)]
    api_server: Vec<String>,
    /// Hosts of Vault servers, likewise
    #[arg(long)]
    vault: Vec<String>,
    /// The cluster's name
    #[arg(long)]
    cluster: Option<String>,
    /// The kubelet that tells pods: `https://HOST:10250`, or `http://127.0.0.1:10255`
    #[arg(long)]
    kubelet: Option<String>,
    /// The file of the bearer token for the kubelet
    #[arg(long, requires = "kubelet")]
    kubelet_token: Option<PathBuf>,
    /// The file of the certificates that the kubelet's own is signed with
    #[arg(long, requires = "kubelet")]
    kubelet_ca: Option<PathBuf>,
}

/// Streams are swept, losses counted and metrics written so often.
const BEAT: Duration = Duration::from_secs(1);

/// How long the last calls may take to be written when the agent is told to stop.
const FAREWELL: Duration = Duration::from_secs(20);

/// Runs until it is told to stop.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { Agent::begin(arguments)?.run().await })
}

fn probe_metrics(observation: &Observation) -> [Metric; 4] {
    let (watch, is_alive) = (observation.watch(), observation.dead_since().is_none());
    [
        Metric::gauge("remit_probes", "Functions that are followed.", watch.probes() as u64),
        Metric::counter("remit_probes_refused_total", "Functions that cannot be followed.", watch.refused()),
        Metric::counter(
            "remit_probes_dead_total",
            "Files whose probes were found dead, and attached again.",
            watch.dead(),
        ),
        Metric::gauge(
            "remit_probes_alive",
            "Whether the agent sees a call of its own function.",
            is_alive.into(),
        ),
    ]
}

/// Refuses what would be taken for something and be nothing.
fn check(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.ledger.is_empty() {
        anyhow::bail!("the ledger has no name\nhint: give `--ledger DIR` or `--ledger s3://BUCKET/PREFIX`");
    }
    let is_account =
        |account: &String| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(account) = arguments.account.as_ref().filter(|account| !is_account(account)) {
        anyhow::bail!("`{account}` is no account of AWS\nhint: give its twelve digits");
    }
    let is_host = |host: &String| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]%".contains(&byte);
        !host.is_empty() && !host.ends_with(':') && host.bytes().all(is_plain)
    };
    for (option, hosts) in [("--api-server", &arguments.api_server), ("--vault", &arguments.vault)] {
        if let Some(host) = hosts.iter().find(|host| !is_host(host)) {
            anyhow::bail!(
                "`{host}` is no host\nhint: give `{option} HOST` or `{option} HOST:PORT`, without `https://` and path"
            );
        }
    }
    Ok(())
}

/// The API servers that were told, or else the one whose address Kubernetes tells each pod.
fn api_servers(told: &[String], variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let address = variable("KUBERNETES_SERVICE_HOST").zip(variable("KUBERNETES_SERVICE_PORT"));
    match address.filter(|_| told.is_empty()) {
        Some((host, port)) if host.contains(':') => vec![format!("[{host}]:{port}")],
        Some((host, port)) => vec![format!("{host}:{port}")],
        None => told.to_vec(),
    }
}

/// The agent at work.
struct Agent {
    observation: Observation,
    capture: Capture,
    recorder: Recorder,
    losses: Losses,
    seen: Seen,
    writer: Writer,
    asker: Option<Asker>,
    board: Arc<Board>,
    /// Answers as long as the agent runs.
    _endpoint: Option<Endpoint>,
}

impl Agent {
    fn begin(arguments: &Arguments) -> anyhow::Result<Self> {
        check(arguments)?;
        let board = Board::new(BEAT * 10);
        let endpoint = crate::show(arguments.listen, arguments.exposed, &board)?;
        let asker = match &arguments.kubelet {
            Some(address) => Some(Asker::begin(&KubeletSettings {
                address: address.clone(),
                token: arguments.kubelet_token.clone(),
                authorities: arguments.kubelet_ca.clone(),
            })?),
            None => None,
        };
        let ledger = match Address::parse(&arguments.ledger)? {
            Some(address) if arguments.spool.is_none() => anyhow::bail!(
                "a ledger in `{}` needs a spool\nhint: give `--spool DIR`, a folder of the agent's own",
                address.bucket()
            ),
            Some(address) => Place::Store(address),
            None => Place::Folder(arguments.ledger.clone().into()),
        };
        let store = StoreSettings {
            ledger,
            spool: arguments.spool.clone(),
            spool_limit: arguments.spool_limit.saturating_mul(1 << 20),
        };
        let known = Known {
            account: arguments.account.clone().unwrap_or_default(),
            api_servers: api_servers(&arguments.api_server, |name| std::env::var(name).ok()),
            vaults: arguments.vault.clone(),
        };
        let limits = Limits { responses: arguments.responses, ..Limits::default() };
        let settings = RecorderSettings {
            interval: i64::from(arguments.interval) * 1_000_000,
            ..RecorderSettings::default()
        };
        let writer = Writer::begin(store)?;
        let recorder = Recorder::new(settings, now());
        let observation = Observation::begin(arguments.responses, !arguments.no_sockets, true)?;
        Ok(Self {
            observation,
            capture: Capture::new(limits, identities(arguments.cluster.clone()), known),
            recorder,
            losses: Losses::new(now()),
            seen: Seen::default(),
            writer,
            asker,
            board,
            _endpoint: endpoint,
        })
    }

    async fn run(mut self) -> anyhow::Result<()> {
        let mut next_beat = Instant::now();
        loop {
            let is_over = self.observation.wait().await?;
            self.take();
            if is_over {
                break;
            }
            self.publish(now());
            self.observation.follow()?;
            if next_beat <= Instant::now() {
                next_beat = Instant::now() + BEAT;
                self.beat()?;
            }
        }
        self.end()
    }

    /// Takes what the kernel has to say.
    fn take(&mut self) -> usize {
        let Self { observation, capture, recorder, .. } = self;
        observation.take(|header, bytes, at| {
            capture.event(header, bytes, at, &mut |_, call| recorder.record(call));
        })
    }

    /// Hands over what is to be written. Asked after every look at what the kernel has to say, since a second of calls that
    /// all differ may be more than there is room for.
    fn publish(&mut self, now: i64) {
        let Self { recorder, writer, .. } = self;
        writer.acknowledge(recorder);
        if recorder.is_due(now)
            && let Some(batch) = recorder.take(now)
        {
            writer.write(batch);
        }
    }

    /// Records calls that the kernel's programs added up and did not tell of.
    fn settle(&mut self, now: i64) {
        let Self { observation, capture, recorder, .. } = self;
        let read = |process, object| observation.sums(process, object);
        capture.settle(now, read, &mut |_, call| recorder.record(call));
    }

    /// What is done every second.
    fn beat(&mut self) -> anyhow::Result<()> {
        let now = now();
        let recorder = &mut self.recorder;
        self.capture.sweep(now, &mut |_, call| recorder.record(call));
        let connections = self.capture.connections(self.observation.reached());
        self.seen.record(&connections, &self.capture, recorder);
        let counts = self.observation.counts()?;
        self.losses.count_dead(&self.observation, now, recorder);
        self.losses.count_overlooked(self.observation.overlooked(), now, recorder);
        self.settle(now);
        let recorder = &mut self.recorder;
        self.losses.sums(&counts, self.capture.summed(), now, recorder);
        self.losses.count(&counts, self.capture.counts(), now, recorder);
        if let Some(asker) = &mut self.asker
            && let Some(pods) = asker.pods(self.capture.wants_pods(now))
        {
            self.capture.learn(pods, now);
        }
        let mut metrics = recorder.conservation().metrics();
        metrics.extend(self.seen.metrics());
        metrics.push(Metric::gauge(
            "remit_sockets_followed",
            "Whether connections are told of that cannot be read.",
            self.observation.follows_sockets.into(),
        ));
        let ends = Counter::ALL.into_iter().filter(|counter| *counter != Counter::Open);
        let ends = ends.map(|counter| (counter.name(), counts.of(counter)));
        metrics.push(Metric::gauge(
            "remit_kernel_open",
            "Calls like the one before that were not answered yet.",
            counts.of(Counter::Open),
        ));
        metrics.push(Metric::counters(
            "remit_kernel_total",
            "What the kernel's programs counted.",
            "counter",
            ends,
        ));
        metrics.extend(probe_metrics(&self.observation));
        let mut problems: Vec<String> = self.writer.problems().to_vec();
        problems
            .extend(self.observation.dead_since().map(|_| "probes do not work: no call is seen".to_owned()));
        problems.extend(self.asker.as_ref().and_then(|asker| asker.problem().map(str::to_owned)));
        self.board.write(metrics, problems);
        Ok(())
    }

    /// Writes what is left.
    fn end(mut self) -> anyhow::Result<()> {
        self.observation.detach();
        while self.take() > 0 {}
        let now = now();
        let recorder = &mut self.recorder;
        self.capture.close(&mut |_, call| recorder.record(call));
        self.seen.record(&self.capture.close_connections(), &self.capture, recorder);
        let counts = self.observation.counts()?;
        self.settle(now);
        let recorder = &mut self.recorder;
        // What is not there by now does not come.
        for _ in 0..2 {
            self.losses.sums(&counts, self.capture.summed(), now, recorder);
        }
        self.losses.open(&counts, self.capture.unanswered(), now, recorder);
        self.losses.count(&counts, self.capture.counts(), now, recorder);
        let end = Instant::now() + FAREWELL;
        self.writer.wait(recorder, end);
        if let Some(batch) = recorder.take(now) {
            self.writer.write(batch);
            self.writer.wait(recorder, end);
        }
        let conservation = self.recorder.conservation();
        let dropped: u64 = conservation.dropped.values().sum();
        eprintln!(
            "{} calls, {} of them recorded, {dropped} dropped, {} left",
            conservation.attempts, conservation.recorded, conservation.pending
        );
        if conservation.pending > 0 {
            let problems = self.writer.problems().join("\n");
            anyhow::bail!("{} calls could not be written\n{problems}", conservation.pending);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    /// What is said to options.
    fn said(options: &[&str]) -> Option<String> {
        let all = ["remit-agent", "run"].iter().chain(options);
        let crate::Verb::Run(arguments) = crate::Arguments::parse_from(all).verb else { panic!("it runs") };
        check(&arguments).err().map(|error| error.to_string())
    }

    #[test]
    fn options_that_mean_nothing_are_refused() {
        let ledger = ["--ledger", "l"];
        let with = |more: &[&str]| said(&[&ledger[..], more].concat());
        for (said, words) in [
            (said(&["--ledger", ""]), "has no name"),
            (with(&["--account", "12"]), "`12` is no account"),
            (with(&["--api-server", "http://x/y"]), "`http://x/y` is no host"),
            (with(&["--vault", ""]), "`` is no host"),
        ] {
            let said = said.unwrap();
            assert!(said.contains(words) && said.contains("\nhint: "), "{said}");
        }
        let sound =
            ["--account", "123456789012", "--api-server", "[fd00::1]:443", "--vault", "vault.internal"];
        assert_eq!(with(&sound), None);
    }

    #[test]
    fn the_api_server_of_a_pod_is_that_of_its_environment() {
        let pod = |host: &'static str| {
            move |name: &str| match name {
                "KUBERNETES_SERVICE_HOST" => Some(host.to_owned()),
                "KUBERNETES_SERVICE_PORT" => Some("443".to_owned()),
                _ => None,
            }
        };
        assert_eq!(api_servers(&[], pod("10.96.0.1")), ["10.96.0.1:443"]);
        assert_eq!(api_servers(&[], pod("fd00::1")), ["[fd00::1]:443"]);
        assert_eq!(api_servers(&["mine".to_owned()], pod("10.96.0.1")), ["mine"]);
        assert!(api_servers(&[], |_| None).is_empty());
    }
}
