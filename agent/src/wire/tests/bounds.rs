//! Streams make room for one another.

use super::*;

fn fragment(bytes: &[u8]) -> Fragment<'_> {
    let total = u32::try_from(bytes.len()).unwrap();
    Fragment { direction: Direction::Written, sequence: 0, total, bytes, time: 0, has_reads: true }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn the_quietest_stream_makes_room() {
    let mut streams = Streams::new(Limits { streams: 2, ..Limits::default() });
    let mut calls = Vec::new();
    let key = |object| Key { process: 1, object };
    streams.feed(key(1), fragment(GET), &mut calls);
    streams.feed(key(2), fragment(b"GET /incomplete"), &mut calls);
    let rest = Fragment { sequence: GET.len() as u64, ..fragment(GET) };
    streams.feed(key(1), rest, &mut calls);
    streams.feed(key(3), fragment(GET), &mut calls);
    assert_eq!((streams.counts().dropped(Dropped::Evicted), calls.len(), streams.held()), (1, 0, 3));
    streams.feed(key(4), fragment(GET), &mut calls);
    // The calls of a stream that makes room are delivered.
    assert_eq!(calls.iter().map(|call| call.key.object).collect::<Vec<_>>(), [1, 1]);
    assert_eq!((streams.counts().evicted, streams.len()), (2, 2));
}

#[test]
fn streams_have_bytes_together() {
    let limits = Limits { streams: 1000, bytes: 100_000, ..Limits::default() };
    let mut streams = Streams::new(limits);
    let mut calls = Vec::new();
    for object in 0..1000 {
        let head = [b"GET / HTTP/1.1\r\nX: ", &[b'a'; 10_000][..]].concat();
        streams.feed(Key { process: 1, object }, fragment(&head), &mut calls);
        assert!(streams.bytes() <= limits.bytes);
    }
    assert!((1..10).contains(&streams.len()));
    let counts = streams.counts();
    assert_eq!(counts.dropped(Dropped::Evicted), counts.evicted);
}

#[test]
fn a_stream_has_no_more_than_its_share_of_requests() {
    let mut seen = Seen::new();
    for _ in 0..10_000 {
        seen.write(GET);
        assert!(seen.streams.held() <= 256);
    }
    assert!(seen.streams.bytes() < 256 * 1024);
    assert_eq!(seen.end().0.len(), 10_000);
}

#[test]
fn what_ends_is_gone() {
    let mut streams = Streams::new(Limits::default());
    let mut calls = Vec::new();
    for process in 0..4 {
        for object in 0..4 {
            streams.feed(Key { process, object }, fragment(GET), &mut calls);
        }
    }
    streams.close(Key { process: 0, object: 0 }, &mut calls);
    assert_eq!((streams.len(), calls.len()), (15, 1));
    streams.close_process(1, &mut calls);
    assert_eq!((streams.len(), calls.len()), (11, 5));
    assert!(calls.iter().all(|call| call.key == Key { process: 0, object: 0 } || call.key.process == 1));
    streams.close_all(&mut calls);
    assert!(streams.is_empty());
    assert_eq!((calls.len(), streams.bytes()), (16, 0));
}

#[test]
fn without_answers_what_is_read_takes_no_room() {
    let mut streams = Streams::new(Limits { responses: Responses::Off, ..Limits::default() });
    let mut calls = Vec::new();
    let read = Fragment { direction: Direction::Read, ..fragment(b"HTTP/1.1 200 OK\r\n\r\n") };
    streams.feed(KEY, read, &mut calls);
    assert!(streams.is_empty());
}
