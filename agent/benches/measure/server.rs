//! A TLS server without OpenSSL, so that no read of it is probed. Its writes are, as rustls's whose symbols are kept, and what
//! that takes is among what a client's pace loses.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What it answers.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-amzn-RequestId: 1b2cf535\r\nContent-Length: 2\r\n\r\n{}";

/// A server that answers every request after a pause. It ends with the program.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// Nanoseconds that it lets a client wait.
    pause: Arc<AtomicU64>,
}

impl Server {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        openssl.args(["-subj", "/CN=localhost", "-keyout"]).arg(&key).arg("-out").arg(&certificate);
        ensure!(openssl.stderr(Stdio::null()).status()?.success(), "openssl made no certificate");
        let certificate = CertificateDer::from_pem_slice(&fs::read(certificate)?)?;
        let key = PrivateKeyDer::from_pem_slice(&fs::read(key)?)?;
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key)?;
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let pause = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&pause);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, pause) = (Arc::clone(&config), Arc::clone(&told));
                // A client that goes away ends its connection only.
                std::thread::spawn(move || serve(stream, config, &pause));
            }
        });
        Ok(Self { port, pause })
    }

    /// Lets clients wait so long for each answer.
    pub(crate) fn pause(&self, pause: Duration) {
        self.pause.store(u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, pause: &AtomicU64) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(config)?, stream));
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line != b"\r\n" {
            continue;
        }
        // Not asleep, since waking takes as long as the pause.
        let end = Instant::now() + Duration::from_nanos(pause.load(Ordering::Relaxed));
        while Instant::now() < end {
            std::hint::spin_loop();
        }
        stream.get_mut().write_all(ANSWER)?;
        stream.get_mut().flush()?;
    }
}
