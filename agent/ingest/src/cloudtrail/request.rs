//! Takes the values at given paths out of an object, passing over everything else.

use remit_catalog::ParameterUse;

use crate::scan::{Cursor, Fault, Find, Value};

/// More values than this at one path are not kept: resources are collapsed far below it.
const VALUES_LIMIT: usize = 4096;

/// Deeper in a request nobody looks for names.
const NESTING_LIMIT: usize = 32;

/// Paths into an object, as a tree of names.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    root: Node,
    paths: Vec<Path>,
}

/// A path as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Dotted, with `[]` after the names of lists.
    pub(crate) path: &'static str,
    /// What its value is taken for; of a selector only the presence matters.
    pub(crate) used_for: ParameterUse,
    /// Whether the value makes more than an ARN that ends in it.
    pub(crate) goes_on: bool,
}

#[derive(Debug, Default)]
struct Node {
    names: Vec<(&'static str, Node)>,
    leaf: Option<u16>,
}

impl Paths {
    pub(crate) fn new(paths: impl IntoIterator<Item = Path>) -> Self {
        let mut tree = Self::default();
        for path in paths {
            let Ok(number) = u16::try_from(tree.paths.len()) else { break };
            // Lists are looked through wherever they are met, so `[]` adds nothing to the tree: services write a
            // list of one as the element itself.
            tree.root.add(&mut path.path.split('.').map(|name| name.trim_end_matches("[]")), number);
            tree.paths.push(path);
        }
        tree
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    pub(crate) fn get(&self, number: u16) -> Option<Path> {
        self.paths.get(usize::from(number)).copied()
    }

    /// Hands every value at one of the paths to `take`, with the number of its path.
    pub(crate) fn extract<'a, F: Find>(
        &self,
        mut object: Cursor<'a, F>,
        take: &mut impl FnMut(u16, Value<'a>),
    ) -> Result<(), Fault> {
        let mut budget = VALUES_LIMIT;
        self.walk(&self.root, &mut object, NESTING_LIMIT, &mut budget, take)
    }

    fn walk<'a, F: Find>(
        &self,
        node: &Node,
        cursor: &mut Cursor<'a, F>,
        nesting: usize,
        budget: &mut usize,
        take: &mut impl FnMut(u16, Value<'a>),
    ) -> Result<(), Fault> {
        if let Some(path) = node.leaf
            && self.get(path).is_some_and(|path| path.used_for == ParameterUse::Selector)
        {
            match cursor.value()? {
                Value::Bare(b"null") => {}
                value => take(path, value),
            }
            return Ok(());
        }
        let mut first = true;
        match cursor.look()? {
            b'[' if nesting > 0 => {
                cursor.advance(1);
                while cursor.element(&mut first)? {
                    self.walk(node, cursor, nesting - 1, budget, take)?;
                }
            }
            b'{' if nesting > 0 && !node.names.is_empty() => {
                cursor.advance(1);
                while let Some(key) = cursor.key(&mut first)? {
                    match node.names.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(key.raw)) {
                        Some((_, child)) => self.walk(child, cursor, nesting - 1, budget, take)?,
                        None => drop(cursor.value()?),
                    }
                }
            }
            _ => match (cursor.value()?, node.leaf) {
                (Value::Nested(_) | Value::Bare(b"null"), _) | (_, None) => {}
                (value, Some(path)) => {
                    if *budget > 0 {
                        *budget -= 1;
                        take(path, value);
                    }
                }
            },
        }
        Ok(())
    }
}

impl Node {
    fn add(&mut self, names: &mut dyn Iterator<Item = &'static str>, leaf: u16) {
        let Some(name) = names.next() else {
            self.leaf = Some(leaf);
            return;
        };
        if !self.names.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            self.names.push((name, Self::default()));
        }
        let child = self.names.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        if let Some((_, child)) = child {
            child.add(names, leaf);
        }
    }
}
