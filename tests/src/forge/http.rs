//! As much of HTTP/1.1 as the stand-in speaks: one request for each connection.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// As it was written, without the query.
    pub(super) path: String,
    pub(super) queries: Vec<(String, String)>,
    headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: Value,
}

impl Request {
    /// Reads one; none where the connection ends before.
    pub(super) fn read(stream: &mut TcpStream) -> Option<Self> {
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_u64);
        let mut bytes = Vec::new();
        reader.take(length).read_to_end(&mut bytes).ok()?;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).ok()? };
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let queries = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        Some(Self { method, path: path.to_owned(), queries, headers, body })
    }

    /// A header.
    pub(super) fn header(&self, name: &str) -> Option<&String> {
        self.headers.get(name)
    }

    /// A value of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.queries.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The parts of the path, decoded.
    pub(super) fn parts(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
    }
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: 200, headers: &[], body }
    }

    pub(super) fn created(body: Value) -> Self {
        Self { status: 201, headers: &[], body }
    }

    pub(super) fn message(status: u16, message: &str) -> Self {
        Self { status, headers: &[], body: json!({ "message": message }) }
    }

    /// Writes it. Nobody reading is nothing to fail for.
    pub(super) fn write(&self, stream: &mut TcpStream) {
        let body = self.body.to_string();
        let mut head = format!(
            "HTTP/1.1 {} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n",
            self.status,
            body.len()
        );
        for (name, value) in self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
    }
}

/// Text without percent-encoding.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8_lossy(&digits).into_owned();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
            }
            b'+' => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
