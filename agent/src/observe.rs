//! What the kernel shows: probes follow processes as they start, and their events are taken.

mod clock;
mod looks;

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use remit_abi::{Counter, Header, Kind};
use remit_agent::capture::Sums;
use remit_agent::identity::{CgroupTree, Identities, IdentitySettings};
use remit_agent::kernel::{Counts, Events, Kernel, Own, Share};
use remit_agent::probe::{Watch, Watched};
use remit_agent::wire::Responses;

use clock::Clock;
use looks::Looks;

use crate::stop::Stop;

/// All processes are looked at so often, for libraries that they loaded long after they started.
pub(crate) const ROUND: Duration = Duration::from_secs(10);

/// So often it is made sure that probes work, and memory of the ring buffer is overwritten that events were in.
const PULSE: Duration = Duration::from_secs(1);

/// So often in a row the agent calls its own function in vain until probes count as dead: the ring buffer may be full.
const TRIES: u64 = 3;

/// The kernel's programs at work, until the program is told to stop.
pub(crate) struct Observation {
    kernel: Kernel,
    events: Events,
    watch: Watch,
    looks: Looks,
    clock: Clock,
    next_round: Instant,
    stop: Stop,
    own: Own,
    next_pulse: Instant,
    /// With which number the agent called its own function last, and which came back.
    called: u64,
    heard: u64,
    /// Whether events were in the ring buffer since it was overwritten last that hold what others sent.
    is_stale: bool,
    /// How many calls the programs had seen when that was last asked.
    attempts: u64,
    /// When probes were known to work last, in microseconds since the Unix epoch.
    alive: i64,
    /// Pieces of plaintext that were taken.
    pub(crate) pieces: u64,
    /// Whether connections are told of that cannot be read.
    pub(crate) follows_sockets: bool,
}

impl Observation {
    /// Loads the programs and attaches to all processes, and says to which. `sockets` says whether to follow what sockets
    /// send first, too, and `sums` whether equal requests may be added up.
    pub(crate) fn begin(responses: Responses, sockets: bool, sums: bool) -> anyhow::Result<Self> {
        let mut kernel = Kernel::load(Share { sums, ..Share::default() }, responses).map_err(|error| {
            anyhow::anyhow!(
                "calls cannot be seen here: {error}\nhint: run as root, on Linux 5.8 or later with uprobes"
            )
        })?;
        let events = kernel.events()?;
        let own = kernel.own()?;
        let mut watch = Watch::new(responses);
        announce(&watch.round(&mut kernel)?);
        // After the probes: what they do not see yet would be told of as if they never could.
        let refused = if sockets { follow_sockets(&mut kernel) } else { None };
        if let Some(reason) = &refused {
            eprintln!("connections that cannot be read are not told of: {reason}");
        }
        let follows_sockets = sockets && refused.is_none();
        let stop = Stop::new()?;
        eprintln!("watching {} functions; calls follow", watch.probes());
        Ok(Self {
            kernel,
            events,
            watch,
            looks: Looks::default(),
            clock: Clock::new(now()),
            next_round: Instant::now() + ROUND,
            stop,
            own,
            next_pulse: Instant::now(),
            called: 0,
            heard: 0,
            is_stale: false,
            attempts: 0,
            alive: now(),
            pieces: 0,
            follows_sockets,
        })
    }

    /// Waits until there may be events, or the program is told to stop, which it says.
    pub(crate) async fn wait(&mut self) -> anyhow::Result<bool> {
        tokio::select! {
            waited = self.events.wait() => { waited?; Ok(false) }
            () = self.stop.told() => Ok(true),
        }
    }

    /// Hands over events that are there, each with when it was in microseconds since the Unix epoch, and says how many.
    pub(crate) fn take(&mut self, mut on: impl FnMut(&Header, &[u8], i64)) -> usize {
        let mut taken = self.drain(&mut on);
        if self.next_pulse <= Instant::now() {
            self.next_pulse = Instant::now() + PULSE;
            // An event is there when the call is over.
            for _ in 0..TRIES {
                self.called += 1;
                self.clock.call(now());
                self.own.call(self.called);
                taken += self.drain(&mut on);
                if self.heard == self.called {
                    self.alive = now();
                    break;
                }
            }
            let is_called = self.is_called();
            // A call may be on its way, so its memory is overwritten once more.
            if std::mem::replace(&mut self.is_stale, is_called) || is_called {
                for _ in 0..Own::PARTS {
                    self.own.overwrite();
                    taken += self.drain(&mut on);
                }
            }
        }
        taken
    }

    /// Whether there were calls since this was last asked: of what is not handed on of them, such as what is added up, no
    /// event tells, and it was in the ring buffer, too.
    fn is_called(&mut self) -> bool {
        let attempts = self.kernel.counts().map_or(u64::MAX, |counts| counts.of(Counter::Attempts));
        std::mem::replace(&mut self.attempts, attempts) != attempts
    }

    fn drain(&mut self, on: &mut impl FnMut(&Header, &[u8], i64)) -> usize {
        let Self { events, looks, clock, pieces, called, heard, is_stale, .. } = self;
        let (start, mut last) = (now(), None);
        let taken = events.take(|header, bytes| {
            *is_stale |= header.copied > 0 && header.kind != Kind::Start as u8;
            match Kind::of(header.kind) {
                Some(Kind::Test) => {
                    *heard = header.connection;
                    if heard == called {
                        clock.hear(header);
                    }
                    return;
                }
                Some(Kind::Head | Kind::Frame | Kind::Action | Kind::Rpc) => *pieces += 1,
                Some(Kind::Exit) => looks.end(header.process),
                Some(Kind::Start) => looks.start(header.process, Instant::now()),
                _ => {}
            }
            let at = clock.time(header, now());
            last = Some(at);
            on(header, bytes, at);
        });
        clock.take(last, taken < Events::MOST, start);
        taken
    }

    /// The time up to which all events were taken, in microseconds since the Unix epoch.
    pub(crate) fn reached(&self) -> i64 {
        self.clock.reached
    }

    /// How many programs started that could not be looked at soon after.
    pub(crate) fn overlooked(&self) -> u64 {
        self.looks.overlooked()
    }

    /// Attaches to what processes execute that started since.
    pub(crate) fn follow(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        for process in self.looks.due(now) {
            announce(&self.watch.process(&mut self.kernel, process));
        }
        if self.next_round <= now {
            self.next_round = now + ROUND;
            announce(&self.watch.round(&mut self.kernel)?);
        }
        Ok(())
    }

    /// Since when no probe works, as far as is known, in microseconds since the Unix epoch.
    pub(crate) fn dead_since(&self) -> Option<i64> {
        (self.heard != self.called).then_some(self.alive)
    }

    /// Detaches, so that nothing more is on its way.
    pub(crate) fn detach(&mut self) {
        self.kernel.leave_sockets();
        self.watch = Watch::new(Responses::Off);
    }

    /// What was added up on a connection of a process.
    pub(crate) fn sums(&self, process: u32, connection: u64) -> Option<Sums> {
        self.kernel.sums(process, connection)
    }

    /// What the programs counted.
    pub(crate) fn counts(&self) -> anyhow::Result<Counts> {
        Ok(self.kernel.counts()?)
    }

    /// What is probed.
    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }
}

/// Follows sockets, or says why that cannot be.
pub(crate) fn follow_sockets(kernel: &mut Kernel) -> Option<String> {
    let Some(cgroup) = all_sockets() else {
        return Some(
            "no root of the unified hierarchy of cgroups is at `/sys/fs/cgroup` or below".to_owned(),
        );
    };
    kernel.follow_sockets(&cgroup).err().map(|error| error.to_string())
}

/// The cgroup that all others are below. In a container its own may be mounted as if it were that one; then the machine's
/// first process knows it.
fn all_sockets() -> Option<File> {
    let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
    let of_first = mounts.iter().map(|mount| format!("/proc/1/root{mount}"));
    let mut folders = mounts.iter().map(ToString::to_string).chain(of_first).map(PathBuf::from);
    // Only the root has no type.
    let is_root =
        |folder: &PathBuf| folder.join("cgroup.controllers").exists() && !folder.join("cgroup.type").exists();
    folders.find(is_root).and_then(|folder| File::open(folder).ok())
}

/// The cgroups of this machine.
pub(crate) fn cgroups() -> CgroupTree {
    CgroupTree::new("/sys/fs/cgroup".as_ref(), "/proc".as_ref())
}

/// Who processes of this machine are.
pub(crate) fn identities(cluster: Option<String>) -> Identities {
    Identities::new(cgroups(), IdentitySettings { cluster, ..IdentitySettings::default() })
}

/// Microseconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// Says what is probed from now on.
fn announce(watched: &[Watched]) {
    for file in watched {
        let points = file.points.iter().map(|point| {
            let how = if point.site.is_emulated { "emulated" } else { "stepped" };
            format!("{}+{:#x} ({how})", point.hook.symbol(), point.site.offset)
        });
        let points = points.collect::<Vec<_>>().join(", ");
        let path = file.path.display().to_string();
        eprintln!("watching {} of process {}: {points}", path.escape_debug(), file.process);
    }
}
