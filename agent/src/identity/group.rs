//! A cgroup with all below it, as a person names it.

use std::collections::HashMap;

use super::CgroupTree;

/// Cgroups that are remembered to be within or not.
const REMEMBERED: usize = 65_536;

/// A cgroup with all below it.
#[derive(Debug)]
pub struct Group {
    tree: CgroupTree,
    /// Its path from the root, with a slash at its end.
    path: String,
    known: HashMap<u64, bool>,
}

impl Group {
    /// The cgroup of version 2 of that number, or at that path: from where the hierarchy is mounted, or from the root of the
    /// file system. None where there is no such cgroup.
    #[must_use]
    pub fn find(mut tree: CgroupTree, name: &str) -> Option<Self> {
        tree.look();
        let mount = tree.unified()?.to_str()?;
        let path = match name.parse() {
            Ok(number) => tree.paths().get(&number)?.clone(),
            Err(_) => {
                let inside = name.strip_prefix(mount).unwrap_or(name).trim_matches('/');
                let path = if inside.is_empty() { "/".to_owned() } else { format!("/{inside}/") };
                tree.paths().values().find(|known| **known == path)?.clone()
            }
        };
        Some(Self { tree, path, known: HashMap::new() })
    }

    /// Whether a cgroup is this one or below it. Of one that is gone before it is asked for, that is not known.
    pub fn contains(&mut self, cgroup: u64) -> bool {
        if let Some(is_inside) = self.known.get(&cgroup) {
            return *is_inside;
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.tree.look();
        let is_inside = self.tree.paths().get(&cgroup).is_some_and(|path| path.starts_with(&self.path));
        self.known.insert(cgroup, is_inside);
        is_inside
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_group_is_found_by_path_and_number_and_has_what_is_below_it() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("cgroup.controllers"), "").unwrap();
        let number = |path: &str| {
            let folder = root.path().join(path);
            std::fs::create_dir_all(&folder).unwrap();
            folder.metadata().unwrap().ino()
        };
        let (pods, beside) = (number("pods"), number("pods-beside"));
        let tree = || CgroupTree::new(root.path(), root.path());
        let absolute = root.path().join("pods").to_str().unwrap().to_owned();
        for name in ["pods", "/pods/", &absolute, &pods.to_string()] {
            let mut group = Group::find(tree(), name).unwrap();
            assert!(group.contains(pods) && !group.contains(beside), "{name}");
            let later = number(&format!("pods/{}", name.len()));
            assert!(group.contains(later), "{name}");
        }
        assert!(Group::find(tree(), "/").unwrap().contains(beside));
        for name in ["po", "0", "../pods"] {
            assert!(Group::find(tree(), name).is_none(), "{name}");
        }
    }
}
