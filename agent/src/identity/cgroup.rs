//! Cgroups by their numbers: the inode of a cgroup's folder is what the kernel calls its id.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{NAME_LIMIT, Place};

/// Folders that one look over the tree may visit, so that a tree made to be large costs no more than this.
const FOLDERS_LIMIT: usize = 16_384;

/// Longest `/proc/PID/cgroup` that is read: a dozen hierarchies with paths of the kernel's longest.
const FILE_LIMIT: u64 = 65_536;

/// The cgroups of a machine and the processes in them.
#[derive(Debug)]
pub struct CgroupTree {
    /// Where version 2 is mounted, if it is.
    unified: Option<PathBuf>,
    /// Whether containers may be in hierarchies of version 1 instead.
    is_hybrid: bool,
    proc: PathBuf,
    /// Paths by number as of the last look over the whole tree.
    paths: HashMap<u64, String>,
}

impl CgroupTree {
    /// The cgroups mounted at `root`, usually `/sys/fs/cgroup`, and the processes of `proc`, usually `/proc`.
    pub fn new(root: &Path, proc: &Path) -> Self {
        // A hybrid machine has the hierarchies of version 1 beside one of version 2 that may hold nothing.
        let candidates = [(root.to_owned(), false), (root.join("unified"), true)];
        let found = candidates.into_iter().find(|(folder, _)| folder.join("cgroup.controllers").exists());
        let (unified, is_hybrid) = found.map_or((None, true), |(folder, hybrid)| (Some(folder), hybrid));
        Self { unified, is_hybrid, proc: proc.to_owned(), paths: HashMap::new() }
    }

    /// What the cgroup of that number tells of a process in it. The second is whether all processes of the cgroup are
    /// told the same; none where nothing is known for certain.
    pub(super) fn place(&self, cgroup: u64, pid: u32) -> Option<(Place, bool)> {
        let lines = self.lines(pid);
        let own = lines.iter().find(|(hierarchy, _)| hierarchy == "0").map(|(_, path)| path.as_str());
        // A process may have ended and its number gone to another, in another cgroup.
        let is_there = own.is_some_and(|path| self.number_of(path) == Some(cgroup));
        let path = own.filter(|_| is_there).or_else(|| self.paths.get(&cgroup).map(String::as_str));
        let place = path.map(Place::of_path);
        if let Some(place) = place.as_ref().filter(|place| place.is_telling() || place.container.is_some()) {
            return Some((place.clone(), place.is_telling()));
        }
        if self.is_hybrid && (is_there || self.unified.is_none()) {
            let mut others = lines.iter().map(|(_, path)| Place::of_path(path));
            if let Some(place) = others.find(|place| place.is_telling() || place.container.is_some()) {
                return Some((place, false));
            }
        }
        place.map(|place| (place, false))
    }

    /// Looks over the whole tree, so that cgroups are known whose processes have ended.
    pub(super) fn look(&mut self) {
        self.paths.clear();
        let Some(root) = &self.unified else { return };
        let mut folders = VecDeque::from([(root.clone(), String::new())]);
        while let Some((folder, path)) = folders.pop_front() {
            if let Ok(metadata) = fs::symlink_metadata(&folder) {
                self.paths.insert(metadata.ino(), format!("{path}/"));
            }
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                if self.paths.len() + folders.len() >= FOLDERS_LIMIT {
                    break;
                }
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    folders.push_back((entry.path(), format!("{path}/{name}")));
                }
            }
        }
    }

    /// Where version 2 is mounted, if it is.
    pub(super) fn unified(&self) -> Option<&Path> {
        self.unified.as_deref()
    }

    /// Paths by number as of the last look over the whole tree, each with a slash at its end.
    pub(super) fn paths(&self) -> &HashMap<u64, String> {
        &self.paths
    }

    /// The name of the program that a process runs, without its folder; its own name for itself is not asked.
    pub(super) fn program(&self, pid: u32) -> Option<String> {
        let target = fs::read_link(self.proc.join(pid.to_string()).join("exe")).ok()?;
        let name = target.file_name()?.to_string_lossy();
        // The program may have been replaced by a package update while it runs.
        let name = name.strip_suffix(" (deleted)").unwrap_or(&name);
        (name.len() <= NAME_LIMIT).then(|| name.to_owned())
    }

    /// Whether a process of that number exists.
    pub(super) fn is_alive(&self, pid: u32) -> bool {
        self.proc.join(pid.to_string()).exists()
    }

    /// Hierarchy and path of each line of `/proc/PID/cgroup`; source: cgroups(7), "/proc/pid/cgroup".
    fn lines(&self, pid: u32) -> Vec<(String, String)> {
        let mut bytes = Vec::new();
        let file = File::open(self.proc.join(pid.to_string()).join("cgroup"));
        let read = file.and_then(|file| file.take(FILE_LIMIT).read_to_end(&mut bytes));
        if read.is_err() {
            return Vec::new();
        }
        // Whoever may make cgroups may give them names that are no text, and stays who it is.
        let text = String::from_utf8_lossy(&bytes);
        let line = |line: &str| {
            let mut fields = line.splitn(3, ':');
            let (hierarchy, path) = (fields.next()?, fields.nth(1)?);
            Some((hierarchy.to_owned(), path.strip_suffix(" (deleted)").unwrap_or(path).to_owned()))
        };
        text.lines().filter_map(line).collect()
    }

    fn number_of(&self, path: &str) -> Option<u64> {
        // The reader's cgroup namespace may lie below: such a path leads nowhere from the root.
        if path.split('/').any(|part| part == "..") {
            return None;
        }
        let folder = self.unified.as_ref()?.join(path.trim_start_matches('/'));
        fs::symlink_metadata(folder).ok().map(|metadata| metadata.ino())
    }
}

#[cfg(test)]
mod tests;
