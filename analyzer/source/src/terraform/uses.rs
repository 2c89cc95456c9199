//! What else takes over what a policy is made of: then an edit for one policy would change another, too.

use std::collections::{BTreeMap, BTreeSet};

use crate::attachment::attachments;
use crate::hcl::Block;
use crate::node::Node;
use crate::place::{Content, Form, Place};
use crate::text::Text;

use super::references::{References, Use};
use super::{DOCUMENT, Module, paths};

/// Notes at the places of each module what else takes over what they say, and what else has the policy.
/// `attached` says to whom policies are attached, by their addresses.
pub(super) fn note(
    all: &[Module<'_>],
    references: &[References<'_>],
    (at, attached): (usize, &BTreeMap<String, Vec<Text>>),
    places: &mut [Place],
) {
    let (Some(module), Some(own)) = (all.get(at), references.get(at)) else { return };
    for place in places.iter_mut().filter(|place| !matches!(place.content, Content::Unknown)) {
        let Some(block) = module.block_of(&place.address) else { continue };
        let address = block.1.address();
        let is_own = |by: &str| by.strip_prefix(&address).is_some_and(|rest| rest.starts_with('.'));
        let mut sources = match place.form {
            Form::TerraformFile => paths::uses(all, references, place.file),
            _ => module.source_of(place).map(|source| own.uses(&source)).unwrap_or_default(),
        };
        // One of them is that by which it was found.
        if let Some(found) = sources.iter().position(|one| is_own(one.by)) {
            sources.remove(found);
        }
        let of_block = own.uses(&address);
        let of_policy = of_block.iter().filter(|one| takes_policy(one, &address));
        let mut by: BTreeSet<&str> = sources.iter().chain(of_policy).map(|one| one.by).collect();
        if block.1.labels.first().is_some_and(|kind| kind == "aws_iam_policy") {
            by.extend(attaching(&of_block));
            place.uses.extend(attachments(attached.get(&address).into_iter().flatten()));
        }
        place.uses.extend(by.into_iter().map(|by| format!("`{by}` refers to it, too")));
        place.uses.extend(module.without_effect(place, &address, block.1));
    }
}

/// Whether a reference takes over what a policy says, and not what it is called.
fn takes_policy(one: &Use<'_>, address: &str) -> bool {
    let is_role = address.starts_with("aws_iam_role.");
    match one.attribute {
        "" => !is_role,
        "inline_policy" => true,
        "policy" => !is_role,
        _ => false,
    }
}

/// What else has a policy than what attaches it: whatever it bounds, and what is given to several.
fn attaching<'s>(uses: &[Use<'s>]) -> Vec<&'s str> {
    let is_attachment = |one: &&Use<'_>| one.by.contains("_attachment.");
    // What a module puts out is attached by whoever takes it, if anybody does.
    let others = uses.iter().filter(|one| !is_attachment(one) && !one.by.starts_with("output."));
    let others: Vec<&str> = others.map(|one| one.by).collect();
    let is_bound = others.iter().any(|by| by.ends_with(".permissions_boundary"));
    let count = others.len() + usize::from(uses.iter().any(|one| is_attachment(&one)));
    if count < 2 && !is_bound { Vec::new() } else { others }
}

impl Module<'_> {
    /// Why an edit of a place has no effect: what is in force is kept, or another file replaces what is written.
    fn without_effect(&self, place: &Place, address: &str, block: &Block) -> Option<String> {
        // In JSON a block is an attribute.
        let within = block.blocks("lifecycle").find_map(|one| one.get("ignore_changes"));
        let ignored = within.or_else(|| block.get("lifecycle")?.items().first()?.get("ignore_changes"));
        let is_kept = |node: &Node| {
            let (file, _) = self.block(address)?;
            let text = self.written(file).get(node.span.clone())?;
            Some(["policy", "inline_policy", "all"].iter().any(|name| {
                text.split(|sign: char| !sign.is_alphanumeric() && sign != '_').any(|word| word == *name)
            }))
        };
        if ignored.and_then(is_kept) == Some(true) {
            return Some("its `ignore_changes` keeps what is in force, whatever is written".to_owned());
        }
        let source = self.source_of(place);
        let is_meant = |one: &Block| one.address() == address || Some(one.address()) == source;
        let overriding = self.blocks.iter().filter(|(_, one)| is_meant(one)).find_map(|(file, _)| {
            let path = &self.files.get(*file)?.path;
            let name = path.file_name()?.to_str()?.split('.').next()?;
            (name == "override" || name.ends_with("_override")).then(|| path.display().to_string())
        });
        Some(format!("`{}` replaces parts of it", overriding?))
    }

    /// What a place is written as a part of that others may refer to: a document, or a local name.
    fn source_of(&self, place: &Place) -> Option<String> {
        if place.form == Form::TerraformDocument {
            let mut blocks = self.blocks.iter();
            let (_, block) = blocks.find(|(file, block)| *file == place.file && block.span == place.span)?;
            return (block.labels.first().is_some_and(|kind| kind == DOCUMENT)).then(|| block.address());
        }
        let is_in = |(_, (file, node)): &(&&str, &(usize, &Node))| {
            *file == place.file && node.span.start <= place.span.start && place.span.end <= node.span.end
        };
        let (name, _) = self.locals.iter().find(is_in)?;
        Some(format!("local.{name}"))
    }
}
