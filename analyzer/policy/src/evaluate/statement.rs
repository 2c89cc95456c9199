//! A statement, compiled.

use super::{Request, StatementRef, Unknown};
use crate::condition::{Test, Truth};
use crate::glob::{Binding, Bindings, Glob, Variable};
use crate::{Effect, Matcher, Statement};

/// A statement ready to be matched.
#[derive(Clone, Debug)]
pub struct CompiledStatement {
    pub(crate) reference: StatementRef,
    pub(crate) effect: Effect,
    pub(crate) actions: Element,
    pub(crate) resources: Element,
    pub(crate) conditions: Vec<Test>,
    /// What makes it unfit for an identity policy, so that it cannot be judged whether it applies.
    pub(crate) foreign: Option<String>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) negated: bool,
    pub(crate) patterns: Vec<Glob>,
}

/// How a resource pattern lies to what a statement's resource element matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The element matches everything that the pattern does.
    Contains,
    /// The element may match some of it.
    Intersects,
    /// The element matches nothing of it, whatever the values of variables.
    Disjoint,
}

impl Element {
    pub(crate) fn new(matcher: &Matcher, compile: impl Fn(&str) -> Glob) -> Self {
        let patterns = matcher.patterns.iter().map(|pattern| compile(pattern)).collect();
        Self { negated: matcher.negated, patterns }
    }
}

impl CompiledStatement {
    pub(crate) fn new(statement: &Statement, variables: bool, reference: StatementRef) -> Self {
        let compile = if variables { Glob::resource } else { Glob::resource_without_variables };
        let foreign = match (&statement.principal, &statement.resources) {
            (Some(principal), _) => Some(format!("principal {} {}", principal.negated, principal.value)),
            (None, None) => Some("no resource".to_owned()),
            (None, Some(_)) => None,
        };
        let everything = || Element { negated: true, patterns: Vec::new() };
        Self {
            reference,
            effect: statement.effect,
            actions: Element::new(&statement.actions, Glob::action),
            resources: statement
                .resources
                .as_ref()
                .map_or_else(everything, |element| Element::new(element, compile)),
            conditions: statement
                .conditions
                .iter()
                .map(|condition| Test::new(condition, variables))
                .collect(),
            foreign,
        }
    }

    /// Compiles a statement of a document, to ask what it matches.
    pub fn of(document: &crate::Document, statement: usize) -> Option<Self> {
        let reference = StatementRef { layer: super::Layer::Identity, policy: 0, statement };
        Some(Self::new(document.statements.get(statement)?, document.has_variables(), reference))
    }

    /// Whether the action element matches the action, such as `s3:GetObject`, in any case.
    pub fn covers_action(&self, action: &str) -> bool {
        self.actions.patterns.iter().any(|pattern| pattern.matches(action)) != self.actions.negated
    }

    /// How the resource element lies to a pattern, whatever the values of variables.
    pub fn resource_relation(&self, resource: &Glob) -> Relation {
        let patterns: Vec<_> = self.resources.patterns.iter().collect();
        let is_apart = |others: &[&Glob]| !others.iter().any(|other| resource.intersects(other));
        if self.resources.negated {
            if is_apart(&patterns) {
                return Relation::Contains;
            }
            return if resource.is_included_in(&patterns) {
                Relation::Disjoint
            } else {
                Relation::Intersects
            };
        }
        if resource.is_included_in(&patterns) {
            return Relation::Contains;
        }
        if is_apart(&patterns) { Relation::Disjoint } else { Relation::Intersects }
    }

    /// Whether the statement applies to a request whose action it matches.
    pub(super) fn applies(&self, request: &Request<'_>) -> Truth {
        let mut applies = self.covers_resource(request);
        if self.foreign.is_some() {
            applies = applies.and(Truth::Unknown);
        }
        for condition in &self.conditions {
            if applies == Truth::False {
                return Truth::False;
            }
            applies = applies.and(condition.holds(request.context));
        }
        applies
    }

    fn covers_resource(&self, request: &Request<'_>) -> Truth {
        let mut matches = Truth::False;
        for pattern in &self.resources.patterns {
            let is_match = pattern.matches_with(request.resource, request.context).into();
            let is_open =
                is_match == Truth::False && request.resource == "*" && names_all_resources(pattern.text());
            matches = matches.or(if is_open { Truth::Unknown } else { is_match });
            if matches == Truth::True {
                break;
            }
        }
        if !self.resources.negated {
            return matches;
        }
        let may_be_void =
            self.excluded_variables().any(|one| !matches!(request.context.binding(one), Binding::Value(_)));
        if matches == Truth::False && may_be_void { Truth::Unknown } else { matches.not() }
    }

    /// The variables of a `NotResource` element. Where one has no value, or several, the guide can be read to say
    /// that its pattern excludes nothing, and practice that the statement does not apply: it is not judged.
    pub(crate) fn excluded_variables(&self) -> impl Iterator<Item = &Variable> {
        let excluded = self.resources.patterns.iter().filter(|_| self.resources.negated);
        excluded.flat_map(Glob::variables)
    }

    /// What is not known of the statement, where it is not known whether it applies.
    pub(super) fn unknowns(&self, request: &Request<'_>) -> Vec<Unknown> {
        let unknown = |condition| Unknown { statement: self.reference, condition };
        let mut unknowns = Vec::new();
        if self.foreign.is_some() || self.covers_resource(request) == Truth::Unknown {
            unknowns.push(unknown(None));
        }
        for (number, condition) in self.conditions.iter().enumerate() {
            if condition.holds(request.context) == Truth::Unknown {
                unknowns.push(unknown(Some(number)));
            }
        }
        unknowns
    }
}

/// Whether an ARN pattern leaves the whole resource part open, such as `arn:aws:s3:::*`. The guide says that an action
/// without resource needs `*`, and yet grants `s3:ListAllMyBuckets` on that pattern: it is not judged.
fn names_all_resources(pattern: &str) -> bool {
    match pattern.splitn(6, ':').enumerate().last() {
        Some((5, resource)) => resource == "*",
        Some((1.., last)) => last.ends_with('*'),
        _ => false,
    }
}
