//! Heads of HTTP/1 as the standard, or a sloppy client, has them.

use super::*;

#[test]
fn lines_end_as_they_like() {
    assert_eq!(written(b"\r\n\r\nGET /a HTTP/1.1\nHost: x\n\n"), ["GET x /a"]);
    assert_eq!(written(b"GET  /a  HTTP/1.0 \r\nHOST:x\r\n\r\n"), ["GET x /a"]);
    let folded = b"POST / HTTP/1.1\r\nX-Amz-Target:\r\n  A.B\r\nHost: x\r\n\t\r\nX: y\r\n z\r\n\r\n";
    assert_eq!(written(folded), ["POST x / A.B"]);
}

#[test]
fn the_absolute_form_names_the_host() {
    assert_eq!(
        written(b"GET http://user:hunter2@one.example:80/a?b=c HTTP/1.1\r\nHost: two.example\r\n\r\n"),
        ["GET one.example:80 /a ?b"]
    );
    assert_eq!(written(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), ["OPTIONS x *"]);
    assert_eq!(written(b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n"), ["CONNECT x:443 "]);
}

#[test]
fn requests_may_follow_one_another_at_once() {
    let all =
        b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /\
        PUT /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nGET / HTTP/1.1\r\n\r\n0\r\n\r\n\
        DELETE /4 HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(written(all), ["GET x /1", "POST x /2", "PUT x /3", "DELETE x /4"]);
}

#[test]
fn a_head_may_be_longer_than_a_fragment() {
    let token = "t".repeat(5000);
    let head = format!("GET /a HTTP/1.1\r\nX-Amz-Security-Token: {token}\r\nHost: x\r\n\r\n");
    let mut seen = Seen::new();
    for part in head.as_bytes().chunks(1024) {
        seen.write(part);
    }
    assert_eq!(lines(&seen.end().0), ["GET x /a"]);
}

#[test]
fn what_is_no_request_makes_no_call() {
    for bytes in [
        &b"GOT / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x00\x00\x08\x04\xd2\x16\x2f",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SELECT 1;\n\n",
    ] {
        let mut seen = Seen::new();
        seen.write(bytes);
        let (calls, counts) = seen.end();
        assert_eq!((lines(&calls), counts.seen, counts.foreign), (Vec::new(), 0, 1), "{bytes:?}");
    }
}

#[test]
fn a_head_that_contradicts_itself_is_dropped() {
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET nowhere HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ] {
        let mut seen = Seen::new();
        seen.write(bytes);
        seen.write(b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
        let (calls, counts) = seen.end();
        assert_eq!(counts.dropped(Dropped::Malformed), 1, "{bytes:?}");
        assert!(calls.len() <= 1, "{bytes:?}");
    }
}

#[test]
fn a_head_is_not_longer_than_servers_take() {
    for head in [
        format!("GET /{} HTTP/1.1\r\n", "a".repeat(20_000)),
        format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(20_000)),
        format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(20_000)),
    ] {
        let mut seen = Seen::new();
        for part in head.as_bytes().chunks(1000) {
            seen.write(part);
            assert!(seen.streams.bytes() < 64 * 1024);
        }
        seen.write(b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
        let (calls, counts) = seen.end();
        assert_eq!((lines(&calls), counts.dropped(Dropped::Oversized)), (vec!["GET x /next".to_owned()], 1));
    }
}

#[test]
fn bodies_may_be_left_out() {
    let post = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n";
    let chunked = b"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut seen = Seen::new();
    seen.write(post);
    seen.copy(Direction::Written, &[b'x'; 5000], 0);
    seen.write(chunked);
    seen.copy(Direction::Written, b"1\r\nx\r\n0\r\n\r\n", 0);
    // The kernel copies the beginning of a buffer that begins with a head.
    seen.copy(Direction::Written, &[&post[..], &[b'x'; 5000]].concat(), 1024);
    seen.write(post);
    let (calls, counts) = seen.end();
    assert_eq!(lines(&calls), ["POST x /a", "POST x /b", "POST x /a", "POST x /a"]);
    // Only the end of the chunks had to be guessed.
    assert_eq!((counts.gaps, counts.all_dropped()), (1, 0));
}

#[test]
fn a_head_with_a_hole_is_dropped() {
    let head =
        format!("POST / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\nX-Amz-Target: A.B\r\n\r\n", "y".repeat(2000));
    let mut seen = Seen::new();
    seen.copy(Direction::Written, head.as_bytes(), 1024);
    seen.write(b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    let (calls, counts) = seen.end();
    assert_eq!((lines(&calls), counts.dropped(Dropped::Truncated)), (vec!["GET x /next".to_owned()], 1));
}

#[test]
fn a_hole_in_a_body_does_not_join_what_is_around_it() {
    let head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
        Content-Length: 30\r\n\r\n";
    let mut seen = Seen::new();
    seen.write(head);
    seen.write(b"Action=Get");
    seen.copy(Direction::Written, b"CallerIdent", 0);
    seen.write(b"ity&A=123");
    assert_eq!(lines(&seen.end().0), ["POST x / application/x-www-form-urlencoded"]);
}

#[test]
fn a_stream_is_joined_at_the_next_head() {
    let mut seen = Seen::new();
    seen.copy(Direction::Written, &[b'x'; 100], 0);
    seen.write(b"middle of something\r\n\r\nGET /no HTTP/1.1\r\n\r\n");
    seen.write(b"GET /yes HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(lines(&seen.end().0), ["GET x /yes"]);
}

#[test]
fn a_new_connection_may_have_the_address_of_an_old_one() {
    let mut seen = Seen::new();
    seen.write(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n");
    (seen.written, seen.read) = (0, 0);
    seen.write(b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    seen.read(b"HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(lines(&seen.end().0), ["POST x /a", "GET x /b -> 200 -"]);
}

#[test]
fn a_server_makes_no_calls() {
    let mut seen = Seen::new();
    seen.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    seen.read(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let (calls, counts) = seen.end();
    assert_eq!((calls, counts.seen, counts.served), (Vec::new(), 0, 2));
}
