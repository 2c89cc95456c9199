//! A ledger for tests, which does as it is told.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};

use super::journal::{Events, Journal, Journals, Refusal};

/// What tests tell a ledger and learn of it.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Bodies that are durable, in their order.
    pub(super) durable: Vec<String>,
    pub(super) opened: usize,
    pub(super) published: usize,
    pub(super) compacted: usize,
    /// Whether opening or publishing fails.
    pub(super) is_away: bool,
    /// Whether publishing waits.
    pub(super) is_slow: bool,
}

/// A ledger that counts each body once, unless it begins with `wrong`.
pub(super) struct Ledger(pub(super) Arc<Told>);

pub(super) struct Open {
    told: Arc<Told>,
    counted: Vec<String>,
    known: BTreeSet<String>,
}

impl Told {
    pub(super) fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    /// Waits until the ledger is as wanted.
    pub(super) fn wait(&self, mut is_wanted: impl FnMut(&State) -> bool) {
        drop(self.changed.wait_while(self.state.lock().unwrap(), |state| !is_wanted(state)).unwrap());
    }
}

impl Journals for Ledger {
    type Journal = Open;

    fn open(&mut self) -> Result<Open, Refusal> {
        let mut state = self.0.state.lock().unwrap();
        state.opened += 1;
        self.0.changed.notify_all();
        if state.is_away {
            return Err(Refusal::Away("the disk is away".to_owned()));
        }
        let known = state.durable.iter().cloned().collect();
        Ok(Open { told: Arc::clone(&self.0), counted: Vec::new(), known })
    }

    fn compact(&mut self) -> Result<(), Refusal> {
        self.0.set(|state| state.compacted += 1);
        Ok(())
    }
}

impl Journal for Open {
    fn count(&mut self, body: &[u8]) -> Result<Events, Refusal> {
        let body = String::from_utf8_lossy(body).into_owned();
        if body.starts_with("wrong") {
            return Err(Refusal::Foreign("it is wrong".to_owned()));
        }
        if !self.known.insert(body.clone()) {
            return Ok(Events { skipped: 1, ..Events::default() });
        }
        self.counted.push(body);
        Ok(Events { recorded: 1, ..Events::default() })
    }

    fn publish(&mut self) -> Result<(), Refusal> {
        self.told.set(|state| state.published += 1);
        self.told.wait(|state| !state.is_slow);
        let mut state = self.told.state.lock().unwrap();
        if state.is_away {
            return Err(Refusal::Away("the disk is full".to_owned()));
        }
        state.durable.append(&mut self.counted);
        drop(state);
        self.told.changed.notify_all();
        Ok(())
    }
}
