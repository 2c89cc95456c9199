//! Where the parameters of a history are drawn from.
//!
//! Every range is wide on purpose, and none was chosen with a learner in view: what holds for all of them holds for
//! more than one organisation. "Twice" means that doublings are equally likely: as many draws fall between 1 and 2
//! as between 8 and 16. All of them are this crate's own choice unless a source stands beside.
//!
//! | parameter | range | drawn per | source |
//! | --- | --- | --- | --- |
//! | [`Prior::kubernetes`]: share of identities that are ServiceAccounts | 0.10 to 0.20 | organisation | own choice: about 15 % |
//! | [`Prior::strata`]: shares of the others: workloads, CI, people, agents | 0.45 to 0.7, 0.08 to 0.18, 0.12 to 0.28, 0.06 to 0.16, scaled to 1 | organisation | own choice |
//! | [`Prior::young`]: share created within the history | 0.05 to 0.35 | organisation | own choice |
//! | [`Prior::retired`]: share whose calls stop within it | 0 to 0.10 | organisation | own choice |
//! | [`Prior::idle`]: share that never calls | 0 to 0.06 | organisation | own choice; public reports speak of more |
//! | [`Prior::shared`]: share of workload roles with a second workload | 0.03 to 0.15 | organisation | own choice |
//! | [`Prior::frozen`]: share of modules that are never deployed | 0.10 to 0.40 | organisation | own choice |
//! | [`Prior::change`]: share of deploys that change what is needed, at drift 1 | 0.04 to 0.4 | organisation | own choice |
//! | [`Prior::probes`]: share of identities that are refused something now and then | 0.15 to 0.5 | organisation | own choice |
//! | [`Prior::duplicates`]: share of events that are delivered twice | 0 to 0.02 | organisation | CloudTrail delivers at least once |
//! | [`GAPS`]: gaps of the log | 1 to 5, of 2 hours to 4 days, twice | organisation | own choice |
//! | [`INTRUSIONS`]: bursts with stolen credentials | 1 to 4 of 8 to 40 calls | organisation | own choice |
//! | [`DEPLOYS`]: deploys a year | 2 to 80, twice | module | from quarterly releases to several a week |
//! | [`EXTRAS`]: what a module does now and then that others of its kind do not | 0 to 4 | module | own choice |
//! | [`ERRANDS`]: the same for people and agents | 3 to 12 | module | own choice: they look into many things once |
//! | [`ADOPTS`]: share of a module's changes that a sibling takes over | 0.5 to 1 | identity | own choice |
//! | [`OWN_CHANGES`]: share of deploys that change one identity's workload alone, as part of [`Prior::change`] | 0.3 | never: fixed | own choice |
//! | [`LAG`]: days until it does | 0 to 60 | change and identity | own choice |
//! | [`STEADY`]: runs of a steady task a day | 0.7 to 12, twice | task | at most one an hour: the log shall stay small |
//! | [`RESTART`]: restarts a day | 0.35 to 1.5 | task | own choice |
//! | [`OCCASIONAL`]: runs of an occasional task a day | 0.03 to 0.3, twice | task | own choice |
//! | [`OFFICE`]: runs of a task in office hours a working day | 0.35 to 4, twice | task | own choice |
//! | [`MIX`]: runs of one of an agent's tasks a day | 0.02 to 6, twice | task | own choice: a few tasks make most calls |
//! | [`RARE`]: days between errors, recoveries and manual repairs on average | 40 to 400, twice | task | own choice: from every few weeks to once a year |
//! | [`DESTROY`]: days between destructions on average | 40 to 400, twice | task | own choice: as rare as repairs |
//! | [`SKIPPED`]: share of a schedule's runs that do not happen | 0 to 0.08 | task | own choice |
//! | [`LATE`]: days that a schedule of 7 days or more comes late or early | 0 to 3 | task | own choice |
//! | [`ONCALL`]: weeks from one turn on call to the next | 2 to 8 | identity | own choice |
//! | [`INCIDENTS`]: incidents on a day on call | 0.1 to 1.5 | identity | own choice |
//! | [`HOLIDAYS`]: days off in one stretch, three a year | 3 to 18 | identity | own choice |
//! | [`WEEKEND`]: share of a steady task's runs that weekends keep | 0.3 to 1 | workload | own choice |
//! | [`WIDE`]: share of an identity's grants that have no resource | 0.4 to 1 | identity | own choice |

use crate::mint::Mint;

/// Lowest and highest value.
pub(super) type Range = (f64, f64);

/// Gaps of the log: fewest and most.
pub(super) const GAPS: (i64, i64) = (1, 5);
/// Hours that a gap lasts.
pub(super) const GAP_HOURS: Range = (2.0, 96.0);
/// Intrusions: fewest and most.
pub(super) const INTRUSIONS: (i64, i64) = (1, 4);
/// Calls of an intrusion: fewest and most.
pub(super) const INTRUSION_CALLS: (i64, i64) = (8, 40);
/// Deploys a year.
pub(super) const DEPLOYS: Range = (2.0, 80.0);
/// Share of a module's changes that a sibling takes over.
pub(super) const ADOPTS: Range = (0.5, 1.0);
/// Share of deploys that change only the identity's own workload, in proportion to those that change its module.
pub(super) const OWN_CHANGES: f64 = 0.3;
/// Days until a sibling takes a change over: fewest and most.
pub(super) const LAG: (i64, i64) = (0, 60);
/// Runs of a steady task a day.
pub(super) const STEADY: Range = (0.7, 12.0);
/// Restarts a day.
pub(super) const RESTART: Range = (0.35, 1.5);
/// Runs of an occasional task a day.
pub(super) const OCCASIONAL: Range = (0.03, 0.3);
/// Runs of a task in office hours a working day.
pub(super) const OFFICE: Range = (0.35, 4.0);
/// Runs of one of an agent's tasks a day.
pub(super) const MIX: Range = (0.02, 6.0);
/// What a module does besides its kind's tasks: fewest and most.
pub(super) const EXTRAS: (i64, i64) = (0, 4);
/// The same for people and agents, who look into many things once.
pub(super) const ERRANDS: (i64, i64) = (3, 12);
/// Days between rare runs on average.
pub(super) const RARE: Range = (40.0, 400.0);
/// Days between destructions on average.
pub(super) const DESTROY: Range = (40.0, 400.0);
/// Share of a schedule's runs that do not happen.
pub(super) const SKIPPED: Range = (0.0, 0.08);
/// Days that a schedule of a week or more comes late or early, at most.
pub(super) const LATE: (i64, i64) = (0, 3);
/// Weeks from one turn on call to the next: fewest and most.
pub(super) const ONCALL: (i64, i64) = (2, 8);
/// Incidents on a day on call.
pub(super) const INCIDENTS: Range = (0.1, 1.5);
/// Days off in one stretch: fewest and most.
pub(super) const HOLIDAYS: (i64, i64) = (3, 18);
/// Share of a steady task's runs that weekends keep.
pub(super) const WEEKEND: Range = (0.3, 1.0);
/// Share of an identity's grants that have no resource.
pub(super) const WIDE: Range = (0.4, 1.0);

/// What is drawn once for the whole organisation.
#[derive(Clone, Debug)]
pub(super) struct Prior {
    /// Share of identities that are ServiceAccounts.
    pub(super) kubernetes: f64,
    /// Weights of the strata among the identities of the account.
    pub(super) strata: [(&'static str, f64); 4],
    /// Share of identities that are created within the history.
    pub(super) young: f64,
    /// Share of identities whose calls stop within it.
    pub(super) retired: f64,
    /// Share of identities that never call.
    pub(super) idle: f64,
    /// Share of workload roles with a second workload.
    pub(super) shared: f64,
    /// Share of modules that are never deployed.
    pub(super) frozen: f64,
    /// Share of deploys that change what is needed, with the drift that was asked for.
    pub(super) change: f64,
    /// Share of identities that are refused something now and then.
    pub(super) probes: f64,
    /// Share of events that are delivered twice.
    pub(super) duplicates: f64,
}

impl Prior {
    /// Draws the organisation's parameters.
    pub(super) fn draw(drift: u32, mint: &mut Mint) -> Self {
        let change = between((0.04, 0.4), mint) * f64::from(drift);
        Self {
            kubernetes: between((0.10, 0.20), mint),
            strata: [
                ("workload", between((0.45, 0.7), mint)),
                ("ci", between((0.08, 0.18), mint)),
                ("human", between((0.12, 0.28), mint)),
                ("agent", between((0.06, 0.16), mint)),
            ],
            young: between((0.05, 0.35), mint),
            retired: between((0.0, 0.10), mint),
            idle: between((0.0, 0.06), mint),
            shared: between((0.03, 0.15), mint),
            frozen: between((0.10, 0.40), mint),
            change: change.min(0.95),
            probes: between((0.15, 0.5), mint),
            duplicates: between((0.0, 0.02), mint),
        }
    }
}

impl Prior {
    /// A stratum, by the weights.
    pub(super) fn stratum(&self, mint: &mut Mint) -> &'static str {
        let total = self.strata.iter().map(|(_, weight)| weight).sum();
        let mut ticket = between((0.0, total), mint);
        let found = self.strata.iter().find(|(_, weight)| {
            ticket -= weight;
            ticket < 0.0
        });
        found.map_or("workload", |(stratum, _)| stratum)
    }
}

/// A value from the range, all equally likely.
pub(super) fn between(range: Range, mint: &mut Mint) -> f64 {
    range.0 + (range.1 - range.0) * mint.unit()
}

/// A value from the range, every doubling equally likely. No logarithm is taken: its last bit differs between
/// platforms, and the bytes must not.
pub(super) fn twice(range: Range, mint: &mut Mint) -> f64 {
    let mut steps = Vec::new();
    let mut low = range.0.max(f64::MIN_POSITIVE);
    while low < range.1 {
        steps.push((low, (low * 2.0).min(range.1)));
        low *= 2.0;
    }
    let step = mint.pick(&steps).copied().unwrap_or(range);
    between(step, mint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_keep_their_range() {
        let mut mint = Mint::new(1, "prior");
        for _ in 0..1000 {
            assert!((0.7..=12.0).contains(&twice(STEADY, &mut mint)));
            assert!((0.3..=1.0).contains(&between(WEEKEND, &mut mint)));
        }
    }
}
