//! Parts of allow statements, and when other parts cover one: only then can it go.

use crate::condition::{Test, imply};
use crate::contain::Region;
use crate::evaluate::Element;
use crate::glob::{Query, Variable};
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
        let others: Vec<_> = others.into_iter().collect();
        match on {
            None => self.is_covered_everywhere(&others),
            Some(on) => on.iter().all(|resources| self.is_covered_on(resources, &others)),
        }
    }

    fn is_covered_everywhere(&self, others: &[&Part<'_>]) -> bool {
        // Mostly one look tells that a part is not covered, which the automata of many patterns take long to find.
        if let [pattern] = self.resources.patterns.as_slice()
            && let Some(sample) = pattern.sample().filter(|_| !self.resources.negated)
            && !others.iter().any(|other| other.may_name(&sample) && self.is_judged_by(other))
        {
            return false;
        }
        self.leaves_nothing(None, others)
    }

    /// Whether the others allow whatever this allows on these resources. One of them tells it of most.
    fn is_covered_on(&self, on: &Glob, others: &[&Part<'_>]) -> bool {
        let by_search = || {
            let on = Element { negated: false, patterns: vec![on.clone()] };
            self.leaves_nothing(Some(&on), others)
        };
        let Some(sample) = on.sample().filter(|_| !self.has_variables()) else { return by_search() };
        if !self.may_name(&sample) {
            return on.only_text().is_some() || self.lies_apart(on) || by_search();
        }
        let naming = others.iter().filter(|other| other.may_name(&sample) && self.is_judged_by(other));
        if naming.clone().next().is_none() {
            return false;
        }
        naming.clone().any(|other| other.names_all(on)) || by_search()
    }

    fn leaves_nothing(&self, on: Option<&Element>, others: &[&Part<'_>]) -> bool {
        let mut region = Region::default();
        region.add_within(&self.resources);
        on.into_iter().for_each(|on| region.add_within(on));
        let judging = others.iter().filter(|other| self.is_judged_by(other));
        judging.for_each(|other| region.add_outside(&other.resources));
        matches!(region.find(&mut Query::budget()), Ok(None))
    }

    fn has_variables(&self) -> bool {
        self.resources.patterns.iter().any(Glob::has_variables)
    }

    /// Whether this names the resource, for some values of variables.
    fn may_name(&self, resource: &str) -> bool {
        let mut patterns = self.resources.patterns.iter();
        if self.resources.negated {
            return !patterns.any(|pattern| pattern.matches(resource));
        }
        patterns.any(|pattern| pattern.may_match(resource))
    }

    /// Whether one look tells that this names all these resources.
    fn names_all(&self, resources: &Glob) -> bool {
        !self.resources.negated && resources.look(&self.resources.patterns) == Some(true)
    }

    /// Whether one look tells that this names none of these resources.
    fn lies_apart(&self, resources: &Glob) -> bool {
        !self.resources.negated
            && !self.resources.patterns.iter().any(|pattern| pattern.may_lie_as(resources))
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
