//! Which connections of TLS a probe could read.
//!
//! Nothing in the kernel leads from an object of a TLS library to its socket, so both are counted: each connection of a
//! process that sends data takes one object of that process of which plaintext was seen about then, best one that wrote to
//! the same host. What is left without one could not be read.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::answer::answer;
use super::hello::server_name;
use super::names::Names;
use crate::identity::Subject;

/// ClientHellos that are remembered until data follow them.
const GREETINGS: usize = 8192;
/// Connections that wait to be decided.
const WAITING: usize = 4096;
/// Objects that are remembered, of one process and of all.
const OBJECTS: usize = 1024;
const ALL_OBJECTS: usize = 16_384;

/// Microseconds before its ClientHello from which on an object may be that of a connection: some programs write before
/// they connect, and the library keeps it.
const BEFORE: i64 = 10_000_000;
/// Microseconds after its first data until which it may be: programs that encrypt in memory write first, and what is seen
/// in the kernel at the same time is read within a twentieth of this.
const AFTER: i64 = 2_000_000;

/// A connection of TLS that sent data.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The process that connected; 0 where that was not seen.
    pub process: u32,
    /// Who that is.
    pub subject: Arc<Subject>,
    /// The name of the server: of the ClientHello, or else the one by which the address was asked for.
    pub host: Option<String>,
    /// To where.
    pub address: SocketAddr,
    /// When it sent data first, in microseconds since the Unix epoch.
    pub at: i64,
    /// Whether its plaintext was seen.
    pub is_readable: bool,
}

impl Connection {
    /// The server, with its port.
    #[must_use]
    pub fn server(&self) -> String {
        match &self.host {
            Some(host) => format!("{host}:{}", self.address.port()),
            None => self.address.to_string(),
        }
    }
}

/// Connections of TLS, and the objects of TLS libraries.
#[derive(Debug, Default)]
pub struct Connections {
    names: Names,
    greetings: HashMap<u64, Greeting>,
    /// In the order in which they came; some are gone.
    order: VecDeque<u64>,
    waiting: VecDeque<Waiting>,
    objects: HashMap<u32, Vec<Object>>,
    /// No fewer than there are.
    total: usize,
    decided: Vec<Connection>,
    /// When the first ClientHello was seen.
    began: Option<i64>,
}

#[derive(Debug)]
struct Greeting {
    name: Option<String>,
    at: i64,
}

#[derive(Debug)]
struct Waiting {
    connection: Connection,
    /// When it sent its ClientHello.
    hello: i64,
}

/// An object of which plaintext was seen.
#[derive(Clone, Debug)]
struct Object {
    /// Its address.
    connection: u64,
    /// When plaintext of it was seen first and last. These differ only where its end is not seen and they are no further apart
    /// than any period is long in which a connection takes an object, so that a period between them has one of them in it.
    first: i64,
    last: i64,
    /// To whom it wrote, where that is known.
    host: Option<String>,
    /// Whether its end is not seen, so that the next at its address shows as the same.
    is_shared: bool,
}

impl Connections {
    /// A socket sent a ClientHello.
    pub fn hello(&mut self, cookie: u64, record: &[u8], now: i64) {
        if self.order.len() >= GREETINGS
            && let Some(oldest) = self.order.pop_front()
        {
            self.greetings.remove(&oldest);
        }
        self.began.get_or_insert(now);
        self.order.push_back(cookie);
        self.greetings.insert(cookie, Greeting { name: server_name(record), at: now });
    }

    /// A socket that had sent a ClientHello sends data.
    pub fn data(
        &mut self,
        cookie: u64,
        cgroup: u64,
        (process, subject): (u32, Arc<Subject>),
        address: SocketAddr,
        now: i64,
    ) {
        // Whoever connected before the agent began may have been read, and nobody knows who that is.
        let is_early = self.began.is_none_or(|began| now.saturating_sub(began) < BEFORE);
        if process == 0 && is_early {
            return;
        }
        let greeting = self.greetings.remove(&cookie).unwrap_or(Greeting { name: None, at: now });
        let asked = || self.names.name(cgroup, address.ip(), now).map(str::to_owned);
        let host = greeting.name.or_else(asked);
        let connection = Connection { process, subject, host, address, at: now, is_readable: false };
        self.waiting.push_back(Waiting { connection, hello: greeting.at });
        if self.waiting.len() > WAITING {
            self.decide_oldest();
        }
    }

    /// A socket received an answer of DNS.
    pub fn answer(&mut self, cgroup: u64, message: &[u8], now: i64) {
        if let Some((name, addresses)) = answer(message) {
            self.names.learn(cgroup, &name, &addresses, now);
        }
    }

    /// Plaintext of an object was seen; `is_shared` where its end would not be.
    pub fn seen(&mut self, process: u32, connection: u64, is_shared: bool, now: i64) {
        if self.total >= ALL_OBJECTS {
            self.expire(now);
            if self.total >= ALL_OBJECTS {
                // What is forgotten makes connections unreadable that are not; the other way would be wrong.
                self.objects.clear();
            }
        }
        let objects = self.objects.entry(process).or_default();
        // One that ended may have had the same address, and its connection may not be decided.
        let object = Object { connection, first: now, last: now, host: None, is_shared };
        if objects.iter_mut().any(|known| known.join(&object)) {
            return;
        }
        if objects.len() >= OBJECTS {
            objects.remove(0);
        }
        objects.push(object);
        self.total += 1;
    }

    /// A call shows to whom an object writes.
    pub fn called(&mut self, process: u32, connection: u64, host: Option<&str>) {
        let (Some(objects), Some(host)) = (self.objects.get_mut(&process), host.map(without_port)) else {
            return;
        };
        let Some(at) = objects.iter().rposition(|object| object.connection == connection) else { return };
        let Some((object, before)) = objects.get_mut(..=at).and_then(<[_]>::split_last_mut) else { return };
        if object.host.as_deref() == Some(host) {
            return;
        }
        object.host = Some(host.to_owned());
        if before.iter_mut().any(|known| known.join(object)) {
            objects.remove(at);
        }
    }

    /// Connections that are decided by now.
    pub fn decided(&mut self, now: i64) -> Vec<Connection> {
        while self.waiting.front().is_some_and(|first| first.connection.at.saturating_add(AFTER) <= now) {
            self.decide_oldest();
        }
        self.expire(now);
        std::mem::take(&mut self.decided)
    }

    /// All connections, decided by what is known.
    pub fn close(&mut self) -> Vec<Connection> {
        while !self.waiting.is_empty() {
            self.decide_oldest();
        }
        std::mem::take(&mut self.decided)
    }

    /// Forgets objects that no connection can take any more.
    fn expire(&mut self, now: i64) {
        let oldest = now.saturating_sub(BEFORE + AFTER);
        self.objects.retain(|_, objects| {
            objects.retain(|object| object.last >= oldest);
            !objects.is_empty()
        });
        self.total = self.objects.values().map(Vec::len).sum();
    }

    fn decide_oldest(&mut self) {
        let Some(waiting) = self.waiting.pop_front() else { return };
        let is_readable = self.take_object(&waiting);
        self.decided.push(Connection { is_readable, ..waiting.connection });
    }

    /// Takes the object that suits a connection best, if one does.
    fn take_object(&mut self, waiting: &Waiting) -> bool {
        let connection = &waiting.connection;
        let (start, end) = (waiting.hello.saturating_sub(BEFORE), connection.at.saturating_add(AFTER));
        let host = connection.host.as_deref();
        let objects = self.objects.get(&connection.process).map(Vec::as_slice).unwrap_or_default();
        let (its, others): (Vec<_>, Vec<_>) = objects
            .iter()
            .enumerate()
            .filter(|(_, object)| object.first <= end && object.last >= start)
            .partition(|(_, object)| object.host.is_none() || object.host.as_deref() == host);
        let best = its.into_iter().min_by_key(|(_, object)| (object.host.is_none(), object.first));
        // Some write a name that is not the server's, but that of another connection is that one's.
        let best = best.or_else(|| {
            if others.is_empty() {
                return None;
            }
            let others_of_process = self.waiting.iter().map(|other| &other.connection);
            let others_of_process = others_of_process.filter(|other| other.process == connection.process);
            let hosts: HashSet<Option<&str>> = others_of_process.map(|other| other.host.as_deref()).collect();
            others.into_iter().find(|(_, object)| !hosts.contains(&object.host.as_deref()))
        });
        let Some((place, object)) = best else { return false };
        let is_shared = object.is_shared;
        if let Some(objects) = self.objects.get_mut(&connection.process).filter(|_| !is_shared) {
            objects.remove(place);
        }
        true
    }
}

impl Object {
    /// Takes another one up into this, where either serves any connection that the other does.
    fn join(&mut self, other: &Self) -> bool {
        let is_equal = (self.is_shared, other.is_shared, self.connection) == (true, true, other.connection)
            && self.host == other.host
            && other.first.saturating_sub(self.last) <= BEFORE + AFTER;
        if is_equal {
            self.first = self.first.min(other.first);
            self.last = self.last.max(other.last);
        }
        is_equal
    }
}

/// A host of a request without its port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The address of a peer as the kernel tells it.
#[must_use]
pub fn peer_address(peer: &remit_abi::Peer) -> SocketAddr {
    SocketAddr::new(IpAddr::from(peer.address).to_canonical(), u16::from_be_bytes(peer.port))
}

#[cfg(test)]
mod tests;
