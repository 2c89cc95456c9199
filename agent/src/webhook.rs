//! `remit-agent webhook`: audit events of API servers into the ledger, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use remit_agent::delivery::{
    AuditLog, Counters, Server, ServerSettings, Tls, TlsSettings, Writer, WriterSettings,
};
use remit_agent::endpoint::Board;
use tokio::net::TcpListener;

use crate::stop::Stop;

/// What `remit-agent webhook` can be told. Whoever sends events says what counts as used, so that who may is never left open by
/// default.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("senders").required(true).args(["clients", "anonymous_clients"])))]
pub(crate) struct Arguments {
    /// The ledger: a folder
    #[arg(long, value_name = "DIR")]
    ledger: PathBuf,
    /// The address to take events at, such as 0.0.0.0:8443
    #[arg(long)]
    at: SocketAddr,
    /// The file of the server's certificate, followed by those that it is signed with
    #[arg(long)]
    certificate: PathBuf,
    /// The file of its private key
    #[arg(long)]
    key: PathBuf,
    /// The file of the certificates that those of API servers are signed with; nobody else may send events
    #[arg(long)]
    clients: Option<PathBuf>,
    /// Let anyone send events who reaches the address: what they tell counts as use
    #[arg(long)]
    anonymous_clients: bool,
    /// The cluster's name
    #[arg(long)]
    cluster: Option<String>,
    /// Show metrics and health at this address, such as 127.0.0.1:9464; of this machine, unless exposed
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Show them to other machines, too
    #[arg(long, requires = "listen")]
    exposed: bool,
    /// Megabytes of requests that are taken before earlier ones are durable; others wait
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=2048))]
    room: u32,
    /// Milliseconds that a request waits for others, which are written with it
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(0..=10_000))]
    gather: u16,
    /// Make few files of many after so many writes
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    compact: u32,
}

/// Metrics are written so often.
const BEAT: Duration = Duration::from_secs(1);

/// Serves until it is told to stop.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(serve(arguments));
    // A disk that answers no more must not keep the program from ending.
    runtime.shutdown_background();
    done
}

async fn serve(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.ledger.as_os_str().is_empty() {
        anyhow::bail!("the ledger has no name\nhint: give `--ledger DIR`, a folder");
    }
    let tls = Tls::new(TlsSettings {
        certificate: arguments.certificate.clone(),
        key: arguments.key.clone(),
        clients: arguments.clients.clone(),
    })?;
    if arguments.anonymous_clients {
        eprintln!(
            "anyone who reaches `{}` can send events, and what they tell counts as use\nhint: give `--clients FILE` instead of \
             `--anonymous-clients`",
            arguments.at
        );
    }
    let board = Board::new(BEAT * 10);
    let _endpoint = crate::show(arguments.listen, arguments.exposed, &board)?;
    let mut stop = Stop::new()?;
    let counters = Arc::new(Counters::default());
    let log = AuditLog::new(arguments.ledger.clone(), arguments.cluster.clone());
    let writing = WriterSettings {
        gather: Duration::from_millis(arguments.gather.into()),
        compact: arguments.compact,
        ..WriterSettings::default()
    };
    let writer = Writer::begin(log, writing, Arc::clone(&counters))?;
    let listener = TcpListener::bind(arguments.at)
        .await
        .with_context(|| format!("events cannot be taken at `{}`", arguments.at))?;
    eprintln!("events are taken at {}", listener.local_addr()?);
    let room = (arguments.room as usize) << 20;
    let settings = ServerSettings { room, ..ServerSettings::default() };
    let server = Server::new(listener, tls, settings, writer, Arc::clone(&counters));
    let mut beat = tokio::time::interval(BEAT);
    let mut served = std::pin::pin!(server.run(stop.told()));
    loop {
        tokio::select! {
            () = &mut served => return Ok(()),
            _ = beat.tick() => board.write(counters.metrics(), counters.problem().into_iter().collect()),
        }
    }
}
