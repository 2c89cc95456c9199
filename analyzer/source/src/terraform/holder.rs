//! Who has a policy: the role, user or group that it is written for, or that it is attached to.

use std::collections::BTreeMap;

use crate::attachment::Attachment;
use crate::hcl::Block;
use crate::node::Node;
use crate::place::FileId;
use crate::text::Text;

use super::Module;

/// What attaches policies: the resource, its attributes with holders, and what these are.
const ATTACHMENTS: [(&str, &[(&str, &str)]); 4] = [
    ("aws_iam_role_policy_attachment", &[("role", "role")]),
    ("aws_iam_user_policy_attachment", &[("user", "user")]),
    ("aws_iam_group_policy_attachment", &[("group", "group")]),
    ("aws_iam_policy_attachment", &[("roles", "role"), ("users", "user"), ("groups", "group")]),
];

/// A holder that an attribute names.
pub(super) fn of(module: &Module<'_>, file: FileId, kind: &str, node: &Node) -> Option<Text> {
    named(module, kind, &module.text(file, node))
}

/// A role that holds an inline policy of its own.
pub(super) fn of_role(module: &Module<'_>, file: FileId, block: &Block) -> Option<Text> {
    let name = block.get("name").map(|node| module.text(file, node));
    named(module, "role", &name.unwrap_or_else(|| Text::opaque(block.address())))
}

fn named(module: &Module<'_>, kind: &str, name: &Text) -> Option<Text> {
    let mut holder = Text::literal(format!("{kind} "));
    if name.known().is_some() {
        holder.append(name);
        return Some(holder);
    }
    // What a loop goes through is another in each resource.
    let expression = name.to_string();
    if expression.contains("each.") || expression.contains("count.") {
        return None;
    }
    // An expression means another in another folder.
    holder.push_opaque(&format!("{} in {}", reference(&expression), module.folder.display()));
    Some(holder)
}

/// What is attached in a folder.
#[derive(Default)]
pub(super) struct Attached {
    /// Holders of the policies of the folder, by the address of the policy.
    pub(super) own: BTreeMap<String, Vec<Text>>,
    /// Policies that are not of the folder.
    pub(super) foreign: Vec<Attachment>,
}

/// What is attached in a folder.
pub(super) fn attached(module: &Module<'_>) -> Attached {
    let mut attached = Attached::default();
    for (file, block) in &module.blocks {
        let kind = block.labels.first().map_or("", String::as_str);
        let lists = ATTACHMENTS.iter().find(|(known, _)| *known == kind && block.kind == "resource");
        if let (Some((_, lists)), Some(arn)) = (lists, block.get("policy_arn")) {
            for (attribute, kind) in *lists {
                let holders = block.get(attribute).map(Node::items).unwrap_or_default();
                for holder in holders {
                    attached.add(module, *file, block, arn, of(module, *file, kind, holder));
                }
            }
        }
        if let ("resource", "aws_iam_role", Some(arns)) =
            (block.kind.as_str(), kind, block.get("managed_policy_arns"))
        {
            for arn in arns.items() {
                attached.add(module, *file, block, arn, of_role(module, *file, block));
            }
        }
    }
    attached
}

impl Attached {
    fn add(&mut self, module: &Module<'_>, file: FileId, block: &Block, arn: &Node, holder: Option<Text>) {
        let Some(of) = module.files.get(file) else { return };
        let policy = reference(&arn.as_text(of.text()).to_string());
        let found = module.block(&policy).map(|(file, block)| (file, block, block.labels.first()));
        let policy = match found {
            Some((_, block, Some(kind))) if kind == "aws_iam_policy" && block.kind == "resource" => {
                self.own.entry(policy).or_default().extend(holder);
                return;
            }
            // One that is looked up is told by what it is looked up by.
            Some((file, block, _)) if block.kind == "data" => {
                let named = block.get("arn").or_else(|| block.get("name"));
                named.map_or_else(|| Text::opaque(policy), |node| module.text(file, node))
            }
            _ => module.text(file, arn),
        };
        let line = of.lines().of(arn.span.start);
        let (span, address) = (arn.span.clone(), block.address());
        self.foreign.push(Attachment { file, line, span, address, holder, policy });
    }
}

/// The resource that an expression is about: `aws_iam_role.app` of `${aws_iam_role.app.id}`.
fn reference(expression: &str) -> String {
    let bare = expression.trim().trim_start_matches("${").trim_end_matches('}').trim();
    let ends = [".id", ".name", ".arn"];
    let bare = ends.iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
    // One that is there or not is the only one of its name.
    bare.strip_suffix("[0]").unwrap_or(bare).to_owned()
}
