//! Which files are probed.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::image::{Hook, Identity, Point, points};
use super::maps::Mapping;
use super::open::Root;
use super::{libraries, process};
use crate::kernel::{Kernel, Link, has_breakpoint};
use crate::wire::Responses;

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
    /// How many files' probes were found dead.
    dead: u64,
    /// How many files were found written in place.
    written: u64,
    /// Roots of processes whose libraries were looked at.
    roots: HashSet<(u64, u64)>,
}

/// A file that was looked at.
#[derive(Debug)]
struct Known {
    /// The file, where it has probes, so that its deletion is noticed.
    file: Option<File>,
    links: Vec<(Point, Link)>,
    /// The file that has the probes instead. A container's files lie in an overlay, which gives each container a device of its
    /// own; but a probe belongs to the file in the image's layer, which all containers of the image share. To attach once for
    /// each container would be to see each call as often.
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
    /// Nothing is probed yet. Where responses are to be followed, what processes read is, which costs them more than what
    /// they write: a read is known only when its function returns.
    #[must_use]
    pub fn new(responses: Responses) -> Watch {
        Watch {
            reads: responses != Responses::Off,
            files: HashMap::new(),
            round: 0,
            refused: 0,
            dead: 0,
            written: 0,
            roots: HashSet::new(),
        }
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
        let Ok(root) = Root::of(process) else { return Vec::new() };
        let Ok(place) = root.folder().metadata() else { return Vec::new() };
        if self.roots.len() >= REMEMBERED {
            self.roots.clear();
        }
        if !self.roots.insert((place.dev(), place.ino())) {
            return Vec::new();
        }
        let mut watched = Vec::new();
        for path in libraries::find(&root) {
            let Ok(file) = root.open(&path) else { continue };
            watched.extend(self.file(kernel, process, path, file));
        }
        watched
    }

    /// Attaches to a file that a process knows by a path.
    fn file(&mut self, kernel: &mut Kernel, process: u32, path: PathBuf, file: File) -> Option<Watched> {
        let identity = Identity::of(&file).ok()?;
        if self.is_known(identity) {
            return None;
        }
        // The kernel goes on to run what it read when the probe was attached, so what was written anew is let go at once.
        self.files.retain(|other, _| !other.is_older(&identity));
        if let Some(behind) = self.behind(&file, identity) {
            self.remember(identity, None, Vec::new(), Some(behind));
            return None;
        }
        let points = self.attach(kernel, file, identity);
        (!points.is_empty()).then_some(Watched { path, process, points })
    }

    /// The file that has probes and is the same to the kernel, however it is named.
    fn behind(&self, file: &File, identity: Identity) -> Option<Identity> {
        let mut alike = self.files.iter().filter(|(other, _)| other.is_alike(&identity));
        let is_same = |known: &Known| {
            let (point, _) = known.links.first()?;
            has_breakpoint(file, point.offset()).ok()?.then_some(())
        };
        alike.find_map(|(other, known)| is_same(known).map(|()| *other))
    }

    /// Looks at all processes, then detaches from files that are deleted and that no process has any more.
    ///
    /// # Errors
    ///
    /// Where processes cannot be listed.
    pub fn round(&mut self, kernel: &mut Kernel) -> io::Result<Vec<Watched>> {
        self.round += 1;
        self.verify();
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

    /// Lets go files of which a probe is dead, so that they are attached to again. Whoever may write a file takes its probes from
    /// it, which says nothing of those of other files.
    fn verify(&mut self) {
        let Self { files, dead, written, .. } = self;
        files.retain(|identity, known| {
            let Some(file) = &known.file else { return true };
            let is_dead = |point: &Point| has_breakpoint(file, point.offset()).is_ok_and(|has| !has);
            let found = known.links.iter().find(|(point, _)| is_dead(point));
            if found.is_some() && Identity::of(file).is_ok_and(|now| now != *identity) {
                *written += 1;
            } else if let Some((point, _)) = found {
                *dead += 1;
                tracing::warn!(function = point.hook.symbol(), "a probe was dead, and is attached again");
            }
            found.is_none()
        });
    }

    /// What is followed of the files that a process has mapped.
    #[must_use]
    pub fn hooks(&self, process: u32, mapped: &[Mapping]) -> Vec<Hook> {
        let files = mapped.iter().filter_map(|mapping| process::identity(process, mapping).ok());
        let known = files.filter_map(|identity| self.files.get(&identity));
        let known =
            known.filter_map(|known| known.behind.map_or(Some(known), |behind| self.files.get(&behind)));
        known.flat_map(|known| &known.links).map(|(point, _)| point.hook).collect()
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

    /// How many files' probes were found dead, and attached again.
    #[must_use]
    pub fn dead(&self) -> u64 {
        self.dead
    }

    /// How many files had lost their probes since somebody wrote into them. Calls by processes that have these were not seen until
    /// the files were examined again.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
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

    /// Attaches to a file that is not known. The file may be made to be refused by the kernel, which must not keep the
    /// agent from the files of others.
    fn attach(&mut self, kernel: &mut Kernel, file: File, identity: Identity) -> Vec<Point> {
        // A file that cannot be read now may be readable for the next process that has it.
        let Ok(points) = points(&file) else { return Vec::new() };
        let (mut links, mut attached) = (Vec::new(), Vec::new());
        for point in points.into_iter().filter(|point| self.reads || !point.hook.is_read()) {
            match kernel.attach(&file, &point) {
                Ok(link) => {
                    links.push((point, link));
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
        links: Vec<(Point, Link)>,
        behind: Option<Identity>,
    ) {
        if self.files.len() >= REMEMBERED {
            self.files.retain(|_, known| !known.links.is_empty());
        }
        self.files.insert(identity, Known { file, links, behind, seen: self.round });
    }
}

#[cfg(test)]
mod tests;
