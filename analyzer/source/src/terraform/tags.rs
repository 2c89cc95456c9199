//! Tags and labels that are written out, also by `merge` and by local names.

use std::collections::BTreeMap;

use crate::node::{Kind, Node};
use crate::place::FileId;
use crate::text::Text;

use super::{Module, expression, rounds};

/// References are followed no further.
const DEPTH: usize = 4;

/// What a map of tags or labels says.
#[derive(Default)]
pub(super) struct Tags {
    /// Those whose keys are known.
    pub(super) entries: BTreeMap<String, Text>,
    /// What may say more of them, as it is written.
    pub(super) unread: Vec<String>,
}

impl Tags {
    /// Of an expression.
    pub(super) fn of(module: &Module<'_>, file: FileId, node: &Node) -> Self {
        let mut tags = Self::default();
        tags.add(module, file, node, DEPTH);
        tags
    }

    /// Those that are known.
    pub(super) fn known(self) -> impl Iterator<Item = (String, String)> {
        self.entries.into_iter().filter_map(|(key, value)| Some((key, value.known()?.to_owned())))
    }

    /// What comes later counts more, as in `merge`.
    fn add(&mut self, module: &Module<'_>, file: FileId, node: &Node, depth: usize) {
        match &node.kind {
            Kind::Map(entries) => {
                for entry in entries {
                    if rounds::is_plain(&entry.key) {
                        self.entries.insert(entry.key.clone(), module.text(file, &entry.value));
                    } else {
                        self.open(module, file, entry.key_span.start..entry.value.span.end);
                    }
                }
            }
            Kind::Call(name, arguments) if matches!(name.as_str(), "merge" | "tomap") && depth > 0 => {
                arguments.iter().for_each(|one| self.add(module, file, one, depth - 1));
            }
            Kind::Plain(text) if text == "null" => {}
            _ => {
                let name = expression::reference(node).and_then(|reference| reference.strip_prefix("local."));
                match name.and_then(|name| module.local(name)).filter(|_| depth > 0) {
                    Some((file, node)) => self.add(module, file, node, depth - 1),
                    None => self.open(module, file, node.span.clone()),
                }
            }
        }
    }

    fn open(&mut self, module: &Module<'_>, file: FileId, span: crate::node::Span) {
        let written = module.written(file).get(span).unwrap_or_default();
        self.unread.push(written.to_owned());
    }
}
