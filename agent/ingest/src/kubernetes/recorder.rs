//! From events to counts: what is recorded, what is skipped and why.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem;
use remit_ledger::{HOUR, Outcome, identify};

use super::asked::Asked;
use super::called::{REFUSED, called, new_call, pack, refused};
use super::caller::{User, Who, impersonations};
use super::event::{Audit, Delivery, Envelope, Event, Found, cluster_of_resource, is_cluster};
use super::google::Entry;
use super::review::Review;
use super::table::{Call, Caller, Key, Table, Traits};
use crate::accounting::Accounting;
use crate::grammar::{Place, Sink};
use crate::scan::{Find, Text};
use crate::stretches::Seen;
use crate::time::EventTime;

/// One worker's counts.
pub(crate) struct Recorder {
    pub(crate) table: Table,
    /// What the hours of a cluster showed in one form of delivery.
    pub(crate) tally: BTreeMap<(u32, Delivery), BTreeMap<i64, Seen>>,
    accounting: Accounting,
    /// The cluster that the user named.
    cluster: Option<Arc<str>>,
    time: EventTime,
    scratch: Vec<u8>,
}

/// When, where from and by which identifier a call was made.
struct Moment<'a> {
    time: i64,
    hour: i32,
    id: Cow<'a, str>,
    /// What the identifier is remembered by; none without one.
    identifier: Option<u64>,
}

impl<'a> Moment<'a> {
    /// Where the time is that of the request's arrival, which is the same in all stages and copies, it is part of what the
    /// request is remembered by: clients may choose the identifier (`Audit-ID`), and give one to all of their requests.
    fn with_id(self, id: Cow<'a, str>, is_arrival: bool) -> Self {
        let time = self.time.to_le_bytes();
        let arrival: &[u8] = if is_arrival { &time } else { &[] };
        let identifier = (!id.is_empty()).then(|| joined(arrival, id.as_bytes()));
        Self { id, identifier, ..self }
    }
}

impl Recorder {
    pub(crate) fn new(accounting: Accounting, cluster: Option<Arc<str>>) -> Self {
        Self {
            table: Table::default(),
            tally: BTreeMap::new(),
            accounting,
            cluster,
            time: EventTime::default(),
            scratch: Vec::new(),
        }
    }

    /// An event of `audit.k8s.io`; the error is why it is lost.
    fn record(&mut self, event: &Event<'_>, envelope: &Envelope) -> Result<(), &'static str> {
        if event.stage.is_some_and(|stage| stage.raw == b"RequestReceived") {
            // Nothing is decided yet, and a later stage tells the same request.
            self.accounting.skip("request_received");
            return Ok(());
        }
        let arrival = event.received;
        let moment = self.moment(arrival.or(event.made), event.id, arrival.is_some())?;
        let caller = self.caller(event)?;
        let call = self.call(event)?;
        let review = self.review(event, &caller, call);
        let constrained = self.constrained(&caller, call);
        if self.is_repeated(&moment) {
            return Ok(());
        }
        let known = self.cluster.as_ref().or(envelope.cluster.as_ref());
        let told = if known.is_none() { event.resource_id.and_then(cluster_of_resource) } else { None };
        let cluster = known.or(told.as_ref());
        let origin = event.origins.map(last_of).unwrap_or_default();
        let key = Key {
            hour: moment.hour,
            who: caller.who,
            call,
            origin: self.table.origin(origin),
            cluster: self.table.cluster(cluster),
        };
        self.tally(key, event.delivery.unwrap_or(envelope.delivery));
        self.table.count(key, moment.time, &moment.id);
        for (who, call) in caller.also.iter().copied().chain(review).chain(constrained) {
            self.table.count(Key { who, call, ..key }, moment.time, &moment.id);
        }
        self.recorded(&moment);
        Ok(())
    }

    /// An entry of Google Cloud's log.
    fn record_entry(&mut self, entry: &Entry<'_>) -> Result<(), &'static str> {
        let Some(logged) = entry.cluster() else {
            self.accounting.skip("other_service");
            return Ok(());
        };
        let payload = entry.payload().ok_or("incomplete")?;
        let moment = self.moment(entry.time, None, false)?;
        let moment = moment.with_id(entry.id().unwrap_or_default(), false);
        let who = Who::named(payload.principal(), &[]).ok_or("incomplete")?;
        let decision = entry.decision.and_then(Text::decode);
        let decision = decision.as_deref().or_else(|| payload.decision());
        let reason = entry.reason.and_then(Text::decode).unwrap_or_default();
        let reading = payload.asked();
        let call = called(reading.as_ref(), payload.verb(), decision, payload.code(), &reason);
        if self.is_repeated(&moment) {
            return Ok(());
        }
        let told = Some(logged.name()).filter(|name| is_cluster(name)).map(Arc::from);
        let key = Key {
            hour: moment.hour,
            who: self.table.who(who),
            call: self.table.call(call),
            origin: self.table.origin(payload.origin().as_bytes()),
            cluster: self.table.cluster(self.cluster.as_ref().or(told.as_ref())),
        };
        self.tally(key, Delivery::Gke);
        self.table.count(key, moment.time, &moment.id);
        self.recorded(&moment);
        Ok(())
    }

    fn moment<'a>(
        &mut self,
        time: Option<Text<'_>>,
        id: Option<Text<'a>>,
        is_arrival: bool,
    ) -> Result<Moment<'a>, &'static str> {
        let time = time.ok_or("incomplete")?;
        let time = self.time.parse(time.raw).or_else(|| plain_time(time.raw)).ok_or("incomplete")?;
        let hour = i32::try_from(time.div_euclid(HOUR)).map_err(|_| "incomplete")?;
        let id = match id {
            Some(id) => id.decode().ok_or("not_utf8")?,
            None => Cow::Borrowed(""),
        };
        self.accounting.meet_hour(hour);
        Ok(Moment { time, hour, id: Cow::Borrowed(""), identifier: None }.with_id(id, is_arrival))
    }

    /// Whether the request was counted before, in another stage or delivery.
    fn is_repeated(&mut self, moment: &Moment<'_>) -> bool {
        self.accounting.is_repeated(moment.hour, moment.identifier)
    }

    fn recorded(&mut self, moment: &Moment<'_>) {
        self.accounting.recorded(moment.hour, moment.identifier);
    }

    fn tally(&mut self, key: Key, delivery: Delivery) {
        let Traits { is_read, .. } = self.table.traits(key.call);
        let hours = self.tally.entry((key.cluster, delivery)).or_default();
        hours.entry(i64::from(key.hour)).or_default().add(Seen {
            events: 1,
            reads: is_read,
            writes: !is_read,
        });
    }

    /// Who calls, and what it was found to be allowed before.
    #[inline]
    fn caller(&mut self, event: &Event<'_>) -> Result<Arc<Caller>, &'static str> {
        let user = event.user.ok_or("incomplete")?;
        let number = event.known_user.unwrap_or_else(|| self.table.users.intern(user).number());
        let other = event.impersonated.map(|other| self.table.users.intern(other).number());
        let constraint = event.constraint.map(|constraint| self.table.users.intern(constraint.raw).number());
        let key = (number, other, constraint);
        if let Some(caller) = self.table.callers.get(&key) {
            return Ok(Arc::clone(caller));
        }
        let caller = Arc::new(self.new_caller(user, event)?);
        self.table.callers.insert(key, Arc::clone(&caller));
        Ok(caller)
    }

    #[cold]
    fn new_caller(&mut self, user: &[u8], event: &Event<'_>) -> Result<Caller, &'static str> {
        let user = User::read(user).ok_or("incomplete")?;
        let constraint = event.constraint.and_then(Text::decode).filter(|verb| !verb.is_empty());
        let mode = constraint.as_deref().and_then(|verb| verb.strip_prefix("impersonate:"));
        let mut constrained = None;
        let other = event.impersonated.map(|other| User::read(other).ok_or("incomplete")).transpose()?;
        let who = Who::read(&user, other.as_ref()).ok_or("incomplete")?;
        let mut also = Vec::new();
        if let (Some(own), Some(other)) = (who.impersonator(&user), &other) {
            let own = self.table.who(own);
            constrained = mode.map(|mode| (own, mode.to_owned()));
            for request in impersonations(other, constraint.as_deref()).ok_or("impersonates_too_much")? {
                // The server tells whom a call is made as once it may be: had it been refused, the event would not.
                let call = Call::of(Asked::of(Some(&request), ""), Outcome::Allowed);
                also.push((own, self.table.call(call)));
            }
        }
        Ok(Caller { who: self.table.who(who), also, constrained })
    }

    /// What was asked for and what came of it.
    #[inline]
    fn call(&mut self, event: &Event<'_>) -> Result<u32, &'static str> {
        let verb = event.verb.ok_or("incomplete")?;
        let is_refusal = event.decision.is_none()
            && event.code == Some(b"403")
            && event.status.is_some_and(|status| memmem::find(status, REFUSED.as_bytes()).is_some());
        if is_refusal && let Some(call) = event.status.and_then(refused) {
            return Ok(self.table.call(call));
        }
        let mut raw = std::mem::take(&mut self.scratch);
        pack(&mut raw, verb, event);
        let call = match self.table.known_call(&raw) {
            Some(call) => Ok(call),
            None => new_call(verb, event).map(|call| {
                let call = self.table.call(call);
                self.table.remember_call(&raw, call);
                call
            }),
        };
        self.scratch = raw;
        call
    }

    /// That the caller may call like this in another's name, where that is constrained: a permission of its own.
    fn constrained(&mut self, caller: &Caller, call: u32) -> Option<(u32, u32)> {
        let (who, mode) = caller.constrained.as_ref()?;
        let asked = &self.table.get_call(call)?.asked;
        let operation = format!("impersonate-on:{mode}:{}", asked.operation);
        let asked = Asked { operation, ..asked.clone() };
        (!asked.resource.is_empty()).then(|| (*who, self.table.call(Call::of(asked, Outcome::Allowed))))
    }

    /// What an access review that was created shows of another's permission.
    fn review(&mut self, event: &Event<'_>, caller: &Caller, call: u32) -> Option<(u32, u32)> {
        let question = event.request?;
        if !self.table.traits(call).is_review {
            return None;
        }
        let asker = &self.table.get_who(caller.who)?.principal;
        let review = Review::read(question, event.response, asker)?;
        let asked = Asked::of(Some(&review.reading.request), &review.reading.version);
        Some((self.table.who(review.who), self.table.call(Call::of(asked, review.outcome))))
    }
}

/// What both together are remembered by.
#[inline]
fn joined(arrival: &[u8], id: &[u8]) -> u64 {
    // An identifier is 36 bytes; a list of its own for every event took longer than all else that is done here.
    let mut room = [0; 64];
    let together = room.get_mut(..arrival.len() + id.len());
    match together.and_then(|together| together.split_at_mut_checked(arrival.len())) {
        Some((first, second)) => {
            first.copy_from_slice(arrival);
            second.copy_from_slice(id);
            identify(room.get(..arrival.len() + id.len()).unwrap_or_default())
        }
        None => identify(&[arrival, id].concat()),
    }
}

/// The last text of a list: earlier addresses are what the client says.
fn last_of(list: &[u8]) -> &[u8] {
    list.rsplit(|byte| *byte == b'"').nth(1).unwrap_or_default()
}

/// Some exporters write UTC without saying so, as `2026-11-23 20:59:01.5`.
fn plain_time(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let time: jiff::civil::DateTime = text.parse().ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

impl Sink<Audit> for Recorder {
    #[inline]
    fn known_identity(&self, rest: &[u8]) -> Option<(u32, usize)> {
        self.table.users.find(rest)
    }

    fn event<F: Find>(&mut self, found: &Found<'_>, envelope: &Envelope, place: Place) {
        self.accounting.read();
        let result = match found {
            Found::Event(event) => self.record(event, envelope),
            Found::Entry(entry) => self.record_entry(entry),
        };
        if let Err(reason) = result {
            let told = match found {
                Found::Event(event) => event.resource_id.and_then(cluster_of_resource),
                Found::Entry(_) => None,
            };
            let cluster = self.cluster.as_ref().or(envelope.cluster.as_ref()).or(told.as_ref());
            self.accounting.lose(reason, place, cluster);
        }
    }

    fn skipped(&mut self, reason: &'static str, _: Place) {
        self.accounting.read();
        self.accounting.skip(reason);
    }

    fn lost(&mut self, reason: &'static str, place: Place) {
        self.accounting.read();
        self.accounting.lose(reason, place, self.cluster.as_ref());
    }
}

impl crate::format::Recorder<Audit> for Recorder {
    fn accounting(&mut self) -> &mut Accounting {
        &mut self.accounting
    }

    fn footprint(&self) -> usize {
        self.table.footprint() + self.tally.values().map(BTreeMap::len).sum::<usize>() * 64
    }
}
