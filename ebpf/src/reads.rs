//! What a process reads: known when the function returns, with what it was called with.

use aya_ebpf::EbpfContext;
use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::bpf_probe_read_user;
use aya_ebpf::macros::map;
use aya_ebpf::maps::LruHashMap;
use remit_abi::{Direction, Library};

use crate::call::{Data, followed};
use crate::stream::{Key, Stream};

/// What a read function was called with.
#[repr(C)]
#[derive(Clone, Copy)]
struct Pending {
    connection: u64,
    buffer: u64,
    /// Where the function says how much it read; 0 where it returns that.
    count: u64,
}

/// Read functions that did not return yet, by thread.
#[map]
static PENDING: LruHashMap<u64, Pending> = LruHashMap::with_max_entries(8192, 0);

/// A read function is called. Only connections matter on which a head was written.
#[inline(always)]
pub(crate) fn entered(connection: u64, buffer: u64, count: u64) {
    let thread = bpf_get_current_pid_tgid();
    let process = (thread >> 32) as u32;
    if Stream::find(&Key { connection, process, direction: Direction::Written as u32 }).is_some() {
        let _ = PENDING.insert(thread, Pending { connection, buffer, count }, 0);
    }
}

/// A read function returns.
#[inline(always)]
pub(crate) fn returned(context: &impl EbpfContext, library: Library, result: i32) {
    let thread = bpf_get_current_pid_tgid();
    let Some(pending) = PENDING.get_ptr(thread) else { return };
    // SAFETY: a value of a map whose values are preallocated stays readable.
    let Pending { connection, buffer, count } = unsafe { *pending };
    let _ = PENDING.remove(thread);
    if result <= 0 {
        return;
    }
    let mut length = result as u64;
    if count != 0 {
        // SAFETY: the destination has room for what is asked, and the kernel checks the source.
        let read = unsafe { bpf_probe_read_user((&raw mut length).cast(), 8, count as *const _) };
        if read != 0 {
            return;
        }
    }
    followed(context, &Data { library, direction: Direction::Read, connection, buffer, length });
}
