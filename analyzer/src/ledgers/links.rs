//! What a ledger tells of links between service accounts and cloud identities.

use std::collections::BTreeSet;

use remit_policy::Window;
use remit_policy::link::{Link, LinkUse, Sessions};

use super::Ledger;
use crate::{pod_calls, sessions};

impl Ledger {
    /// Which of these links sessions, and calls of pods, show to have been used in a window of audit logs, and for what where
    /// calls tell. What pods called since, or where there is no log, is use all the same.
    pub(crate) fn link_uses(
        &self,
        links: &[Link],
        window: Option<Window>,
        cluster: Option<&str>,
    ) -> anyhow::Result<Vec<(LinkUse, BTreeSet<String>)>> {
        let mut sessions = Sessions::of(links);
        if let Some(window) = window
            && !links.is_empty()
        {
            let counted = sessions::count(&self.context, window, &mut sessions);
            self.ask(counted, "cannot look for sessions in the ledger")?;
        }
        if links.iter().any(|link| !link.mechanism.is_of_aws()) && !self.is_of_logs() {
            let window = Window { start: window.map_or(0, |window| window.start), end: i64::MAX };
            let counted = pod_calls::count(&self.context, window, cluster, &mut sessions);
            self.ask(counted, "cannot look for calls of pods in the ledger")?;
        }
        Ok(sessions.uses())
    }
}
