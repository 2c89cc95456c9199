//! What is said of a pull request.

use super::{permissions, time};
use crate::report::model::PullRequest;

impl PullRequest {
    /// Its state, with what is known of it.
    pub(crate) fn words(&self) -> String {
        let mut words = vec![self.state_words()];
        words.extend(self.opened.as_ref().map(|opened| format!("opened {} UTC", time(opened))));
        words.extend(self.merged.as_ref().map(|merged| format!("merged {} UTC", time(merged))));
        words.extend(self.until.as_ref().map(|until| format!("until {until}")));
        words.extend((self.kept > 0).then(|| format!("{} kept", permissions(self.kept))));
        let change = self.change.as_ref().filter(|change| *change != "unchanged");
        words.extend(change.map(|change| format!("{change} by the last run")));
        words.join(", ")
    }

    /// Its state as words.
    pub(crate) fn state_words(&self) -> String {
        self.state.replace('_', " ")
    }
}
