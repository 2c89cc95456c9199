//! Rows of the roll-up as states have them: one for equal calls of a month, so that usage files that a state stands for need not
//! be read again.

use std::collections::BTreeSet;

use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use remit_ledger::{HOUR, state_schema, usage_schema};
use remit_policy::Window;

use crate::calls::{calls, unsettled};
use crate::files::Files;
use crate::rollup::{BY, Filter, rows};

/// Name of the table of states.
pub(crate) const STATES: &str = "states";

/// Name of the table of usage files that no state stands for.
const FRESH: &str = "fresh";

/// Name of the table of usage files some of whose rows are not in their state.
const REST: &str = "rest";

/// The states of a ledger.
pub(crate) struct States {
    pub(crate) found: remit_ledger::States,
    /// Whether it is registered who made calls on the wire.
    pub(crate) is_joined: bool,
}

/// How a state is to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Within,
    /// A state does not tell in which of its hours calls were made.
    Across,
    Outside,
}

impl Place {
    fn of(hours: Option<(i64, i64)>, window: Option<Window>) -> Self {
        let Some((first, last)) = hours else { return Self::Outside };
        let Some(window) = window else { return Self::Within };
        let start = window.start.div_euclid(HOUR).saturating_mul(HOUR);
        if start <= first && last < window.end {
            Self::Within
        } else if last < start || window.end <= first {
            Self::Outside
        } else {
            Self::Across
        }
    }
}

impl States {
    /// Whether none can be used.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.applied.is_empty()
    }

    /// The rows that a filter asks for, as a query over states and what they lack; none where there are none.
    pub(crate) fn rows(
        &self,
        files: &Files,
        context: &SessionContext,
        filter: &Filter,
    ) -> Result<Option<String>, DataFusionError> {
        let mut fresh: BTreeSet<&str> =
            files.snapshot.usage_files().iter().map(|file| file.path.as_str()).collect();
        let (mut states, mut rest) = (Vec::new(), Vec::new());
        for applied in &self.found.applied {
            let place = Place::of(applied.state.summed.hours, filter.window);
            if place == Place::Within {
                states.push(applied.state.path.as_str());
                rest.extend(applied.rest.iter().map(String::as_str));
            }
            if place != Place::Across {
                fresh.retain(|path| !applied.files.contains(*path));
            }
        }
        let mut recorded = Vec::new();
        if !fresh.is_empty() {
            files.register(context, FRESH, usage_schema(), fresh)?;
            recorded.push(format!("SELECT * FROM {FRESH}"));
        }
        if !rest.is_empty() {
            files.register(context, REST, usage_schema(), rest)?;
            recorded.push(format!("SELECT * FROM {REST} WHERE {}", unsettled()));
        }
        let mut parts = Vec::new();
        if !recorded.is_empty() {
            let recorded = format!("({})", recorded.join(" UNION ALL "));
            parts.push(rows(&format!("({})", calls(&recorded, self.is_joined)), filter, ""));
        }
        if !states.is_empty() {
            files.register(context, STATES, state_schema(), states)?;
            parts.push(self.kept(filter));
        }
        Ok((!parts.is_empty()).then(|| parts.join(" UNION ALL ")))
    }

    fn kept(&self, filter: &Filter) -> String {
        let by = match self.is_joined {
            true => BY.to_owned(),
            // As `calls` has it.
            false => BY.replace("workload", "CAST(NULL AS VARCHAR) AS workload"),
        };
        format!(
            "SELECT {by}, count, first_seen, last_seen, sample_id, \
             CAST(CAST(days_from AS INTEGER) AS BIGINT) AS days_from, days FROM {STATES} {}",
            filter.condition(None)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_used_where_all_its_hours_are_asked_for() {
        let place = |start: i64, end: i64| Place::of(Some((2 * HOUR, 9 * HOUR)), Some(Window { start, end }));
        assert_eq!(place(3 * HOUR - 1, 9 * HOUR + 1), Place::Within, "windows are to the hour");
        assert_eq!(place(3 * HOUR, i64::MAX), Place::Across);
        assert_eq!(place(0, 9 * HOUR), Place::Across);
        assert_eq!(place(10 * HOUR - 1, i64::MAX), Place::Across);
        assert_eq!(place(10 * HOUR, i64::MAX), Place::Outside);
        assert_eq!(place(0, 2 * HOUR), Place::Outside);
        assert_eq!(Place::of(Some((0, 0)), None), Place::Within);
        assert_eq!(Place::of(None, None), Place::Outside);
    }
}
