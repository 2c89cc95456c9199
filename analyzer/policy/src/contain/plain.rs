//! Statements that are contained at one look.
//!
//! Most statements of a proposal are old ones, unchanged or with patterns left out. One old statement shows that of
//! such a statement, without automata, whose states would multiply with the number of patterns like `s3:*Tag*`.

use hashbrown::HashSet;

use super::{is_allow, is_implied};
use crate::evaluate::{CompiledStatement, Element, Layer, PolicySet, StatementRef};
use crate::glob::Piece;
use crate::{Effect, Glob};

/// The new statements that are contained at one look.
#[derive(Debug, Default)]
pub(super) struct Plain(HashSet<StatementRef>);

impl Plain {
    pub(super) fn new(new: &PolicySet, old: &PolicySet) -> Self {
        let denying = |one: &&CompiledStatement| one.effect == Effect::Deny;
        let denies: Vec<_> = new.statements().iter().filter(denying).map(Known::new).collect();
        let is_denied = |one: &CompiledStatement| denies.iter().any(|deny| deny.applies_where(one));
        if !old.statements().iter().filter(denying).all(is_denied) {
            return Self::default();
        }
        let allowing = |set: &PolicySet, layer| -> Vec<CompiledStatement> {
            set.statements().iter().filter(|one| is_allow(one, layer)).cloned().collect()
        };
        let (granting, bounding) = (allowing(old, Layer::Identity), allowing(old, Layer::Boundary));
        let granting: Vec<_> = granting.iter().map(Known::new).collect();
        let bounding: Vec<_> = bounding.iter().map(Known::new).collect();
        let is_within = |one: &CompiledStatement| bounding.iter().any(|bound| bound.applies_where(one));
        let is_bounded = !old.has_boundary()
            || (new.has_boundary() && allowing(new, Layer::Boundary).iter().all(is_within));
        let is_contained = |one: &&CompiledStatement| {
            granting.iter().any(|grant| grant.applies_where(one)) && (is_bounded || is_within(one))
        };
        let granted = new.statements().iter().filter(|one| is_allow(one, Layer::Identity));
        Self(granted.filter(is_contained).map(|one| one.reference).collect())
    }

    pub(super) fn is_contained(&self, statement: &CompiledStatement) -> bool {
        self.0.contains(&statement.reference)
    }
}

/// A statement whose patterns are found fast.
struct Known<'s> {
    statement: &'s CompiledStatement,
    actions: KnownElement<'s>,
    resources: KnownElement<'s>,
}

impl<'s> Known<'s> {
    fn new(statement: &'s CompiledStatement) -> Self {
        Self {
            statement,
            actions: KnownElement::new(&statement.actions),
            resources: KnownElement::new(&statement.resources),
        }
    }

    /// Whether this statement applies wherever the other does, as far as one look tells.
    fn applies_where(&self, other: &CompiledStatement) -> bool {
        self.actions.includes(&other.actions)
            && self.resources.includes(&other.resources)
            && is_implied(other, self.statement)
    }
}

struct KnownElement<'s> {
    element: &'s Element,
    patterns: HashSet<&'s [Piece]>,
    wide: Vec<&'s Glob>,
}

impl<'s> KnownElement<'s> {
    fn new(element: &'s Element) -> Self {
        let is_wide = |pattern: &&Glob| !matches!(pattern.pieces(), [Piece::Text(_)]);
        Self {
            element,
            patterns: element.patterns.iter().map(Glob::pieces).collect(),
            wide: element.patterns.iter().filter(is_wide).collect(),
        }
    }

    fn includes(&self, other: &Element) -> bool {
        match (self.element.negated, other.negated) {
            (false, false) => other.patterns.iter().all(|pattern| self.matches_all_of(pattern)),
            (true, true) => {
                let other = KnownElement::new(other);
                self.element.patterns.iter().all(|pattern| other.matches_all_of(pattern))
            }
            (false, true) => self.patterns.contains([Piece::Many].as_slice()),
            (true, false) => self.patterns.is_empty(),
        }
    }

    fn matches_all_of(&self, pattern: &Glob) -> bool {
        let is_matched = |text| self.wide.iter().any(|wide| wide.matches(text));
        match pattern.pieces() {
            pieces if self.patterns.contains(pieces) => true,
            [Piece::Text(text)] => is_matched(text),
            _ => self.patterns.contains([Piece::Many].as_slice()),
        }
    }
}
