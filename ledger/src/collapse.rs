//! A bound on unbounded names: object keys, log streams, executions, instances that come and go.
//!
//! The resources of one principal and operation make a tree. An ARN's resource part is cut into the container (a bucket,
//! a type such as `table/`) and further parts. Three kinds of node have a limit:
//! - the account: its containers, and resources that have none;
//! - a container: its direct children, and the names below it that have two parts or more;
//! - a container's child: its own children.
//!
//! Objects of Kubernetes lie in a container that is their namespace and kind, `namespaces/shop/pods/`, or their kind alone; of
//! containers there are as many as a cluster has.
//!
//! Where there are more, names are cut: `arn:aws:s3:::bucket/*`, `arn:aws:s3:::bucket/a/*`, and once a container
//! holds too many deep names, all of them to two parts, `arn:aws:s3:::bucket/a/b/*`. A name that ends in such a
//! `*` marks its node as full, so collapsing what was collapsed in parts gives the same as collapsing
//! everything at once, in whatever order: for sets of names A and B, `C(C(A) ∪ B) = C(A ∪ B)`.

mod values;

use std::collections::{HashMap, HashSet};

pub use values::Values;

use crate::UsageRecord;

/// Children that a node may have.
const LIMIT: usize = 64;

/// Buckets, topics and queues have no container but the account, and are rarely made by the thousand.
const ROOT_LIMIT: usize = 1024;

/// The tree of the resources of one principal and operation.
///
/// Recorders cut names as they come, and leave those they wrote before: which these are depends on the order of events.
/// So whoever reads a ledger collapses once more. For each principal and operation (service and name): [`Self::add`]
/// every resource of all its rows, [`Self::apply`] to each row, and add up the rows that have become equal. Request
/// parameters go through [`Values`] in the same way. The result depends on the set of names only, and collapsing it again
/// changes nothing.
#[derive(Debug, Default)]
pub struct Collapse {
    nodes: HashMap<(Kind, String), Children>,
    needed: bool,
}

/// What a node counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Its direct children.
    Children,
    /// All names of two parts or more below it.
    Deep,
}

/// The question whether a node is full once a child is added.
#[derive(Clone, Copy, Debug)]
pub struct Addition<'a> {
    /// What the node counts.
    pub kind: Kind,
    /// The node's name.
    pub node: &'a str,
    /// What is added; `*` stands for too many.
    pub child: &'a str,
    /// How many children the node may have.
    pub limit: usize,
}

#[derive(Debug, Default)]
struct Children {
    names: HashSet<String>,
    full: bool,
}

impl Collapse {
    /// The name to use for a resource, where it is not its own. `is_full` keeps the trees: it answers whether a node is
    /// full once a child is added, and remembers what was added.
    pub fn bound(resource: &str, mut is_full: impl FnMut(Addition<'_>) -> bool) -> Option<String> {
        let cut = Cut::of(resource)?;
        let prefix = |end: usize| resource.get(..end).unwrap_or_default();
        let part = |start: usize, end: usize| resource.get(start..end).unwrap_or_default();
        let cut_at = |end: usize| (part(end, resource.len()) != "*").then(|| format!("{}*", prefix(end)));
        let mut children = |start: usize, end: usize, limit: usize| {
            is_full(Addition { kind: Kind::Children, node: prefix(start), child: part(start, end), limit })
        };
        if children(cut.root, cut.container, cut.root_limit) {
            return cut_at(cut.root);
        }
        if cut.container == resource.len() {
            return None;
        }
        if children(cut.container, cut.first, LIMIT) {
            return cut_at(cut.container);
        }
        if cut.first == resource.len() {
            return None;
        }
        let first_is_full = children(cut.first, cut.second, LIMIT);
        let is_mark = resource.ends_with("/*") || resource.ends_with(":*");
        let name = if is_mark { "*" } else { part(cut.container, resource.len()) };
        let deep = Addition { kind: Kind::Deep, node: prefix(cut.container), child: name, limit: LIMIT };
        let is_deep = is_full(deep);
        if first_is_full {
            return cut_at(cut.first);
        }
        if is_deep && cut.second < resource.len() {
            return cut_at(cut.second);
        }
        None
    }

    /// Adds a resource.
    pub fn add(&mut self, resource: &str) {
        let (nodes, needed) = (&mut self.nodes, &mut self.needed);
        Self::bound(resource, |addition| {
            let children = nodes.entry((addition.kind, addition.node.to_owned())).or_default();
            if !children.full && !children.names.contains(addition.child) {
                if addition.child == "*" || children.names.len() >= addition.limit {
                    children.full = true;
                    children.names = HashSet::new();
                } else {
                    children.names.insert(addition.child.to_owned());
                }
            }
            // A name that is cut already stays, and its siblings that came before do not.
            *needed |= children.full;
            children.full
        });
    }

    /// Whether any name may change.
    pub fn is_needed(&self) -> bool {
        self.needed
    }

    /// The name of a resource after all were added; none when it stays as it is.
    pub fn name(&self, resource: &str) -> Option<String> {
        Self::bound(resource, |addition| {
            let key = (addition.kind, addition.node.to_owned());
            self.nodes.get(&key).is_some_and(|children| children.full)
        })
    }

    /// Renames resources, and brings them back in order without repeats.
    pub fn apply(&self, resources: &mut Vec<String>) {
        let mut changed = false;
        for resource in resources.iter_mut() {
            if let Some(name) = self.name(resource) {
                *resource = name;
                changed = true;
            }
        }
        if changed {
            resources.sort_unstable();
            resources.dedup();
        }
    }
}

/// Cuts names and values of all rows of one principal and operation where they are too many.
pub fn bound_names(rows: &mut [UsageRecord]) {
    let mut collapse = Collapse::default();
    let mut values = Values::default();
    for row in &*rows {
        row.resources.iter().for_each(|resource| collapse.add(resource));
        values.add(&row.parameters);
    }
    for row in rows {
        values.apply(&mut row.parameters);
        if collapse.is_needed() {
            collapse.apply(&mut row.resources);
        }
    }
}

/// Where the parts of a name end.
struct Cut {
    /// How many containers there may be.
    root_limit: usize,
    /// After the account, the last field before the resource part.
    root: usize,
    /// After the container, or the whole resource where it has none.
    container: usize,
    /// After the first and second part below the container.
    first: usize,
    second: usize,
}

impl Cut {
    /// What is neither an ARN nor an object of Kubernetes has no place in the tree.
    fn of(resource: &str) -> Option<Self> {
        let Some(rest) = resource.strip_prefix("arn:") else { return Self::of_object(resource) };
        let mut fields = rest.splitn(5, ':');
        let service = fields.nth(1)?;
        let part = fields.nth(2)?;
        let root = resource.len() - part.len();
        // Slashes are part of a log group's name, and colons of an object's key.
        let delimiters: &[u8] = match service {
            "s3" => b"/",
            "logs" => b":",
            _ => b"/:",
        };
        let next = |start: usize| {
            let rest = resource.get(start..).unwrap_or_default();
            start + rest.bytes().position(|byte| delimiters.contains(&byte)).map_or(rest.len(), |at| at + 1)
        };
        let container = next(root);
        let first = next(container);
        Some(Self { root_limit: ROOT_LIMIT, root, container, first, second: next(first) })
    }

    /// `namespaces/NAMESPACE/KIND/NAME` or `KIND/NAME`.
    fn of_object(resource: &str) -> Option<Self> {
        let (container, name) = resource.rsplit_once('/')?;
        let kind = match container.strip_prefix("namespaces/") {
            Some(rest) => rest.split_once('/')?.1,
            None => container,
        };
        if kind.is_empty() || kind.contains(['/', ':']) || name.is_empty() {
            return None;
        }
        let (container, end) = (container.len() + 1, resource.len());
        Some(Self { root_limit: usize::MAX, root: 0, container, first: end, second: end })
    }
}

#[cfg(test)]
mod tests;
