use super::*;
use crate::sockets::answer::tests::message;
use crate::sockets::hello::tests::{hello, named};

const SECOND: i64 = 1_000_000;

/// A connection of a process to a host that sends data a tenth of a second after its ClientHello.
fn connect(connections: &mut Connections, cookie: u64, process: u32, host: &str, at: i64) {
    let record = if host.is_empty() { hello(&[]) } else { hello(&[(0, &named(host.as_bytes()))]) };
    connections.hello(cookie, &record, at);
    connections.data(
        cookie,
        1,
        (process, Arc::default()),
        "192.0.2.1:443".parse().unwrap(),
        at + SECOND / 10,
    );
}

/// Hosts and whether they are readable, in order.
fn decided(connections: &mut Connections, now: i64) -> Vec<(String, bool)> {
    let decided = connections.decided(now).into_iter();
    decided.map(|one| (one.host.unwrap_or_default(), one.is_readable)).collect()
}

#[test]
fn a_connection_is_readable_where_plaintext_of_its_process_is_seen() {
    let mut connections = Connections::default();
    connect(&mut connections, 1, 10, "a.example", 0);
    connect(&mut connections, 2, 11, "b.example", 0);
    connections.seen(10, 0x100, false, SECOND / 20);
    connections.called(10, 0x100, Some("a.example:443"));
    assert_eq!(decided(&mut connections, SECOND), [], "it is too early");
    let expected = [("a.example".to_owned(), true), ("b.example".to_owned(), false)];
    assert_eq!(decided(&mut connections, 3 * SECOND), expected);
}

#[test]
fn one_object_is_of_one_connection_and_best_of_the_one_with_its_host() {
    let mut connections = Connections::default();
    connect(&mut connections, 1, 10, "blind.example", 0);
    connect(&mut connections, 2, 10, "read.example", 1);
    connections.seen(10, 0x100, false, 2);
    connections.called(10, 0x100, Some("read.example"));
    let expected = [("blind.example".to_owned(), false), ("read.example".to_owned(), true)];
    assert_eq!(decided(&mut connections, 3 * SECOND), expected);
    // The same host by two libraries of which one is seen.
    connect(&mut connections, 3, 10, "s3.example", 10 * SECOND);
    connect(&mut connections, 4, 10, "s3.example", 10 * SECOND);
    connections.seen(10, 0x200, false, 10 * SECOND);
    let expected = [("s3.example".to_owned(), true), ("s3.example".to_owned(), false)];
    assert_eq!(decided(&mut connections, 13 * SECOND), expected);
}

#[test]
fn objects_may_have_the_address_of_one_that_is_gone() {
    let mut connections = Connections::default();
    for number in 0..3 {
        connect(&mut connections, number, 10, "a.example", 0);
        connections.seen(10, 0x100, false, 1);
        connections.called(10, 0x100, Some("a.example"));
    }
    connect(&mut connections, 3, 10, "a.example", 0);
    let readable: Vec<bool> = decided(&mut connections, 3 * SECOND).into_iter().map(|one| one.1).collect();
    assert_eq!(readable, [true, true, true, false]);
}

#[test]
fn what_is_no_http_and_what_names_another_host_counts_too() {
    let mut connections = Connections::default();
    connect(&mut connections, 1, 10, "database.example", 0);
    connections.seen(10, 0x100, false, 1);
    connect(&mut connections, 2, 11, "front.example", 0);
    connections.seen(11, 0x100, false, 1);
    connections.called(11, 0x100, Some("behind.example"));
    let expected = [("database.example".to_owned(), true), ("front.example".to_owned(), true)];
    assert_eq!(decided(&mut connections, 3 * SECOND), expected);
}

#[test]
fn objects_whose_end_is_not_seen_serve_all_connections_of_their_process() {
    let mut connections = Connections::default();
    connections.seen(10, 0x100, true, 0);
    connect(&mut connections, 1, 10, "a.example", 1);
    connect(&mut connections, 2, 10, "b.example", SECOND);
    let expected = [("a.example".to_owned(), true), ("b.example".to_owned(), true)];
    assert_eq!(decided(&mut connections, 4 * SECOND), expected);
}

/// Its address is another's by the time at which the connection is decided.
#[test]
fn an_object_whose_end_is_not_seen_counts_for_its_time_when_its_address_is_taken_again() {
    let mut connections = Connections::default();
    let object = |connections: &mut Connections, host: &str, at: i64| {
        connections.seen(10, 0x100, true, at);
        connections.called(10, 0x100, Some(host));
    };
    object(&mut connections, "a.example", 0);
    connect(&mut connections, 1, 10, "a.example", 0);
    object(&mut connections, "b.example", 3 * SECOND);
    connect(&mut connections, 2, 10, "b.example", 3 * SECOND);
    for second in 4..20 {
        object(&mut connections, "b.example", second * SECOND);
    }
    assert_eq!(connections.objects[&10].len(), 2, "equal ones are kept once");
    let expected = [("a.example".to_owned(), true), ("b.example".to_owned(), true)];
    assert_eq!(decided(&mut connections, 20 * SECOND), expected);
}

#[test]
fn an_object_of_another_time_does_not_count() {
    let mut connections = Connections::default();
    connections.seen(10, 0x100, false, 0);
    connect(&mut connections, 1, 10, "a.example", 11 * SECOND);
    connect(&mut connections, 2, 10, "b.example", 11 * SECOND);
    connections.seen(10, 0x200, false, 14 * SECOND);
    let expected = [("a.example".to_owned(), false), ("b.example".to_owned(), false)];
    assert_eq!(decided(&mut connections, 15 * SECOND), expected);
}

#[test]
fn a_connection_without_a_name_has_that_of_its_address() {
    let mut connections = Connections::default();
    connections.answer(1, &message("sts.amazonaws.com", &[(1, 60, &[192, 0, 2, 1])]), 0);
    connect(&mut connections, 1, 10, "", 0);
    connections.answer(2, &message("other.example", &[(1, 60, &[192, 0, 2, 1])]), 0);
    assert_eq!(decided(&mut connections, 3 * SECOND), [("sts.amazonaws.com".to_owned(), false)]);
}

#[test]
fn whose_process_is_not_known_is_told_of_unless_it_connected_before_the_agent_began() {
    let mut connections = Connections::default();
    connect(&mut connections, 1, 0, "a.example", 0);
    connect(&mut connections, 2, 0, "a.example", BEFORE);
    connections.seen(0, 0x100, false, BEFORE);
    connect(&mut connections, 3, 0, "b.example", BEFORE);
    let expected = [("a.example".to_owned(), true), ("b.example".to_owned(), false)];
    assert_eq!(decided(&mut connections, 2 * BEFORE), expected);
}

#[test]
fn memory_is_bounded_and_no_connection_is_forgotten() {
    let mut connections = Connections::default();
    let many = 3 * GREETINGS as u64;
    for number in 0..many {
        connect(&mut connections, number, number as u32 % 5 + 1, "a.example", 0);
        connections.hello(many + number, &hello(&[]), 0);
        connections.seen(number as u32, number, false, 0);
        connections.seen(1, number, false, 0);
    }
    assert!(connections.greetings.len() <= GREETINGS && connections.waiting.len() <= WAITING);
    assert!(connections.objects[&1].len() <= OBJECTS);
    assert!(connections.objects.values().map(Vec::len).sum::<usize>() <= ALL_OBJECTS);
    assert_eq!(connections.close().len() as u64, many);
    connections.decided(20 * SECOND);
    assert!(connections.objects.is_empty());
}
