use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use reqwest::{Certificate, Client, Identity};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;
use crate::delivery::samples::{Ledger, Told};
use crate::delivery::{TlsSettings, WriterSettings};

/// Keys and certificates of a server, of those whom it knows as clients, and of a stranger.
struct Keys(TempDir);

impl Keys {
    fn new() -> Self {
        let keys = Self(tempfile::tempdir().unwrap());
        for name in ["server", "client", "stranger"] {
            let mut openssl = Command::new("openssl");
            openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
            openssl.args(["-days", "2", "-subj", &format!("/CN={name}"), "-addext"]);
            // Each is signed by itself, and so is of an authority of its own.
            openssl.args(["subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]);
            openssl.arg("-keyout").arg(keys.path(name, "key")).arg("-out").arg(keys.path(name, "crt"));
            assert!(openssl.stderr(Stdio::null()).status().unwrap().success());
        }
        keys
    }

    fn path(&self, name: &str, kind: &str) -> PathBuf {
        self.0.path().join(format!("{name}.{kind}"))
    }

    fn settings(&self, is_open: bool) -> TlsSettings {
        TlsSettings {
            certificate: self.path("server", "crt"),
            key: self.path("server", "key"),
            clients: (!is_open).then(|| self.path("client", "crt")),
        }
    }

    /// A client that trusts the server, known by a name if any.
    fn client(&self, name: Option<&str>) -> Client {
        let read = |name: &str, kind: &str| std::fs::read(self.path(name, kind)).unwrap();
        let server = Certificate::from_pem(&read("server", "crt")).unwrap();
        let mut client =
            Client::builder().no_proxy().tls_built_in_root_certs(false).add_root_certificate(server);
        if let Some(name) = name {
            let pem = [read(name, "crt"), read(name, "key")].concat();
            client = client.identity(Identity::from_pem(&pem).unwrap());
        }
        client.build().unwrap()
    }
}

/// A server at work.
struct Bench {
    keys: Keys,
    told: Arc<Told>,
    counters: Arc<Counters>,
    room: Arc<Semaphore>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Bench {
    async fn new(settings: ServerSettings, is_open: bool) -> Self {
        let (keys, told, counters) = (Keys::new(), Arc::new(Told::default()), Arc::new(Counters::default()));
        let writing = WriterSettings { gather: Duration::ZERO, ..WriterSettings::default() };
        let writer = Writer::begin(Ledger(Arc::clone(&told)), writing, Arc::clone(&counters)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = Tls::new(keys.settings(is_open)).unwrap();
        let server = Server::new(listener, tls, settings, writer, Arc::clone(&counters));
        let room = Arc::clone(&server.desk.room);
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self { keys, told, counters, room, address, stop, served }
    }

    async fn open() -> Self {
        Self::new(ServerSettings::default(), true).await
    }

    fn url(&self) -> String {
        format!("https://{}/", self.address)
    }

    async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let response = self.keys.client(None).post(self.url()).body(body).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// A connection on which anything may be sent.
    async fn connection(&self) -> tokio_rustls::client::TlsStream<TcpStream> {
        let mut roots = rustls::RootCertStore::empty();
        let pem = std::fs::read(self.keys.path("server", "crt")).unwrap();
        roots.add(rustls::pki_types::pem::PemObject::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = self.address.ip().into();
        tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    fn durable(&self) -> Vec<String> {
        let mut durable = self.told.state.lock().unwrap().durable.clone();
        durable.sort();
        durable
    }

    fn metric(&self, name: &str) -> String {
        let text = crate::metrics::text(&self.counters.metrics());
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
    }
}

#[tokio::test]
async fn events_are_taken_and_the_rest_is_told_why_not() {
    let bench = Bench::open().await;
    assert_eq!(bench.post("events").await, (200, String::new()));
    assert_eq!(bench.durable(), ["events"]);
    let (status, reason) = bench.post("wrong").await;
    assert_eq!((status, reason.as_str()), (400, "this is no list of audit events: it is wrong\n"));
    let client = bench.keys.client(None);
    let response = client.get(bench.url()).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()[ALLOW].to_str().unwrap()), (405, "POST"));
    let encoded = client.post(bench.url()).header(CONTENT_ENCODING, "gzip").body("x").send().await.unwrap();
    assert_eq!(encoded.status().as_u16(), 415);
    assert_eq!(bench.metric("remit_webhook_requests_total{status=\"200\"}"), "1");
    assert_eq!(bench.metric("remit_webhook_requests_total{status=\"405\"}"), "1");
    assert_eq!(bench.metric("remit_webhook_published_total"), "1");
    assert_eq!(bench.metric("remit_webhook_events_total{state=\"recorded\"}"), "1");
    assert_eq!(bench.post("events").await.0, 200);
    assert_eq!(bench.metric("remit_webhook_events_total{state=\"skipped\"}"), "1");
}

#[tokio::test]
async fn a_ledger_that_is_away_lets_senders_try_again() {
    let bench = Bench::open().await;
    bench.told.set(|state| state.is_away = true);
    let response = bench.keys.client(None).post(bench.url()).body("events").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()[RETRY_AFTER].to_str().unwrap()), (503, "5"));
    assert!(bench.counters.problem().is_some());
    bench.told.set(|state| state.is_away = false);
    assert_eq!(bench.post("events").await.0, 200);
    assert_eq!((bench.durable(), bench.counters.problem()), (vec!["events".to_owned()], None));
}

#[tokio::test]
async fn only_clients_that_are_known_are_heard() {
    let bench = Bench::new(ServerSettings::default(), false).await;
    for name in [None, Some("stranger")] {
        let refused = bench.keys.client(name).post(bench.url()).body("events").send().await;
        assert!(refused.is_err(), "{name:?}: {refused:?}");
    }
    let heard = bench.keys.client(Some("client")).post(bench.url()).body("events").send().await.unwrap();
    assert_eq!(heard.status().as_u16(), 200);
    assert_eq!(bench.durable(), ["events"]);
    // What is no TLS at all ends like them.
    let mut plain = TcpStream::connect(bench.address).await.unwrap();
    plain.write_all(b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nevents").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
    while bench.metric("remit_webhook_broken_total") != "3" {
        tokio::task::yield_now().await;
    }
}

/// They reach the port and have no certificate, and there are more of them than there is room for.
#[tokio::test]
async fn whoever_says_nothing_keeps_nobody_out() {
    const SILENT: usize = 40;
    let handshake = Duration::from_secs(24 * 60 * 60);
    let settings = ServerSettings { connections: 2, handshakes: 8, handshake, ..ServerSettings::default() };
    let bench = Bench::new(settings, false).await;
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(TcpStream::connect(bench.address).await.unwrap());
    }
    let client = bench.keys.client(Some("client"));
    let heard = client.post(bench.url()).body("events").send().await.unwrap();
    assert_eq!(heard.status().as_u16(), 200);
    // The client was one of those whose handshake was not over, and came last.
    let given_up = SILENT - 7;
    let metric = |stage: &str| bench.metric(&format!("remit_webhook_given_up_total{{stage=\"{stage}\"}}"));
    assert_eq!((metric("handshake"), metric("slot")), (given_up.to_string(), "0".to_owned()));
    for old in &mut silent[..given_up] {
        assert_eq!(old.read(&mut [0]).await.unwrap(), 0, "the oldest were closed");
    }
    for young in &silent[given_up..] {
        assert_eq!(young.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
    assert_eq!(bench.metric("remit_webhook_waiting"), "0");
    // Nor do those that are left hold up the end.
    bench.stop.send(()).unwrap();
    bench.served.await.unwrap();
}

#[tokio::test]
async fn where_all_slots_are_taken_one_waits_and_that_is_told() {
    let bench = Bench::new(ServerSettings { connections: 1, ..ServerSettings::default() }, true).await;
    let mut served = bench.connection().await;
    served.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst").await.unwrap();
    served.read_exact(&mut [0; 12]).await.unwrap();
    let waits = tokio::spawn(bench.keys.client(None).post(bench.url()).body("second").send());
    while bench.metric("remit_webhook_waiting") != "1" {
        tokio::task::yield_now().await;
    }
    // As many may wait as are served.
    assert!(bench.keys.client(None).post(bench.url()).body("third").send().await.is_err());
    assert_eq!(bench.metric("remit_webhook_given_up_total{stage=\"slot\"}"), "1");
    drop(served);
    assert_eq!(waits.await.unwrap().unwrap().status().as_u16(), 200);
    assert_eq!(bench.metric("remit_webhook_waiting"), "0");
    assert_eq!(bench.durable(), ["first", "second"]);
}

#[tokio::test]
async fn bodies_are_bounded_whether_they_tell_their_size_or_not() {
    let settings = ServerSettings { body_limit: 1000, ..ServerSettings::default() };
    let bench = Bench::new(settings, true).await;
    assert_eq!(bench.post("a".repeat(1000)).await.0, 200);
    assert_eq!(bench.post("a".repeat(1001)).await, (413, "a body has at most 1000 bytes\n".to_owned()));
    for (size, status) in [(1000, "200"), (1001, "413")] {
        let mut connection = bench.connection().await;
        let chunk = format!("{size:x}\r\n{}\r\n0\r\n\r\n", "b".repeat(size));
        let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        connection.write_all(format!("{head}{chunk}").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{size}: {answer}");
    }
    assert_eq!(bench.durable(), ["a".repeat(1000), "b".repeat(1000)]);
}

#[tokio::test]
async fn odd_requests_end_alone() {
    let bench = Bench::open().await;
    let endless = format!("POST / HTTP/1.1\r\nA: {}", "a".repeat(HEAD_LIMIT * 2));
    for (request, status) in [
        ("\0\0\0\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n", "413"),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "400"),
        (endless.as_str(), "431"),
    ] {
        let mut connection = bench.connection().await;
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        connection.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), format!("HTTP/1.1 {status}"), "{request:.40}");
    }
    // One that goes away in the middle of its body was not answered, so nothing of it counts.
    let mut connection = bench.connection().await;
    connection.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf").await.unwrap();
    drop(connection);
    assert_eq!(bench.post("events").await.0, 200);
    assert_eq!(bench.durable(), ["events"]);
}

#[tokio::test]
async fn a_slow_ledger_slows_senders_and_takes_no_more_room() {
    let settings = ServerSettings { body_limit: 1000, room: 3000, ..ServerSettings::default() };
    let bench = Bench::new(settings, true).await;
    bench.told.set(|state| state.is_slow = true);
    let client = bench.keys.client(None);
    let body = |number: usize| format!("{number:01000}");
    let send = |number| client.post(bench.url()).body(body(number)).send();
    let sent: Vec<_> = (0..10).map(|number| tokio::spawn(send(number))).collect();
    // Three have room, and one of them at least is being published; those beyond are not even read.
    while bench.room.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(sent.iter().all(|sent| !sent.is_finished()));
    assert_eq!(bench.durable(), Vec::<String>::new());
    bench.told.set(|state| state.is_slow = false);
    for sent in sent {
        assert_eq!(sent.await.unwrap().unwrap().status().as_u16(), 200);
    }
    assert_eq!(bench.durable(), (0..10).map(body).collect::<Vec<_>>());
    assert_eq!(bench.room.available_permits(), 3000);
}

/// Set for the process that measures itself.
const MEASURED: &str = "REMIT_TEST_MEASURED";

/// In a process of its own, since others' tests take memory, too.
#[tokio::test]
async fn memory_stays_flat_while_the_ledger_is_slow() {
    const BODY: usize = 4 << 20;
    if std::env::var_os(MEASURED).is_none() {
        let mut own = Command::new(std::env::current_exe().unwrap());
        own.args(["--exact", "delivery::server::tests::memory_stays_flat_while_the_ledger_is_slow"]);
        let output = own.env(MEASURED, "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let settings = ServerSettings { body_limit: BODY as u32, room: 4 * BODY, ..ServerSettings::default() };
    let bench = Bench::new(settings, true).await;
    bench.told.set(|state| state.is_slow = true);
    let (client, body) = (bench.keys.client(None), Bytes::from(vec![b'a'; BODY]));
    let send = || client.post(bench.url()).body(body.clone()).send();
    let before = peak();
    let sent: Vec<_> = (0..64).map(|_| tokio::spawn(send())).collect();
    while bench.room.available_permits() > 0 || bench.told.state.lock().unwrap().published == 0 {
        tokio::task::yield_now().await;
    }
    bench.told.set(|state| state.is_slow = false);
    for sent in sent {
        assert_eq!(sent.await.unwrap().unwrap().status().as_u16(), 200);
    }
    // Sixteen megabytes have room, each body is there twice while it is put together, and the senders are in this process, too.
    let grown = peak() - before;
    assert!(grown < (24 * BODY) as u64, "256 MB were sent, and memory grew by {grown} bytes");
}

/// The most memory that this process had at a time, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[tokio::test]
async fn what_was_begun_is_answered_when_it_is_told_to_stop() {
    let bench = Bench::open().await;
    bench.told.set(|state| state.is_slow = true);
    let sent = tokio::spawn(bench.keys.client(None).post(bench.url()).body("events").send());
    while bench.told.state.lock().unwrap().published == 0 {
        tokio::task::yield_now().await;
    }
    bench.stop.send(()).unwrap();
    // It takes no more connections, and waits for the one that is being answered.
    while TcpStream::connect(bench.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    bench.told.set(|state| state.is_slow = false);
    assert_eq!(sent.await.unwrap().unwrap().status().as_u16(), 200);
    bench.served.await.unwrap();
    assert_eq!(bench.told.state.lock().unwrap().durable, ["events"]);
}
