//! Tests over whole streams.

mod bounds;
mod golden;
mod heads;
mod hostile;
mod http1;
mod http2;
mod pairing;
mod secrets;
mod splitting;

use super::*;

const KEY: Key = Key { process: 7, object: 0xc0ffee };

/// A stream of which everything is seen, with what came out of it.
struct Seen {
    streams: Streams,
    calls: Vec<Call>,
    written: u64,
    read: u64,
    now: i64,
}

impl Seen {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        Self { streams: Streams::new(limits), calls: Vec::new(), written: 0, read: 0, now: 0 }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.copy(Direction::Written, bytes, bytes.len());
    }

    fn read(&mut self, bytes: &[u8]) {
        self.copy(Direction::Read, bytes, bytes.len());
    }

    /// A buffer of which so many bytes were copied; none, if the kernel did not send it.
    fn copy(&mut self, direction: Direction, bytes: &[u8], copied: usize) {
        let next = if direction == Direction::Written { &mut self.written } else { &mut self.read };
        let sequence = *next;
        *next += bytes.len() as u64;
        if copied > 0 {
            let total = u32::try_from(bytes.len()).unwrap();
            let fragment = Fragment {
                direction,
                sequence,
                total,
                bytes: &bytes[..copied],
                time: self.now,
                has_reads: true,
            };
            self.streams.feed(KEY, fragment, &mut self.calls);
        }
        self.check();
    }

    /// Every head that was seen is accounted for.
    fn check(&self) {
        let counts = self.streams.counts();
        assert_eq!(counts.delivered, self.calls.len() as u64);
        assert_eq!(counts.seen, counts.delivered + counts.all_dropped() + self.streams.held(), "{counts:?}");
    }

    fn end(mut self) -> (Vec<Call>, Counts) {
        self.streams.close_all(&mut self.calls);
        self.check();
        assert_eq!((self.streams.held(), self.streams.len(), self.streams.bytes()), (0, 0, 0));
        (self.calls, self.streams.counts().clone())
    }
}

/// A call in one line.
fn line(call: &Call) -> String {
    let head = &call.head;
    let mut words = vec![head.method.clone(), head.host.clone().unwrap_or("-".to_owned()), head.path.clone()];
    words.extend(head.query.iter().map(|query| match &query.value {
        Some(value) => format!("?{}={value}", query.name),
        None => format!("?{}", query.name),
    }));
    words.extend(head.amz_target.clone());
    words.extend(
        head.scope.as_ref().map(|scope| format!("{}/{}/{}", scope.access_key, scope.region, scope.service)),
    );
    words.extend(head.is_bearer.then(|| "bearer".to_owned()));
    words.extend(head.token.as_ref().and_then(|token| token.id.clone()));
    words.extend(head.is_impersonating.then(|| "as another".to_owned()));
    words.extend(head.content_type.clone());
    words.extend(head.smithy_protocol.clone());
    words.extend(head.copy_source.as_ref().map(|source| format!("from {source}")));
    words.extend(head.body.as_ref().map(|body| format!("{body:?}")));
    words.extend((call.unknown > 0).then(|| format!("unknown {}", call.unknown)));
    words.extend(
        call.response.as_ref().map(|response| {
            format!("-> {} {}", response.status, response.request_id.as_deref().unwrap_or("-"))
        }),
    );
    let grpc = call.response.as_ref().and_then(|response| response.grpc_status);
    words.extend(grpc.map(|status| format!("grpc {status}")));
    words.join(" ")
}

fn lines(calls: &[Call]) -> Vec<String> {
    calls.iter().map(line).collect()
}

/// The calls of what one client wrote.
fn written(bytes: &[u8]) -> Vec<String> {
    let mut seen = Seen::new();
    seen.write(bytes);
    lines(&seen.end().0)
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| u8::try_from(digit).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
