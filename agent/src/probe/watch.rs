//! Which files are probed.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::image::{Hook, Identity, Point, points};
use super::maps::Mapping;
use super::{layer, libraries, process};
use crate::kernel::{Kernel, Link};

/// Files without probes whose examination is remembered. What is beyond is forgotten and examined again, which costs time
/// only.
const REMEMBERED: usize = 65_536;

/// The files that are probed, and those that need not be.
#[derive(Debug)]
pub struct Watch {
    /// Whether what processes read is followed, too.
    reads: bool,
    files: HashMap<Identity, Known>,
    /// How many times all processes were looked at.
    round: u64,
    /// How many functions the kernel did not let be probed.
    refused: u64,
    /// Roots of processes whose libraries were looked at.
    roots: HashSet<(u64, u64)>,
}

/// A file that was looked at.
#[derive(Debug)]
struct Known {
    /// The file, where it has probes, so that its deletion is noticed.
    file: Option<File>,
    links: Vec<(Hook, Link)>,
    /// The file that has the probes instead.
    behind: Option<Identity>,
    /// In which round a process had it last.
    seen: u64,
}

/// A file that is probed from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Its path, as the first process that was seen with it knows it.
    pub path: PathBuf,
    /// A process that executes it, or may load it.
    pub process: u32,
    /// Where it is probed.
    pub points: Vec<Point>,
}

impl Watch {
    /// Nothing is probed yet. `reads` says whether what processes read is to be followed, too, which costs them more than
    /// what they write: a read is known only when its function returns.
    #[must_use]
    pub fn new(reads: bool) -> Watch {
        Watch { reads, files: HashMap::new(), round: 0, refused: 0, roots: HashSet::new() }
    }

    /// Looks at a process, and attaches to what it executes, or may load, that was not known. Hands over what is probed
    /// anew.
    pub fn process(&mut self, kernel: &mut Kernel, process: u32) -> Vec<Watched> {
        let mut watched = self.root(kernel, process);
        for mapping in process::executables(process) {
            // Asked by every process for every file, so nothing is opened for what is known.
            if process::identity(process, &mapping).is_ok_and(|identity| self.is_known(identity)) {
                continue;
            }
            let Ok(file) = process::open(process, &mapping) else { continue };
            watched.extend(self.file(kernel, process, mapping.path, file));
        }
        watched
    }

    /// Looks at the libraries below a process's root, where that is a new one: programs load some when they first need
    /// them, long after their start, and then it would be too late for their first call.
    fn root(&mut self, kernel: &mut Kernel, process: u32) -> Vec<Watched> {
        let root = PathBuf::from(format!("/proc/{process}/root"));
        let Ok(place) = std::fs::metadata(&root) else { return Vec::new() };
        if self.roots.len() >= REMEMBERED {
            self.roots.clear();
        }
        if !self.roots.insert((place.dev(), place.ino())) {
            return Vec::new();
        }
        let is_host = std::fs::metadata("/proc/1/root")
            .is_ok_and(|host| (host.dev(), host.ino()) == (place.dev(), place.ino()));
        let mut watched = Vec::new();
        for path in libraries::find(&root) {
            let Ok(file) = File::open(&path) else { continue };
            // A link in a container leads anywhere, to files of the host too; those are on another device.
            let is_inside = file.metadata().is_ok_and(|metadata| metadata.dev() == place.dev());
            if is_inside || is_host {
                let inside = Path::new("/").join(path.strip_prefix(&root).unwrap_or(&path));
                watched.extend(self.file(kernel, process, inside, file));
            }
        }
        watched
    }

    /// Attaches to a file that a process knows by a path.
    fn file(&mut self, kernel: &mut Kernel, process: u32, path: PathBuf, file: File) -> Option<Watched> {
        let metadata = file.metadata().ok()?;
        let identity = Identity::from(&metadata);
        let behind = layer::behind(process, &path, &metadata).unwrap_or(identity);
        let points = self.attach(kernel, file, behind);
        if behind != identity {
            self.remember(identity, None, Vec::new(), Some(behind));
        }
        (!points.is_empty()).then_some(Watched { path, process, points })
    }

    /// Looks at all processes, then detaches from files that are deleted and that no process has any more.
    ///
    /// # Errors
    ///
    /// Where processes cannot be listed.
    pub fn round(&mut self, kernel: &mut Kernel) -> io::Result<Vec<Watched>> {
        self.round += 1;
        let mut watched = Vec::new();
        for process in process::processes()? {
            watched.extend(self.process(kernel, process));
        }
        let round = self.round;
        self.files.retain(|_, known| {
            let is_deleted = |file: &File| file.metadata().is_ok_and(|metadata| metadata.nlink() == 0);
            // A file without probes is not held, so it cannot be asked; it is forgotten when there are many.
            known.seen == round || !known.file.as_ref().is_some_and(is_deleted)
        });
        Ok(watched)
    }

    /// What is followed of the files that a process has mapped.
    #[must_use]
    pub fn hooks(&self, process: u32, mapped: &[Mapping]) -> Vec<Hook> {
        let files = mapped.iter().filter_map(|mapping| process::identity(process, mapping).ok());
        let known = files.filter_map(|identity| self.files.get(&identity));
        let known =
            known.filter_map(|known| known.behind.map_or(Some(known), |behind| self.files.get(&behind)));
        known.flat_map(|known| &known.links).map(|(hook, _)| *hook).collect()
    }

    /// How many places are probed.
    #[must_use]
    pub fn probes(&self) -> usize {
        self.files.values().map(|known| known.links.len()).sum()
    }

    /// How many functions the kernel did not let be probed, whose calls are not seen.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether a file was looked at, which a process has now.
    fn is_known(&mut self, identity: Identity) -> bool {
        let round = self.round;
        let Some(known) = self.files.get_mut(&identity) else { return false };
        known.seen = round;
        // The file behind may be gone from here, when there were many; then this one is looked at again.
        match known.behind {
            Some(behind) => self.files.get_mut(&behind).is_some_and(|known| {
                known.seen = round;
                true
            }),
            None => true,
        }
    }

    /// Attaches to a file, unless it is known. The file may be made to be refused by the kernel, which must not keep the
    /// agent from the files of others.
    fn attach(&mut self, kernel: &mut Kernel, file: File, identity: Identity) -> Vec<Point> {
        if self.is_known(identity) {
            return Vec::new();
        }
        // A file that cannot be read now may be readable for the next process that has it.
        let Ok(points) = points(&file) else { return Vec::new() };
        let (mut links, mut attached) = (Vec::new(), Vec::new());
        for point in points.into_iter().filter(|point| self.reads || !point.hook.is_read()) {
            match kernel.attach(&file, &point) {
                Ok(link) => {
                    links.push((point.hook, link));
                    attached.push(point);
                }
                Err(error) => {
                    self.refused += 1;
                    tracing::warn!(%error, function = point.hook.symbol(), "a function is not followed");
                }
            }
        }
        self.remember(identity, (!links.is_empty()).then_some(file), links, None);
        attached
    }

    fn remember(
        &mut self,
        identity: Identity,
        file: Option<File>,
        links: Vec<(Hook, Link)>,
        behind: Option<Identity>,
    ) {
        if self.files.len() >= REMEMBERED {
            self.files.retain(|_, known| !known.links.is_empty());
        }
        self.files.insert(identity, Known { file, links, behind, seen: self.round });
    }
}
