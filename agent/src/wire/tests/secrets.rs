//! Secrets in a request are in nothing that is kept of it, nor in what is shown of it on the way.

use super::{heads::*, *};

const SECRETS: [&str; 4] = ["hunter2", "dXNlcjpodW50ZXIy", "secret", "Signature="];

fn check(shown: &str, place: &str) {
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{place}: {shown}");
    }
}

/// Whether text shows bytes as numbers, as a list of bytes is shown.
fn numbers(secret: &str) -> String {
    format!("{:?}", secret.as_bytes()).trim_matches(['[', ']']).to_owned()
}

#[test]
fn secrets_are_not_kept() {
    let presigned = "GET http://user:hunter2@x/k?X-Amz-Credential=AKID%2F20130524%2Fr%2Fs3%2Faws4_request\
        &X-Amz-Signature=hunter2&X-Amz-Security-Token=hunter2&hunter2&aHVudGVyMg==&token=hunter2#hunter2 HTTP/1.1\r\n\
        Host: hunter2@x\r\nCookie: a=hunter2\r\nX-Vault-Token: hunter2\r\nPrivate-Token: hunter2\r\n\
        Authorization: Digest hunter2\r\nContent-Type: text/hunter2 hunter2\r\n\r\n";
    let form = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
        Content-Length: 43\r\n\r\nPassword=hunter2&Action=Login&Key=hunter2&&";
    let json = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n\
        {\"method\":\"hunter2\",\"password\":\"hunter2\"}";
    let requests = [STS, LIST, PUT, "hunter2", COPY, ITEM, CURL, NODE, KUBECTL, presigned, form, json];
    let all = requests.concat().into_bytes();
    let answers = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=hunter2\r\nContent-Length: 7\r\nx-amzn-RequestId: id\r\n\r\nhunter2";
    for (written, read, expected) in [
        (all, answers.repeat(11), 11),
        (unhex(GRPC_WRITTEN), unhex(GRPC_READ), 3),
        (unhex(CURL2_WRITTEN), unhex(CURL2_READ), 1),
    ] {
        let mut seen = Seen::new();
        for part in written.chunks(7) {
            seen.write(part);
            check(&format!("{:?}", seen.streams), "streams");
        }
        for part in read.chunks(7) {
            seen.read(part);
            check(&format!("{:?}", seen.streams), "streams");
        }
        let shown = format!("{:?}", seen.calls);
        check(&shown, "calls");
        assert!(!shown.contains(&numbers("hunter2")));
        let (calls, counts) = seen.end();
        assert_eq!((calls.len(), counts.all_dropped()), (expected, 0), "{:?}", lines(&calls));
    }
}

#[test]
fn a_fragment_does_not_show_its_bytes() {
    let fragment = Fragment {
        direction: Direction::Written,
        sequence: 3,
        total: 9,
        bytes: b"hunter2",
        time: 0,
        has_reads: true,
    };
    assert_eq!(format!("{fragment:?}"), "Fragment(Written 3: 7 of 9 bytes)");
}
