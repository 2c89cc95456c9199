//! Programs that processes start, so that libraries are known before they are used.

use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::{bpf_get_current_cgroup_id, bpf_ktime_get_boot_ns};
use aya_ebpf::macros::raw_tracepoint;
use aya_ebpf::programs::RawTracePointContext;
use remit_abi::{Counter, Header, Kind};

use crate::counter::count;
use crate::piece::announce;

/// `sched_process_exec`: in the thread that starts the program, once there is no way back.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
pub fn program_started(_: RawTracePointContext) -> i32 {
    count(Counter::Starts);
    let identity = bpf_get_current_pid_tgid();
    let header = Header {
        // SAFETY: helpers without arguments.
        time: unsafe { bpf_ktime_get_boot_ns() },
        cgroup: unsafe { bpf_get_current_cgroup_id() },
        process: (identity >> 32) as u32,
        thread: identity as u32,
        kind: Kind::Start as u8,
        ..Header::default()
    };
    if !announce(header) {
        count(Counter::LostStarts);
    }
    0
}
