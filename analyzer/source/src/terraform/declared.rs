//! Roles, users, groups and tags in Terraform.

use std::collections::BTreeMap;

use crate::declared::{Boundary, Declared};
use crate::hcl::Block;
use crate::node::{Kind, Node};
use crate::place::FileId;
use crate::text::Text;

use super::holder::Policy;
use super::rounds::{Loop, followed};
use super::tags::Tags;
use super::{Module, holder};

/// What makes those who have policies, and what these are.
const MADE: [(&str, &str); 4] = [
    ("aws_iam_role", "role"),
    ("aws_iam_user", "user"),
    ("aws_iam_group", "group"),
    ("aws_ssoadmin_permission_set", "permission-set"),
];

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
        declared.holders = holders(module, file, block, made);
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
    let tags = block.get("tags").map(|node| Tags::of(module, file, node)).unwrap_or_default();
    declared.tags.extend(tags.known());
    // What the provider adds to all resources is there unless they say otherwise.
    if kind.starts_with("aws_") {
        for (key, value) in defaults(module, file, block) {
            declared.tags.entry(key).or_insert(value);
        }
    }
    Some(declared)
}

fn is_nothing(node: &Node) -> bool {
    matches!(&node.kind, Kind::Plain(text) if text == "null") || node.known().is_some_and(str::is_empty)
}

/// Those that a block makes, each with what bounds it: in a loop each round may have another boundary.
fn holders(module: &Module<'_>, file: FileId, block: &Block, kind: &str) -> Vec<(Text, Option<Boundary>)> {
    let given = block.get("permissions_boundary").map(|node| followed(module, file, node));
    let Some((in_file, node)) = given.filter(|(_, node)| !is_nothing(node)) else {
        return holder::made(module, file, block, kind).into_iter().map(|holder| (holder, None)).collect();
    };
    let boundary = Policy::of(module, in_file, node);
    let texts = [holder::called(module, file, block, kind), boundary.written.clone()];
    let all = Loop::of(module, file, block).texts(&texts).into_iter();
    let each = all.map(|[name, policy]| {
        // A round may have none.
        let is_bound = !matches!(policy.known(), Some("" | "null"));
        let (policy, address) = boundary.told(module, policy);
        let boundary = is_bound.then_some(Boundary { policy, address, file: None });
        (holder::named(module, kind, &name), boundary)
    });
    each.collect()
}

/// A user and a group, or one of each round of a loop.
fn members(
    module: &Module<'_>,
    file: FileId,
    block: &Block,
    (user, group): (&Node, &Node),
) -> Vec<(Text, Text)> {
    let texts = [module.text(file, user), module.text(file, group)];
    let all = Loop::of(module, file, block).texts(&texts);
    let named =
        |[user, group]: &[_; 2]| (holder::named(module, "user", user), holder::named(module, "group", group));
    all.iter().map(named).collect()
}

/// The tags that a resource's provider gives to all of its resources.
fn defaults(module: &Module<'_>, file: FileId, block: &Block) -> BTreeMap<String, String> {
    let source = module.files.get(file).map(crate::repository::File::text).unwrap_or_default();
    let provider = block.get("provider").map(|node| holder::reference(&node.as_text(source).to_string()));
    let alias = match provider.as_deref().map(|name| name.strip_prefix("aws.").ok_or(name)) {
        None | Some(Err("aws")) => None,
        Some(Ok(alias)) => Some(alias),
        Some(Err(_)) => return BTreeMap::new(),
    };
    let is_its = |block: &Block| {
        block.kind == "provider"
            && block.labels.first().is_some_and(|label| label == "aws")
            && block.get("alias").map(|node| node.known().unwrap_or_default()) == alias
    };
    let mut all = BTreeMap::new();
    for (file, block) in module.blocks.iter().filter(|(_, block)| is_its(block)) {
        for node in block.blocks("default_tags").filter_map(|given| given.get("tags")) {
            all.extend(Tags::of(module, *file, node).known());
        }
    }
    all
}
