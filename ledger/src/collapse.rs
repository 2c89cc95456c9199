//! A bound on unbounded names: object keys, log streams, instances that come and go.
//!
//! The resources of one principal and operation make a tree: an ARN's resource part is cut after each `/` and `:`.
//! A node with more distinct children than its limit is collapsed: what lies below becomes the node's own name
//! and a `*`. A resource that ends in such a `*` marks its node as collapsed, so collapsing what was collapsed
//! in parts gives the same as collapsing everything at once, in whatever order: for sets of names A and B,
//! `C(C(A) ∪ B) = C(A ∪ B)`.

use std::collections::{HashMap, HashSet};

/// Children that a node may have. Below S3 buckets trees are deep and wide, so deeper nodes may have fewer.
const LIMIT: usize = 64;
const S3_LIMITS: [usize; 4] = [64, 64, 32, 16];
const S3_DEEP_LIMIT: usize = 8;

/// Buckets, topics and queues have no container but the account, and are rarely made by the thousand.
const ROOT_LIMIT: usize = 1024;

/// With fewer distinct names than this no node can exceed its limit.
const SMALLEST_LIMIT: usize = S3_DEEP_LIMIT;

/// The tree of the resources of one principal and operation.
#[derive(Debug, Default)]
pub struct Collapse {
    nodes: HashMap<String, Node>,
    needed: bool,
}

#[derive(Debug, Default)]
struct Node {
    children: HashSet<String>,
    collapsed: bool,
}

impl Collapse {
    /// Whether so few distinct names may be left as they are without a look.
    pub const fn is_small(distinct: usize) -> bool {
        distinct <= SMALLEST_LIMIT
    }

    /// The nodes on the way to a resource, outermost first: the name so far, the next child, and how many children the
    /// node may have. What is no ARN is on no tree.
    pub fn levels(resource: &str) -> impl Iterator<Item = (&str, &str, usize)> {
        levels(resource)
    }

    /// Adds a resource.
    pub fn add(&mut self, resource: &str) {
        for (prefix, child, limit) in levels(resource) {
            if !self.nodes.contains_key(prefix) {
                self.nodes.insert(prefix.to_owned(), Node::default());
            }
            let Some(node) = self.nodes.get_mut(prefix) else { return };
            if node.collapsed {
                return;
            }
            if !node.children.contains(child) {
                node.children.insert(child.to_owned());
            }
            if child == "*" || node.children.len() > limit {
                node.collapsed = true;
                node.children = HashSet::new();
                self.needed = true;
                return;
            }
        }
    }

    /// Whether any name changes.
    pub fn is_needed(&self) -> bool {
        self.needed
    }

    /// The name of a resource once its node is collapsed; none when it stays as it is.
    pub fn name(&self, resource: &str) -> Option<String> {
        let collapsed = |prefix: &str| self.nodes.get(prefix).is_some_and(|node| node.collapsed);
        let (prefix, child, _) = levels(resource).find(|(prefix, _, _)| collapsed(prefix))?;
        (child != "*").then(|| format!("{prefix}*"))
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

/// The nodes on the way to a resource, outermost first: the name so far, the next child, the node's limit.
fn levels(resource: &str) -> impl Iterator<Item = (&str, &str, usize)> {
    let is_arn = resource.starts_with("arn:");
    // The five fields before the resource part: `arn:partition:service:region:account:`.
    // What is no ARN has no place in the tree.
    let colons = resource.match_indices(':').nth(4).filter(|_| is_arn);
    let root = colons.map_or(resource.len(), |(at, _)| at + 1);
    let is_s3 = is_arn && resource.split(':').nth(2) == Some("s3");
    let mut start = root;
    let mut depth = 0_usize;
    std::iter::from_fn(move || {
        let rest = resource.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.find(['/', ':']).map_or(rest.len(), |at| at + 1);
        let (child, _) = rest.split_at_checked(length)?;
        let prefix = resource.get(..start)?;
        let limit = match depth.checked_sub(1) {
            None => ROOT_LIMIT,
            Some(level) if is_s3 => S3_LIMITS.get(level).copied().unwrap_or(S3_DEEP_LIMIT),
            Some(_) => LIMIT,
        };
        start += length;
        depth += 1;
        Some((prefix, child, limit))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn collapsed(names: impl IntoIterator<Item = String>) -> BTreeSet<String> {
        let names: Vec<String> = names.into_iter().collect();
        let mut collapse = Collapse::default();
        names.iter().for_each(|name| collapse.add(name));
        names.into_iter().map(|name| collapse.name(&name).unwrap_or(name)).collect()
    }

    #[test]
    fn keys_below_one_folder_become_the_folder() {
        let keys = (0..65).map(|key| format!("arn:aws:s3:::bucket/a/{key}.json"));
        let other = "arn:aws:s3:::bucket/b/1.json".to_owned();
        let names = collapsed(keys.chain([other.clone()]));
        assert_eq!(names, BTreeSet::from(["arn:aws:s3:::bucket/a/*".to_owned(), other]));
    }

    #[test]
    fn as_many_as_the_limit_stay() {
        let tables: Vec<_> =
            (0..64).map(|table| format!("arn:aws:dynamodb:eu-west-1:1:table/t{table}")).collect();
        assert_eq!(collapsed(tables.clone()).len(), 64);
        let one_more = tables.into_iter().chain(["arn:aws:dynamodb:eu-west-1:1:table/more".to_owned()]);
        assert_eq!(collapsed(one_more), BTreeSet::from(["arn:aws:dynamodb:eu-west-1:1:table/*".to_owned()]));
    }

    #[test]
    fn buckets_and_topics_have_a_bound_of_their_own() {
        let buckets = |count: usize| (0..count).map(|bucket| format!("arn:aws:s3:::bucket-{bucket}"));
        assert_eq!(collapsed(buckets(1024)).len(), 1024);
        assert_eq!(collapsed(buckets(1025)), BTreeSet::from(["arn:aws:s3:::*".to_owned()]));
    }

    #[test]
    fn a_name_without_parts_and_an_empty_one_are_left_alone() {
        assert_eq!(collapsed([String::new(), "*".to_owned(), "alias".to_owned()]).len(), 3);
    }

    fn any_key() -> impl Strategy<Value = String> {
        let part =
            prop_oneof![Just("a".to_owned()), Just("b".to_owned()), (0..90_u8).prop_map(|n| n.to_string())];
        proptest::collection::vec(part, 1..6)
            .prop_map(|parts| format!("arn:aws:s3:::bucket/{}", parts.join("/")))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn collapsing_in_parts_is_collapsing_at_once(
            left in proptest::collection::vec(any_key(), 0..300),
            right in proptest::collection::vec(any_key(), 0..300),
        ) {
            let at_once = collapsed(left.iter().chain(&right).cloned());
            let in_parts = collapsed(collapsed(left).into_iter().chain(collapsed(right)));
            prop_assert_eq!(at_once, in_parts);
        }
    }
}
