//! Programs that processes start, so that libraries are known before they are used, and processes that end.

use aya_ebpf::helpers::generated::{bpf_get_current_cgroup_id, bpf_ktime_get_boot_ns};
use aya_ebpf::helpers::{bpf_get_current_comm, bpf_get_current_pid_tgid};
use aya_ebpf::macros::raw_tracepoint;
use aya_ebpf::programs::RawTracePointContext;
use remit_abi::{Counter, Header, Kind, NAME};

use crate::counter::count;
use crate::piece::announce;

/// `sched_process_exec`: in the thread that starts the program, once there is no way back. A process may be gone before it
/// can be looked at, so its program's name is said here.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
pub fn program_started(_: RawTracePointContext) -> i32 {
    count(Counter::Starts);
    let name = bpf_get_current_comm().unwrap_or_default();
    if !announce(header(Kind::Start, NAME as u16), name) {
        count(Counter::LostStarts);
    }
    0
}

/// `sched_process_exit`: in each thread that ends, of which the first stands for the process. Whether others go on is not
/// to be known without looking into the kernel's structures; where they do, the agent takes them up again.
#[raw_tracepoint(tracepoint = "sched_process_exit")]
pub fn process_ended(_: RawTracePointContext) -> i32 {
    let header = header(Kind::Exit, 0);
    if header.process != header.thread {
        return 0;
    }
    count(Counter::Exits);
    if !announce(header, [0; NAME]) {
        count(Counter::LostExits);
    }
    0
}

#[inline(always)]
pub(crate) fn header(kind: Kind, copied: u16) -> Header {
    let identity = bpf_get_current_pid_tgid();
    Header {
        // SAFETY: helpers without arguments.
        time: unsafe { bpf_ktime_get_boot_ns() },
        cgroup: unsafe { bpf_get_current_cgroup_id() },
        process: (identity >> 32) as u32,
        thread: identity as u32,
        kind: kind as u8,
        copied,
        ..Header::default()
    }
}
