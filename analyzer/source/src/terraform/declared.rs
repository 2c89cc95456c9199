//! Roles, users, groups and tags in Terraform.

use std::collections::BTreeMap;

use crate::declared::{Boundary, Declared};
use crate::hcl::Block;
use crate::node::Node;
use crate::place::FileId;
use crate::statement::Definitions as _;
use crate::text::Text;

use super::holder::Policy;
use super::rounds::Loop;
use super::tags::Tags;
use super::{Module, holder};

/// What makes those who have policies, and what these are.
const MADE: [(&str, &str); 4] = [
    ("aws_iam_role", "role"),
    ("aws_iam_user", "user"),
    ("aws_iam_group", "group"),
    ("aws_ssoadmin_permission_set", "permission-set"),
];

/// Whether a block makes somebody who has policies.
pub(super) fn makes(block: &Block) -> bool {
    block.labels.first().is_some_and(|kind| MADE.iter().any(|(known, _)| known == kind))
}

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
    let texts = |name: &str| block.get(name).map(|node| module.texts(file, node)).unwrap_or_default();
    let only = |name: &str| block.get(name).map(|node| module.text(file, node)).into_iter().collect();
    let (users, groups) = match kind {
        "aws_iam_user_group_membership" => (only("user"), texts("groups")),
        "aws_iam_group_membership" => (texts("users"), only("group")),
        _ => (Vec::new(), Vec::new()),
    };
    let pairs = users.iter().flat_map(|user| groups.iter().map(move |group| [user.clone(), group.clone()]));
    declared.members = pairs.flat_map(|pair| members(module, file, block, &pair)).collect();
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

/// Those that a block makes, each with what bounds it: in a loop each round may have another boundary.
fn holders(module: &Module<'_>, file: FileId, block: &Block, kind: &str) -> Vec<(Text, Option<Boundary>)> {
    let boundary = block.get("permissions_boundary").map(|node| Policy::of(module, file, node));
    let written = boundary.as_ref().map(|boundary| boundary.written.clone()).unwrap_or_default();
    let all = Loop::of(module, file, block).texts(&[holder::called(module, file, block, kind), written]);
    let each = all.into_iter().map(|[name, policy]| {
        // One that is nothing is none, and a round may have none.
        let is_bound = !matches!(policy.known(), Some("" | "null"));
        let boundary = boundary.as_ref().filter(|_| is_bound).map(|boundary| {
            let (policy, address) = boundary.told(module, policy);
            Boundary { policy, address, file: None }
        });
        (holder::named(module, kind, &name), boundary)
    });
    each.collect()
}

/// A user and a group, or one of each round of a loop.
fn members(module: &Module<'_>, file: FileId, block: &Block, pair: &[Text; 2]) -> Vec<(Text, Text)> {
    let all = Loop::of(module, file, block).texts(pair);
    let named =
        |[user, group]: &[_; 2]| (holder::named(module, "user", user), holder::named(module, "group", group));
    all.iter().map(named).collect()
}

/// The tags that a resource's provider gives to all of its resources.
fn defaults(module: &Module<'_>, file: FileId, block: &Block) -> BTreeMap<String, String> {
    let written = |node: &Node| node.as_text(module.written(file)).to_string();
    let provider = block.get("provider").map(|node| holder::reference(&written(node)));
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
