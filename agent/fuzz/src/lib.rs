//! What fuzz targets do with their input: libFuzzer calls these by `cargo xtask fuzz`, and a test does, with the corpora and
//! changes of them.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a target tells what is wrong by a panic")]

use std::io::Write;
use std::path::Path;

use remit_abi::Header;
use remit_agent::capture::{Capture, Known};
use remit_agent::identity::{CgroupTree, Identities, IdentitySettings};
use remit_agent::probe::{executed, points};
use remit_agent::sockets;
use remit_agent::wire::{Call, Direction, Fragment, Key, Limits, Responses, Streams};

const LIMITS: Limits = Limits { streams: 4, bytes: 1 << 20, responses: Responses::Full, patience: 1_000 };

/// A target: what becomes of an input.
pub type Target = fn(&[u8]);

/// All targets, by the names of their corpora.
pub const TARGETS: [(&str, Target); 10] = [
    ("http1", http1),
    ("hpack", hpack),
    ("fragments", fragments),
    ("events", events),
    ("elf", elf),
    ("maps", maps),
    ("hello", hello),
    ("answer", answer),
    ("audit", audit),
    ("cloudtrail", cloudtrail),
];

/// Streams in which every head must be accounted for, and whose memory is bounded.
struct Tested {
    streams: Streams,
    calls: Vec<Call>,
    ends: [[u64; 2]; 8],
}

impl Tested {
    fn new() -> Self {
        Self { streams: Streams::new(LIMITS), calls: Vec::new(), ends: [[0; 2]; 8] }
    }

    /// Feeds bytes that follow those before on a stream, after some that are missing.
    fn feed(&mut self, object: u8, direction: Direction, missing: u64, bytes: &[u8]) {
        let end = &mut self.ends[usize::from(object % 8)][usize::from(direction == Direction::Read)];
        let sequence = end.saturating_add(missing);
        *end = sequence.saturating_add(bytes.len() as u64);
        let key = Key { process: 1, object: u64::from(object % 8) };
        self.streams.feed(
            key,
            Fragment { direction, sequence, total: 0, bytes, time: 0, has_reads: true },
            &mut self.calls,
        );
        self.check();
        assert!(self.streams.bytes() <= LIMITS.bytes && self.streams.len() <= LIMITS.streams);
    }

    /// Ends all streams.
    fn end(mut self) {
        self.streams.close_all(&mut self.calls);
        assert_eq!(self.streams.held(), 0);
        self.check();
    }

    fn check(&self) {
        let counts = self.streams.counts();
        assert_eq!(counts.delivered, self.calls.len() as u64);
        assert_eq!(counts.seen, counts.delivered + counts.all_dropped() + self.streams.held());
    }
}

/// The head parser of HTTP/1: the first byte is the length of a fragment, 0 for all at once, and the rest is what a client
/// writes.
pub fn http1(data: &[u8]) {
    let Some((length, stream)) = data.split_first() else { return };
    let length = if *length == 0 { stream.len().max(1) } else { usize::from(*length) };
    let mut tested = Tested::new();
    for part in stream.chunks(length) {
        tested.feed(0, Direction::Written, 0, part);
    }
    tested.end();
}

/// HPACK, from the beginning of a connection and joined late: blocks of a client, each after a byte with its length.
pub fn hpack(data: &[u8]) {
    let mut tested = Tested::new();
    tested.feed(0, Direction::Written, 0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let mut rest = data;
    let mut stream = 1_u32;
    while let Some((length, after)) = rest.split_first() {
        let (block, after) = after.split_at(usize::from(*length).min(after.len()));
        let header = [0, 0, block.len() as u8, 1, 5];
        let frame = [&header[..], &stream.to_be_bytes(), block].concat();
        tested.feed(0, Direction::Written, 0, &frame);
        tested.feed(1, Direction::Written, u64::from(stream == 1), &frame);
        stream += 2;
        rest = after;
    }
    tested.end();
}

/// Streams and their fragments: each is a byte that says which stream and direction, one that says what is missing, and
/// one with its length.
pub fn fragments(data: &[u8]) {
    let mut tested = Tested::new();
    let mut rest = data;
    while let [stream, missing, length, after @ ..] = rest {
        let (bytes, after) = after.split_at(usize::from(*length).min(after.len()));
        let direction = if stream & 8 == 0 { Direction::Written } else { Direction::Read };
        let missing = if *missing == 255 { u64::MAX } else { u64::from(*missing) };
        tested.feed(*stream, direction, missing, bytes);
        rest = after;
    }
    tested.end();
}

/// Events of the kernel's programs, each after two bytes with its length, up to calls with their names.
pub fn events(data: &[u8]) {
    let nowhere = Path::new("/nowhere");
    let identities = Identities::new(CgroupTree::new(nowhere, nowhere), IdentitySettings::default());
    let mut capture = Capture::new(LIMITS, identities, Known::default());
    let mut calls = 0;
    let (mut rest, mut now) = (data, 0);
    while let [low, high, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let (event, after) = after.split_at(length.min(after.len()));
        if let Some((header, bytes)) = Header::split(event) {
            assert_eq!(bytes.len(), usize::from(header.copied));
            capture.event(&header, bytes, now, &mut |_, _| calls += 1);
        }
        now += 500;
        rest = after;
    }
    capture.sweep(now, &mut |_, _| calls += 1);
    capture.close(&mut |_, _| calls += 1);
    assert_eq!(capture.counts().delivered, calls);
}

/// A program or library, up to where it is attached to: sections, symbols, Go's table of functions, and code.
pub fn elf(data: &[u8]) {
    let mut file = tempfile::tempfile().expect("a temporary file can be made");
    file.write_all(data).expect("a temporary file can be written");
    for point in points(&file).expect("a temporary file can be read") {
        assert!(point.offset() >= point.entry);
    }
}

/// What `/proc/PID/maps` says.
pub fn maps(data: &[u8]) {
    let mapped = executed(data);
    assert!(mapped.iter().all(|mapping| mapping.path.is_absolute()));
}

/// The name in a ClientHello, whole and cut off: what is there of it names the same or nothing.
pub fn hello(data: &[u8]) {
    let name = sockets::server_name(data);
    if let Some(name) = &name {
        assert!((1..=253).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    let cut = &data[..data.len() / 2];
    assert!(sockets::server_name(cut).is_none_or(|found| Some(found) == name));
}

/// The addresses of an answer of DNS, whole and cut off: what is there of it is the beginning of all.
pub fn answer(data: &[u8]) {
    let whole = sockets::answer(data);
    if let Some((name, addresses)) = &whole {
        assert!((1..=253).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(addresses.len() <= 64 && addresses.len() * 4 <= data.len());
    }
    if let Some((name, addresses)) = sockets::answer(&data[..data.len() / 2]) {
        assert!(whole.is_some_and(|(same, all)| same == name && all.starts_with(&addresses)));
    }
}

/// An audit log of Kubernetes in any form: all that is met is recorded, skipped or lost.
pub fn audit(data: &[u8]) {
    let counts = remit_ingest::kubernetes::read(data);
    assert!(counts.is_balanced(), "{counts:?}");
}

/// A log of CloudTrail in any form: the same.
pub fn cloudtrail(data: &[u8]) {
    let counts = remit_ingest::cloudtrail::read(data);
    assert!(counts.is_balanced(), "{counts:?}");
}
