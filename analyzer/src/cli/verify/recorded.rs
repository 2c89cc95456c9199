//! What a ledger recorded in the windows that proposals speak of.

use std::collections::{BTreeMap, HashSet};

use remit_ledger::{CoverageRecord, Provider};
use remit_policy::rbac::Usage;
use remit_policy::{Call, Window};

use crate::cluster::usage_of;
use crate::ledgers::{Ledger, names_of};
use crate::rollup::{Filter, PrincipalCalls, by_principal};

/// All of time.
pub(super) const EVER: Window = Window { start: 0, end: i64::MAX };

/// Whose calls, and when.
type Asked = (Provider, Window);

/// The calls of everybody, by name.
type Everybody = Option<BTreeMap<String, PrincipalCalls>>;

/// Calls of a ledger by who made them and in which window.
pub(super) struct Recorded<'a> {
    ledger: &'a Ledger,
    /// What was asked for before. Proposals that were made together speak of the same window, so who asks for one again gets
    /// the calls of everybody: each query opens every file of the ledger.
    asked: HashSet<Asked>,
    /// The calls of everybody of what was asked for last; none where they cannot be read, though those of one identity may be.
    everybody: Option<(Asked, Everybody)>,
    /// The same of [`EVER`], which is asked for between others.
    ever: Option<(Asked, Everybody)>,
    /// Of what was asked for last, what users of a cluster needed.
    users: Option<UsersOf>,
}

/// What users of a cluster were seen to need in a window.
type UsersOf = ((Option<String>, Window), BTreeMap<String, Usage>);

impl<'a> Recorded<'a> {
    pub(super) fn in_ledger(ledger: &'a Ledger) -> Self {
        Self { ledger, asked: HashSet::new(), everybody: None, ever: None, users: None }
    }

    /// Which calls the sources of the ledger could have shown, when.
    pub(super) fn records(&self) -> &[CoverageRecord] {
        self.ledger.coverage()
    }

    /// What users of a cluster were seen to need during a window; none where their calls cannot be read.
    pub(super) fn users_of(
        &mut self,
        cluster: Option<&str>,
        window: Window,
    ) -> Option<&BTreeMap<String, Usage>> {
        let asked = (cluster.map(str::to_owned), window);
        if self.users.as_ref().is_none_or(|(before, _)| *before != asked) {
            let all = self.of_everybody(Provider::Kubernetes, window)?.iter();
            let users = all.map(|(name, made)| (name.clone(), usage_of(cluster, &made.calls)));
            self.users = Some((asked, users.collect()));
        }
        self.users.as_ref().map(|(_, users)| users)
    }

    /// Calls of an identity during a window.
    pub(super) fn calls(
        &mut self,
        provider: Provider,
        identity: &str,
        window: Window,
    ) -> anyhow::Result<Vec<Call>> {
        if !self.asked.insert((provider, window))
            && let Some(all) = self.of_everybody(provider, window)
        {
            let made = names_of(provider, identity).filter_map(|name| all.get(&name));
            return Ok(made.flat_map(|made| made.calls.iter().cloned()).collect());
        }
        self.ledger.calls_of(provider, identity, window)
    }

    fn of_everybody(
        &mut self,
        provider: Provider,
        window: Window,
    ) -> Option<&BTreeMap<String, PrincipalCalls>> {
        let asked = (provider, window);
        let held = if window == EVER { &mut self.ever } else { &mut self.everybody };
        if held.as_ref().is_none_or(|(before, _)| *before != asked) {
            // Proposals of one account stand together, and what was read for others goes first.
            *held = None;
            let filter = Filter { window: Some(window), provider: Some(provider), ..Filter::default() };
            let callers = self.ledger.roll_up(&filter).ok();
            *held = Some((asked, callers.map(|mut callers| by_principal(&mut callers, provider))));
        }
        held.as_ref().and_then(|(_, calls)| calls.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::renewal::tests::sample;

    #[test]
    fn calls_are_the_same_however_often_a_window_is_asked_for() {
        let place = tempfile::tempdir().unwrap();
        let (ledger, window) = sample(place.path());
        let mut recorded = Recorded::in_ledger(&ledger);
        let mut found = 0;
        // Those behind the first are found among everybody's.
        for name in ["nobody", "r0", "r2", "r1", "of/a/path/r0"] {
            let name = format!("arn:aws:iam::111122223333:role/{name}");
            let calls = recorded.calls(Provider::Aws, &name, window).unwrap();
            assert_eq!(calls, ledger.calls_of(Provider::Aws, &name, window).unwrap(), "{name}");
            found += usize::from(!calls.is_empty());
        }
        assert_eq!(found, 4);
        assert!(recorded.everybody.is_some());
    }
}
