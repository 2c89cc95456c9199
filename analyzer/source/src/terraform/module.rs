//! Policies that modules take as their inputs, and who calls modules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::hcl::Block;
use crate::node::{Kind, Node};
use crate::place::{Content, FileId, Form, Names, Place};
use crate::repository::{File, Parsed, joined};
use crate::statement::{self, Removal};
use crate::text::Text;
use crate::tokens::Sequence;

use super::expression::{self, Written};
use super::{Module, Wanted};

/// The blocks that call each folder.
pub(super) fn callers(files: &[File]) -> BTreeMap<PathBuf, Vec<(FileId, &Block)>> {
    let mut callers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (id, file) in files.iter().enumerate() {
        let Parsed::Terraform(blocks) = file.parsed() else { continue };
        let folder = file.path.parent().unwrap_or(Path::new(""));
        for block in blocks.iter().filter(|block| block.kind == "module") {
            let source = block.get("source").and_then(Node::known).unwrap_or_default();
            if !source.starts_with('.') {
                continue;
            }
            if let Some(path) = joined(folder, Path::new(source)) {
                callers.entry(path).or_default().push((id, block));
            }
        }
    }
    callers
}

/// Inputs of a module that are policies, by what they say: a document, or statements in the words of a module.
pub(super) fn policies<'a>(
    module: &Module<'a>,
    file: FileId,
    block: &'a Block,
    wanted: &mut Vec<Wanted<'a>>,
) {
    let text = |name: &str| block.get(name).map(|node| module.text(file, node));
    let names = Names {
        name: text("policy_name").or_else(|| text("name")).or_else(|| text("name_prefix").map(open)),
        // What holds it is often called like the module's other resources.
        holder: text("role_name").or_else(|| text("role")).or_else(|| text("function_name").map(open)),
        ..Names::default()
    };
    for entry in &block.attributes {
        let (form, is_policy) = match &entry.value.kind {
            Kind::List(_) | Kind::Map(_) => (
                Some(Form::Terraform),
                entry.value.items().iter().any(is_statement) || entries(&entry.value).any(is_statement),
            ),
            _ => {
                let found = expression::find(module, file, &entry.value, 0);
                let is_policy = match &found.said {
                    Written::Document(_) => true,
                    Written::Json(node, _) => node.get("Statement").is_some(),
                    _ => false,
                };
                (None, is_policy)
            }
        };
        if is_policy {
            let address = format!("{}.{}", block.address(), entry.key);
            let names = names.clone();
            wanted.push(Wanted { file, block, address, names, value: &entry.value, form });
        }
    }
}

fn open(mut text: Text) -> Text {
    text.push_opaque("(more)");
    text
}

fn entries(node: &Node) -> impl Iterator<Item = &Node> {
    node.entries().unwrap_or_default().iter().map(|entry| &entry.value)
}

fn is_statement(node: &Node) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| node.get(name).is_some());
    has(&["actions", "not_actions", "Action", "NotAction"])
        && has(&["resources", "not_resources", "effect", "Resource", "Effect"])
}

/// A list or a map of statements in the words of a module.
pub(super) fn statements(module: &Module<'_>, file: FileId, node: &Node) -> Option<Place> {
    let source = module.source(file)?;
    let mut reasons = Vec::new();
    let statements = match &node.kind {
        Kind::Map(entries) if !is_statement(node) => {
            let sequence = Sequence {
                span: node.span.clone(),
                items: entries.iter().map(|entry| entry.key_span.start..entry.value.span.end).collect(),
                layout: crate::node::Layout::Commas,
            };
            let of = |(at, entry): (usize, &crate::node::Entry)| {
                let statement = statement::map(&entry.value, source, Removal::Item(sequence.clone(), at))?;
                Some(statement::Statement { span: entry.key_span.start..entry.value.span.end, ..statement })
            };
            entries.iter().enumerate().filter_map(of).collect()
        }
        _ => statement::list(node, source, &mut reasons),
    };
    Some(module.place(file, &node.span, Form::Terraform, Content::Statements(statements), reasons))
}
