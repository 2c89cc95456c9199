//! Makes calls with rustls: port, prefix of the paths, how many. Half of them without a library for HTTP, ten a connection,
//! and half with one, over connections that are kept.
#![expect(clippy::unwrap_used, reason = "a client of tests that cannot go on ends")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned};

/// Trusts whoever answers.
#[derive(Debug)]
struct Trusting(Arc<CryptoProvider>);

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A body of every other call, which has what a head has.
const BODY: &str = "GET / HTTP/1.1\r\n\r\n";

fn connect(port: u16) -> BufReader<StreamOwned<ClientConnection, TcpStream>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let config = config.unwrap().dangerous().with_custom_certificate_verifier(Arc::new(Trusting(provider)));
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(config.with_no_client_auth()), name).unwrap();
    BufReader::new(StreamOwned::new(session, TcpStream::connect(("127.0.0.1", port)).unwrap()))
}

fn plain(port: u16, prefix: &str, numbers: std::ops::Range<usize>) {
    let mut connection = connect(port);
    for number in numbers {
        if number % 10 == 0 {
            connection = connect(port);
        }
        let stream = connection.get_mut();
        let (method, body) = if number % 2 == 0 { ("GET", "") } else { ("POST", BODY) };
        let length = body.len();
        let head = format!(
            "{method} {prefix}/{number} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            connection.read_line(&mut line).unwrap();
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        connection.read_exact(&mut vec![0; length]).unwrap();
    }
}

async fn with_library(port: u16, prefix: &str, numbers: std::ops::Range<usize>) {
    let client = reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    for number in numbers {
        let address = format!("https://127.0.0.1:{port}{prefix}/{number}");
        let call = if number % 2 == 0 { client.get(address) } else { client.post(address).body(BODY) };
        call.send().await.unwrap().bytes().await.unwrap();
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // With other arguments it only is there for long enough to be looked at.
    let [port, prefix, calls] = &arguments[..] else { return std::thread::sleep(Duration::from_secs(1)) };
    let (port, calls): (u16, usize) = (port.parse().unwrap(), calls.parse().unwrap());
    plain(port, prefix, 0..calls / 2);
    with_library(port, prefix, calls / 2..calls).await;
}
