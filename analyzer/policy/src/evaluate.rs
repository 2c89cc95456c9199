//! Decides requests.

mod context;
mod index;
mod statement;
#[cfg(test)]
mod tests;

use crate::condition::Truth;
use crate::{Document, Effect};
pub use context::{Context, ContextValue};
use index::Index;
pub(crate) use statement::Element;
pub use statement::{CompiledStatement, Relation};

/// What a principal asks for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The action, such as `s3:GetObject`, in any case.
    pub action: &'a str,
    /// The resource's ARN, or `*` for an action that has no resource.
    pub resource: &'a str,
    /// What is known of the request besides.
    pub context: &'a Context,
}

/// Which policies a statement belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// The principal's own and its groups'.
    Identity,
    /// The permissions boundary, which must allow as well.
    Boundary,
}

/// A statement of a [`PolicySet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatementRef {
    /// Which policies it belongs to.
    pub layer: Layer,
    /// The document's place among those given for the layer.
    pub policy: usize,
    /// The statement's place in the document.
    pub statement: usize,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// A statement allows it, the boundary does too, and none denies it.
    Allowed,
    /// A statement denies it.
    DeniedExplicitly,
    /// No statement, or none of the boundary, allows it.
    DeniedImplicitly,
    /// It depends on something that is not known.
    Undetermined,
}

/// The answer to a request, with the statements behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The answer.
    pub decision: Decision,
    /// The statements that apply for certain and that the answer rests on: those that allow, or those that deny.
    pub determining: Vec<StatementRef>,
    /// What an undetermined answer depends on.
    pub undetermined: Vec<Unknown>,
}

/// Something about a statement that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unknown {
    /// The statement.
    pub statement: StatementRef,
    /// The place of the condition among the statement's; none where it is the resource or principal.
    pub condition: Option<usize>,
}

/// The policies of one principal, compiled.
#[derive(Debug)]
pub struct PolicySet {
    statements: Vec<CompiledStatement>,
    index: Index,
    has_boundary: bool,
}

impl PolicySet {
    /// Compiles the documents that allow and, where there is one, the boundary.
    pub fn new(identity: &[&Document], boundary: Option<&Document>) -> Self {
        let mut statements = Vec::new();
        let mut add = |layer, policy, document: &Document| {
            for (number, statement) in document.statements.iter().enumerate() {
                let reference = StatementRef { layer, policy, statement: number };
                statements.push(CompiledStatement::new(statement, document.has_variables(), reference));
            }
        };
        for (policy, document) in identity.iter().enumerate() {
            add(Layer::Identity, policy, document);
        }
        if let Some(boundary) = boundary {
            add(Layer::Boundary, 0, boundary);
        }
        Self { index: Index::new(&statements), statements, has_boundary: boundary.is_some() }
    }

    /// Decides a request.
    pub fn evaluate(&self, request: &Request<'_>) -> Evaluation {
        let mut allows = [Truth::False; 2];
        let mut denies = Truth::False;
        let mut allowing = Vec::new();
        let mut denying = Vec::new();
        let mut uncertain = Vec::new();
        self.index.candidates(request.action, |number| {
            let Some(statement) = self.statements.get(number as usize) else { return };
            let applies = statement.applies(request);
            match (applies, statement.effect) {
                (Truth::False, _) => return,
                (Truth::Unknown, _) => uncertain.push(number),
                (Truth::True, Effect::Allow) => allowing.push(statement.reference),
                (Truth::True, Effect::Deny) => denying.push(statement.reference),
            }
            match (statement.effect, statement.reference.layer) {
                (Effect::Deny, _) => denies = denies.or(applies),
                (Effect::Allow, Layer::Identity) => allows[0] = allows[0].or(applies),
                (Effect::Allow, Layer::Boundary) => allows[1] = allows[1].or(applies),
            }
        });
        let [identity, boundary] = allows;
        let allowed = if self.has_boundary { identity.and(boundary) } else { identity };
        let (decision, mut determining) = match (denies, allowed) {
            (Truth::True, _) => (Decision::DeniedExplicitly, denying),
            (_, Truth::False) => (Decision::DeniedImplicitly, Vec::new()),
            (Truth::False, Truth::True) => (Decision::Allowed, allowing),
            _ => (Decision::Undetermined, Vec::new()),
        };
        determining.sort_unstable();
        let undetermined = match decision {
            Decision::Undetermined => self.unknowns(&uncertain, request),
            _ => Vec::new(),
        };
        Evaluation { decision, determining, undetermined }
    }

    fn unknowns(&self, statements: &[u32], request: &Request<'_>) -> Vec<Unknown> {
        let statements = statements.iter().filter_map(|number| self.statements.get(*number as usize));
        let mut unknowns: Vec<_> = statements.flat_map(|statement| statement.unknowns(request)).collect();
        unknowns.sort_unstable();
        unknowns
    }

    pub(crate) fn statements(&self) -> &[CompiledStatement] {
        &self.statements
    }

    pub(crate) fn has_boundary(&self) -> bool {
        self.has_boundary
    }
}

impl Document {
    /// Whether `${..}` is a variable in this document: only the newer version of the language has variables.
    pub(crate) fn has_variables(&self) -> bool {
        self.version.as_deref() == Some("2012-10-17")
    }
}
