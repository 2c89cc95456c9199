//! From events to counts: what is recorded, what is skipped and why.

use std::collections::BTreeMap;

use remit_catalog::ParameterUse;
use remit_ledger::{HOUR, Outcome, identify};

use super::call::{Head, is_told, pack, pack_bounded, pack_parameter, repack, target};
use super::coverage::Tally;
use super::event::{Cloudtrail, Event};
use super::flush::Part;
use super::operation::Plans;
use super::outcome::outcome;
use super::table::{RowKey, Table};
use crate::accounting::Accounting;
use crate::bounded::{Bounded, tree_of};
use crate::grammar::{Place, Sink};
use crate::interner::Interner;
use crate::scan::{Find, Text};
use crate::time::EventTime;

/// One worker's counts.
pub(crate) struct Recorder {
    pub(crate) table: Table,
    pub(crate) plans: Plans,
    pub(crate) tally: Tally,
    pub(crate) accounting: Accounting,
    /// Calls of operations the catalog does not know, by plan.
    pub(crate) unresolved: BTreeMap<u32, u64>,
    time: EventTime,
    /// Names met by principals and operations; kept from flush to flush.
    pub(crate) bounded: Bounded,
    /// The region, account and error code of the last event, which the next one's often are.
    last_names: [LastName; 3],
    scratch: Vec<u8>,
    repacked: Vec<u8>,
}

/// A text and its number.
#[derive(Debug, Default)]
struct LastName {
    raw: Vec<u8>,
    number: Option<u32>,
}

impl LastName {
    #[inline]
    fn number(&mut self, names: &mut Interner, text: Option<Text<'_>>) -> Option<u32> {
        let raw = text.map(|text| text.raw).unwrap_or_default();
        if self.number.is_some() && self.raw == raw {
            return self.number;
        }
        self.number = intern_text(names, text);
        self.raw.clear();
        self.raw.extend_from_slice(raw);
        self.number
    }
}

impl Recorder {
    pub(crate) fn new(names: usize, accounting: Accounting) -> Self {
        Self {
            table: Table::default(),
            plans: Plans::default(),
            tally: Tally::default(),
            accounting,
            unresolved: BTreeMap::new(),
            time: EventTime::default(),
            bounded: Bounded::new(names),
            last_names: Default::default(),
            scratch: Vec::new(),
            repacked: Vec::new(),
        }
    }

    /// Hands out what was counted, and goes on with an empty table.
    pub(crate) fn take(&mut self, spare: Table) -> Part {
        let mut table = std::mem::replace(&mut self.table, spare);
        table.sort_issued();
        self.last_names = Default::default();
        self.tally = Tally::default();
        Part { table, plans: self.plans.list(), excess: self.bounded.excess() }
    }

    /// The fields without which a call means nothing, checked; the error is why the event is lost.
    fn record<F: Find>(&mut self, event: &Event<'_, F>) -> Result<(), &'static str> {
        // An Insight event has no source and name of its own.
        if skipped(event) == Some(INSIGHT) {
            self.accounting.skip(INSIGHT);
            return Ok(());
        }
        let (Some(time), Some(source), Some(name)) = (event.time, event.source, event.name) else {
            return Err("incomplete");
        };
        let time = self.time.parse(time.raw).ok_or("incomplete")?;
        let hour = i32::try_from(time.div_euclid(HOUR)).map_err(|_| "incomplete")?;
        self.accounting.meet_hour(hour);
        let [last_region, last_recipient, last_error] = &mut self.last_names;
        let names = &mut self.table.names;
        let region = last_region.number(names, event.region).ok_or("not_utf8")?;
        let recipient = last_recipient.number(names, event.recipient).ok_or("not_utf8")?;
        let error = last_error.number(names, event.error_code).ok_or("not_utf8")?;
        let origin = intern_text(&mut self.table.origins, event.origin).ok_or("not_utf8")?;
        let id = event.id.map(|id| id.raw).filter(|id| !id.is_empty());
        let identifier = id.map(identify);
        let management = event.management.unwrap_or(true)
            && event.category.is_none_or(|category| category.raw == b"Management");
        if let Some(reason) = skipped(event) {
            if self.accounting.is_repeated(hour, identifier) {
                return Ok(());
            }
            // An event that is no call still shows that its hour was logged.
            if reason != LAKE {
                let account = self.logged_account(event, recipient);
                self.tally.count(account, region, hour, management, event.read_only);
            }
            self.accounting.remember(hour, identifier);
            self.accounting.skip(reason);
            return Ok(());
        }
        // CloudTrail says of every call who made it, if only that it does not know; without that it may be anybody's.
        if event.known_identity.is_none() && event.identity.is_none_or(is_empty) {
            return Err("incomplete");
        }
        let plan_number = self.plans.find(source, name).ok_or("not_utf8")?;
        let plan = self.plans.get(plan_number).ok_or("not_utf8")?;
        let outcome = match event.error_code {
            None => Outcome::Allowed,
            Some(code) => {
                let code = code.decode().ok_or("not_utf8")?;
                let message = event.error_message.and_then(Text::decode);
                outcome(&plan.service, Some(&code), message.as_deref())
            }
        };
        let head = Head { plan: plan_number, region, recipient, error, outcome };
        pack(&mut self.scratch, head, event.resources)?;
        if let Some(request) = event.request.filter(|_| !plan.request.is_empty()) {
            let (scratch, later) = (&mut self.scratch, &mut self.repacked);
            later.clear();
            let mut sound = true;
            let mut is_told_all = true;
            let mut used = 0;
            let walked = plan.request.extract(request, &mut |path, value| {
                let known = plan.request.get(path);
                let used_for = known.map_or(ParameterUse::Resource, |path| path.used_for);
                if used_for == ParameterUse::Resource {
                    is_told_all &=
                        !known.is_some_and(|path| path.goes_on) && is_told(scratch, &mut used, value);
                    sound &= pack_parameter(later, path, used_for, value);
                } else {
                    sound &= pack_parameter(scratch, path, used_for, value);
                }
            });
            if !sound {
                return Err("not_utf8");
            }
            if walked.is_err() {
                return Err("malformed");
            }
            if !is_told_all {
                scratch.extend_from_slice(later);
            }
        }
        let identity = match (event.known_identity, event.identity) {
            (Some(number), _) => number,
            (None, object) => {
                let object = object.unwrap_or_default();
                if std::str::from_utf8(object).is_err() {
                    return Err("not_utf8");
                }
                self.table.identities.intern(object).number()
            }
        };
        let call = match self.table.known_call(&self.scratch) {
            Some(call) => call,
            None => self.new_call(identity, plan_number).ok_or("not_utf8")?,
        };
        // Not before it is known that nothing of the event is damaged: a sound copy of it may follow.
        if self.accounting.is_repeated(hour, identifier) {
            return Ok(());
        }
        let account = self.logged_account(event, recipient);
        self.tally.count(account, region, hour, management, event.read_only);
        if !self.plans.get(plan_number).is_some_and(|plan| plan.known) {
            *self.unresolved.entry(plan_number).or_default() += 1;
        }
        let key = RowKey { hour, identity, origin, call };
        let row = self.table.count(key, time, id.unwrap_or_default());
        let plan = self.plans.get(plan_number).ok_or("not_utf8")?;
        if let Some(response) = event.response.filter(|_| !plan.issued.is_empty()) {
            let issued = &mut self.table.issued;
            // What cannot be read of a response is no reason to lose the call.
            let _ = plan.issued.extract(response, &mut |_, value| {
                if let Some(text) = value.text().and_then(Text::decode) {
                    issued.push((row, text.as_ref().into()));
                }
            });
        }
        self.accounting.recorded(hour, identifier);
        Ok(())
    }

    /// The account whose log the event is of, by its number; the principal's, where the event does not say.
    #[inline]
    fn logged_account<F>(&mut self, event: &Event<'_, F>, recipient: u32) -> u32 {
        if event.recipient.is_some_and(|account| !account.raw.is_empty()) {
            return recipient;
        }
        let identities = &mut self.table.identities;
        let number = event.known_identity.or_else(|| {
            let object = event.identity.filter(|object| std::str::from_utf8(object).is_ok())?;
            Some(identities.intern(object).number())
        });
        let account = number.and_then(|number| identities.account(number));
        account.map_or(recipient, |account| self.table.names.intern(account.as_bytes()).number())
    }

    /// Works out what the call packed in `scratch` is called on; none when that is not UTF-8.
    #[cold]
    fn new_call(&mut self, identity: u32, plan_number: u32) -> Option<u32> {
        let plan = self.plans.get(plan_number)?;
        let tree = tree_of(self.table.identities.principal(identity), plan_number);
        let bounded = &mut self.bounded;
        if pack_bounded(&mut self.repacked, &self.scratch, |arn| bounded.resource(tree, arn)) {
            std::mem::swap(&mut self.scratch, &mut self.repacked);
            if let Some(call) = self.table.known_call(&self.scratch) {
                return Some(call);
            }
        }
        let mut is_bounded = false;
        let mut target = target(&self.scratch, &self.table.names, plan, |resource| {
            let name = bounded.resource(tree, resource);
            is_bounded |= name.is_some();
            name
        })?;
        for (path, value) in &mut target.parameters {
            if bounded.is_excess_value(tree, path, value) {
                "*".clone_into(value);
                is_bounded = true;
            }
        }
        repack(&mut self.repacked, &self.scratch, &target);
        let call = self.table.calls.intern(&self.repacked).number();
        // Where there are too many names, one will hardly come again.
        if !is_bounded {
            self.table.remember_call(&self.scratch, call);
        }
        Some(call)
    }
}

impl Sink<Cloudtrail> for Recorder {
    #[inline]
    fn known_identity(&self, rest: &[u8]) -> Option<(u32, usize)> {
        self.table.identities.find(rest)
    }

    fn event<F: Find>(&mut self, event: &Event<'_, F>, (): &(), place: Place) {
        self.accounting.read();
        if let Err(reason) = self.record(event) {
            self.accounting.lose(reason, place, None);
        }
    }

    fn skipped(&mut self, reason: &'static str, _: Place) {
        self.accounting.read();
        self.accounting.skip(reason);
    }

    fn lost(&mut self, reason: &'static str, place: Place) {
        self.accounting.read();
        self.accounting.lose(reason, place, None);
    }
}

impl crate::format::Recorder<Cloudtrail> for Recorder {
    fn accounting(&mut self) -> &mut Accounting {
        &mut self.accounting
    }

    fn footprint(&self) -> usize {
        self.table.footprint() + self.tally.footprint()
    }
}

const INSIGHT: &str = "insight";
const LAKE: &str = "lake_activity";

/// Why an event is no call that IAM authorised, if it is none. Kinds of event that are not known are recorded: to
/// record what was no use keeps a permission, to skip what was one loses it.
fn skipped<F>(event: &Event<'_, F>) -> Option<&'static str> {
    let category = event.category.map(|category| category.raw).unwrap_or_default();
    match event.kind.map(|kind| kind.raw).unwrap_or_default() {
        b"AwsServiceEvent" => Some("service_event"),
        b"AwsConsoleSignIn" => Some("console_sign_in"),
        b"AwsCloudTrailInsight" => Some(INSIGHT),
        b"AwsVpceEvent" => Some("network_activity"),
        b"ActivityLog" => Some(LAKE),
        _ => match category {
            b"Insight" => Some(INSIGHT),
            b"NetworkActivity" => Some("network_activity"),
            b"ActivityAuditLog" => Some(LAKE),
            _ if event.source.is_some_and(|source| source.raw == b"signin.amazonaws.com") => {
                Some("console_sign_in")
            }
            _ => None,
        },
    }
}

/// Whether an object holds nothing.
fn is_empty(object: &[u8]) -> bool {
    object.iter().all(|byte| matches!(byte, b'{' | b'}' | b'[' | b']') || byte.is_ascii_whitespace())
}

/// The number of a text, which is that of the empty text for none; none when it is not UTF-8.
#[inline]
fn intern_text(interner: &mut Interner, text: Option<Text<'_>>) -> Option<u32> {
    let raw = text.map(|text| text.raw).unwrap_or_default();
    if raw.contains(&b'\\') {
        let decoded = text.and_then(Text::decode)?;
        return Some(interner.intern(decoded.as_bytes()).number());
    }
    interner.intern_if(raw, || std::str::from_utf8(raw).is_ok())
}

#[cfg(test)]
mod tests;
