//! A share of the ring buffer for each cgroup, so that one pod cannot blind the agent to the others.

use aya_ebpf::macros::map;
use aya_ebpf::maps::LruHashMap;

/// For each cgroup, the time at which all it has sent would have been sent at its allowed pace.
#[map]
static PACES: LruHashMap<u64, u64> = LruHashMap::with_max_entries(4096, 0);

/// Nanoseconds that a cgroup's share gives to one call. The agent sets it.
#[unsafe(no_mangle)]
static INTERVAL: u64 = 40_000;

/// Nanoseconds by which a cgroup may be ahead of its pace. The agent sets it.
#[unsafe(no_mangle)]
static BURST: u64 = 1_000_000_000;

/// Takes one call from the share of a cgroup. Concurrent calls may take one twice: the share is a policy, and what is
/// refused is counted exactly elsewhere.
#[inline(always)]
pub(crate) fn take(cgroup: u64, now: u64) -> bool {
    // SAFETY: the loader may have replaced the values, which the compiler must not assume away.
    let (interval, burst) = unsafe {
        (core::ptr::read_volatile(&raw const INTERVAL), core::ptr::read_volatile(&raw const BURST))
    };
    let Some(pace) = PACES.get_ptr_mut(cgroup) else {
        let _ = PACES.insert(cgroup, now + interval, 0);
        return true;
    };
    // SAFETY: a value of a map whose values are preallocated stays readable and writable.
    let pace = unsafe { &mut *pace };
    if *pace > now + burst {
        return false;
    }
    *pace = (*pace).max(now) + interval;
    true
}
