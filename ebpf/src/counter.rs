//! Counters, so that nothing is lost without a trace.

use core::intrinsics::{AtomicOrdering, atomic_xadd};

use aya_ebpf::macros::map;
use aya_ebpf::maps::PerCpuArray;
use remit_abi::{COUNTERS, Counter};

#[map(name = "COUNTERS")]
static VALUES: PerCpuArray<u64> = PerCpuArray::with_max_entries(COUNTERS, 0);

/// Adds one. Atomically, since one program can interrupt another on the same processor; by the compiler's intrinsic,
/// since the library offers additions only where a processor can also compare and swap.
#[inline(always)]
pub(crate) fn count(counter: Counter) {
    add(counter, 1);
}

/// Takes one back. It may have been counted on another processor; the sum over all is right.
#[inline(always)]
pub(crate) fn take_back(counter: Counter) {
    add(counter, u64::MAX);
}

#[inline(always)]
fn add(counter: Counter, number: u64) {
    if let Some(value) = VALUES.get_ptr_mut(counter as u32) {
        // SAFETY: the map's values are aligned and live as long as the program.
        unsafe { atomic_xadd::<u64, u64, { AtomicOrdering::Relaxed }>(value, number) };
    }
}
