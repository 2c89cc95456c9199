//! Frames as the standard has them, and what is left when some are missing.

use super::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that is written out: added to the table, or not.
fn literal(is_added: bool, name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    let first = if is_added { 0x40 } else { 0 };
    [&[first, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
}

/// `GET`, with a path and a host that are added to the table: the host is then at 62, the path at 63.
fn get(path: &str) -> Vec<u8> {
    [&[0x82, 0x87], &literal(true, ":path", path)[..], &literal(true, ":authority", "x")].concat()
}

const AGAIN: &[u8] = &[0x82, 0x87, 0xbf, 0xbe];

fn head(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(1, END_STREAM | END_HEADERS, stream, block)
}

fn post(stream: u32, kind: &str) -> Vec<u8> {
    let block =
        [&[0x83, 0x84], &literal(false, ":authority", "x")[..], &literal(false, "content-type", kind)];
    frame(1, END_HEADERS, stream, &block.concat())
}

fn begun() -> Seen {
    let mut seen = Seen::new();
    seen.write(PREFACE);
    seen
}

#[test]
fn a_block_may_be_padded_and_continued() {
    let block = get("/a");
    let padded = [&[3, 0, 0, 0, 0, 9], &block[..5], &[0; 3]].concat();
    let mut seen = begun();
    seen.write(&frame(1, END_STREAM | PADDED | PRIORITY, 1, &padded));
    seen.write(&frame(9, 0, 1, &block[5..10]));
    seen.write(&frame(9, END_HEADERS, 1, &block[10..]));
    seen.write(&head(3, AGAIN));
    assert_eq!(lines(&seen.end().0), ["GET x /a", "GET x /a"]);
}

#[test]
fn frames_that_say_nothing_are_passed_over() {
    let mut seen = begun();
    let window = frame(8, 0, 0, &[0, 0, 1, 0]);
    let unknown = frame(0x10, 0xff, 0, b"u=1");
    let promise = frame(5, END_HEADERS, 1, &[&[0, 0, 0, 2], &get("/promised")[..]].concat());
    seen.write(&[window, unknown, head(1, &get("/a"))].concat());
    seen.read(&[frame(4, 0, 0, &[0, 1, 0, 0, 0x20, 0]), promise].concat());
    // The promise added two entries to the table of the answers, behind what this one adds.
    let answer = [&literal(true, "audit-id", "id")[..], &[0xc0]].concat();
    seen.read(&frame(1, END_HEADERS, 1, &[&[0x88], &answer[..]].concat()));
    assert_eq!(lines(&seen.end().0), ["GET x /a -> 200 id"]);
}

#[test]
fn a_body_names_what_it_names_by_frames() {
    let mut seen = begun();
    seen.write(&post(1, "application/x-www-form-urlencoded"));
    seen.write(&post(3, "application/json"));
    seen.write(&frame(0, 0, 1, b"Action=Get"));
    seen.write(&frame(0, PADDED | END_STREAM, 3, b"\x02{\"jsonrpc\":\"2.0\",\"method\":\"a\"}&&"));
    seen.write(&frame(0, PADDED, 1, b"\x03CallerIdentity&&&"));
    seen.write(&frame(1, END_HEADERS | END_STREAM, 1, &literal(true, "trailer", "x")));
    assert_eq!(
        lines(&seen.end().0),
        [
            "POST x / application/x-www-form-urlencoded Action(\"GetCallerIdentity\")",
            "POST x / application/json Rpc { method: \"a\", tool: None }"
        ]
    );
}

#[test]
fn answers_are_matched_by_stream() {
    let mut seen = begun();
    seen.write(&[head(1, &get("/1")), head(3, &get("/3")), head(5, &get("/5"))].concat());
    let status = |stream: u32, index: u8| frame(1, END_HEADERS, stream, &[index]);
    let interim = frame(1, END_HEADERS, 1, &literal(false, ":status", "103"));
    let trailers = frame(1, END_HEADERS | END_STREAM, 3, &literal(false, "grpc-status", "0"));
    seen.read(&[frame(4, 0, 0, &[]), status(3, 0x8d), interim, trailers, status(1, 0x88)].concat());
    seen.read(&frame(3, 0, 5, &[0, 0, 0, 8]));
    let (calls, counts) = seen.end();
    assert_eq!(lines(&calls), ["GET x /3 -> 404 -", "GET x /1 -> 200 -", "GET x /5"]);
    assert_eq!((counts.unmatched, counts.unread), (0, 0));
}

#[test]
fn a_call_of_grpc_waits_for_its_trailers() {
    let mut seen = begun();
    for stream in [1, 3, 5, 7, 9, 11] {
        seen.write(&post(stream, "application/grpc"));
    }
    let answer = |stream: u32, flags: u8, more: &[u8]| {
        frame(1, END_HEADERS | flags, stream, &[&[0x88][..], more].concat())
    };
    let trailers = |stream: u32, status: &str| {
        frame(1, END_HEADERS | END_STREAM, stream, &literal(false, "grpc-status", status))
    };
    // The whole answer in a head, by trailers behind a body, by those without a status, and never.
    seen.read(&answer(1, END_STREAM, &literal(false, "grpc-status", "7")));
    for stream in [3, 5, 7, 9, 11] {
        seen.read(&[answer(stream, 0, &[]), frame(0, 0, stream, b"body")].concat());
    }
    assert_eq!((seen.calls.len(), seen.streams.held()), (1, 5));
    seen.read(&trailers(5, "0"));
    seen.read(&trailers(3, "16"));
    seen.read(&frame(3, 0, 7, &[0, 0, 0, 8]));
    seen.read(&frame(0, END_STREAM, 9, b"body"));
    let (calls, counts) = seen.end();
    let call = "POST x / application/grpc -> 200 -";
    let expected = [" grpc 7", " grpc 0", " grpc 16", "", "", ""].map(|status| format!("{call}{status}"));
    assert_eq!(lines(&calls), expected);
    assert_eq!((counts.unmatched, counts.unread), (0, 0));
}

/// A stream that goes on for longer than a call waits is told of without its end, and ends as one that was answered.
#[test]
fn a_call_of_grpc_that_waited_too_long_was_answered_all_the_same() {
    let mut seen = begun();
    for stream in [1, 3] {
        seen.write(&post(stream, "application/grpc"));
        seen.read(&frame(1, END_HEADERS, stream, &[0x88]));
    }
    seen.streams.sweep(Limits::default().patience + 1, &mut seen.calls);
    assert_eq!(seen.calls.len(), 2);
    seen.read(&frame(1, END_HEADERS | END_STREAM, 1, &literal(false, "grpc-status", "0")));
    seen.read(&frame(0, END_STREAM, 3, b"body"));
    let (_, counts) = seen.end();
    assert_eq!((counts.unmatched, counts.unread), (0, 0));
}

#[test]
fn any_method_is_seen_or_counted() {
    let mut seen = begun();
    for (stream, method) in [(1, "MERGE"), (3, "PROPFIND"), (5, "LIST"), (7, "VERSION-CONTROL")] {
        let block =
            [&literal(false, ":method", method)[..], &literal(false, ":path", "/a"), &[0x87]].concat();
        seen.write(&head(stream, &[&block[..], &literal(false, ":authority", "x")].concat()));
    }
    let (calls, counts) = seen.end();
    assert_eq!(lines(&calls), ["MERGE x /a", "PROPFIND x /a", "LIST x /a"]);
    assert_eq!(counts.dropped(Dropped::Malformed), 1);
}

#[test]
fn bodies_may_be_left_out_within_their_frames() {
    let mut seen = begun();
    seen.write(&head(1, &get("/a")));
    // The kernel copies the beginning of a buffer, and the next begins with a frame.
    seen.copy(Direction::Written, &frame(0, 0, 1, &[7; 5000]), 64);
    seen.write(&head(3, AGAIN));
    let (calls, counts) = seen.end();
    assert_eq!((lines(&calls), counts.gaps), (vec!["GET x /a".to_owned(); 2], 0));
}

#[test]
fn after_a_gap_old_entries_are_unknown() {
    let mut seen = begun();
    seen.write(&head(1, &get("/a")));
    seen.copy(Direction::Written, &head(3, AGAIN), 0);
    seen.write(&head(5, AGAIN));
    seen.write(&head(9, &[0x87, 0xbe]));
    seen.write(&head(11, &get("/b")));
    seen.write(&head(13, AGAIN));
    let (calls, counts) = seen.end();
    assert_eq!(lines(&calls), ["GET x /a", "GET -  unknown 2", "GET x /b", "GET x /b"]);
    assert_eq!((counts.gaps, counts.forgotten, counts.partial), (1, 1, 1));
    assert_eq!(counts.dropped(Dropped::Undecoded), 1);
}

#[test]
fn a_gap_in_a_head_drops_it() {
    let mut seen = begun();
    let long = head(1, &get(&"/a".repeat(60)));
    seen.copy(Direction::Written, &long, long.len() - 1);
    seen.write(&head(3, &get("/b")));
    let (calls, counts) = seen.end();
    assert_eq!((lines(&calls), counts.dropped(Dropped::Truncated)), (vec!["GET x /b".to_owned()], 1));
}

#[test]
fn a_gap_ends_every_body() {
    let mut seen = begun();
    seen.write(&post(1, "application/x-www-form-urlencoded"));
    seen.write(&frame(0, 0, 1, b"Action=Get"));
    seen.copy(Direction::Written, &frame(0, 0, 1, b"CallerIdent"), 0);
    seen.write(&frame(0, END_STREAM, 1, b"ity&"));
    assert_eq!(lines(&seen.end().0), ["POST x / application/x-www-form-urlencoded"]);
}

#[test]
fn a_connection_is_joined_at_a_frame() {
    let mut seen = Seen::new();
    seen.copy(Direction::Written, PREFACE, 0);
    seen.copy(Direction::Written, &head(1, &get("/a")), 0);
    seen.write(&frame(0, 0, 1, b"body"));
    seen.write(&head(3, AGAIN));
    seen.write(&head(5, &get("/b")));
    let (calls, counts) = seen.end();
    assert_eq!(lines(&calls), ["GET -  unknown 2", "GET x /b"]);
    assert_eq!(counts.foreign, 1);
}

#[test]
fn a_broken_order_of_frames_loses_the_table() {
    let block = get("/a");
    for between in [frame(0, 0, 1, b"x"), frame(9, END_HEADERS, 3, &block[5..]), head(3, &block)] {
        let mut seen = begun();
        seen.write(&frame(1, END_STREAM, 1, &block[..5]));
        seen.write(&between);
        seen.write(&head(5, AGAIN));
        let (calls, counts) = seen.end();
        assert_eq!(lines(&calls), ["GET -  unknown 2"]);
        assert_eq!((counts.dropped(Dropped::Malformed), counts.forgotten), (1, 1));
    }
}

#[test]
fn what_no_server_takes_is_dropped() {
    let mut seen = begun();
    seen.write(&frame(1, 0, 1, &[0x82; 16_000]));
    for _ in 0..8 {
        seen.write(&frame(9, 0, 1, &[0x82; 16_000]));
        assert!(seen.streams.bytes() < 256 * 1024);
    }
    seen.write(&head(3, &get("/b")));
    let (calls, counts) = seen.end();
    assert_eq!((lines(&calls), counts.dropped(Dropped::Oversized)), (vec!["GET x /b".to_owned()], 1));
    for (block, flags) in [(&[0xff; 20][..], 0), (&[9, 0, 0][..], PADDED), (&[0; 3][..], PRIORITY)] {
        let mut seen = begun();
        seen.write(&frame(1, END_HEADERS | flags, 1, block));
        assert_eq!(seen.end().1.dropped(Dropped::Malformed), 1);
    }
}

#[test]
fn a_server_makes_no_calls() {
    let mut seen = Seen::new();
    seen.read(PREFACE);
    seen.write(&frame(4, 0, 0, &[]));
    seen.read(&head(1, &get("/a")));
    seen.write(&frame(1, END_HEADERS, 1, &[0x88]));
    seen.write(&frame(1, END_HEADERS, 3, &[0x88]));
    let (calls, counts) = seen.end();
    assert_eq!((calls, counts.seen), (Vec::new(), 0));
    assert!(counts.served > 0);
}
