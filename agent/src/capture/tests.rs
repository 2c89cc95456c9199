use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::*;
use crate::head::Response;
use crate::identity::{CgroupTree, IdentitySettings};

fn capture() -> Capture {
    capture_with(wire::Responses::Full)
}

/// One that follows responses so far.
fn capture_with(responses: wire::Responses) -> Capture {
    let folder = Path::new("/nowhere");
    let identities = Identities::new(CgroupTree::new(folder, folder), IdentitySettings::default());
    Capture::new(Limits { responses, ..Limits::default() }, identities, Known::default())
}

fn header(kind: Kind, direction: Way, position: u64, bytes: &[u8]) -> Header {
    let length = u16::try_from(bytes.len()).unwrap();
    Header {
        kind: kind as u8,
        direction: direction as u8,
        position,
        copied: length,
        total: u32::from(length),
        process: 7,
        connection: 0xff00,
        ..Header::default()
    }
}

/// What comes of events, each a direction and its bytes, one behind the other on one connection.
fn calls(events: &[(Way, &str)]) -> Vec<Call> {
    let mut capture = capture();
    let mut calls = Vec::new();
    let mut positions = [0, 0];
    for (way, text) in events {
        let position = &mut positions[*way as usize];
        let header = header(Kind::Head, *way, *position, text.as_bytes());
        *position += text.len() as u64;
        capture.event(&header, text.as_bytes(), 5, &mut |sent, call| {
            assert_eq!(sent.key.process, 7);
            calls.push(call);
        });
    }
    capture.close(&mut |_, call| calls.push(call));
    calls
}

const GET: &str = "GET /key HTTP/1.1\r\nHost: bucket.s3.eu-west-1.amazonaws.com\r\nAuthorization: AWS4-HMAC-SHA256 \
                   Credential=AKIAIOSFODNN7EXAMPLE/20261128/eu-west-1/s3/aws4_request, SignedHeaders=host, \
                   Signature=abcdef\r\n\r\n";

#[test]
fn a_call_has_the_names_of_the_audit_log() {
    let answer = "HTTP/1.1 200 OK\r\nx-amz-request-id: 4442587FB7D0A2F9\r\n\r\n";
    let [call] = calls(&[(Way::Written, GET), (Way::Read, answer)]).try_into().unwrap();
    assert_eq!(
        (call.provider, call.service.as_str(), call.operation.as_str()),
        (Provider::Aws, "s3", "GetObject")
    );
    assert_eq!(call.credential.as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
    assert_eq!((call.outcome, call.region.as_deref()), (Outcome::Allowed, Some("eu-west-1")));
    assert_eq!(call.sample_id.as_deref(), Some("4442587FB7D0A2F9"));
    assert!(call.resources.contains(&"arn:aws:s3:::bucket/key".to_owned()), "{:?}", call.resources);
    assert!(!format!("{call:?}").contains("abcdef"), "a signature is never kept");
}

#[test]
fn a_call_without_an_answer_is_delivered_with_an_unknown_outcome() {
    let [call] = calls(&[(Way::Written, GET)]).try_into().unwrap();
    assert_eq!((call.outcome, call.first, call.last), (Outcome::Unknown, 5, 5));
}

/// However many others call meanwhile.
#[test]
fn who_made_a_call_that_waits_is_not_forgotten() {
    let mut capture = capture();
    let written = header(Kind::Head, Way::Written, 0, GET.as_bytes());
    capture.event(&written, GET.as_bytes(), 5, &mut |_, _| panic!("it is not answered"));
    let caller = Arc::new(Subject::default());
    capture.remember(7, Arc::clone(&caller));
    for other in 0..16_384 {
        capture.remember(1000 + other, Arc::default());
    }
    let mut callers = Vec::new();
    capture.close(&mut |_, call| callers.push(call.subject));
    assert!(matches!(callers.as_slice(), [one] if Arc::ptr_eq(one, &caller)));
    assert!(capture.callers.len() + capture.former.len() <= 2 * CALLERS);
}

#[test]
fn a_status_tells_the_outcome_where_it_can() {
    let of = |provider, status| {
        let response = Response { status, ..Response::default() };
        let is_storage = provider == Provider::Gcp;
        Answer { provider, is_grpc: false, is_storage, response: Some(&response) }.outcome()
    };
    assert_eq!(of(Provider::Aws, 204), Outcome::Allowed);
    assert_eq!(of(Provider::Aws, 403), Outcome::Denied);
    assert_eq!(of(Provider::Aws, 404), Outcome::Failed);
    assert_eq!(of(Provider::Aws, 400), Outcome::Unknown, "refusals of JSON protocols are 400, too");
    assert_eq!(of(Provider::Kubernetes, 400), Outcome::Failed);
    assert_eq!(of(Provider::Kubernetes, 401), Outcome::Denied);
    assert_eq!(of(Provider::Kubernetes, 101), Outcome::Allowed);
    assert_eq!(of(Provider::Kubernetes, 429), Outcome::Denied, "before it is asked whether it is allowed");
    assert_eq!(of(Provider::Kubernetes, 500), Outcome::Unknown, "it may have failed before that");
    assert_eq!(of(Provider::Aws, 429), Outcome::Failed);
    assert_eq!(of(Provider::Http, 304), Outcome::Allowed);
    for status in [300, 301, 302, 303, 307, 308] {
        assert_eq!(of(Provider::Aws, status), Outcome::Unknown, "{status} tells where to ask");
    }
    assert_eq!(of(Provider::Gcp, 308), Outcome::Allowed, "an upload goes on");
}

#[test]
fn what_became_of_a_call_by_grpc_its_own_status_tells() {
    let of = |status, grpc_status| {
        let response = Response { status, grpc_status, ..Response::default() };
        let provider = Provider::Gcp;
        Answer { provider, is_grpc: true, is_storage: false, response: Some(&response) }.outcome()
    };
    assert_eq!(of(200, Some(0)), Outcome::Allowed);
    assert_eq!((of(200, Some(7)), of(200, Some(16))), (Outcome::Denied, Outcome::Denied));
    assert_eq!(of(200, Some(5)), Outcome::Failed);
    assert_eq!(of(200, None), Outcome::Unknown, "its end was not seen");
    assert_eq!(of(403, None), Outcome::Denied, "by who stands before the server");
    let response = Response { status: 200, is_grpc: true, ..Response::default() };
    let provider = Provider::Gcp;
    let answer = Answer { provider, is_grpc: false, is_storage: false, response: Some(&response) };
    assert_eq!(answer.outcome(), Outcome::Unknown, "the kind of the request could not be decoded");
}

/// A request to an API server, with a token whose claims are `{"jti":"remit-1"}`.
const PATCH: &str = "PATCH /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=remit HTTP/1.1\r\n\
                     Host: 10.96.0.1:6443\r\nAuthorization: Bearer e30.eyJqdGkiOiJyZW1pdC0xIn0.hunter2\r\n";

#[test]
fn a_call_to_an_api_server_has_the_words_of_its_audit_log() {
    let patch = format!("{PATCH}Content-Length: 0\r\n\r\n");
    let answer = |status| format!("HTTP/1.1 {status}\r\nAudit-Id: 7f7b53-1\r\nContent-Length: 0\r\n\r\n");
    let of = |request: &str, status| {
        let [call] = calls(&[(Way::Written, request), (Way::Read, &answer(status))]).try_into().unwrap();
        call
    };
    let call = of(&patch, "201 Created");
    assert_eq!((call.service.as_str(), call.operation.as_str()), ("apps", "patch deployments"));
    assert_eq!(call.resources, ["namespaces/shop/deployments/web"]);
    assert_eq!(
        (call.credential.as_deref(), call.sample_id.as_deref()),
        (Some("JTI=remit-1"), Some("7f7b53-1"))
    );
    assert_eq!(call.parameters.get("created").map(String::as_str), Some("true"));
    assert!(!format!("{call:?}").contains("hunter2"));
    let call = of(&patch, "200 OK");
    assert_eq!((call.parameters.get("created"), call.error_code), (None, None));
    let call = of(&patch, "409 Conflict");
    assert_eq!((call.outcome, call.error_code.as_deref()), (Outcome::Failed, Some("409")));
    // The token's owner asks to be another.
    let another = format!("{PATCH}Impersonate-User: alice\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(of(&another, "200 OK").credential, None);
    let exec = "GET /api/v1/namespaces/shop/pods/web-0/exec?command=true HTTP/1.1\r\nHost: 10.96.0.1:6443\r\n\
                Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let [call] = calls(&[(Way::Written, exec), (Way::Read, "HTTP/1.1 101 Switching Protocols\r\n\r\n")])
        .try_into()
        .unwrap();
    assert_eq!((call.operation.as_str(), call.outcome), ("get pods/exec", Outcome::Allowed));
    assert_eq!(call.parameters.get("upgraded").map(String::as_str), Some("true"));
}

#[test]
fn a_token_is_no_credential_elsewhere() {
    let get = "GET / HTTP/1.1\r\nHost: example.com\r\nAuthorization: Bearer e30.eyJqdGkiOiJyZW1pdC0xIn0.hunter2\r\n\r\n";
    let [call] = calls(&[(Way::Written, get)]).try_into().unwrap();
    assert_eq!(call.credential, None);
}

#[test]
fn a_token_tells_whose_it_is_where_the_cloud_takes_such_tokens() {
    const CLIENT: &str = "6fdb3a32-15b0-4a1b-9a0f-0d5d6b1f5e77";
    const ADDRESS: &str = "orders@shop-1.iam.gserviceaccount.com";
    let entra = |more: &str| format!(r#"{{"iss":"https://sts.windows.net/t/","appid":"{CLIENT}"{more}}}"#);
    let own = format!(r#"{{"iss":"{ADDRESS}","sub":"{ADDRESS}"}}"#);
    let of = |host: &str, claims: &str, status: &str| {
        let token = format!("e30.{}.hunter2", BASE64_URL_SAFE_NO_PAD.encode(claims));
        let get = format!("GET /a HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        let [call] = calls(&[(Way::Written, &get), (Way::Read, &answer)]).try_into().unwrap();
        call.principal.map(|principal| (principal.name, principal.kind))
    };
    let named = |name: &str, kind: &str| Some((name.to_owned(), kind.to_owned()));
    let (azure, google) = ("shop.blob.core.windows.net", "storage.googleapis.com");
    for status in ["200 OK", "403 Forbidden", "404 Not Found", "500 Internal Server Error"] {
        assert_eq!(of(azure, &entra(""), status), named(CLIENT, "service_principal"), "{status}");
    }
    assert_eq!(of(azure, &entra(""), "401 Unauthorized"), None, "nobody was told by it");
    for host in [google, "example.com", "s3.eu-west-1.amazonaws.com", "10.96.0.1:6443"] {
        assert_eq!(of(host, &entra(""), "200 OK"), None, "{host}");
    }
    let user = format!(r#","scp":"user_impersonation","oid":"{}""#, CLIENT.replace('6', "7"));
    assert_eq!(of(azure, &entra(&user), "200 OK"), named(&CLIENT.replace('6', "7"), "user"));
    assert_eq!(of(google, &own, "200 OK"), named(ADDRESS, "service_account"));
    assert_eq!(of(azure, &own, "200 OK"), None);
}

#[test]
fn a_program_that_starts_ends_the_connections_of_the_one_before() {
    let mut capture = capture();
    let mut delivered = 0;
    let written = header(Kind::Head, Way::Written, 0, GET.as_bytes());
    capture.event(&written, GET.as_bytes(), 1, &mut |_, _| delivered += 1);
    capture.event(&header(Kind::Start, Way::Written, 0, b""), b"", 2, &mut |_, _| delivered += 1);
    assert_eq!(delivered, 1);
    capture.close(&mut |_, _| delivered += 1);
    assert_eq!(delivered, 1, "a call is delivered once");
}

#[test]
fn processes_that_end_leave_their_calls_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cgroup.controllers"), "").unwrap();
    let cgroup = std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(folder.path()).unwrap());
    let tree = CgroupTree::new(folder.path(), Path::new("/nowhere"));
    let identities = Identities::new(tree, IdentitySettings { memory: 5, ..IdentitySettings::default() });
    let mut capture = Capture::new(Limits::default(), identities, Known::default());
    let mut calls = Vec::new();
    for process in 1..=1000 {
        let of = |kind, bytes: &[u8]| Header { process, cgroup, ..header(kind, Way::Written, 0, bytes) };
        let events: [(Kind, &[u8]); 3] =
            [(Kind::Start, b"job.py\0\0\0"), (Kind::Head, GET.as_bytes()), (Kind::Exit, b"")];
        for (kind, bytes) in events {
            capture.event(&of(kind, bytes), bytes, i64::from(process), &mut |_, call| calls.push(call));
        }
    }
    assert_eq!(calls.len(), 1000, "an answer is not waited for");
    let is_named = |call: &Call| call.subject.identity().workload.owner_name.as_deref() == Some("job.py");
    assert!(calls.iter().all(is_named), "a process that is gone keeps its name");
    assert!(calls.iter().all(|call| call.outcome == Outcome::Unknown));
    capture.sweep(2000, &mut |_, _| panic!("a call is delivered once"));
    assert_eq!((capture.streams.len(), capture.callers.len()), (0, 0));
    assert_eq!(capture.identities.remembered(), (0, 0, 0));
}

/// What comes of a request that may be added to, and of what is told after it: of events, or of a look into the kernel.
/// Each look is a second after the one before.
fn sums(events: &[(Kind, u32, u8)], looks: &[Option<(u32, u32)>]) -> (Vec<(String, u64)>, u64) {
    let sums = |(events, repeats)| Sums { events, repeats, is_open: false };
    let mut capture = capture_with(wire::Responses::Off);
    let mut calls = Vec::new();
    let (mut position, mut sequence) = (0, 0);
    for (kind, repeats, flags) in events {
        let text =
            if *kind == Kind::Head { GET.replace("/key", &format!("/key{sequence}")) } else { String::new() };
        let header = Header {
            repeats: *repeats,
            flags: *flags,
            sequence,
            ..header(*kind, Way::Written, position, text.as_bytes())
        };
        position += text.len() as u64;
        sequence += u32::from(*kind == Kind::Head);
        capture.event(&header, text.as_bytes(), 5, &mut |sent, call| {
            calls.push((sent.head.path.clone(), call.count));
        });
    }
    for (second, look) in (0..).zip(looks) {
        capture.settle(6 + second * 1_000_000, |_, _| look.map(sums), &mut |sent, call| {
            calls.push((sent.head.path.clone(), call.count));
        });
    }
    (calls, capture.summed())
}

#[test]
fn requests_that_were_added_up_are_calls_of_the_one_before() {
    use Kind::{Exit, Head, Start, Sum};
    let call = |path: &str, count| (path.to_owned(), count);
    let whole = flag::WHOLE;
    let (calls, summed) =
        sums(&[(Head, 0, whole), (Sum, 1, 0), (Sum, 7, 0), (Head, 9, whole), (Sum, 12, 0)], &[]);
    let expected = [
        call("/key0", 1),
        call("/key0", 1),
        call("/key0", 6),
        call("/key0", 2),
        call("/key1", 1),
        call("/key1", 3),
    ];
    assert_eq!((calls, summed), (expected.to_vec(), 12));
    // What is not told is looked up as long as the kernel may be silent, or once it is known that no more comes.
    let one = [(Head, 0, whole), (Sum, 1, 0)];
    let (calls, _) = sums(&one, &[Some((1, 1)), Some((1, 5)), Some((1, 9))]);
    assert_eq!(calls.last(), Some(&call("/key0", 4)));
    let (calls, _) = sums(&[(Head, 0, whole), (Sum, 1, 0), (Head, 1, whole)], &[Some((2, 1)), Some((2, 3))]);
    assert_eq!(calls.last(), Some(&call("/key1", 2)), "the sum of the one before was told just now");
    let (calls, _) = sums(&[(Head, 0, whole), (Exit, 0, 0)], &[Some((1, 3)), Some((1, 4))]);
    assert_eq!(calls, [call("/key0", 1), call("/key0", 3)]);
    let (calls, _) = sums(&[(Head, 0, whole), (Start, 0, 0), (Sum, 3, 0)], &[]);
    assert_eq!(calls, [call("/key0", 1)], "another program has the number");
}

/// What comes of requests on a connection where responses are followed: the path, how often, and the outcome of each call. Events
/// are a request, an answer by its status, that the last was made again, and how many were added up; each has a time of its
/// own. At the end the connection is looked at, of which one more may be open.
fn answered(events: &[Result<(Kind, u32), u16>], is_open: bool) -> Vec<(String, u64, Outcome)> {
    let mut capture = capture_with(wire::Responses::First);
    let mut calls = Vec::new();
    let mut on =
        |sent: &wire::Call, call: Call| calls.push((sent.head.path.clone(), call.count, call.outcome));
    let (mut positions, mut sequence, mut repeats) = ([0, 0], 0, 0);
    for (time, event) in (1..).zip(events) {
        let (kind, way, text) = match event {
            Ok((Kind::Head, _)) => {
                (Kind::Head, Way::Written, GET.replace("/key", &format!("/key{sequence}")))
            }
            Ok((kind, _)) => (*kind, Way::Written, String::new()),
            Err(status) => {
                (Kind::Head, Way::Read, format!("HTTP/1.1 {status} OK\r\nContent-Length: 0\r\n\r\n"))
            }
        };
        if let Ok((_, count)) = event {
            repeats = *count;
        }
        let position = &mut positions[way as usize];
        let flags = flag::WHOLE;
        let header =
            Header { repeats, sequence, flags, library: 1, ..header(kind, way, *position, text.as_bytes()) };
        *position += text.len() as u64;
        sequence += u32::from(way as u8 == Way::Written as u8 && kind != Kind::Sum);
        capture.event(&header, text.as_bytes(), time, &mut on);
    }
    capture.close(&mut on);
    let sums = Sums { events: sequence, repeats, is_open };
    capture.settle(1_000, |_, _| Some(sums), &mut on);
    calls
}

#[test]
fn requests_that_were_added_up_were_answered_like_the_one_before() {
    use Kind::{Again, Head, Sum};
    use Outcome::{Allowed, Denied, Unknown};
    let call = |path: &str, count, outcome| (path.to_owned(), count, outcome);
    let head = Ok((Head, 0));
    let first = call("/key0", 1, Allowed);
    assert_eq!(answered(&[head, Err(200), Ok((Sum, 3))], false), [first.clone(), call("/key0", 3, Allowed)]);
    // One that was answered otherwise, and those that were added up to that.
    let events = [head, Err(200), Ok((Sum, 3)), Ok((Again, 5)), Err(403), Ok((Head, 5)), Err(200)];
    let expected = [
        first.clone(),
        call("/key0", 3, Allowed),
        call("/key0", 2, Allowed),
        call("/key0", 1, Denied),
        call("/key2", 1, Allowed),
    ];
    assert_eq!(answered(&events, false), expected);
    let events = [head, Err(403), Ok((Again, 0)), Err(204), Ok((Sum, 2))];
    let expected = [call("/key0", 1, Denied), call("/key0", 1, Allowed), call("/key0", 2, Allowed)];
    assert_eq!(answered(&events, false), expected);
    // One that was not answered when all ended: told, or not.
    let events = [head, Err(200), Ok((Again, 0))];
    assert_eq!(answered(&events, false), [first.clone(), call("/key0", 1, Unknown)]);
    assert_eq!(answered(&[head, Err(200)], true), [first.clone(), call("/key0", 1, Unknown)]);
    assert_eq!(answered(&[head, Err(200)], false), [first]);
    // What the first was is not known.
    assert_eq!(answered(&[Ok((Again, 0)), Err(200)], false), []);
}

#[test]
fn what_was_added_up_to_an_unknown_request_is_nobodys() {
    use Kind::{Head, Sum};
    // Of another event since, of none, of a connection that is gone, of one that is new, and out of order.
    for (events, looks) in [
        (vec![(Head, 0, flag::WHOLE), (Sum, 1, 0)], vec![Some((2, 5)), None]),
        (vec![(Head, 0, 0), (Sum, 1, 0)], vec![Some((1, 5))]),
        (vec![(Sum, 1, 0)], vec![Some((1, 5))]),
        (vec![(Head, 3, flag::WHOLE), (Head, 0, 0)], vec![]),
        (vec![(Head, 0, flag::WHOLE), (Sum, 1, 0), (Sum, 1, 0), (Sum, 0, 0)], vec![Some((1, 1))]),
    ] {
        let (calls, summed) = sums(&events, &looks);
        assert!(calls.iter().all(|(_, count)| *count == 1) && summed <= 1, "{events:?}: {calls:?}");
    }
}

#[test]
fn a_head_in_pieces_and_the_action_behind_it_make_one_call() {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: sts.eu-west-1.amazonaws.com\r\nX-Long: {}\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: 43\r\n\r\n",
        "x".repeat(2000)
    );
    let action = "Action=GetCallerIdentity&";
    let total = u32::try_from(head.len() + 43).unwrap();
    let mut capture = capture();
    let mut calls = Vec::new();
    let mut offset = 0;
    let pieces = head.as_bytes().chunks(1024).map(|piece| (Kind::Head, piece));
    for (kind, piece) in pieces.chain([(Kind::Action, action.as_bytes())]) {
        let header = Header { total, offset, ..header(kind, Way::Written, u64::from(offset), piece) };
        capture.event(&header, piece, 1, &mut |_, call| calls.push(call));
        offset += u32::try_from(piece.len()).unwrap();
    }
    // The next request begins behind the body, of which the rest was not taken.
    let next = GET.as_bytes();
    capture.event(&header(Kind::Head, Way::Written, u64::from(total), next), next, 2, &mut |_, call| {
        calls.push(call);
    });
    capture.close(&mut |_, call| calls.push(call));
    let names: Vec<String> =
        calls.iter().map(|call| format!("{}:{}", call.service, call.operation)).collect();
    assert_eq!(names, ["sts:GetCallerIdentity", "s3:GetObject"]);
    let counts = capture.counts();
    assert_eq!((counts.gaps, counts.all_dropped()), (0, 0), "{counts:?}");
}

#[test]
fn of_many_connections_the_oldest_alone_are_forgotten() {
    let mut repeats = Repeats::default();
    let call = |object| wire::Call {
        key: Key { process: 7, object },
        time: 5,
        head: Box::default(),
        unknown: 0,
        response: None,
    };
    let told = |repeats| Header { repeats, kind: Kind::Sum as u8, ..Header::default() };
    let connection = |object| Key { process: 7, object };
    for object in 0..6000 {
        // Its requests differ, and are followed again and again.
        for request in [Some(Arc::default()), None, Some(Arc::default())] {
            repeats.follow(connection(object), request, &told(0), 5);
            repeats.complete(call(object));
        }
    }
    // One that asks again meanwhile stays.
    repeats.follow(connection(9_999), Some(Arc::default()), &told(0), 5);
    repeats.complete(call(9_999));
    for object in 6_000..20_000 {
        if object != 9_999 {
            repeats.follow(connection(object), Some(Arc::default()), &told(0), 5);
            repeats.complete(call(object));
        }
        if object % 1_000 == 0 {
            let count = u32::try_from(object / 1_000).unwrap();
            assert!(repeats.told(connection(9_999), &told(count), 6).is_some(), "{object}");
        }
    }
    for object in 0..6_000 {
        repeats.follow(connection(object), Some(Arc::default()), &told(0), 5);
        repeats.complete(call(object));
    }
    let known = (0..6000).filter(|object| repeats.told(connection(*object), &told(1), 6).is_some());
    let known: Vec<u64> = known.collect();
    assert!(known.len() > 3000 && known.len() <= 4096, "{}", known.len());
    assert!((5999 - 2000..6000).all(|object| known.contains(&object)));
}
