use super::*;

const LOOPBACK: &str = "127.0.0.1:0";

fn endpoint(patience: Duration) -> (Endpoint, Arc<Board>) {
    let board = Board::new(patience);
    (Endpoint::open(LOOPBACK.parse().unwrap(), false, Arc::clone(&board)).unwrap(), board)
}

fn ask(endpoint: &Endpoint, question: &[u8]) -> String {
    let mut stream = TcpStream::connect(endpoint.address()).unwrap();
    let _ = stream.write_all(question);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn get(endpoint: &Endpoint, path: &str) -> String {
    ask(endpoint, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
}

#[test]
fn metrics_and_health() {
    let (endpoint, board) = endpoint(Duration::from_secs(600));
    assert!(get(&endpoint, "/healthz").ends_with("\r\n\r\nok\n"));
    board.write(vec![Metric::counter("remit_calls_total", "Calls.", 7)], Vec::new());
    let answer = get(&endpoint, "/metrics?name=x");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\nremit_calls_total 7\n"), "{answer}");
    board.write(Vec::new(), vec!["the ledger is away".to_owned()]);
    let answer = get(&endpoint, "/healthz");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("the ledger is away\n"), "{answer}");
}

#[test]
fn an_agent_that_writes_nothing_is_stuck() {
    let (endpoint, board) = endpoint(Duration::ZERO);
    std::thread::sleep(Duration::from_millis(2));
    let answer = get(&endpoint, "/healthz");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("the agent is stuck\n"), "{answer}");
    drop(board);
}

#[test]
fn ready_once_it_has_begun_and_alive_whatever_else_is_wrong() {
    let (endpoint, board) = endpoint(Duration::from_secs(600));
    assert!(get(&endpoint, "/readyz").ends_with("the agent has not begun\n"));
    assert!(get(&endpoint, "/livez").ends_with("ok\n"));
    board.write(Vec::new(), Vec::new());
    assert!(get(&endpoint, "/readyz").ends_with("\r\n\r\nok\n"));
    board.write(Vec::new(), vec!["the ledger is away".to_owned()]);
    assert!(get(&endpoint, "/readyz").ends_with("the ledger is away\n"));
    assert!(get(&endpoint, "/livez").ends_with("ok\n"));
}

#[test]
fn an_agent_that_began_and_is_stuck_is_not_alive() {
    let (endpoint, board) = endpoint(Duration::ZERO);
    std::thread::sleep(Duration::from_millis(2));
    assert!(get(&endpoint, "/livez").ends_with("ok\n"), "looking at all processes may take its time");
    board.write(Vec::new(), Vec::new());
    std::thread::sleep(Duration::from_millis(2));
    assert!(get(&endpoint, "/livez").ends_with("the agent is stuck\n"));
}

#[test]
fn others_may_ask_where_that_is_wanted() {
    let endpoint = Endpoint::open("0.0.0.0:0".parse().unwrap(), true, Board::new(PATIENCE)).unwrap();
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, endpoint.address().port()));
    TcpStream::connect(here).unwrap();
    drop(endpoint);
    TcpStream::connect(here).unwrap_err();
}

#[test]
fn odd_questions() {
    let (endpoint, _board) = endpoint(Duration::from_secs(600));
    for (question, status) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "404"),
        (b"GET /metrics/ HTTP/1.1\r\n\r\n", "404"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", "405"),
        (b"\r\n\r\n", "400"),
        (b"\xff\xfe \0 \r\n\r\n", "400"),
        (b"GET /metrics HTTP/2\r\n\r\n", "400"),
    ] {
        let answer = ask(&endpoint, question);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{question:?}: {answer}");
    }
    // So much that it cannot all have been read when the answer comes: it may be cut off, and nothing else happens.
    let answer = ask(&endpoint, &b"a".repeat(QUESTION_LIMIT * 100));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(get(&endpoint, "/healthz").ends_with("ok\n"));
}

#[test]
fn slow_questions_hold_nobody_up_for_ever() {
    let (endpoint, _board) = endpoint(Duration::from_secs(600));
    let slow: Vec<TcpStream> =
        (0..ASKED_AT_ONCE * 2).map(|_| TcpStream::connect(endpoint.address()).unwrap()).collect();
    let start = Instant::now();
    while !get(&endpoint, "/healthz").ends_with("ok\n") {
        assert!(start.elapsed() < PATIENCE * 10, "the slow ones were not given up");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(slow);
}

#[test]
fn only_on_this_machine_and_no_longer_than_wanted() {
    let board = Board::new(PATIENCE);
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let error =
            Endpoint::open(address.parse().unwrap(), false, Arc::clone(&board)).unwrap_err().to_string();
        assert!(error.contains("hint: ") && error.contains(address), "{error}");
    }
    let endpoint = Endpoint::open(LOOPBACK.parse().unwrap(), false, board).unwrap();
    let address = endpoint.address();
    drop(endpoint);
    TcpStream::connect(address).unwrap_err();
}
