//! Who has a policy: the role, user or group that it is written for, or that it is attached to.

use std::collections::{BTreeMap, BTreeSet};

use crate::attachment::Attachment;
use crate::hcl::Block;
use crate::node::Node;
use crate::place::FileId;
use crate::statement::Definitions as _;
use crate::text::Text;

use super::Module;
use super::rounds::{Loop, followed};

/// What attaches policies: the resource, its attributes with holders, and what these are.
const ATTACHMENTS: [(&str, &[(&str, &str)]); 5] = [
    ("aws_iam_role_policy_attachment", &[("role", "role")]),
    ("aws_iam_user_policy_attachment", &[("user", "user")]),
    ("aws_iam_group_policy_attachment", &[("group", "group")]),
    ("aws_ssoadmin_managed_policy_attachment", &[("permission_set_arn", "permission-set")]),
    ("aws_iam_policy_attachment", &[("roles", "role"), ("users", "user"), ("groups", "group")]),
];

/// The holders that an attribute names: in a loop, one of each round.
pub(super) fn of(module: &Module<'_>, file: FileId, block: &Block, kind: &str, node: &Node) -> Vec<Text> {
    let all = Loop::of(module, file, block).texts(&[module.text(file, node)]);
    all.iter().map(|[name]| named(module, kind, name)).collect()
}

/// Those that a block makes: roles, users or groups.
pub(super) fn made(module: &Module<'_>, file: FileId, block: &Block, kind: &str) -> Vec<Text> {
    let all = Loop::of(module, file, block).texts(&[called(module, file, block, kind)]);
    all.iter().map(|[name]| named(module, kind, name)).collect()
}

/// By what one of a kind is known. Permission sets are known by their addresses, since ARNs name them.
pub(super) fn called(module: &Module<'_>, file: FileId, block: &Block, kind: &str) -> Text {
    match kind {
        "permission-set" => Text::opaque(block.address()),
        _ => name_of(module, file, block),
    }
}

/// What a role, user or group is called, or how others refer to it.
fn name_of(module: &Module<'_>, file: FileId, block: &Block) -> Text {
    let index = super::repeats(block)
        .map(|_| if block.get("count").is_some() { "[count.index]" } else { "[each.key]" });
    let own = || Text::opaque(format!("{}{}", block.address(), index.unwrap_or_default()));
    block.get("name").map(|node| module.text(file, node)).unwrap_or_else(own)
}

pub(super) fn named(module: &Module<'_>, kind: &str, name: &Text) -> Text {
    let mut holder = Text::literal(format!("{kind} "));
    if name.known().is_some() {
        holder.append(name);
        return holder;
    }
    // An expression means another in another folder.
    let folder = module.folder.display().to_string();
    let within = if folder.is_empty() { String::new() } else { format!(" in {folder}") };
    holder.push_opaque(&format!("{}{within}", reference(&name.to_string())));
    holder
}

/// What is attached in a folder.
#[derive(Default)]
pub(super) struct Attached {
    /// Holders of the policies of the folder, by the address of the policy.
    pub(super) own: BTreeMap<String, Vec<Text>>,
    /// What attaches these, by the address of the policy.
    pub(super) by: BTreeMap<String, BTreeSet<String>>,
    /// Policies that are not of the folder.
    pub(super) foreign: Vec<Attachment>,
}

/// What is attached in a folder.
pub(super) fn attached(module: &Module<'_>) -> Attached {
    let mut attached = Attached::default();
    for (file, block) in &module.blocks {
        let kind = block.labels.first().map_or("", String::as_str);
        let lists = ATTACHMENTS.iter().find(|(known, _)| *known == kind && block.kind == "resource");
        let arn = block.get("policy_arn").or_else(|| block.get("managed_policy_arn"));
        if let (Some((_, lists)), Some(arn)) = (lists, arn) {
            for (attribute, kind) in *lists {
                let holders = block.get(attribute).map(|node| module.texts(*file, node));
                for holder in holders.unwrap_or_default() {
                    attached.add(module, (*file, arn), (*file, block), (*kind, holder));
                }
            }
        }
        if (block.kind.as_str(), kind) == ("resource", "aws_ssoadmin_customer_managed_policy_attachment") {
            attached.add_customer_managed(module, *file, block);
        }
        if let ("resource", "aws_iam_role", Some(arns)) =
            (block.kind.as_str(), kind, block.get("managed_policy_arns"))
        {
            let (file_of, arns) = followed(module, *file, arns);
            for arn in arns.items() {
                let holder = ("role", name_of(module, *file, block));
                attached.add(module, (file_of, arn), (*file, block), holder);
            }
        }
    }
    attached
}

impl Attached {
    /// What a block attaches to somebody: the policy may be named in another file than the block's.
    fn add(
        &mut self,
        module: &Module<'_>,
        (named_in, arn): (FileId, &Node),
        (file, block): (FileId, &Block),
        (kind, name): (&str, Text),
    ) {
        let Some(of) = module.files.get(named_in) else { return };
        let named_by = Policy::of(module, named_in, arn);
        for [name, policy] in Loop::of(module, file, block).texts(&[name, named_by.written.clone()]) {
            let holder = named(module, kind, &name);
            let (policy, own) = named_by.told(module, policy);
            if let Some(address) = own {
                self.by.entry(address.clone()).or_default().insert(block.address());
                self.own.entry(address).or_default().push(holder);
                continue;
            }
            let line = of.lines().of(arn.span.start);
            let (span, address) = (arn.span.clone(), block.address());
            let (file, holder) = (named_in, Some(holder));
            let none = Attachment::default();
            self.foreign.push(Attachment { file, line, span, address, holder, policy, ..none });
        }
    }

    /// A policy that each account has to hold itself, and that is attached by its name. A name alone would be one of AWS.
    fn add_customer_managed(&mut self, module: &Module<'_>, file: FileId, block: &Block) {
        let set = block.get("permission_set_arn").map(|node| module.text(file, node));
        let (Some(of), Some(set)) = (module.files.get(file), set) else { return };
        for reference in block.blocks("customer_managed_policy_reference") {
            let Some(node) = reference.get("name") else { continue };
            let path = reference.get("path").map(|node| module.text(file, node)).unwrap_or_default();
            let texts = [set.clone(), module.text(file, node), path];
            for [set, name, path] in Loop::of(module, file, block).texts(&texts) {
                let holder = Some(named(module, "permission-set", &set));
                let policy = crate::attachment::customer_managed(&name, &path);
                let (line, span, address) =
                    (of.lines().of(node.span.start), node.span.clone(), block.address());
                let none = Attachment::default();
                self.foreign.push(Attachment { file, line, span, address, holder, policy, ..none });
            }
        }
    }
}

/// An expression that names a policy.
pub(super) struct Policy<'a> {
    file: FileId,
    node: &'a Node,
    /// As it is written, local names followed.
    pub(super) written: Text,
}

impl<'a> Policy<'a> {
    pub(super) fn of(module: &Module<'a>, file: FileId, node: &'a Node) -> Self {
        let (file, node) = followed(module, file, node);
        Self { file, node, written: node.as_text(module.written(file)) }
    }

    /// How a policy of one round is told, and its address where the folder makes it.
    pub(super) fn told(&self, module: &Module<'_>, policy: Text) -> (Text, Option<String>) {
        let resource = reference(&policy.to_string());
        let found = module.block(&resource).map(|(file, block)| (file, block, block.labels.first()));
        match found {
            Some((_, block, Some(kind))) if kind == "aws_iam_policy" && block.kind == "resource" => {
                (policy, Some(resource))
            }
            // One that is looked up is told by what it is looked up by.
            Some((file, block, _)) if block.kind == "data" => {
                let named = block.get("arn").or_else(|| block.get("name"));
                (named.map_or_else(|| Text::opaque(resource), |node| module.text(file, node)), None)
            }
            _ if policy == self.written => (module.text(self.file, self.node), None),
            _ => (policy, None),
        }
    }
}

/// The resource that an expression is about: `aws_iam_role.app` of `${aws_iam_role.app.id}`.
pub(super) fn reference(expression: &str) -> String {
    // What is called after a loop is no reference.
    if expression.contains(char::is_whitespace) {
        return expression.to_owned();
    }
    let bare = expression.trim().trim_start_matches("${").trim_end_matches('}').trim();
    let ends = [".id", ".name", ".arn"];
    let bare = ends.iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
    // One that is there or not is the only one of its name.
    bare.strip_suffix("[0]").unwrap_or(bare).to_owned()
}
