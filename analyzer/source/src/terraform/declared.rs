//! Roles, users, groups and tags in Terraform.

use std::collections::BTreeMap;

use crate::declared::{Boundary, Declared};
use crate::hcl::Block;
use crate::node::{Kind, Node};
use crate::place::FileId;

use super::rounds::Loop;
use super::{Module, holder};

/// What makes those who have policies, and what these are.
const MADE: [(&str, &str); 4] = [
    ("aws_iam_role", "role"),
    ("aws_iam_user", "user"),
    ("aws_iam_group", "group"),
    ("aws_ssoadmin_permission_set", "permission-set"),
];

/// References to tags are followed no further.
const DEPTH: usize = 4;

/// All of a folder.
pub(super) fn all(module: &Module<'_>) -> Vec<Declared> {
    let resources = module.blocks.iter().filter(|(_, block)| block.kind == "resource");
    let all = resources.filter_map(|(file, block)| one(module, *file, block));
    all.filter(Declared::says).collect()
}

fn one(module: &Module<'_>, file: FileId, block: &Block) -> Option<Declared> {
    let kind = block.labels.first()?.as_str();
    let mut declared = Declared::new(file, module.files.get(file)?, block.span.clone(), block.address());
    if let Some((_, made)) = MADE.iter().find(|(known, _)| *known == kind) {
        declared.holders = holder::made(module, file, block, made);
        let boundary = block.get("permissions_boundary").filter(|node| !is_nothing(node));
        declared.boundary = boundary.map(|node| bounded(module, file, node));
    }
    let names = |name: &str| block.get(name).map(Node::items).unwrap_or_default();
    match kind {
        "aws_iam_user_group_membership" => {
            let user = block.get("user")?;
            let pairs = names("groups").iter().map(|group| (user, group));
            declared.members = pairs.flat_map(|pair| members(module, file, block, pair)).collect();
        }
        "aws_iam_group_membership" => {
            let group = block.get("group")?;
            let pairs = names("users").iter().map(|user| (user, group));
            declared.members = pairs.flat_map(|pair| members(module, file, block, pair)).collect();
        }
        _ => {}
    }
    if let Some(node) = block.get("tags") {
        tags(module, node, DEPTH, &mut declared.tags);
    }
    // What the provider adds to all resources is there unless they say otherwise.
    if block.labels.first().is_some_and(|kind| kind.starts_with("aws_")) {
        for (key, value) in defaults(module) {
            declared.tags.entry(key).or_insert(value);
        }
    }
    Some(declared)
}

fn is_nothing(node: &Node) -> bool {
    matches!(&node.kind, Kind::Plain(text) if text == "null") || node.known().is_some_and(str::is_empty)
}

fn bounded(module: &Module<'_>, file: FileId, node: &Node) -> Boundary {
    let policy = module.text(file, node);
    let written = node.as_text(module.files.get(file).map(crate::repository::File::text).unwrap_or_default());
    let address = holder::reference(&written.to_string());
    let is_own = module.block(&address).is_some_and(|(_, block)| block.kind == "resource");
    Boundary { policy, address: is_own.then_some(address) }
}

/// A user and a group, or one of each round of a loop.
fn members(
    module: &Module<'_>,
    file: FileId,
    block: &Block,
    (user, group): (&Node, &Node),
) -> Vec<(crate::text::Text, crate::text::Text)> {
    let texts = [module.text(file, user), module.text(file, group)];
    let all = Loop::of(module, file, block).texts(&texts);
    let named =
        |[user, group]: &[_; 2]| (holder::named(module, "user", user), holder::named(module, "group", group));
    all.iter().map(named).collect()
}

/// Tags that are written out, also by `merge` and local names.
fn tags(module: &Module<'_>, node: &Node, depth: usize, all: &mut BTreeMap<String, String>) {
    match &node.kind {
        Kind::Map(entries) => {
            let known =
                entries.iter().filter_map(|entry| Some((entry.key.clone(), entry.value.known()?.to_owned())));
            all.extend(known);
        }
        Kind::Call(name, arguments) if name == "merge" && depth > 0 => {
            arguments.iter().for_each(|one| tags(module, one, depth - 1, all));
        }
        Kind::Expression(text) if depth > 0 => {
            let local = text.trim().strip_prefix("local.").and_then(|name| module.local(name));
            if let Some((_, node)) = local {
                tags(module, node, depth - 1, all);
            }
        }
        _ => {}
    }
}

fn defaults(module: &Module<'_>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let providers =
        module.blocks.iter().filter(|(_, block)| block.kind == "provider" && block.get("alias").is_none());
    for (_, block) in providers.filter(|(_, block)| block.labels.iter().any(|label| label == "aws")) {
        let given = block.blocks("default_tags").filter_map(|given| given.get("tags"));
        given.for_each(|node| tags(module, node, DEPTH, &mut all));
    }
    all
}
