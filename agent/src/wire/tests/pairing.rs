//! Which response is whose.

use super::*;

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

fn answer(status: u16, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Fine\r\nx-amzn-RequestId: id{status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn responses_come_in_order() {
    let mut seen = Seen::new();
    seen.write(&get("/0"));
    seen.read(&answer(204, ""));
    seen.write(&[get("/1"), get("/2")].concat());
    seen.write(&get("/3"));
    seen.read(&[answer(200, "HTTP/1.1 500 No\r\n\r\n"), answer(403, ""), answer(404, "x")].concat());
    let expected =
        ["GET x /0 -> 204 id204", "GET x /1 -> 200 id200", "GET x /2 -> 403 id403", "GET x /3 -> 404 id404"];
    assert_eq!(lines(&seen.calls), expected);
}

#[test]
fn a_first_response_that_may_be_of_any_request_is_nobodys() {
    // As of a process that was about to read when it was first seen: what it read then is not known.
    let mut seen = Seen::new();
    seen.write(&get("/1"));
    seen.write(&get("/2"));
    seen.read(&answer(200, ""));
    seen.write(&get("/3"));
    seen.read(&answer(404, ""));
    let (calls, counts) = seen.end();
    assert_eq!(
        (lines(&calls), counts.unmatched),
        (["GET x /1", "GET x /2", "GET x /3"].map(str::to_owned).to_vec(), 2)
    );
}

/// Streams of which the kernel hands on the first pieces of responses.
fn first() -> Seen {
    Seen::with(Limits { responses: Responses::First, ..Limits::default() })
}

#[test]
fn the_first_piece_of_a_response_tells_its_outcome() {
    let mut seen = first();
    seen.write(&get("/1"));
    // The head goes on in another piece, and the body in others, and neither is handed on.
    seen.read(b"HTTP/1.1 403 Forbidden\r\nAudit-Id: a-1\r\nX-Long: aaaa");
    seen.write(&get("/2"));
    seen.read(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
    seen.write(heads::PUT.as_bytes());
    seen.read(b"HTTP/1.1 100 Continue\r\n\r\n");
    seen.write(b"hunter2");
    seen.read(b"HTTP/1.1 404 No\r\n");
    let answers = seen.calls.iter().map(|call| call.response.clone().map(|response| response.status));
    assert_eq!(answers.collect::<Vec<_>>(), [Some(403), Some(200), Some(404)]);
    assert_eq!(seen.calls[0].response.as_ref().unwrap().request_id.as_deref(), Some("a-1"));
}

#[test]
fn first_pieces_tell_nothing_of_a_client_that_does_not_wait() {
    let mut seen = first();
    seen.write(&get("/1"));
    seen.read(&answer(200, ""));
    seen.write(&get("/2"));
    seen.write(&get("/3"));
    seen.read(&answer(403, ""));
    seen.write(&get("/4"));
    seen.read(&answer(404, ""));
    let (calls, counts) = seen.end();
    assert_eq!(lines(&calls), ["GET x /1 -> 200 id200", "GET x /2", "GET x /3", "GET x /4"]);
    assert_eq!((counts.unmatched, counts.unread), (2, 0));
}

#[test]
fn the_length_of_a_response_depends_on_its_request() {
    let mut seen = Seen::new();
    seen.write(b"HEAD /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    seen.read(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    seen.write(&get("/2"));
    seen.read(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n");
    seen.write(&get("/3"));
    seen.read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    seen.write(&get("/4"));
    seen.read(b"HTTP/1.0 200\r\n\r\nHTTP/1.1 500 No\r\n\r\n");
    assert_eq!(
        lines(&seen.calls),
        ["HEAD x /1 -> 200 -", "GET x /2 -> 304 -", "GET x /3 -> 200 -", "GET x /4 -> 200 -"]
    );
}

#[test]
fn an_interim_response_is_none() {
    let mut seen = Seen::new();
    seen.write(heads::PUT.as_bytes());
    seen.read(b"HTTP/1.1 100 Continue\r\n\r\n");
    seen.write(b"hunter2");
    seen.read(&answer(200, ""));
    seen.write(&get("/2"));
    seen.read(&answer(204, ""));
    let calls = lines(&seen.calls);
    assert!(calls[0].ends_with("-> 200 id200") && calls[1].ends_with("-> 204 id204"), "{calls:?}");
}

#[test]
fn a_response_that_was_missed_is_nobodys() {
    let mut seen = Seen::new();
    seen.write(&get("/1"));
    seen.copy(Direction::Read, &answer(403, ""), 0);
    seen.write(&get("/2"));
    seen.read(&answer(200, "x"));
    seen.write(&get("/3"));
    seen.read(&answer(404, ""));
    assert_eq!(lines(&seen.calls), ["GET x /1", "GET x /2 -> 200 id200", "GET x /3 -> 404 id404"]);
}

#[test]
fn a_client_that_does_not_wait_leaves_nothing_to_tell_after_a_gap() {
    let mut seen = Seen::new();
    seen.write(&[get("/1"), get("/2"), get("/3")].concat());
    seen.copy(Direction::Read, &answer(403, ""), 0);
    seen.read(&answer(200, ""));
    seen.read(&answer(404, ""));
    seen.write(&get("/4"));
    seen.read(&answer(500, ""));
    let (calls, counts) = seen.end();
    assert_eq!(lines(&calls), ["GET x /1", "GET x /2", "GET x /3", "GET x /4"]);
    assert_eq!(counts.unmatched, 3);
}

#[test]
fn a_response_to_a_request_that_was_missed_is_nobodys() {
    let mut seen = Seen::new();
    seen.copy(Direction::Written, &get("/1"), 0);
    seen.read(&answer(403, "HTTP/1.1 500 No\r\n\r\n"));
    seen.write(&get("/2"));
    seen.read(&answer(200, ""));
    let (calls, counts) = seen.end();
    assert_eq!((lines(&calls), counts.unmatched), (vec!["GET x /2 -> 200 id200".to_owned()], 1));
}

#[test]
fn a_dropped_request_is_answered_in_its_turn() {
    let mut seen = Seen::new();
    seen.write(&get("/0"));
    seen.read(&answer(204, ""));
    seen.write(b"GET /1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    seen.read(&[answer(400, ""), answer(200, "")].concat());
    assert_eq!(lines(&seen.calls), ["GET x /0 -> 204 id204", "GET x /2 -> 200 id200"]);
}

#[test]
fn a_call_does_not_wait_for_ever() {
    let mut seen = Seen::new();
    seen.write(&get("/0"));
    seen.read(&answer(204, ""));
    seen.now = 1;
    seen.write(&get("/1"));
    let patience = Limits::default().patience;
    seen.streams.sweep(patience, &mut seen.calls);
    assert_eq!((seen.calls.len(), seen.streams.held()), (1, 1));
    seen.streams.sweep(patience + 2, &mut seen.calls);
    assert_eq!(lines(&seen.calls)[1..], ["GET x /1"]);
    assert_eq!(seen.calls[1].time, 1, "it was made when it was sent");
    seen.write(&get("/2"));
    seen.read(&[answer(403, ""), answer(200, "")].concat());
    assert_eq!(lines(&seen.calls)[1..], ["GET x /1", "GET x /2 -> 200 id200"]);
}

#[test]
fn a_call_waits_less_where_room_is_scarce() {
    let mut seen = Seen::with(Limits { bytes: 100_000, ..Limits::default() });
    let patience = Limits::default().patience;
    let head = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1000));
    seen.write(head.as_bytes());
    seen.streams.sweep(patience / 4 + 1, &mut seen.calls);
    assert_eq!(seen.streams.held(), 1);
    for _ in 0..50 {
        seen.write(head.as_bytes());
    }
    assert!(seen.streams.bytes() > 50_000);
    seen.streams.sweep(patience / 4 + 1, &mut seen.calls);
    assert_eq!((seen.streams.held(), seen.calls.len()), (0, 51));
    assert!(seen.streams.bytes() < 50_000, "what is delivered takes no room");
}

#[test]
fn calls_need_not_wait_at_all() {
    let mut seen = Seen::with(Limits { responses: Responses::Off, ..Limits::default() });
    seen.write(heads::STS.split_inclusive("\r\n\r\n").next().unwrap().as_bytes());
    assert_eq!((seen.calls.len(), seen.streams.held()), (0, 1));
    seen.write(b"Action=GetCallerIdentity&Version=2011-06-15");
    seen.read(&answer(403, ""));
    seen.write(&get("/2"));
    assert_eq!(seen.calls.len(), 2);
    assert!(line(&seen.calls[0]).ends_with("Action(\"GetCallerIdentity\")"));
}

#[test]
fn nothing_is_read_in_a_tunnel() {
    for (request, response) in [
        (&b"CONNECT y:443 HTTP/1.1\r\nHost: y\r\n\r\n"[..], &b"HTTP/1.1 200 OK\r\n\r\n"[..]),
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        ),
    ] {
        let mut seen = Seen::new();
        seen.write(request);
        seen.read(response);
        seen.write(&get("/2"));
        let (calls, counts) = seen.end();
        assert_eq!((calls.len(), counts.foreign), (1, 1));
        assert!(calls[0].response.is_some());
    }
}
