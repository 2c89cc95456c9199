//! Calls as the kernel's programs hand them over: heads that real clients sent, with what answers them.

use remit_abi::{Direction, Header, Kind, Library};

use crate::heads;

/// What S3 answers.
const S3: &str = "HTTP/1.1 200 OK\r\nx-amz-id-2: Uuag1LuByRx9e6j5Onimru9pO4ZVKnJ2Qz7/C1NPcfTWAtRPfTaOFg==\r\n\
    x-amz-request-id: 656c76696e6727732072657175657374\r\nDate: Sat, 28 Nov 2026 05:18:50 GMT\r\n\
    ETag: \"1b2cf535f27731c974343645a3985328\"\r\nServer: AmazonS3\r\nContent-Length: 0\r\n\r\n";

/// What DynamoDB answers.
const DYNAMODB: &str = "HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Sat, 28 Nov 2026 05:18:02 GMT\r\n\
    Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\
    x-amzn-RequestId: VM8QPNO6M0AS4CH0SRO0TPM3BBVV4KQNSO5AEMVJF66Q9ASUAAJG\r\nx-amz-crc32: 2745614147\r\n\r\n";

/// What an API server answers.
const KUBERNETES: &str = "HTTP/1.1 200 OK\r\nAudit-Id: 8b6ae20f-7b10-4e3c-9d5f-0f6d0e1c7c11\r\n\
    Cache-Control: no-cache, private\r\nContent-Type: application/json\r\n\
    X-Kubernetes-Pf-Flowschema-Uid: 3b0d6e4c-6f51-43ab-9b32-8a0d6f0a8c5e\r\n\
    X-Kubernetes-Pf-Prioritylevel-Uid: 4b0d6e4c-6f51-43ab-9b32-8a0d6f0a8c5e\r\n\
    Date: Sat, 28 Nov 2026 05:18:02 GMT\r\nContent-Length: 0\r\n\r\n";

/// The head of a call of gRPC by Node.js behind the first on its connection, before and behind its path.
const GRPC: [&[u8]; 2] = [b"\x83", b"\xc0\x86\xbf\x1f\x08\x8a\xba\x51\xd8\x5b\x14\x9e\xda\x92\x5b\x05\xbe"];

/// What it is answered, by the table that the first answer made.
const ANSWER: &[u8] = b"\xc1\xc0\xbf\xbe";

/// An event: what precedes the text, and the text, as they lie in the ring buffer.
pub(crate) type Event = Vec<u8>;

/// Calls of one kind, one behind the other on a connection.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    /// The connection, as no other sample has it.
    connection: u64,
    /// How many bytes were written and read.
    positions: [u64; 2],
    /// How many calls were made.
    made: u32,
}

impl Sample {
    /// One of each kind.
    pub(crate) fn all() -> [Self; 4] {
        let names = ["S3", "DynamoDB", "Kubernetes", "gRPC over HTTP/2"];
        let mut number = 0;
        names.map(|name| {
            number += 1;
            Self { name, connection: number, positions: [0, 0], made: 0 }
        })
    }

    /// The events of a call: what is written, and the answer. Those of the same variant are equal.
    pub(crate) fn call(&mut self, variant: u32) -> [Event; 2] {
        self.made += 1;
        // As long as what stands in the recorded heads.
        let digits = format!("{variant:07}");
        let (head, body, answer) = match self.name {
            "S3" => (heads::PUT.replace("a%20b", &format!("a%20{digits}")), 7, S3),
            "DynamoDB" => {
                let (head, body) = heads::ITEM.split_once("\r\n\r\n").unwrap_or_default();
                (format!("{}\r\n\r\n", head.replace("EXAMPLE", &digits)), body.len(), DYNAMODB)
            }
            "Kubernetes" => {
                let head = heads::KUBECTL
                    .replace("default", &digits)
                    .replace("127.0.0.1:18106", "kubernetes.default.svc");
                (head, 0, KUBERNETES)
            }
            _ => return self.grpc(&digits),
        };
        let written = self.event(Direction::Written, Kind::Head, head.as_bytes(), body);
        let body = if self.name == "DynamoDB" { 2 } else { 0 };
        [written, self.event(Direction::Read, Kind::Head, answer.as_bytes(), body)]
    }

    fn grpc(&mut self, digits: &str) -> [Event; 2] {
        let (mut written, mut read) = (Vec::new(), Vec::new());
        let stream = self.made * 2 + 5;
        if self.made == 1 {
            // The connection's beginning, with the tables that are made by it: three calls.
            written = unhex(heads::GRPC_WRITTEN);
            read = unhex(heads::GRPC_READ);
        }
        let [before, behind] = GRPC;
        let path = format!("/pkg.Service/M{digits}");
        let length = u8::try_from(path.len()).unwrap_or_default();
        let block = [before, &[4, length], path.as_bytes(), behind].concat();
        written.extend(frame(stream, &block));
        read.extend(frame(stream, ANSWER));
        [
            self.event(Direction::Written, Kind::Frame, &written, 0),
            self.event(Direction::Read, Kind::Frame, &read, 0),
        ]
    }

    /// An event of this process. Of bodies, only how long they are is known.
    fn event(&mut self, direction: Direction, kind: Kind, text: &[u8], body: usize) -> Event {
        let [written, read] = &mut self.positions;
        let place = if direction == Direction::Read { read } else { written };
        let header = Header {
            connection: self.connection,
            position: *place,
            process: std::process::id(),
            total: u32::try_from(text.len() + body).unwrap_or_default(),
            copied: u16::try_from(text.len()).unwrap_or_default(),
            kind: kind as u8,
            library: Library::OpenSsl as u8,
            direction: direction as u8,
            ..Header::default()
        };
        *place += (text.len() + body) as u64;
        [bytes(&header).as_slice(), text].concat()
    }
}

/// A frame with a whole head of a stream, which has no body.
fn frame(stream: u32, block: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(block.len()).unwrap_or_default().to_be_bytes();
    [length.as_slice(), &[1, 5], &stream.to_be_bytes(), block].concat()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_hexdigit).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap_or_default();
    digits.chunks(2).map(byte).collect()
}

/// A header as it lies in the ring buffer. Each field is named, so that one that comes is not forgotten.
fn bytes(header: &Header) -> Vec<u8> {
    let Header {
        time,
        cgroup,
        connection,
        position,
        process,
        thread,
        sequence,
        total,
        offset,
        copied,
        kind,
        library,
        direction,
        flags,
        spare,
        repeats,
    } = *header;
    let mut bytes: Vec<u8> =
        [time, cgroup, connection, position].iter().flat_map(|field| field.to_ne_bytes()).collect();
    bytes.extend([process, thread, sequence, total, offset].iter().flat_map(|field| field.to_ne_bytes()));
    bytes.extend(copied.to_ne_bytes());
    bytes.extend([kind, library, direction, flags]);
    bytes.extend(spare);
    bytes.extend(repeats.to_ne_bytes());
    bytes
}
