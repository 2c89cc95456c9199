//! A bound on unbounded names while events are counted.
//!
//! The ledger's rule (see [`Collapse`]) is applied to each event as it comes: once a principal and operation have met
//! more names below a node than it may have, further names there are the node's name and a `*`. The names met before
//! are cut with them when they are flushed; what was flushed before stays. Collapsing all of them, as readers of the
//! ledger do, gives the same in any order. The values of request parameters are bounded likewise (see [`Values`]).

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use remit_ledger::{Addition, Collapse, Kind, Values};

/// The trees of names of one worker.
#[derive(Debug)]
pub(crate) struct Bounded {
    nodes: HashTable<Node>,
    capacity: usize,
}

/// The nodes that hold too many names, at one moment.
#[derive(Debug)]
pub(crate) struct Excess {
    nodes: HashSet<u64, FixedState>,
}

/// A node, known by the hash of its tree and name.
#[derive(Debug)]
struct Node {
    key: u64,
    /// Hashes of distinct children; empty once the node is collapsed.
    children: Vec<u64>,
    collapsed: bool,
}

impl Bounded {
    /// At most so many nodes are kept.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { nodes: HashTable::new(), capacity }
    }

    /// The name to record for a resource, where it is not its own. `tree` tells principals and operations apart.
    pub(crate) fn resource(&mut self, tree: u64, resource: &str) -> Option<String> {
        Collapse::bound(resource, |addition| {
            self.add(key_of(tree, &addition), addition.child, addition.limit)
        })
    }

    /// The nodes that hold too many names by now.
    pub(crate) fn excess(&self) -> Excess {
        Excess { nodes: self.nodes.iter().filter(|node| node.collapsed).map(|node| node.key).collect() }
    }

    /// Whether a parameter's value is one too many. Passed roles are never: each is a permission of its own.
    pub(crate) fn is_excess_value(&mut self, tree: u64, path: &str, value: &str) -> bool {
        Values::is_bounded(value) && self.add(hash(tree, path), value, Values::LIMIT)
    }

    /// Adds a child to a node; true when the node is collapsed.
    fn add(&mut self, key: u64, child: &str, limit: usize) -> bool {
        if self.nodes.len() >= self.capacity {
            // What was collapsed stays so; other trees start anew, and may keep a few names more.
            self.nodes.retain(|node| node.collapsed);
            if self.nodes.len() >= self.capacity {
                self.nodes.clear();
            }
        }
        let entry = self.nodes.entry(key, |node| node.key == key, |node| node.key);
        let mut entry = entry.or_insert_with(|| Node { key, children: Vec::new(), collapsed: false });
        let node = entry.get_mut();
        if node.collapsed {
            return true;
        }
        let child = if child == "*" { None } else { Some(hash(0, child)) };
        match child {
            Some(child) if node.children.contains(&child) => {}
            Some(child) if node.children.len() < limit => node.children.push(child),
            _ => {
                node.collapsed = true;
                node.children = Vec::new();
            }
        }
        node.collapsed
    }
}

impl Excess {
    /// The name that a resource, met before, has by now, where it is not its own any more.
    pub(crate) fn resource(&self, tree: u64, resource: &str) -> Option<String> {
        Collapse::bound(resource, |addition| self.nodes.contains(&key_of(tree, &addition)))
    }

    /// Whether the values of a parameter are too many by now.
    pub(crate) fn is_excess_value(&self, tree: u64, path: &str, value: &str) -> bool {
        Values::is_bounded(value) && self.nodes.contains(&hash(tree, path))
    }
}

/// The key of the node that is added to.
fn key_of(tree: u64, addition: &Addition<'_>) -> u64 {
    hash(tree ^ u64::from(addition.kind == Kind::Deep), addition.node)
}

/// The hash that tells a tree: a principal's and an operation's.
pub(crate) fn tree_of(principal: &str, plan: u32) -> u64 {
    hash(u64::from(plan), principal)
}

fn hash(seed: u64, text: &str) -> u64 {
    let mut hasher = FixedState::with_seed(0x6e61_6d65).build_hasher();
    hasher.write_u64(seed);
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_up_to_the_limit() {
        let mut bounded = Bounded::new(1000);
        let names: Vec<_> = (0..100)
            .map(|key| {
                let resource = format!("arn:aws:dynamodb:eu-west-1:1:table/t{key}");
                bounded.resource(1, &resource).unwrap_or(resource)
            })
            .collect();
        assert_eq!(names[63], "arn:aws:dynamodb:eu-west-1:1:table/t63");
        assert!(names[64..].iter().all(|name| name == "arn:aws:dynamodb:eu-west-1:1:table/*"));
        assert_eq!(bounded.resource(2, "arn:aws:dynamodb:eu-west-1:1:table/t64"), None, "another tree");
    }

    #[test]
    fn passed_roles_are_never_collapsed() {
        let mut bounded = Bounded::new(1000);
        for number in 0..200 {
            let role = format!("arn:aws:iam::123456789012:role/r{number}");
            assert!(!bounded.is_excess_value(1, "roleArn", &role));
            assert_eq!(bounded.is_excess_value(1, "name", &format!("n{number}")), number >= 64);
        }
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut bounded = Bounded::new(100);
        for number in 0..10_000 {
            bounded.resource(number, &format!("arn:aws:s3:::bucket-{number}/a/b/c/{number}"));
            assert!(bounded.nodes.len() <= 100);
        }
    }
}
