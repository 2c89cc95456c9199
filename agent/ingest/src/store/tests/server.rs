//! A server that speaks as much of S3 as is read of it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::ops::Bound;
use std::sync::Arc;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use percent_encoding::percent_decode_str;

type Objects = BTreeMap<String, String>;

/// A store with these keys and texts.
pub(super) fn store(objects: &[(&str, &str)]) -> Arc<AmazonS3> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let objects: Arc<Objects> =
        Arc::new(objects.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let objects = Arc::clone(&objects);
            std::thread::spawn(move || answer(&stream.unwrap(), &objects));
        }
    });
    let builder =
        AmazonS3Builder::new().with_bucket_name("bucket").with_endpoint(format!("http://{address}"));
    Arc::new(builder.with_allow_http(true).with_skip_signature(true).build().unwrap())
}

fn answer(mut stream: &TcpStream, objects: &Objects) {
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    while let Some(request) = lines.next() {
        lines.by_ref().take_while(|line| !line.is_empty()).count();
        let mut words = request.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let key = decoded(path.strip_prefix("/bucket").unwrap().trim_start_matches('/'));
        let (status, body) = match objects.get(&key) {
            _ if query.contains("list-type=2") => ("200 OK", list(query, objects)),
            Some(text) => ("200 OK", text.clone()),
            None => ("404 Not Found", String::new()),
        };
        let head = "Last-Modified: Tue, 01 Sep 2026 00:00:00 GMT\r\nETag: \"1\"";
        let length = body.len();
        let body = if method == "HEAD" { "" } else { &body };
        write!(stream, "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    }
}

fn list(query: &str, objects: &Objects) -> String {
    let asked: BTreeMap<&str, String> = query
        .split('&')
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (name, decoded(value)))
        .collect();
    let text = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let prefix = text("prefix");
    let after = asked.get("continuation-token").cloned().unwrap_or_else(|| text("start-after"));
    let mut keys = objects
        .range::<String, _>((Bound::Excluded(after), Bound::Unbounded))
        .filter(|(key, _)| key.starts_with(&prefix));
    let page: Vec<_> = keys.by_ref().take(text("max-keys").parse().unwrap_or(1000)).collect();
    let contents: String = page
        .iter()
        .map(|(key, text)| {
            let size = text.len();
            format!("<Contents><Key>{key}</Key><Size>{size}</Size><LastModified>2026-09-01T00:00:00Z</LastModified></Contents>")
        })
        .collect();
    let token = keys
        .next()
        .and(page.last())
        .map(|(key, _)| format!("<NextContinuationToken>{key}</NextContinuationToken>"));
    format!("<ListBucketResult>{contents}{}</ListBucketResult>", token.unwrap_or_default())
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned()
}
