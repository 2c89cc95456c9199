//! Texts and lists of texts that local names stand for.

use std::collections::BTreeSet;

use crate::node::{Kind, Node};
use crate::place::FileId;
use crate::statement::Definitions;
use crate::text::Text;

use super::reference::steps;
use super::{Module, expression};

/// Texts that a list may have, whoever wrote it. A longer one is told by its expression.
const TEXTS: usize = 20_000;

/// Lists within lists and names of names are followed so far: nobody nests them deeper.
const DEPTH: usize = 64;

/// What makes one list of several, which allows what these allow: neither their order counts nor how often something is in them.
const UNIONS: [&str; 8] = ["concat", "setunion", "flatten", "distinct", "toset", "tolist", "sort", "compact"];

impl Definitions for Module<'_> {
    fn texts(&self, file: FileId, node: &Node) -> Vec<Text> {
        let mut list = List { module: self, met: BTreeSet::new(), texts: Vec::new() };
        list.add(file, node, 0);
        if list.texts.len() > TEXTS { vec![self.text(file, node)] } else { list.texts }
    }
}

/// A list that is being followed.
struct List<'m, 'a> {
    module: &'m Module<'a>,
    /// Values that were followed, by file and place: what is met again adds nothing.
    met: BTreeSet<(FileId, usize)>,
    texts: Vec<Text>,
}

impl List<'_, '_> {
    /// Adds what a value is, or is a list of. What cannot be followed is one text that stands for itself.
    fn add(&mut self, file: FileId, node: &Node, depth: usize) {
        match &node.kind {
            _ if self.texts.len() > TEXTS => {}
            _ if depth > DEPTH => self.texts.push(self.module.text(file, node)),
            Kind::List(list) => list.items.iter().for_each(|item| self.add(file, item, depth + 1)),
            Kind::Call(name, arguments) if UNIONS.contains(&name.as_str()) => {
                arguments.iter().for_each(|argument| self.add(file, argument, depth + 1));
            }
            _ => match expression::reference(node).and_then(|reference| defined(self.module, reference)) {
                Some((file, node)) => {
                    if self.met.insert((file, node.span.start)) {
                        self.add(file, node, depth + 1);
                    }
                }
                None => self.texts.push(self.module.text(file, node)),
            },
        }
    }
}

/// The value of a local name, or of what its keys lead to.
fn defined<'a>(module: &Module<'a>, reference: &str) -> Option<(FileId, &'a Node)> {
    let steps = steps(reference);
    let [("local", ""), (name, index), keys @ ..] = steps.as_slice() else { return None };
    let (file, mut node) = module.local(name)?;
    if !index.is_empty() {
        node = expression::item(node, index)?;
    }
    for (key, index) in keys {
        node = node.get(key)?;
        if !index.is_empty() {
            node = expression::item(node, index)?;
        }
    }
    Some((file, node))
}
