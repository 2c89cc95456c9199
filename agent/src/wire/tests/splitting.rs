//! However a stream is cut into fragments, the same calls come out.

use proptest::prelude::*;

use super::{heads::*, *};

/// A conversation: what was written and read, in turns.
fn conversations() -> Vec<Vec<(Direction, Vec<u8>)>> {
    let answer = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nAudit-Id: a-1\r\n\r\n{body}", body.len())
            .into_bytes()
    };
    let pipelined = [STS, LIST, NODE, KUBECTL, CURL].concat().into_bytes();
    let answers =
        [answer("200 OK", "GET / HTTP/1.1\r\n\r\n"), answer("403 No", ""), answer("404", "x")].concat();
    let folded = b"POST http://u:hunter2@x/a HTTP/1.1\nX-Amz-Target:\n  A.B\nTransfer-Encoding: chunked\n\n\
        5;x=y\nAAAAA\n0\nTrailer: x\n\n\r\nDELETE /b?acl HTTP/1.0\r\nhost: x\r\n\r\n";
    let chunked = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        3\r\nabc\r\n0\r\n\r\nHTTP/1.0 500 No\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    // What was answered in order is told only after one answer that can be nobody else's.
    let first = [
        (Direction::Written, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        (Direction::Read, answer("204 No Content", "")),
    ];
    vec![
        [&first[..], &[(Direction::Written, pipelined), (Direction::Read, answers)]].concat(),
        [&first[..], &[(Direction::Written, folded.to_vec()), (Direction::Read, chunked.to_vec())]].concat(),
        vec![(Direction::Written, unhex(GRPC_WRITTEN)), (Direction::Read, unhex(GRPC_READ))],
        vec![(Direction::Written, unhex(CURL2_WRITTEN)), (Direction::Read, unhex(CURL2_READ))],
    ]
}

fn calls(conversation: &[(Direction, Vec<u8>)], cuts: &[usize]) -> (Vec<Call>, u64) {
    let mut seen = Seen::new();
    let mut cuts = cuts.iter().cycle();
    for (direction, bytes) in conversation {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let length = cuts.next().copied().unwrap_or(usize::MAX).clamp(1, rest.len());
            seen.copy(*direction, &rest[..length], length);
            rest = &rest[length..];
        }
    }
    let (calls, counts) = seen.end();
    (calls, counts.all_dropped() + counts.gaps + counts.unmatched + counts.unread)
}

#[test]
fn single_bytes_make_the_calls_of_whole_buffers() {
    for (conversation, expected) in conversations().iter().zip([6, 3, 3, 1]) {
        let (whole, lost) = calls(conversation, &[usize::MAX]);
        assert_eq!((whole.len(), lost), (expected, 0));
        assert_eq!(calls(conversation, &[1]), (whole, 0));
    }
}

proptest! {
    #[test]
    fn any_fragments_make_the_same_calls(which in 0_usize..4, cuts in prop::collection::vec(1_usize..400, 1..40)) {
        let conversation = &conversations()[which];
        prop_assert_eq!(calls(conversation, &cuts), calls(conversation, &[usize::MAX]));
    }
}
