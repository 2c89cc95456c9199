//! Who calls, remembered: a container keeps its identity for ten minutes after its death, so that what it called last
//! is still its own.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;
use remit_ledger::Workload;

use super::{CgroupTree, Identity, Place, Pod, PodList, Subject};

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

/// How long a process is remembered that ended, where nothing more is to be learned of it, in microseconds: it calls no
/// more, and machines start thousands that never called.
const LINGER: i64 = 5 * SECOND;

/// Bytes that remembered pods may take: twice what one answer may.
const PODS_BYTES: usize = 16 << 20;

/// How much of a container's identifier is shown where nothing better names it: as much as Docker shows.
const SHORT: usize = 12;

/// How identities are remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySettings {
    /// The cluster's name, where the node is of one.
    pub cluster: Option<String>,
    /// How long the dead are remembered, in microseconds.
    pub memory: i64,
    /// How many cgroups and processes each are remembered.
    pub capacity: usize,
    /// How long it is waited for the kubelet to tell of a new container, in microseconds.
    pub patience: i64,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self { cluster: None, memory: 600 * SECOND, capacity: 16_384, patience: 120 * SECOND }
    }
}

/// All callers of a node.
#[derive(Debug)]
pub struct Identities {
    settings: IdentitySettings,
    tree: CgroupTree,
    cgroups: Memory<u64>,
    processes: Memory<u32>,
    /// Pods that the kubelet told, and when last.
    pods: HashMap<String, (Pod, i64)>,
    /// When the kubelet told its pods last.
    told: Option<i64>,
    /// When the whole tree was looked over last.
    looked: Option<i64>,
    /// Everyone of whom nothing is known.
    unknown: Arc<Subject>,
}

/// A caller.
#[derive(Clone, Debug)]
struct Entry {
    place: Place,
    program: Option<String>,
    subject: Arc<Subject>,
    born: i64,
    used: i64,
    died: Option<i64>,
    /// Whether the kubelet has not told whose container it is.
    is_unsettled: bool,
}

#[derive(Debug)]
struct Memory<K> {
    entries: HashMap<K, Entry, RandomState>,
}

impl Identities {
    /// Nobody is known yet.
    pub fn new(tree: CgroupTree, settings: IdentitySettings) -> Self {
        let (cgroups, processes) =
            (Memory { entries: HashMap::default() }, Memory { entries: HashMap::default() });
        Self {
            settings,
            tree,
            cgroups,
            processes,
            pods: HashMap::new(),
            told: None,
            looked: None,
            unknown: Arc::default(),
        }
    }

    /// A process began to run a program: whatever its number meant before, it means this now. Told at once, who a
    /// process is can be found out while it lives; where it is gone already, the `name` that the kernel knew the program
    /// by is what is left of it, empty where it did not tell.
    pub fn executed(&mut self, cgroup: u64, pid: u32, name: &str, now: i64) -> Arc<Subject> {
        self.processes.entries.remove(&pid);
        self.find(cgroup, pid, name, now)
    }

    /// A process ended.
    pub fn exited(&mut self, pid: u32, now: i64) {
        self.processes.kill(pid, now);
    }

    /// Who a process is.
    pub fn subject(&mut self, cgroup: u64, pid: u32, now: i64) -> Arc<Subject> {
        self.find(cgroup, pid, "", now)
    }

    fn find(&mut self, cgroup: u64, pid: u32, name: &str, now: i64) -> Arc<Subject> {
        if let Some(subject) = self.cgroups.find(cgroup, now) {
            return subject;
        }
        // A number of the dead that lives again is another's.
        let is_dead = self.processes.entries.get(&pid).is_some_and(|entry| entry.died.is_some());
        if is_dead && self.tree.is_alive(pid) {
            self.processes.entries.remove(&pid);
        }
        if let Some(subject) = self.processes.find(pid, now) {
            return subject;
        }
        let mut found = self.tree.place(cgroup, pid);
        if found.is_none() && self.looked.is_none_or(|looked| now.saturating_sub(looked) >= SECOND) {
            self.tree.look();
            self.looked = Some(now);
            found = self.tree.place(cgroup, pid);
        }
        // A process of a cgroup that is gone may have been a container's, whose names tell nothing.
        let name = Some(name).filter(|name| found.is_some() && !name.is_empty());
        let (place, is_shared) = found.unwrap_or_default();
        let program = match place.is_telling() {
            true => None,
            false => self.tree.program(pid).or_else(|| name.map(str::to_owned)),
        };
        if !place.is_telling() && place.container.is_none() && program.is_none() {
            // Asked again, more may be known.
            return Arc::clone(&self.unknown);
        }
        let mut entry = Entry {
            is_unsettled: place.pod.is_some(),
            subject: Arc::default(),
            place,
            program,
            born: now,
            used: now,
            died: None,
        };
        self.settle(&mut entry);
        let subject = Arc::clone(&entry.subject);
        let memory = self.settings.memory;
        if is_shared {
            self.cgroups.insert(cgroup, entry, self.settings.capacity, now.saturating_sub(memory));
        } else {
            self.processes.insert(pid, entry, self.settings.capacity, now.saturating_sub(memory));
        }
        subject
    }

    /// The kubelet told its pods.
    pub fn learn(&mut self, list: PodList, now: i64) {
        for (uid, pod) in list.pods {
            self.pods.insert(uid, (pod, now));
        }
        self.told = Some(now);
        self.expire(now);
        // The kubelet may tell of a container later than of its pod, and of a role or image never twice.
        let (mut cgroups, mut processes) =
            (std::mem::take(&mut self.cgroups.entries), std::mem::take(&mut self.processes.entries));
        for entry in cgroups.values_mut().chain(processes.values_mut()).filter(|entry| entry.is_unsettled) {
            self.settle(entry);
        }
        self.cgroups.entries = cgroups;
        self.processes.entries = processes;
    }

    /// Whether there are containers of whom the kubelet should be asked.
    pub fn wants_pods(&self, now: i64) -> bool {
        let is_recent = |entry: &&Entry| {
            let age = now.saturating_sub(entry.born);
            // The kubelet never names some, such as pause containers, so it is asked after 1, 2, 4, ... seconds.
            let told = self.told.filter(|told| *told >= entry.born);
            let wait = told.map_or(0, |told| told.saturating_sub(entry.born).saturating_mul(2).max(SECOND));
            (wait..self.settings.patience).contains(&age)
        };
        let mut entries = self.cgroups.entries.values().chain(self.processes.entries.values());
        entries.any(|entry| entry.is_unsettled && is_recent(&entry))
    }

    /// Forgets those who are dead for long, and those who did not call for as long: of these, who lives is found again.
    pub fn expire(&mut self, now: i64) {
        let oldest = now.saturating_sub(self.settings.memory);
        self.cgroups.expire(oldest);
        let ended = now.saturating_sub(self.settings.memory.min(LINGER));
        self.processes.entries.retain(|_, entry| {
            entry.died.is_none_or(|died| died > if entry.is_unsettled { oldest } else { ended })
        });
        self.pods.retain(|_, (_, told)| *told > oldest);
        let mut pods: Vec<(i64, &String, usize)> =
            self.pods.iter().map(|(uid, (pod, told))| (*told, uid, pod.footprint())).collect();
        if pods.iter().map(|(_, _, bytes)| bytes).sum::<usize>() > PODS_BYTES {
            // Those go that were told of longest ago: they are gone.
            pods.sort_unstable_by(|left, right| right.cmp(left));
            let mut sum = 0_usize;
            let kept = pods.into_iter().take_while(|(_, _, bytes)| {
                sum = sum.saturating_add(*bytes);
                sum <= PODS_BYTES
            });
            let kept: HashSet<String> = kept.map(|(_, uid, _)| uid.clone()).collect();
            self.pods.retain(|uid, _| kept.contains(uid));
        }
    }

    /// Cgroups, processes and pods that are remembered, for metrics.
    pub fn remembered(&self) -> (usize, usize, usize) {
        (self.cgroups.entries.len(), self.processes.entries.len(), self.pods.len())
    }

    fn settle(&self, entry: &mut Entry) {
        let pod = entry.place.pod.as_ref().and_then(|uid| self.pods.get(uid));
        let identity = match (&entry.place, pod) {
            (place, Some((pod, _))) => {
                let id = place.container.as_deref();
                let found = pod.containers.iter().find(|(_, container)| {
                    id.is_some_and(|id| container.ids.iter().any(|other| other == id))
                });
                // A process of the pod's own cgroup, and the pause container that no status tells, stay unnamed.
                entry.is_unsettled = id.is_some() && found.is_none();
                let of_pod = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
                Identity {
                    workload: Workload {
                        cluster: self.settings.cluster.clone(),
                        namespace: of_pod(&pod.namespace),
                        owner_kind: of_pod(&pod.owner_kind),
                        owner_name: of_pod(&pod.owner_name),
                        container: found.map(|(name, _)| name.clone()),
                        image: found.and_then(|(_, container)| container.image.clone()),
                    },
                    service_account: of_pod(&pod.service_account),
                    role: found.and_then(|(_, container)| container.role.clone()),
                    container_id: place.container.clone(),
                }
            }
            (place, None) => {
                let name = place.unit.clone().or_else(|| entry.program.clone());
                let short = place.container.as_ref().and_then(|id| id.get(..SHORT));
                let workload = Workload {
                    cluster: self.settings.cluster.clone().filter(|_| place.pod.is_some()),
                    owner_kind: name.is_some().then(|| "process".to_owned()),
                    owner_name: name,
                    container: short.map(str::to_owned),
                    ..Workload::default()
                };
                Identity { workload, container_id: place.container.clone(), ..Identity::default() }
            }
        };
        entry.subject.learn(identity);
    }
}

impl<K: Hash + Eq + Copy> Memory<K> {
    fn find(&mut self, key: K, now: i64) -> Option<Arc<Subject>> {
        let entry = self.entries.get_mut(&key)?;
        entry.used = now;
        Some(Arc::clone(&entry.subject))
    }

    fn kill(&mut self, key: K, now: i64) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.died.get_or_insert(now);
        }
    }

    fn insert(&mut self, key: K, entry: Entry, capacity: usize, oldest: i64) {
        if self.entries.len() >= capacity {
            self.make_room(capacity, oldest);
        }
        self.entries.insert(key, entry);
    }

    fn expire(&mut self, oldest: i64) {
        self.entries.retain(|_, entry| entry.died.unwrap_or(entry.used) > oldest);
    }

    /// Forgets a sixteenth at once, so that whoever fills the memory pays for one look over it now and then. The dead
    /// go first, then those that were not asked for longest: who lives is found again.
    fn make_room(&mut self, capacity: usize, oldest: i64) {
        self.expire(oldest);
        let room = capacity.saturating_sub(capacity.div_ceil(16));
        if self.entries.len() <= room {
            return;
        }
        let mut order: Vec<(bool, i64, K)> = self
            .entries
            .iter()
            .map(|(key, entry)| (entry.died.is_none(), entry.died.unwrap_or(entry.used), *key))
            .collect();
        order.sort_by_key(|(is_alive, age, _)| (*is_alive, *age));
        let excess = self.entries.len().saturating_sub(room);
        for (_, _, key) in order.into_iter().take(excess) {
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests;
