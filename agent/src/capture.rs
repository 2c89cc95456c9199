//! From events of the kernel's programs to named calls.

mod answer;
mod caller;
mod repeats;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use remit_abi::{Direction as Way, Header, Kind, Library, Peer, flag};
use remit_ledger::{Outcome, Provider};

use self::answer::Answer;
use self::caller::{credential, principal};
pub use self::repeats::Sums;
use self::repeats::{Again, Repeats};
use crate::identity::{Identities, PodList, Subject};
use crate::naming::{self, Named, Surroundings, UNKNOWN};
use crate::recording::{Call, EVIDENCE, SNI};
use crate::sockets::{Connection, Connections, peer_address};
use crate::wire::{self, Direction, Fragment, Key, Limits, Streams};

/// Processes whose subjects are remembered beside their calls. Who was forgotten is found out again.
const CALLERS: usize = 16_384;

/// What is known from elsewhere about where calls go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The AWS account of this machine's callers; empty where it is not known.
    pub account: String,
    /// Hosts of Kubernetes API servers, with their ports where they have one.
    pub api_servers: Vec<String>,
    /// Hosts of Vault servers, likewise.
    pub vaults: Vec<String>,
}

impl Known {
    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings { account: &self.account, api_servers: &self.api_servers, vaults: &self.vaults }
    }
}

/// Makes calls of events.
#[derive(Debug)]
pub struct Capture {
    streams: Streams,
    identities: Identities,
    known: Known,
    callers: HashMap<u32, Arc<Subject>, RandomState>,
    /// Those that were remembered before there were too many: some of their calls may wait for answers.
    former: HashMap<u32, Arc<Subject>, RandomState>,
    connections: Connections,
    repeats: Repeats,
    calls: Vec<wire::Call>,
}

impl Capture {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(limits: Limits, identities: Identities, known: Known) -> Self {
        Self {
            streams: Streams::new(limits),
            identities,
            known,
            callers: HashMap::default(),
            former: HashMap::default(),
            connections: Connections::default(),
            repeats: Repeats::default(),
            calls: Vec::new(),
        }
    }

    /// Takes an event, and hands over the calls that are complete now, as they were sent and as they are recorded. `now` is
    /// when it was, in microseconds since the Unix epoch.
    pub fn event(&mut self, header: &Header, bytes: &[u8], now: i64, on: &mut impl FnMut(&wire::Call, Call)) {
        let process = header.process;
        let is_exit = header.kind == Kind::Exit as u8;
        if is_exit || header.kind == Kind::Start as u8 {
            // The program that ran takes its connections with it.
            self.streams.close_process(process, &mut self.calls);
            self.repeats.end(Some(process));
            self.deliver(on);
            if is_exit {
                self.identities.exited(process, now);
                self.callers.remove(&process);
                self.former.remove(&process);
            } else {
                let subject = self.identities.executed(header.cgroup, process, &name(bytes), now);
                self.remember(process, subject);
            }
            return;
        }
        if self.socket(header, bytes, now) {
            return;
        }
        let key = Key { process, object: header.connection };
        let is_written = header.direction == Way::Written as u8;
        if is_written && let Some(again) = self.repeats.told(key, header, now) {
            self.again(again, now, on);
        }
        if header.kind == Kind::Sum as u8 {
            return;
        }
        if header.kind == Kind::Again as u8 {
            let call = self.repeats.again(key, header, now);
            self.streams.again(key, call, now, &mut self.calls);
            return self.deliver(on);
        }
        let subject = self.identities.subject(header.cgroup, process, now);
        self.remember(process, Arc::clone(&subject));
        let said;
        let (mut bytes, mut total) = (bytes, u32::from(header.copied));
        if header.kind == Kind::Rpc as u8 {
            let Some(text) = wire::rpc_text(bytes, header.flags & flag::VERSION != 0) else { return };
            said = text;
            (bytes, total) = (said.as_bytes(), u32::try_from(said.len()).unwrap_or(u32::MAX));
        }
        // Positions tell what is missing between pieces: bodies, or what was lost.
        let direction = if is_written { Direction::Written } else { Direction::Read };
        let has_reads = Library::of(header.library).is_some_and(Library::has_reads);
        let fragment = Fragment { direction, sequence: header.position, total, bytes, time: now, has_reads };
        self.streams.feed(key, fragment, &mut self.calls);
        if is_written {
            let is_whole = header.flags & flag::WHOLE != 0;
            self.repeats.follow(key, is_whole.then_some(subject), header, now);
        }
        self.deliver(on);
    }

    /// Hands over calls whose responses do not come, and forgets who is long gone. To be called every few seconds.
    pub fn sweep(&mut self, now: i64, on: &mut impl FnMut(&wire::Call, Call)) {
        self.streams.sweep(now, &mut self.calls);
        self.deliver(on);
        self.identities.expire(now);
    }

    /// Hands over calls that the kernel's programs added up and did not tell of. To be called after events were taken. `read`
    /// says what was added up on a process's object.
    pub fn settle(
        &mut self,
        now: i64,
        mut read: impl FnMut(u32, u64) -> Option<Sums>,
        on: &mut impl FnMut(&wire::Call, Call),
    ) {
        let mut left = Vec::new();
        self.repeats.settle(now, |key| read(key.process, key.object), |again| left.push(again));
        for again in left {
            self.again(again, now, on);
        }
    }

    /// How many calls that the kernel's programs added up were handed over.
    #[must_use]
    pub fn summed(&self) -> u64 {
        self.repeats.counted()
    }

    /// How many calls were handed over that waited for their answer in the kernel when their process ended.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        self.repeats.unanswered()
    }

    /// Hands over calls that were added up.
    fn again(&self, again: Again, now: i64, on: &mut impl FnMut(&wire::Call, Call)) {
        let Again { call, subject, count } = again;
        let named = named(&call, subject, &self.known.surroundings());
        on(&call, Call { count, last: now, ..named });
    }

    /// Hands over all calls that are not complete. What was added up beside them is for [`settle`](Self::settle).
    pub fn close(&mut self, on: &mut impl FnMut(&wire::Call, Call)) {
        self.streams.close_all(&mut self.calls);
        self.repeats.end(None);
        self.deliver(on);
    }

    /// Connections of TLS of which it is told by now whether they could be read. To be asked for after events were taken.
    pub fn connections(&mut self, now: i64) -> Vec<Connection> {
        self.connections.decided(now)
    }

    /// All connections of TLS that are left.
    pub fn close_connections(&mut self) -> Vec<Connection> {
        self.connections.close()
    }

    /// A connection that could not be read, as it is recorded; and whose API it calls, where that is known.
    #[must_use]
    pub fn unread(&self, connection: &Connection) -> (Call, Option<Provider>) {
        unread(connection, &self.known.surroundings())
    }

    /// Whether the kubelet should be asked for its pods.
    #[must_use]
    pub fn wants_pods(&self, now: i64) -> bool {
        self.identities.wants_pods(now)
    }

    /// Learns the pods of this node.
    pub fn learn(&mut self, pods: PodList, now: i64) {
        self.identities.learn(pods, now);
    }

    /// What became of the heads.
    #[must_use]
    pub fn counts(&self) -> &wire::Counts {
        self.streams.counts()
    }

    /// Takes what is told of sockets and of objects of libraries, and tells whether it was that.
    fn socket(&mut self, header: &Header, bytes: &[u8], now: i64) -> bool {
        let (process, cgroup, connection) = (header.process, header.cgroup, header.connection);
        let peer = Peer::split(bytes);
        match (Kind::of(header.kind), peer) {
            (Some(Kind::Seen), _) => {
                let is_shared = Library::of(header.library).is_some_and(Library::ends_unseen);
                self.connections.seen(process, connection, is_shared, now);
            }
            (Some(Kind::Hello), Some((_, record))) => self.connections.hello(connection, record, now),
            (Some(Kind::Answer), Some((_, message))) => self.connections.answer(cgroup, message, now),
            (Some(Kind::Data), Some((peer, _))) => {
                // Whoever that is: a number that no process has must not be remembered for one.
                let subject = match process {
                    0 => Arc::default(),
                    process => self.identities.subject(cgroup, process, now),
                };
                let caller = (process, subject);
                self.connections.data(connection, cgroup, caller, peer_address(&peer), now);
            }
            (Some(Kind::Hello | Kind::Answer | Kind::Data), None) => {}
            _ => return false,
        }
        true
    }

    fn remember(&mut self, process: u32, subject: Arc<Subject>) {
        if self.callers.len() >= CALLERS && !self.callers.contains_key(&process) {
            self.former = std::mem::take(&mut self.callers);
        }
        self.callers.insert(process, subject);
    }

    fn deliver(&mut self, on: &mut impl FnMut(&wire::Call, Call)) {
        let surroundings = self.known.surroundings();
        for call in self.calls.drain(..) {
            self.connections.called(call.key.process, call.key.object, call.head.host.as_deref());
            let process = call.key.process;
            let subject = self.callers.get(&process).or_else(|| self.former.get(&process));
            let subject = subject.cloned().unwrap_or_default();
            on(&call, named(&call, subject, &surroundings));
            self.repeats.complete(call);
        }
    }
}

/// A program's name as the kernel keeps it, with zeros behind it.
fn name(bytes: &[u8]) -> String {
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// A connection by the words of the ledger. What it carried is unknown, but for whose it is, which its host may tell.
fn unread(connection: &Connection, surroundings: &Surroundings<'_>) -> (Call, Option<Provider>) {
    let named = naming::server(&connection.server(), surroundings);
    // An address alone may be anyone's.
    let is_known = connection.host.is_some() || named.provider != Provider::Http;
    let provider = is_known.then_some(named.provider);
    let call = one(named, Arc::clone(&connection.subject), connection.at);
    (Call { evidence: SNI, ..call }, provider)
}

/// A call by the words of the ledger.
fn named(call: &wire::Call, subject: Arc<Subject>, surroundings: &Surroundings<'_>) -> Call {
    let mut named = naming::name(&call.head, surroundings);
    // What a head lacks may have been sent, so it must not be named by what it lacks. A path of Kubernetes tells all.
    if call.unknown > 0 && named.provider != Provider::Kubernetes {
        named =
            Named { operation: UNKNOWN.to_owned(), resources: Vec::new(), parameters: Vec::new(), ..named };
    }
    let answer = Answer {
        provider: named.provider,
        is_grpc: call.head.is_grpc(),
        is_storage: named.provider == Provider::Gcp && named.service == "storage",
        response: call.response.as_ref(),
    };
    named.parameters.extend(answer.parameter(&call.head.method));
    Call {
        principal: principal(call, named.provider),
        credential: credential(call, named.provider),
        outcome: answer.outcome(),
        error_code: answer.error_code(),
        sample_id: call.response.as_ref().and_then(|response| response.request_id.clone()),
        ..one(named, subject, call.time)
    }
}

/// One call on the wire of which no more is known than its names, and who made it when.
fn one(named: Named, subject: Arc<Subject>, at: i64) -> Call {
    Call {
        subject,
        evidence: EVIDENCE,
        provider: named.provider,
        principal: None,
        account: None,
        region: named.region,
        credential: None,
        service: named.service,
        operation: named.operation,
        resources: named.resources,
        parameters: named.parameters.into_iter().collect(),
        outcome: Outcome::Unknown,
        error_code: None,
        sample_id: None,
        count: 1,
        first: at,
        last: at,
    }
}

#[cfg(test)]
mod tests;
