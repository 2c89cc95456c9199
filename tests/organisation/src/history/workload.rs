//! One workload: what it does at which time of its life, and what its deploys change.

use super::archetype::{Archetype, Session};
use super::calendar::{Calendar, When};
use super::call::{Call, Names};
use super::drift::{Change, Plan};
use super::prior::{self, between};
use crate::error::Error;
use crate::mint::Mint;

/// The day number of what does not end.
pub(super) const NEVER: u32 = u32::MAX;

/// Most parts that what is split by parts grows to.
const PARTS: u64 = 8;

/// A workload.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    /// How its sessions begin.
    pub(super) session: Session,
    /// Kind of user agent.
    pub(super) agent: String,
    /// Session name.
    pub(super) seat: String,
    /// Its own names.
    pub(super) names: Names,
    /// What deploys it; `none` for most people.
    pub(super) delivery: String,
    /// Days of its deploys.
    pub(super) deploys: Vec<u32>,
    /// What it does.
    pub(super) tasks: Vec<Task>,
}

/// Something that is done again and again, from one day on and until another.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// What the truth names as cause.
    pub(super) cause: String,
    /// First day.
    pub(super) from: u32,
    /// Day after the last.
    pub(super) until: u32,
    /// When it runs.
    pub(super) when: When,
    /// What it calls, and whether a change brought the call.
    pub(super) calls: Vec<(Call, bool)>,
}

/// A task in its notation, while the workload's life is drawn.
#[derive(Clone)]
struct Raw {
    /// Calls, and whether a change brought them.
    texts: Vec<(String, bool)>,
    cause: String,
    when: When,
    from: u32,
    /// Value of `~shard~`.
    part: String,
    /// Which generation `~gen~` stands for, from 1.
    generation: u32,
}

/// What a workload's life is drawn from.
pub(super) struct Life<'a> {
    /// The module's plan.
    pub(super) plan: &'a Plan<'a>,
    /// The history's days.
    pub(super) calendar: Calendar,
    /// Days off; empty for what is no person.
    pub(super) off: &'a [bool],
    /// Share of deploys that bring a change of this workload's own.
    pub(super) change: f64,
}

impl Life<'_> {
    /// Draws the workload.
    ///
    /// # Errors
    /// A call that cannot be read.
    pub(super) fn draw(&self, seat: String, names: Names, mint: &mut Mint) -> Result<Workload, Error> {
        let archetype = self.plan.archetype;
        let marked = archetype.delivery != "none";
        let days = match self.plan.deploys_a_year {
            Some(rate) => self.calendar.deploys(rate, mint),
            None => Vec::new(),
        };
        let weekend = if self.off.is_empty() { between(prior::WEEKEND, mint) } else { 0.0 };
        let mut part_count = 1 + mint.below(3);
        let parts: Vec<_> = (0..part_count).map(|part| format!("p{part}")).collect();
        let part = format!("{{pick:{}}}", parts.join("|"));
        let marked_days: &[u32] = if marked { &days } else { &[] };
        let begin = |texts, rhythm: &str, from, generation, mint: &mut Mint| {
            let (cause, when) = self.calendar.draw(rhythm, marked_days, weekend, self.off, mint);
            Raw { texts, cause, when, from, part: part.clone(), generation }
        };
        let mut open = Vec::new();
        for (entry, included) in archetype.tasks.iter().zip(&self.plan.included) {
            if !included || entry.rhythm == "deliver" {
                continue;
            }
            let texts = entry.calls.iter().map(|text| (text.clone(), false)).collect();
            open.push(begin(texts, &entry.rhythm, 0, 1, mint));
        }
        for (text, rhythm) in &self.plan.extras {
            open.push(begin(vec![(text.clone(), false)], rhythm, 0, 1, mint));
        }
        // The same organisation comes out whatever drift is asked for.
        let mint = &mut mint.fork();
        let mut tasks = Vec::new();
        let mut generation = 1;
        for (day, change) in self.changes(&days, mint) {
            let from = day + 1;
            match change {
                Change::Add { calls, rhythm } => {
                    open.push(begin(vec![(calls, true)], rhythm, from, generation, mint));
                }
                Change::Drop { ticket } => drop_call(&mut open, ticket, from, &names, archetype, &mut tasks)?,
                Change::Rename => {
                    generation += 1;
                    for raw in open.iter_mut().filter(|raw| raw.mentions("~gen~")) {
                        tasks.push(raw.close(from, &names, archetype)?);
                        raw.from = from;
                        raw.generation = generation;
                        for (text, changed) in &mut raw.texts {
                            *changed |= text.contains("~gen~");
                        }
                    }
                }
                Change::Grow if part_count < PARTS => {
                    let grown: Vec<_> = open
                        .iter()
                        .filter(|raw| raw.part.starts_with('{'))
                        .filter_map(|raw| raw.grown(from, part_count))
                        .collect();
                    open.extend(grown);
                    part_count += 1;
                }
                Change::Grow => {}
            }
        }
        for raw in &open {
            tasks.push(raw.close(NEVER, &names, archetype)?);
        }
        let mut names = names;
        if archetype.session == Session::Lambda {
            names.insert("function", seat.clone());
        }
        Ok(Workload {
            session: archetype.session,
            agent: archetype.agent.clone(),
            seat,
            names,
            delivery: archetype.delivery.clone(),
            deploys: if marked { days } else { Vec::new() },
            tasks,
        })
    }

    /// The changes that this workload takes over from its module, each with its first deploy after it, and its own.
    fn changes(&self, days: &[u32], mint: &mut Mint) -> Vec<(u32, Change)> {
        let adopts = between(prior::ADOPTS, mint);
        let mut changes = Vec::new();
        for (day, change) in &self.plan.changes {
            let lag = u32::try_from(mint.between(prior::LAG.0, prior::LAG.1)).unwrap_or(0);
            let deploy = days.iter().find(|deploy| **deploy >= day + lag);
            if let (Some(deploy), true) = (deploy, mint.chance(adopts)) {
                changes.push((*deploy, change.clone()));
            }
        }
        changes.extend(self.plan.draw_changes(days, self.change, mint));
        changes.sort_by_key(|(day, _)| *day);
        changes
    }
}

/// Takes one call out of the open tasks, never the last one.
fn drop_call(
    open: &mut Vec<Raw>,
    ticket: u64,
    from: u32,
    names: &Names,
    archetype: &Archetype,
    tasks: &mut Vec<Task>,
) -> Result<(), Error> {
    if open.len() < 2 {
        return Ok(());
    }
    let index = usize::try_from(ticket % open.len() as u64).unwrap_or(0);
    let Some(raw) = open.get_mut(index) else { return Ok(()) };
    tasks.push(raw.close(from, names, archetype)?);
    if raw.texts.len() < 2 {
        open.remove(index);
        return Ok(());
    }
    let call = usize::try_from(ticket / 7 % raw.texts.len() as u64).unwrap_or(0);
    raw.texts.remove(call);
    raw.from = from;
    Ok(())
}

impl Raw {
    fn mentions(&self, name: &str) -> bool {
        self.texts.iter().any(|(text, _)| text.contains(name))
    }

    /// The task as it was from its first day until this one.
    fn close(&self, until: u32, names: &Names, archetype: &Archetype) -> Result<Task, Error> {
        let mut names = names.clone();
        names.insert("shard", self.part.clone());
        if self.generation > 1 {
            names.insert("gen", format!("-v{}", self.generation));
        }
        let mut calls = Vec::new();
        for (text, changed) in &self.texts {
            let parsed = Call::parse_all(text, &names, archetype.in_cluster)?;
            calls.extend(parsed.into_iter().map(|call| (call, *changed)));
        }
        Ok(Task { cause: self.cause.clone(), from: self.from, until, when: self.when.clone(), calls })
    }

    /// The same task for one part more, of those of its calls that are made by parts.
    fn grown(&self, from: u32, part: u64) -> Option<Self> {
        let texts: Vec<_> = self
            .texts
            .iter()
            .filter(|(text, _)| text.contains("~shard~"))
            .map(|(text, _)| (text.clone(), true))
            .collect();
        let grown = Self { texts, from, part: format!("p{part}"), ..self.clone() };
        (!grown.texts.is_empty()).then_some(grown)
    }
}
