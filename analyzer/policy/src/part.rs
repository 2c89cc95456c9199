//! Parts of allow statements, and when other parts cover one: only then can it go.

use crate::condition::{Test, imply};
use crate::contain::Region;
use crate::evaluate::Element;
use crate::glob::{Piece, Query, Variable};
use crate::grant::Account;
use crate::verdict::GrantRef;
use crate::{Condition, Document, Glob, Statement};

/// A statement with what its document's version makes of `${..}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause<'a> {
    pub(crate) statement: &'a Statement,
    /// Whether `${..}` is a variable.
    pub(crate) variables: bool,
}

/// One pattern of a `Resource` element, or a `NotResource` element whole.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    clause: Clause<'a>,
    resources: Element,
}

impl<'a> Clause<'a> {
    /// A statement of this document.
    pub(crate) fn of(document: &Document, statement: &'a Statement) -> Self {
        Self { statement, variables: document.has_variables() }
    }

    /// A resource pattern of the statement.
    pub(crate) fn glob(self, pattern: &str) -> Glob {
        if self.variables { Glob::resource(pattern) } else { Glob::resource_without_variables(pattern) }
    }

    /// A part that names this.
    pub(crate) fn part(self, pattern: Glob) -> Part<'a> {
        Part { clause: self, resources: Element { negated: false, patterns: vec![pattern] } }
    }

    /// The statement's parts. One without resources, which cannot be judged, is taken to name all of them.
    pub(crate) fn parts(self) -> Vec<Part<'a>> {
        match &self.statement.resources {
            Some(resources) if !resources.negated => {
                resources.patterns.iter().map(|pattern| self.part(self.glob(pattern))).collect()
            }
            resources => {
                let patterns = resources.iter().flat_map(|resources| &resources.patterns);
                let patterns = patterns.map(|pattern| self.glob(pattern)).collect();
                vec![Part { clause: self, resources: Element { negated: true, patterns } }]
            }
        }
    }

    /// Whether every request that meets all conditions of this statement meets all of the other, as far as can be
    /// told. What a `Principal` does in an identity policy cannot.
    pub(crate) fn implies(self, other: Self) -> bool {
        let (from, to) = (self.statement, other.statement);
        if to.principal.is_some() && from.principal != to.principal {
            return false;
        }
        if to.conditions.is_empty() {
            return true;
        }
        if from.conditions == to.conditions && self.variables == other.variables {
            return true;
        }
        let test = |condition: &Condition, variables| Test::new(condition, variables);
        let given: Vec<_> = from.conditions.iter().map(|one| test(one, self.variables)).collect();
        to.conditions.iter().all(|condition| imply(&given, &test(condition, other.variables)))
    }
}

impl Part<'_> {
    /// Whether some resource of the pattern is one that this names.
    pub(crate) fn meets(&self, resource: &Glob) -> bool {
        if self.resources.negated {
            return !resource.is_included_in(&self.resources.patterns.iter().collect::<Vec<_>>());
        }
        self.resources.patterns.iter().any(|pattern| pattern.intersects(resource))
    }

    /// Whether the others together allow whatever this allows, of an action that all of them allow; or, where `on` says
    /// on which resources it matters, whatever this allows on those.
    pub(crate) fn is_covered_by<'p>(
        &self,
        others: impl IntoIterator<Item = &'p Part<'p>>,
        on: Option<&[Glob]>,
    ) -> bool {
        let others: Vec<_> = others.into_iter().filter(|other| self.is_judged_by(other)).collect();
        // Mostly one look tells that a part is not covered, which the automata of many patterns take long to find.
        if on.is_none()
            && self.sample().is_some_and(|sample| !others.iter().any(|other| other.may_name(&sample)))
        {
            return false;
        }
        let mut region = Region::default();
        let on = on.map(|on| Element { negated: false, patterns: on.to_vec() });
        region.add_within(&self.resources);
        on.iter().for_each(|on| region.add_within(on));
        others.iter().for_each(|other| region.add_outside(&other.resources));
        matches!(region.find(&mut Query::budget()), Ok(None))
    }

    /// A resource that a pattern without variables names, and that patterns which say less do not.
    fn sample(&self) -> Option<String> {
        const STRANGE: &str = "\u{fdd0}";
        let [pattern] = self.resources.patterns.as_slice() else { return None };
        if self.resources.negated || pattern.has_variables() {
            return None;
        }
        let spell = |piece: &Piece| match piece {
            Piece::Text(text) => text.to_string(),
            Piece::One | Piece::Many | Piece::Variable(_) => STRANGE.to_owned(),
        };
        Some(pattern.pieces().iter().map(spell).collect())
    }

    fn may_name(&self, resource: &str) -> bool {
        let mut patterns = self.resources.patterns.iter();
        if self.resources.negated {
            return !patterns.any(|pattern| pattern.matches(resource));
        }
        patterns.any(|pattern| pattern.may_match(resource))
    }

    /// Whether the other applies where this does, if it names the resource. What a `NotResource` with a variable
    /// does where the variable has no value is not known.
    fn is_judged_by(&self, other: &Part<'_>) -> bool {
        self.clause.implies(other.clause)
            && other.exceptions().all(|variable| self.exceptions().any(|known| known == variable))
    }

    fn exceptions(&self) -> impl Iterator<Item = &Variable> {
        self.resources.patterns.iter().filter(|_| self.resources.negated).flat_map(Glob::variables)
    }

    /// The pattern as written, or words for all of them.
    pub(crate) fn text(&self) -> &str {
        match self.resources.patterns.as_slice() {
            [pattern] if !self.resources.negated => pattern.text(),
            _ => "(all but `NotResource`)",
        }
    }
}

impl Account {
    /// The statement at this place, with its version.
    pub(crate) fn clause(&self, at: GrantRef) -> Option<Clause<'_>> {
        let document = &self.policies.get(at.policy)?.document;
        document.statements.get(at.statement).map(|statement| Clause::of(document, statement))
    }
}
