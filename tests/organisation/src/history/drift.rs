//! What modules are, and what their later versions change.

use super::archetype::Archetype;
use super::calendar::Calendar;
use super::prior::{self, Prior, twice};
use crate::mint::Mint;

/// A change that a deploy brings.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Calls that were not made before.
    Add {
        /// The calls in their notation.
        calls: String,
        /// When they are made.
        rhythm: &'static str,
    },
    /// A call that is made no more.
    Drop {
        /// Which one.
        ticket: u64,
    },
    /// What has a generation in its name gets the next.
    Rename,
    /// What is split by parts gets one part more.
    Grow,
}

/// A module that one or more identities are made from.
#[derive(Clone, Debug)]
pub(super) struct Plan<'a> {
    /// What kind of work it does.
    pub(super) archetype: &'a Archetype,
    /// Which of the archetype's tasks it does.
    pub(super) included: Vec<bool>,
    /// Deploys a year of each of its identities; none for what is never deployed.
    pub(super) deploys_a_year: Option<f64>,
    /// What it does besides, now and then, that others of its kind do not: calls and rhythm.
    pub(super) extras: Vec<(String, &'static str)>,
    /// What its versions change, by the day from which it can be deployed.
    pub(super) changes: Vec<(u32, Change)>,
}

/// Words that new resources are named by.
const WORDS: &[&str] = &[
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "jade", "kelp", "lotus",
    "maple", "north", "opal", "pine", "quartz", "reef", "slate", "tidal", "umber", "violet", "willow",
    "yarrow",
];

/// When a module does what others of its kind do not: repairs, cleaning up, reports.
const EXTRA_RHYTHMS: &[&str] =
    &["rare", "rare", "rare", "occasional", "cron:7", "cron:30", "cron:91", "cron:365"];

/// When people and agents look into something.
const ERRAND_RHYTHMS: &[&str] = &["rare", "rare", "occasional"];

impl<'a> Plan<'a> {
    /// Draws a module. A deployer is never without a task, and its deliveries are always included.
    pub(super) fn draw(archetype: &'a Archetype, calendar: Calendar, prior: &Prior, mint: &mut Mint) -> Self {
        let included = archetype.tasks.iter().map(|task| mint.chance(task.chance)).collect();
        // What has no deploys of its own still changes: people get new duties.
        let frozen = mint.chance(prior.frozen);
        let mut plan = Self {
            archetype,
            included,
            deploys_a_year: (!frozen).then(|| twice(prior::DEPLOYS, mint)),
            extras: Vec::new(),
            changes: Vec::new(),
        };
        let (extras, rhythms) = match archetype.stratum.as_str() {
            "human" | "agent" => (prior::ERRANDS, ERRAND_RHYTHMS),
            _ => (prior::EXTRAS, EXTRA_RHYTHMS),
        };
        for _ in 0..mint.between(extras.0, extras.1) {
            let rhythm = mint.pick(rhythms).copied();
            let calls = plan.new_calls(mint);
            plan.extras.extend(calls.zip(rhythm));
        }
        // The same organisation comes out whatever drift is asked for.
        let mint = &mut mint.fork();
        if let Some(rate) = plan.deploys_a_year {
            let versions = calendar.deploys(rate, mint);
            plan.changes = plan.draw_changes(&versions, prior.change, mint);
        }
        plan
    }

    /// Draws what some of the deploys on these days change.
    pub(super) fn draw_changes(&self, days: &[u32], share: f64, mint: &mut Mint) -> Vec<(u32, Change)> {
        let mut changes = Vec::new();
        for day in days {
            if mint.chance(share) {
                changes.extend(self.change(mint).map(|change| (*day, change)));
            }
        }
        changes
    }

    /// Draws a change; none where nothing that the archetype could come to do is known.
    fn change(&self, mint: &mut Mint) -> Option<Change> {
        let change = match mint.below(100) {
            0..60 => {
                let calls = self.new_calls(mint)?;
                let rhythms: &[&'static str] = match self.archetype.stratum.as_str() {
                    "human" => &["office", "office", "occasional", "cron:30"],
                    "agent" => &["mix", "mix", "mix", "occasional"],
                    _ => &[
                        "steady",
                        "steady",
                        "steady",
                        "steady",
                        "cron:1",
                        "cron:7",
                        "cron:30",
                        "occasional",
                        "rare",
                    ],
                };
                Change::Add { calls, rhythm: mint.pick(rhythms).copied()? }
            }
            60..72 => Change::Drop { ticket: mint.below(1 << 20) },
            72..82 => Change::Rename,
            _ => Change::Grow,
        };
        Some(change)
    }

    /// Calls that the archetype could come to make, on resources of their own.
    fn new_calls(&self, mint: &mut Mint) -> Option<String> {
        let (own, common) = (&self.archetype.drift, &self.archetype.common);
        let list = if common.is_empty() || mint.chance(0.65) { own } else { common };
        let word = format!("{}{}", mint.pick(WORDS)?, mint.below(40));
        Some(mint.pick(list)?.replace("~rnd~", &word))
    }
}
