//! Follows names to what they stand for, each once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attachment::Attachment;
use crate::declared::Declared;
use crate::place::{Content, Place};
use crate::text::Text;
use crate::tokens::Tokens;

use super::Inputs;

/// Names that are followed from one expression, at most, whoever wrote them. Beyond, everything stands for what is left.
const NAMES: usize = 2_000;

/// What that is called.
const EVERYTHING: &str = "the rest";

/// Where names mean something.
pub(crate) trait Scope {
    /// A name, where it means one thing.
    type Name: Clone + Ord;

    /// The names in an expression.
    fn names(&self, expression: &str) -> Vec<Self::Name>;
    /// A name as messages have it.
    fn shown(&self, name: &Self::Name) -> String;
    /// What a name stands for; none where nothing here says that.
    fn meaning(&self, name: &Self::Name) -> Option<Followed<Self::Name>>;
    /// Whatever names may stand for.
    fn everything(&self) -> String;
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) struct Followed<Name> {
    /// As it is written, without its layout.
    pub(crate) meaning: Arc<str>,
    /// The names in it.
    pub(crate) names: Vec<Name>,
}

/// Names that were met; none where nothing says what one stands for.
type Known<Name> = BTreeMap<Name, Option<Followed<Name>>>;

/// Follows names, and knows those that it met.
pub(crate) struct Follower<S: Scope> {
    pub(crate) scope: S,
    known: RefCell<Known<S::Name>>,
    marks: RefCell<BTreeMap<String, Option<String>>>,
    /// What expressions together refer to.
    inputs: RefCell<BTreeMap<Vec<String>, Inputs>>,
}

impl<S: Scope> Follower<S> {
    pub(crate) fn new(scope: S) -> Self {
        Self { scope, known: RefCell::default(), marks: RefCell::default(), inputs: RefCell::default() }
    }

    /// What expressions refer to, and what that refers to.
    pub(crate) fn inputs<'a>(&self, expressions: impl IntoIterator<Item = &'a str>) -> Inputs {
        let mut expressions: Vec<String> = expressions.into_iter().map(str::to_owned).collect();
        expressions.sort();
        if let Some(known) = self.inputs.borrow().get(&expressions) {
            return known.clone();
        }
        let inputs = self.behind(expressions.iter().flat_map(|one| self.scope.names(one)).collect());
        self.inputs.borrow_mut().insert(expressions, inputs.clone());
        inputs
    }

    /// What names stand for, and the names in that.
    pub(crate) fn behind(&self, mut open: Vec<S::Name>) -> Inputs {
        let mut met: BTreeMap<S::Name, Arc<str>> = BTreeMap::new();
        while let Some(name) = open.pop() {
            if met.contains_key(&name) {
                continue;
            }
            if met.len() >= NAMES {
                let mut all = Inputs::default();
                all.add(EVERYTHING, &self.scope.everything());
                return all;
            }
            let Some(Followed { meaning, names }) = self.followed(&name) else { continue };
            open.extend(names);
            met.insert(name, meaning);
        }
        let all = met.into_iter().map(|(name, meaning)| (self.scope.shown(&name), meaning));
        Inputs(Arc::new(all.collect()))
    }

    fn followed(&self, name: &S::Name) -> Option<Followed<S::Name>> {
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        let found = self.scope.meaning(name);
        self.known.borrow_mut().insert(name.clone(), found.clone());
        found
    }

    /// What tells an expression apart that refers to something else; none where it refers to nothing.
    fn mark(&self, expression: &str) -> Option<String> {
        if let Some(known) = self.marks.borrow().get(expression) {
            return known.clone();
        }
        let inputs = self.inputs([expression]);
        let mark = (!inputs.is_empty()).then(|| inputs.mark());
        self.marks.borrow_mut().insert(expression.to_owned(), mark.clone());
        mark
    }

    /// Marks the expressions of a text.
    pub(crate) fn note(&self, text: &mut Text) {
        text.mark(|expression| self.mark(expression));
    }

    fn note_said(&self, tokens: &mut Tokens) {
        let mut said: Vec<Text> = tokens.said().into_iter().cloned().collect();
        if said.iter().any(|text| text.known().is_none()) {
            said.iter_mut().for_each(|text| self.note(text));
            tokens.said = Some(said);
        }
    }

    /// Notes at a place what its expressions refer to. `more` are expressions that decide it beside.
    pub(crate) fn note_place<'a>(&self, place: &mut Place, more: impl IntoIterator<Item = &'a str>) {
        place.names.holders.iter_mut().for_each(|holder| self.note(holder));
        let mut own = self.inputs(more);
        own.extend(&self.inputs([place.context.as_str()]));
        // Of an object of Kubernetes its name and namespace say where it counts, and for whom.
        if matches!(place.content, Content::Rules(_) | Content::Binding(_)) {
            let names = place.names.name.iter().chain(&place.names.namespace);
            own.extend(&self.inputs(names.flat_map(Text::expressions)));
        }
        match &mut place.content {
            Content::Statements(statements) => {
                for one in statements {
                    one.inputs = self.inputs(one.expressions());
                    one.texts_mut().into_iter().for_each(|text| self.note(text));
                    self.note_said(&mut one.actions);
                    self.note_said(&mut one.resources);
                }
            }
            Content::Rules(rules) => {
                for one in rules {
                    one.inputs = self.inputs(one.expressions());
                    one.lists_mut().into_iter().for_each(|list| self.note_said(list));
                }
            }
            Content::Binding(bound) => {
                own.extend(&self.inputs(bound.expressions()));
                bound.texts_mut().into_iter().for_each(|text| self.note(text));
            }
            Content::Unknown => {}
        }
        place.inputs.extend(&own);
    }

    /// What decides whether something is there, by what that is called, with what it refers to.
    pub(crate) fn switches(&self, name: &str, said: Option<&str>) -> Inputs {
        let mut switches = self.inputs(said);
        if let Some(said) = said {
            switches.add(name, said);
        }
        switches
    }

    /// The same of attachments.
    pub(crate) fn note_attachment(&self, one: &mut Attachment) {
        one.inputs = self.inputs(one.holder.iter().chain([&one.policy]).flat_map(Text::expressions));
        one.holder.iter_mut().chain([&mut one.policy]).for_each(|text| self.note(text));
    }

    /// The same of what is declared.
    pub(crate) fn note_declared(&self, one: &mut Declared) {
        one.inputs = self.inputs(one.expressions());
        one.texts_mut().into_iter().for_each(|text| self.note(text));
    }
}

/// The references in an expression that begin with a word, such as `local.`, each up to where it stops being a name.
pub(crate) fn references(expression: &str, word: &str, is_name: fn(char) -> bool) -> Vec<String> {
    let found = expression.match_indices(word).filter_map(|(at, _)| {
        let before = expression.get(..at)?.chars().next_back();
        let rest = expression.get(at + word.len()..)?;
        let end = rest.find(|sign| !is_name(sign)).unwrap_or(rest.len());
        let is_whole = !before.is_some_and(|sign| sign.is_alphanumeric() || "_.".contains(sign));
        (is_whole && end > 0).then(|| format!("{word}{}", rest.get(..end).unwrap_or_default()))
    });
    found.collect()
}
