//! What makes a principal's calls: workloads seen on the wire, else sessions by the lasting part of their names.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Hours;
use super::name::{is_instance, lasting};
use crate::sightings::Sighting;

/// What sort of thing makes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallerKind {
    /// A workload, seen on the wire or named by the log.
    Workload,
    /// Instances of EC2, whose sessions have their identifiers for names.
    Instances,
    /// Sessions of one name.
    Session,
    /// Sessions behind which is one identity, and whose names do not last.
    SourceIdentity,
    /// Calls that nothing tells apart.
    Unnamed,
}

/// What makes calls, as a group of what does so in turn.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct CallerName {
    /// What sort of thing.
    pub(crate) kind: CallerKind,
    /// Its name; empty where it has none.
    pub(crate) name: String,
}

/// What a caller was seen to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallerSeen {
    /// Calls, by what saw more of them.
    pub(crate) logged: u64,
    /// Calls on the wire.
    pub(crate) wire: u64,
    /// When.
    pub(crate) hours: Hours,
    /// The first call, in microseconds since the Unix epoch.
    pub(crate) first: i64,
    /// The last.
    pub(crate) last: i64,
    /// Names of sessions, as far as they are few.
    pub(crate) sessions: BTreeSet<String>,
    /// How many sessions' names were met that are not among these.
    pub(crate) more_sessions: bool,
    /// Whether a person's name is among the sessions'.
    pub(crate) has_people: bool,
}

/// Callers that are told apart; where there are more, only workloads are.
const MOST: usize = 2_000;

/// Sessions whose names are remembered.
const SESSIONS: usize = 16;

impl CallerName {
    /// The caller of a call.
    pub(crate) fn of(workload: Option<&str>, session: Option<&str>, behind: Option<&str>) -> Self {
        let named = |kind, name: String| Self { kind, name };
        if let Some(workload) = workload.filter(|name| !name.is_empty()) {
            return named(CallerKind::Workload, workload.to_owned());
        }
        let session = session.filter(|name| !name.is_empty());
        if session.is_some_and(is_instance) {
            return named(CallerKind::Instances, String::new());
        }
        if let Some(name) = session.and_then(lasting) {
            return named(CallerKind::Session, name);
        }
        match behind.filter(|name| !name.is_empty()) {
            Some(behind) => named(CallerKind::SourceIdentity, behind.to_owned()),
            None => named(CallerKind::Unnamed, String::new()),
        }
    }

    /// It in words.
    pub(crate) fn words(&self) -> String {
        match self.kind {
            CallerKind::Workload => workload_words(&self.name),
            CallerKind::Instances => "instances of EC2".to_owned(),
            CallerKind::Session => format!("sessions `{}`", self.name),
            CallerKind::SourceIdentity => behind_words(&self.name),
            CallerKind::Unnamed => "calls without a name".to_owned(),
        }
    }
}

/// A workload's name, `CLUSTER/NAMESPACE/KIND/NAME/CONTAINER` as far as they are known, in words.
fn workload_words(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').collect();
    let is_kind = |part: &&str| {
        part.chars().next().is_some_and(|letter| letter.is_ascii_uppercase())
            && part.chars().all(|letter| letter.is_ascii_alphanumeric())
    };
    let at = parts.iter().position(is_kind);
    match at.and_then(|at| Some((parts.get(at)?, parts.get(at.checked_sub(1)?)?, parts.get(at + 1)?))) {
        Some((kind, namespace, name)) => format!("{} `{namespace}/{name}`", kind.to_lowercase()),
        None => format!("`{name}`"),
    }
}

/// Who is behind a session, in words.
fn behind_words(name: &str) -> String {
    let account = name.strip_prefix("system:serviceaccount:").and_then(|name| name.split_once(':'));
    match account {
        Some((namespace, name)) => format!("service account `{namespace}/{name}`"),
        None => format!("sessions of `{name}`"),
    }
}

/// All callers of a principal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Callers {
    /// By name.
    pub(crate) seen: BTreeMap<CallerName, CallerSeen>,
    /// Sessions of which the wire tells the workload.
    on_wire: BTreeMap<String, String>,
    is_coarse: bool,
}

impl Callers {
    /// None yet, of a principal of whose sessions the wire tells these workloads.
    pub(crate) fn with(on_wire: BTreeMap<String, String>) -> Self {
        Self { on_wire, ..Self::default() }
    }

    /// Adds calls.
    pub(crate) fn add(&mut self, sighting: &Sighting) {
        let name = self.name_of(
            sighting.workload.as_deref(),
            sighting.session.as_deref(),
            sighting.source_identity.as_deref(),
        );
        self.seen
            .entry(name)
            .or_insert_with(|| CallerSeen { first: i64::MAX, last: i64::MIN, ..CallerSeen::default() })
            .add(sighting);
        // Which ones would be told apart must not depend on which come first.
        if self.seen.len() > MOST && !self.is_coarse {
            self.is_coarse = true;
            for (name, seen) in std::mem::take(&mut self.seen) {
                let workload = Some(name.name.as_str()).filter(|_| name.kind == CallerKind::Workload);
                let name = self.name_of(workload, None, None);
                match self.seen.get_mut(&name) {
                    Some(all) => all.join(&seen),
                    None => {
                        self.seen.insert(name, seen);
                    }
                }
            }
        }
    }

    /// The caller of a call, among these.
    pub(crate) fn name_of(
        &self,
        workload: Option<&str>,
        session: Option<&str>,
        behind: Option<&str>,
    ) -> CallerName {
        let told = || session.and_then(|session| self.on_wire.get(session)).map(String::as_str);
        let workload = workload.or_else(told);
        if self.is_coarse {
            CallerName::of(workload, None, None)
        } else {
            CallerName::of(workload, session, behind)
        }
    }

    /// Whether there were too many to tell apart any but workloads.
    pub(crate) fn is_coarse(&self) -> bool {
        self.is_coarse
    }

    /// Most calls first.
    pub(crate) fn by_calls(&self) -> Vec<(&CallerName, &CallerSeen)> {
        let mut all: Vec<_> = self.seen.iter().collect();
        all.sort_by_key(|(name, seen)| (std::cmp::Reverse(seen.calls()), *name));
        all
    }
}

impl CallerSeen {
    /// How many calls there were at least.
    pub(crate) fn calls(&self) -> u64 {
        self.logged.max(self.wire)
    }

    fn add(&mut self, sighting: &Sighting) {
        let count = if sighting.is_logged { &mut self.logged } else { &mut self.wire };
        *count = count.saturating_add(sighting.count);
        self.hours.add(sighting.hour, &sighting.days);
        self.first = self.first.min(sighting.first);
        self.last = self.last.max(sighting.last);
        if let Some(session) = &sighting.session {
            self.has_people |= session.contains('@');
            self.sessions.insert(session.clone());
            self.cut();
        }
    }

    fn join(&mut self, other: &Self) {
        self.logged = self.logged.saturating_add(other.logged);
        self.wire = self.wire.saturating_add(other.wire);
        self.hours.join(&other.hours);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.has_people |= other.has_people;
        self.more_sessions |= other.more_sessions;
        self.sessions.extend(other.sessions.iter().cloned());
        self.cut();
    }

    fn cut(&mut self) {
        while self.sessions.len() > SESSIONS {
            self.sessions.pop_last();
            self.more_sessions = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sightings::sample::sighting;

    #[test]
    fn a_workload_is_named_by_what_tells_most() {
        let name = |workload, session, behind| CallerName::of(workload, session, behind).words();
        assert_eq!(name(Some("prod/etl/Deployment/loader/app"), Some("x"), None), "deployment `etl/loader`");
        assert_eq!(name(Some("nginx:1.2"), None, None), "`nginx:1.2`");
        assert_eq!(name(None, Some("i-0b5f1c2d3e4a59687"), None), "instances of EC2");
        assert_eq!(name(None, Some("deploy-12345"), Some("x")), "sessions `deploy`");
        let behind = Some("system:serviceaccount:shop:orders");
        assert_eq!(name(None, Some("1793400000"), behind), "service account `shop/orders`");
        assert_eq!(name(None, None, None), "calls without a name");
    }

    #[test]
    fn names_beyond_the_bound_are_one_whatever_came_first() {
        let sessions: Vec<String> = (0..MOST + 9).map(|at| format!("job{}", at + 100)).collect();
        let all = |sessions: &mut dyn Iterator<Item = &String>| {
            let mut callers = Callers::default();
            sessions.for_each(|session| callers.add(&sighting(&format!("{session}x"))));
            callers
        };
        let (forth, back) = (all(&mut sessions.iter()), all(&mut sessions.iter().rev()));
        assert_eq!(forth, back);
        let calls: Vec<_> = forth.by_calls().iter().map(|(name, seen)| (name.kind, seen.calls())).collect();
        assert_eq!(calls, [(CallerKind::Unnamed, 2 * sessions.len() as u64)]);
    }
}
