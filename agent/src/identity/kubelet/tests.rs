use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::*;

/// A kubelet that answers once; joined, it tells the head of the question.
fn stand_in(answer: &'static [u8]) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = String::new();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
        stream.write_all(answer).unwrap();
        head
    });
    (address, thread)
}

fn at(address: &str) -> KubeletSettings {
    KubeletSettings { address: address.to_owned(), ..KubeletSettings::default() }
}

#[test]
fn asked_on_loopback() {
    let body = r#"{"items": [{"metadata": {"name": "p", "namespace": "n", "uid": "u"}, "spec": {}}]}"#;
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let (address, thread) = stand_in(answer.leak().as_bytes());
    let kubelet = Kubelet::new(&at(&address)).unwrap();
    // Within a runtime too, in which nobody may wait for another.
    let list = Builder::new_current_thread().build().unwrap().block_on(async { kubelet.pods() }).unwrap();
    assert_eq!(list.pods["u"].name, "p");
    let head = thread.join().unwrap();
    assert!(head.starts_with("GET /pods HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("authorization"), "{head}");
}

#[test]
fn answers_that_are_none() {
    for (answer, said) in [
        (&b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"[..], "401"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "no list of pods"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\": [", "no list of pods"),
        (b"\0\0\0\0", "does not tell its pods"),
    ] {
        let (address, thread) = stand_in(answer);
        let error = Kubelet::new(&at(&address)).unwrap().pods().unwrap_err().to_string();
        assert!(error.contains(said) && error.contains(&address), "{error}");
        thread.join().unwrap();
    }
}

#[test]
fn addresses() {
    for address in ["http://127.0.0.1:10255", "http://[::1]:10255/", "https://10.0.0.1:10250", "https://node"]
    {
        Kubelet::new(&at(address)).unwrap();
    }
    for address in [
        "",
        "node:10250",
        "ftp://127.0.0.1",
        "http://10.0.0.1:10255",
        "http://localhost",
        "https://",
        "https://user@node",
        "https://node/pods",
    ] {
        let error = Kubelet::new(&at(address)).unwrap_err().to_string();
        assert!(error.contains("hint: ") && error.contains(&format!("`{address}`")), "{error}");
    }
    let token = KubeletSettings { token: Some("/token".into()), ..at("http://127.0.0.1:10255") };
    assert!(Kubelet::new(&token).unwrap_err().to_string().contains("TLS"));
}

#[test]
fn files_of_tokens_and_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("ca.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let settings = KubeletSettings { authorities: Some(empty), ..at("https://127.0.0.1:1") };
    assert!(Kubelet::new(&settings).unwrap_err().to_string().contains("holds no certificate"));
    let token = folder.path().join("token");
    std::fs::write(&token, "secret\r\nX-Other: secret").unwrap();
    let settings = KubeletSettings { token: Some(token), ..at("https://127.0.0.1:1") };
    let error = Kubelet::new(&settings).unwrap().pods().unwrap_err().to_string();
    assert!(error.contains("holds no token") && !error.contains("secret"), "{error}");
}

/// A certificate for `127.0.0.1` and the authority that signed it, for this test alone and for a hundred years.
const AUTHORITY: &str = include_str!("tests/authority.pem");
const CERTIFICATE: &str = include_str!("tests/certificate.pem");
const KEY: &str = include_str!("tests/key.pem");

/// A kubelet with TLS that answers every question, and tells the heads of them.
fn stand_in_with_tls() -> (String, std::sync::mpsc::Receiver<String>) {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut reader = BufReader::new(rustls::StreamOwned::new(connection, stream));
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{\"items\":[]}";
            let _ = reader.get_mut().write_all(answer);
            if sender.send(head).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

#[test]
fn asked_with_a_token_that_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (token, authorities) = (folder.path().join("token"), folder.path().join("ca.pem"));
    std::fs::write(&authorities, AUTHORITY).unwrap();
    let (address, heads) = stand_in_with_tls();
    let settings =
        KubeletSettings { token: Some(token.clone()), authorities: Some(authorities), ..at(&address) };
    let kubelet = Kubelet::new(&settings).unwrap();
    for secret in ["first", "second"] {
        std::fs::write(&token, format!("{secret}\n")).unwrap();
        assert_eq!(kubelet.pods().unwrap(), PodList::default());
        let head = heads.recv().unwrap().to_ascii_lowercase();
        assert!(head.contains(&format!("authorization: bearer {secret}\r\n")), "{head}");
    }
    assert!(!format!("{kubelet:?}").contains("second"));
}

#[test]
fn a_stranger_is_not_given_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "secret").unwrap();
    let (address, heads) = stand_in_with_tls();
    let kubelet = Kubelet::new(&KubeletSettings { token: Some(token), ..at(&address) }).unwrap();
    assert!(kubelet.pods().unwrap_err().to_string().contains("certificate"));
    assert_eq!(heads.recv().unwrap(), "");
}
