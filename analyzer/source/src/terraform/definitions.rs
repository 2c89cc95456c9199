//! Texts and lists of texts that local names stand for.

use crate::node::{Kind, Node};
use crate::place::FileId;
use crate::statement::Definitions;
use crate::text::Text;

use super::reference::steps;
use super::{Module, expression};

/// Names are followed no further.
const DEPTH: usize = 8;

impl Definitions for Module<'_> {
    fn texts(&self, file: FileId, node: &Node) -> Vec<Text> {
        let mut all = Vec::new();
        add(self, file, node, 0, &mut all);
        all
    }
}

/// Adds what a value is, or is a list of. What cannot be followed is one text that stands for itself.
fn add(module: &Module<'_>, file: FileId, node: &Node, depth: usize, all: &mut Vec<Text>) {
    match &node.kind {
        Kind::List(list) => list.items.iter().for_each(|item| add(module, file, item, depth, all)),
        // What these make of lists allows the same, in whichever order and however often.
        Kind::Call(name, arguments)
            if matches!(
                name.as_str(),
                "concat" | "setunion" | "flatten" | "distinct" | "toset" | "tolist" | "sort" | "compact"
            ) =>
        {
            arguments.iter().for_each(|argument| add(module, file, argument, depth, all));
        }
        _ => match expression::reference(node).and_then(|reference| defined(module, reference)) {
            Some((file, node)) if depth < DEPTH => add(module, file, node, depth + 1, all),
            _ => all.push(module.text(file, node)),
        },
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
