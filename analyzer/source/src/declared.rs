//! What resources say beside policies: their tags, what bounds a role or user, and who is in which group.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::inputs::Inputs;
use crate::node::{Node, Span};
use crate::place::FileId;
use crate::repository::{File, Parsed};
use crate::text::Text;

/// A resource that has tags, is a role, user or group, or puts users into groups.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The file that declares it.
    pub file: FileId,
    /// Its lines, from 1.
    pub lines: RangeInclusive<u32>,
    /// Its bytes.
    pub span: Span,
    /// What it is called in its file.
    pub address: String,
    /// The roles, users or groups that it makes, as in [`crate::Names::holders`], each with what bounds it.
    pub holders: Vec<(Text, Option<Boundary>)>,
    /// Users and the groups into which it puts them, each as in [`crate::Names::holders`].
    pub members: Vec<(Text, Text)>,
    /// Its tags, or annotations and labels, as far as they are known.
    pub tags: BTreeMap<String, String>,
    /// What expressions of boundaries and members refer to.
    pub inputs: Inputs,
    /// What decides whether it puts users into groups.
    pub switches: Inputs,
}

/// A policy that bounds what others may allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// Its ARN, or how it is referred to.
    pub policy: Text,
    /// Its address, where it is of the same folder or template.
    pub address: Option<String>,
    /// The file with that address, where it means another in another file: a template's. Elsewhere any of the folder may have it.
    pub file: Option<FileId>,
}

impl Declared {
    pub(crate) fn new(file: FileId, of: &File, span: Span, address: String) -> Self {
        let lines = of.lines().of(span.start)..=of.lines().of(span.end.saturating_sub(1));
        let (holders, members, inputs) = (Vec::new(), Vec::new(), Inputs::default());
        Self {
            file,
            lines,
            span,
            address,
            holders,
            members,
            tags: BTreeMap::new(),
            inputs,
            switches: Inputs::default(),
        }
    }

    /// Whether it is of a template of CloudFormation, within which an address means one thing.
    pub fn is_of_template(&self) -> bool {
        self.address.starts_with("Resources.")
    }

    /// The roles, users or groups that it makes, with what bounds each.
    pub fn bounded(&self) -> impl Iterator<Item = (&Text, Option<&Boundary>)> {
        self.holders.iter().map(|(holder, boundary)| (holder, boundary.as_ref()))
    }

    /// The expressions that say what bounds somebody, and who is in which group.
    pub(crate) fn expressions(&self) -> Vec<&str> {
        let boundaries = self.bounded().filter_map(|(_, boundary)| Some(&boundary?.policy));
        let members = self.members.iter().flat_map(|(user, group)| [user, group]);
        boundaries.chain(members).flat_map(Text::expressions).collect()
    }

    pub(crate) fn texts_mut(&mut self) -> Vec<&mut Text> {
        let holders = self.holders.iter_mut().flat_map(|(holder, boundary)| {
            std::iter::once(holder).chain(boundary.iter_mut().map(|boundary| &mut boundary.policy))
        });
        let members = self.members.iter_mut().flat_map(|(user, group)| [user, group]);
        holders.chain(members).collect()
    }

    /// Whether it says anything.
    pub(crate) fn says(&self) -> bool {
        !self.holders.is_empty() || !self.members.is_empty() || !self.tags.is_empty()
    }
}

/// Lists may hold lists, but nobody nests them deeper.
const DEPTH: usize = 4;

/// All of some files.
pub(crate) fn all(files: &[File]) -> Vec<Declared> {
    let mut all = crate::terraform::declared(files);
    all.extend(crate::cloudformation::declared(files));
    all.extend(of_manifests(files));
    all
}

/// The objects of manifests that have annotations or labels.
fn of_manifests(files: &[File]) -> Vec<Declared> {
    let mut all = Vec::new();
    for (id, file) in files.iter().enumerate() {
        match file.parsed() {
            Parsed::Documents(documents) => {
                documents.iter().for_each(|node| object(id, file, node, DEPTH, &mut all));
            }
            Parsed::Helm(documents, masked) => {
                let mut documents = documents.clone();
                documents.iter_mut().for_each(|node| masked.unmask(node, file.text()));
                documents.iter().for_each(|node| object(id, file, node, DEPTH, &mut all));
            }
            _ => {}
        }
    }
    all
}

fn object(id: FileId, file: &File, node: &Node, depth: usize, all: &mut Vec<Declared>) {
    let kind = node.get("kind").and_then(Node::known).unwrap_or_default();
    if let (Some(items), true, 1..) = (node.get("items"), kind.ends_with("List"), depth) {
        items.items().iter().for_each(|item| object(id, file, item, depth - 1, all));
        return;
    }
    let Some(metadata) = node.get("metadata").filter(|_| !kind.is_empty()) else { return };
    let name = metadata.get("name").and_then(Node::known).unwrap_or_default();
    let mut declared = Declared::new(id, file, node.span.clone(), format!("{kind}/{name}"));
    // What is said of an object counts more than by what it is found.
    for entry in ["labels", "annotations"].iter().filter_map(|part| metadata.get(part)?.entries()).flatten() {
        declared.tags.extend(entry.value.known().map(|value| (entry.key.clone(), value.to_owned())));
    }
    all.extend(declared.says().then_some(declared));
}
