//! What the expressions of a folder refer to, each reference with where it stands.

use std::collections::{BTreeMap, BTreeSet};

use crate::hcl::Block;
use crate::place::FileId;

use super::Module;
use super::paths::Paths;

/// An expression of a folder.
pub(super) struct Said<'a> {
    /// The address of its block with the attribute that it is: `aws_iam_policy.logs.policy`.
    pub(super) by: String,
    /// The local name that it stands for.
    local: Option<&'a str>,
    pub(super) text: &'a str,
}

/// A reference.
pub(super) struct Use<'s> {
    /// Where it stands, as of an expression.
    pub(super) by: &'s str,
    /// The attribute that it takes; none where it takes all of them.
    pub(super) attribute: &'s str,
}

/// The expressions of a folder, with the references in them by the address that they are of.
pub(super) struct References<'a> {
    all: Vec<Said<'a>>,
    /// What may be a path of a file in them.
    pub(super) paths: Paths,
    by_address: BTreeMap<String, Vec<(usize, &'a str)>>,
}

/// What says in which order something is done, and takes over nothing.
const ORDER: [&str; 3] = ["depends_on", "replace_triggered_by", "ignore_changes"];

impl<'a> References<'a> {
    pub(super) fn of(module: &Module<'a>) -> Self {
        let mut all = Vec::new();
        for (file, block) in &module.blocks {
            add(module, *file, block, &block.address(), &mut all);
        }
        let mut by_address: BTreeMap<String, Vec<(usize, &'a str)>> = BTreeMap::new();
        for (at, said) in all.iter().enumerate() {
            for (address, attribute) in references(said.text) {
                by_address.entry(address.to_owned()).or_default().push((at, attribute));
            }
        }
        Self { paths: Paths::of(module, &all), all, by_address }
    }

    /// Where an address is referred to. What a local name stands for is referred to where that is.
    pub(super) fn uses(&self, address: &str) -> Vec<Use<'_>> {
        let direct = self.by_address.get(address).into_iter().flatten();
        self.behind(direct.copied())
    }

    /// The same of expressions, each with the attribute that is taken.
    pub(super) fn behind<'s>(&'s self, first: impl Iterator<Item = (usize, &'s str)>) -> Vec<Use<'s>> {
        let mut open: Vec<(usize, &str)> = first.collect();
        let (mut uses, mut met) = (Vec::new(), BTreeSet::new());
        while let Some((at, attribute)) = open.pop() {
            let Some(said) = self.all.get(at) else { continue };
            match said.local {
                Some(name) if met.insert(name) => {
                    let behind = self.by_address.get(&format!("local.{name}")).into_iter().flatten();
                    // What is taken of the name is taken of what it stands for.
                    open.extend(
                        behind.map(|(at, own)| (*at, if attribute.is_empty() { *own } else { attribute })),
                    );
                }
                // It stands for several things that it is asked of.
                Some(_) => {}
                None => uses.push(Use { by: &said.by, attribute }),
            }
        }
        uses
    }
}

fn add<'a>(module: &Module<'a>, file: FileId, block: &'a Block, address: &str, all: &mut Vec<Said<'a>>) {
    let text = module.written(file);
    for entry in block.attributes.iter().filter(|entry| !ORDER.contains(&entry.key.as_str())) {
        let is_local = block.kind == "locals";
        let by = if is_local { format!("local.{}", entry.key) } else { format!("{address}.{}", entry.key) };
        let local = is_local.then_some(entry.key.as_str());
        all.push(Said { by, local, text: text.get(entry.value.span.clone()).unwrap_or_default() });
    }
    // In JSON a block within one is an attribute as well.
    let within = block.blocks.iter().filter(|one| block.get(&one.kind).is_none());
    for one in within {
        add(module, file, one, &format!("{address}.{}", one.kind), all);
    }
}

/// The addresses that an expression has in it, each with the attribute that is taken of it.
fn references(text: &str) -> Vec<(&str, &str)> {
    let is_name = |sign: char| sign.is_alphanumeric() || "_-".contains(sign);
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(is_name)).map(|start| at + start) {
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.find(|sign| !is_name(sign) && sign != '.').unwrap_or(rest.len());
        let path = rest.get(..end).unwrap_or_default();
        at = start + end.max(1);
        let names = if path.starts_with("data.") { 3 } else { 2 };
        let ends: Vec<usize> = path.match_indices('.').map(|(dot, _)| dot).chain([path.len()]).collect();
        let Some(length) = ends.get(names - 1) else { continue };
        let address = path.get(..*length).unwrap_or_default();
        let behind = path.get(length + 1..).unwrap_or_default();
        let attribute = match behind.split('.').next() {
            Some(attribute) if !attribute.is_empty() => attribute,
            _ => indexed(rest.get(end..).unwrap_or_default()),
        };
        found.push((address, attribute));
    }
    found
}

/// The attribute behind an index: `json` of `[0].json`.
fn indexed(rest: &str) -> &str {
    let behind = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(_, behind)| behind);
    let behind = behind.and_then(|behind| behind.strip_prefix('.')).unwrap_or_default();
    let end = behind.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(behind.len());
    behind.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_what_is_taken_of_them() {
        let text = "\"${data.a.b.json}\" local.x[\"k\"].json aws_iam_policy.p a.b[0].policy data.a.b-c module.m.out x data.a[0].b";
        let expected = [
            ("data.a.b", "json"),
            ("local.x", "json"),
            ("aws_iam_policy.p", ""),
            ("a.b", "policy"),
            ("data.a.b-c", ""),
            ("module.m", "out"),
        ];
        assert_eq!(references(text), expected);
    }
}
