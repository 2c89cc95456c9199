//! Whether new policies allow nothing that old ones do not, for all requests.
//!
//! The actions are split into classes that no pattern of either side tells apart, each with an example. For each
//! class and each new statement that allows it, three things are shown of the resources: an old statement allows
//! them, an old boundary does, and no old statement denies them unless a new one does as well. A statement counts
//! only if its conditions are implied by what is already known to hold. Statements of which one look shows it, as
//! of those that are on both sides, are left out of this.

mod atoms;
mod plain;
mod resources;
#[cfg(test)]
mod tests;

use std::fmt;

use hashbrown::HashSet;

use crate::condition::imply;
use crate::evaluate::{CompiledStatement, Layer, PolicySet, StatementRef};
use crate::glob::Exhausted;
use crate::{Effect, Glob};
use plain::Plain;
pub(crate) use resources::Region;

/// Places that the sets of automaton states of one comparison may hold in all: some hundred megabytes.
const BUDGET: usize = 20_000_000;

/// A request that the new policies may allow and the old ones do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// The new statement that allows it.
    pub statement: StatementRef,
    /// An action, in lower case.
    pub action: String,
    /// A resource; variables are spelled `${..}`.
    pub resource: String,
    /// Why it is not shown to be allowed by the old policies.
    pub gap: Gap,
}

/// Why a request is not shown to be allowed by the old policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// No old statement allows it.
    NotAllowed,
    /// The old boundary does not allow it.
    NotWithinBoundary,
    /// An old statement allows it under a condition that is not shown to hold.
    Condition {
        /// The old statement.
        statement: StatementRef,
        /// The condition's place among the statement's; none where it cannot be judged whether the statement applies.
        condition: Option<usize>,
    },
    /// An old statement denies it, and no new one is shown to.
    Denied(StatementRef),
    /// It would take too much memory to tell.
    Undecided,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { statement, action, resource, gap } = self;
        let named = |reference: &StatementRef| {
            let layer = match reference.layer {
                Layer::Identity => "policy",
                Layer::Boundary => "boundary",
            };
            format!("statement {} of {layer} {}", reference.statement + 1, reference.policy + 1)
        };
        write!(f, "{} of the new policies allows `{action}` on `{resource}`, ", named(statement))?;
        match gap {
            Gap::NotAllowed => f.write_str("which no old statement allows"),
            Gap::NotWithinBoundary => f.write_str("which the old boundary does not allow"),
            Gap::Condition { statement, condition: Some(condition) } => {
                write!(
                    f,
                    "which {} of the old ones allows under its condition {}",
                    named(statement),
                    condition + 1
                )
            }
            Gap::Condition { statement, condition: None } => {
                write!(f, "and {} of the old ones cannot be judged", named(statement))
            }
            Gap::Denied(statement) => write!(f, "which {} of the old ones denies", named(statement)),
            Gap::Undecided => {
                f.write_str("and it would take too much memory to tell whether the old ones do")
            }
        }
    }
}

impl std::error::Error for Counterexample {}

/// Shows that whatever the new policies allow, the old ones allow; or says what they may not.
pub fn contain(new: &PolicySet, old: &PolicySet) -> Result<(), Counterexample> {
    compare(new, old, &Plain::new(new, old), BUDGET)
}

/// Compares the statements that are not plainly contained.
fn compare(new: &PolicySet, old: &PolicySet, plain: &Plain, mut budget: usize) -> Result<(), Counterexample> {
    let elements: Vec<_> = new.statements().iter().chain(old.statements()).map(|one| &one.actions).collect();
    let is_open = |one: &CompiledStatement| is_allow(one, Layer::Identity) && !plain.is_contained(one);
    let open: Vec<_> = new.statements().iter().map(is_open).collect();
    let first = new.statements().iter().zip(&open).find(|(_, is_open)| **is_open);
    let Some((first, _)) = first else { return Ok(()) };
    let atoms = atoms::atoms(&elements, &open, &mut budget).map_err(|Exhausted| Counterexample {
        statement: first.reference,
        action: "*".to_owned(),
        resource: "*".to_owned(),
        gap: Gap::Undecided,
    })?;
    let mut comparison = Comparison { new, old, plain, budget, shown: HashSet::new() };
    atoms.iter().try_for_each(|atom| comparison.compare(atom))
}

fn is_allow(statement: &CompiledStatement, layer: Layer) -> bool {
    statement.effect == Effect::Allow && statement.reference.layer == layer
}

/// The comparison under way.
struct Comparison<'p> {
    new: &'p PolicySet,
    old: &'p PolicySet,
    plain: &'p Plain,
    budget: usize,
    /// Regions shown to be covered: many classes of actions ask the same of the resources.
    shown: HashSet<Claim>,
}

/// That no resource is matched by all of the first statements and by none of the others.
type Claim = (Vec<Key>, Vec<Key>);

/// Which side a statement is on, and its place there.
type Key = (bool, StatementRef);

/// Statements of one side that match a class of actions.
struct Side<'p> {
    is_new: bool,
    statements: Vec<&'p CompiledStatement>,
}

impl<'p> Side<'p> {
    fn allowing(&self, layer: Layer) -> Vec<(Key, &'p CompiledStatement)> {
        self.pick(|one| is_allow(one, layer))
    }

    fn denying(&self) -> Vec<(Key, &'p CompiledStatement)> {
        self.pick(|one| one.effect == Effect::Deny)
    }

    fn pick(&self, is_picked: impl Fn(&CompiledStatement) -> bool) -> Vec<(Key, &'p CompiledStatement)> {
        let picked = self.statements.iter().copied().filter(|one| is_picked(one));
        picked.map(|one| ((self.is_new, one.reference), one)).collect()
    }
}

impl<'p> Comparison<'p> {
    fn compare(&mut self, atom: &atoms::Atom) -> Result<(), Counterexample> {
        let (new, old) = (self.new, self.old);
        let matched = |is_new, statements: &'p [CompiledStatement], start: usize| {
            let is_matched = |at: &usize| atom.matched.get(start + *at).copied().unwrap_or(false);
            let statements =
                statements.iter().enumerate().filter(|(at, _)| is_matched(at)).map(|(_, one)| one);
            Side { is_new, statements: statements.collect() }
        };
        let new_side = matched(true, new.statements(), 0);
        let old_side = matched(false, old.statements(), new.statements().len());
        for granting in new_side.allowing(Layer::Identity) {
            if self.plain.is_contained(granting.1) {
                continue;
            }
            if !new.has_boundary() {
                self.compare_grant(&[granting], &new_side, &old_side, atom)?;
                continue;
            }
            for bounding in new_side.allowing(Layer::Boundary) {
                self.compare_grant(&[granting, bounding], &new_side, &old_side, atom)?;
            }
        }
        Ok(())
    }

    /// `grant` is the statement that allows, with the statement of the boundary that allows as well.
    fn compare_grant(
        &mut self,
        grant: &[(Key, &'p CompiledStatement)],
        new: &Side<'p>,
        old: &Side<'p>,
        atom: &atoms::Atom,
    ) -> Result<(), Counterexample> {
        let denies = new.denying();
        self.covered(grant, &denies, &old.allowing(Layer::Identity), Gap::NotAllowed, atom)?;
        if self.old.has_boundary() {
            self.covered(grant, &denies, &old.allowing(Layer::Boundary), Gap::NotWithinBoundary, atom)?;
        }
        for denying in old.denying() {
            let mut denied = grant.to_vec();
            denied.push(denying);
            self.covered(&denied, &denies, &[], Gap::Denied(denying.1.reference), atom)?;
        }
        Ok(())
    }

    /// Shows that where the statements of `premise` apply, one of `denies` or of `allows` applies too.
    fn covered(
        &mut self,
        premise: &[(Key, &'p CompiledStatement)],
        denies: &[(Key, &'p CompiledStatement)],
        allows: &[(Key, &'p CompiledStatement)],
        gap: Gap,
        atom: &atoms::Atom,
    ) -> Result<(), Counterexample> {
        let is_implied = |one: &&(Key, &CompiledStatement)| first_unimplied(premise, one.1).is_none();
        let outside: Vec<_> = denies.iter().chain(allows).filter(is_implied).collect();
        let claim =
            (premise.iter().map(|(key, _)| *key).collect(), outside.iter().map(|(key, _)| *key).collect());
        if self.shown.contains(&claim) {
            return Ok(());
        }
        let mut region = Region::default();
        premise.iter().for_each(|(_, one)| region.add_within(&one.resources));
        outside.iter().for_each(|(_, one)| region.add_outside(&one.resources));
        let found = region.find(&mut self.budget);
        let (resource, gap) = match found {
            Ok(None) => {
                self.shown.insert(claim);
                return Ok(());
            }
            Err(Exhausted) => ("*".to_owned(), Gap::Undecided),
            Ok(Some(resource)) => {
                let by_condition = conditional(premise, allows, &resource);
                (resource, by_condition.unwrap_or(gap))
            }
        };
        let statement = premise.first().map(|(_, one)| one);
        let Some(statement) = statement else { return Ok(()) };
        Err(Counterexample {
            statement: statement.reference,
            action: example(statement, &atom.example),
            resource,
            gap,
        })
    }
}

/// The place of the first condition that the premise does not imply; the inner none where it cannot be judged
/// whether the statement applies.
fn first_unimplied(
    premise: &[(Key, &CompiledStatement)],
    other: &CompiledStatement,
) -> Option<Option<usize>> {
    let is_foreign = |one: &&CompiledStatement| one.foreign == other.foreign;
    if other.foreign.is_some() && !premise.iter().map(|(_, one)| one).any(is_foreign) {
        return Some(None);
    }
    let may_be_void =
        |variable| !premise.iter().any(|(_, one)| one.excluded_variables().any(|other| other == variable));
    if other.excluded_variables().any(may_be_void) {
        return Some(None);
    }
    let is_implied = |test| imply(premise.iter().flat_map(|(_, one)| &one.conditions), test);
    other.conditions.iter().position(|test| !is_implied(test)).map(Some)
}

/// Whether the other applies to whatever the premise applies to, if its elements match.
fn is_implied(premise: &CompiledStatement, other: &CompiledStatement) -> bool {
    let key = (true, premise.reference);
    first_unimplied(&[(key, premise)], other).is_none()
}

/// Names the statement that matches the resource and the condition because of which it does not count.
fn conditional(
    premise: &[(Key, &CompiledStatement)],
    allows: &[(Key, &CompiledStatement)],
    resource: &str,
) -> Option<Gap> {
    allows.iter().find_map(|(_, one)| {
        let condition = first_unimplied(premise, one)?;
        let is_matched = one.resources.patterns.iter().any(|pattern| pattern.may_match(resource));
        (is_matched != one.resources.negated)
            .then_some(Gap::Condition { statement: one.reference, condition })
    })
}

/// The action as the statement writes it, where it does.
fn example(statement: &CompiledStatement, action: &str) -> String {
    let is_same = |pattern: &&Glob| pattern.text().eq_ignore_ascii_case(action);
    let written = statement.actions.patterns.iter().find(is_same).filter(|_| !statement.actions.negated);
    written.map_or_else(|| action.to_owned(), |pattern| pattern.text().to_owned())
}
