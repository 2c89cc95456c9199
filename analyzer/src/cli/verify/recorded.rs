//! What a ledger recorded in the windows that proposals speak of.

use std::collections::{BTreeMap, HashMap};

use remit_ledger::Provider;
use remit_policy::{Call, Window};

use crate::ledgers::{Ledger, names_of};
use crate::rollup::{Filter, PrincipalCalls, by_principal};

/// Calls of a ledger by who made them and in which window.
pub(super) struct Recorded<'a> {
    ledger: &'a Ledger,
    /// By what was asked for before. Proposals that were made together speak of the same window, so who asks for one a
    /// second time gets the calls of everybody, since each query goes through all of the ledger.
    asked: HashMap<(Provider, Window), Option<BTreeMap<String, PrincipalCalls>>>,
}

impl<'a> Recorded<'a> {
    pub(super) fn in_ledger(ledger: &'a Ledger) -> Self {
        Self { ledger, asked: HashMap::new() }
    }

    /// Calls of an identity during a window.
    pub(super) fn calls(
        &mut self,
        provider: Provider,
        identity: &str,
        window: Window,
    ) -> anyhow::Result<Vec<Call>> {
        let key = (provider, window);
        let Some(before) = self.asked.get_mut(&key) else {
            self.asked.insert(key, None);
            return self.ledger.calls_of(provider, identity, window);
        };
        let all = match before {
            Some(all) => all,
            None => {
                let filter = Filter { window: Some(window), provider: Some(provider), ..Filter::default() };
                before.insert(by_principal(&mut self.ledger.roll_up(&filter)?, provider))
            }
        };
        let names: Vec<String> = names_of(provider, identity).collect();
        let made = names.iter().filter_map(|name| all.get(name));
        Ok(made.flat_map(|made| &made.calls).cloned().collect())
    }
}
