//! Terraform written as JSON.
//! Source: the Terraform language, "JSON Configuration Syntax".

use crate::hcl::Block;
use crate::node::{Entry, Kind, Node};

/// Kinds of blocks with how many labels each has.
const KINDS: [(&str, usize); 7] = [
    ("resource", 2),
    ("data", 2),
    ("module", 1),
    ("provider", 1),
    ("locals", 0),
    ("output", 1),
    ("variable", 1),
];

/// What is a block within one, and no attribute.
const BLOCKS: [&str; 12] = [
    "statement",
    "inline_policy",
    "condition",
    "dynamic",
    "principals",
    "metadata",
    "rule",
    "aggregation_rule",
    "subject",
    "role_ref",
    "default_tags",
    "customer_managed_policy_reference",
];

/// The blocks of a file.
pub(crate) fn blocks(node: &Node) -> Vec<Block> {
    let mut blocks = Vec::new();
    for root in node.items() {
        for entry in root.entries().unwrap_or_default() {
            if let Some((kind, labels)) = KINDS.iter().find(|(kind, _)| *kind == entry.key) {
                collect(kind, &mut Vec::new(), *labels, &entry.value, &mut blocks);
            }
        }
    }
    blocks
}

fn collect(kind: &str, labels: &mut Vec<String>, left: usize, node: &Node, blocks: &mut Vec<Block>) {
    if left == 0 {
        for (at, item) in node.items().iter().enumerate() {
            let list = matches!(node.kind, Kind::List(_)).then(|| (node.clone(), at));
            blocks.extend(block(kind, labels.clone(), item, list));
        }
        return;
    }
    for entry in node.items().iter().flat_map(|item| item.entries().unwrap_or_default()) {
        labels.push(entry.key.clone());
        collect(kind, labels, left - 1, &entry.value, blocks);
        labels.pop();
    }
}

/// A map as a block. Whether a value is an attribute or a block within is for whoever asks.
fn block(kind: &str, labels: Vec<String>, node: &Node, list: Option<(Node, usize)>) -> Option<Block> {
    let entries = node.entries()?;
    let mut blocks = Vec::new();
    for Entry { key, value, .. } in entries {
        if !BLOCKS.contains(&key.as_str()) {
            continue;
        }
        for (at, item) in value.items().iter().enumerate() {
            let list = matches!(value.kind, Kind::List(_)).then(|| (value.clone(), at));
            blocks.extend(block(key, Vec::new(), item, list));
        }
    }
    let attributes = entries.to_vec();
    Some(Block { kind: kind.to_owned(), labels, span: node.span.clone(), attributes, blocks, list })
}
