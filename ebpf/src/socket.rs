//! What is remembered of sockets: which process connected them, and what they have sent.

use aya_ebpf::EbpfContext;
use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::bpf_get_socket_cookie;
use aya_ebpf::macros::{cgroup_sock_addr, map};
use aya_ebpf::maps::LruHashMap;
use aya_ebpf::programs::SockAddrContext;

/// What is remembered of a socket.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Socket {
    /// The process that connected it; 0 where that was not seen.
    pub(crate) process: u32,
    /// Of the flags below.
    pub(crate) sent: u32,
}

/// It has sent a ClientHello.
pub(crate) const HELLO: u32 = 1;
/// It has sent data since.
pub(crate) const DATA: u32 = 2;

/// Sockets by their cookies, which are not used again.
#[map]
static SOCKETS: LruHashMap<u64, Socket> = LruHashMap::with_max_entries(16384, 0);

/// `SOCK_STREAM`.
const STREAM: u32 = 1;

/// `connect` to an address of IPv4.
#[cgroup_sock_addr(connect4)]
pub fn connected4(context: SockAddrContext) -> i32 {
    connected(&context)
}

/// `connect` to an address of IPv6.
#[cgroup_sock_addr(connect6)]
pub fn connected6(context: SockAddrContext) -> i32 {
    connected(&context)
}

/// Remembers who connects. Always lets it happen.
#[inline(always)]
fn connected(context: &SockAddrContext) -> i32 {
    // SAFETY: the kernel hands over a context that lives as long as the program runs.
    let (kind, cookie) = unsafe { ((*context.sock_addr).type_, bpf_get_socket_cookie(context.as_ptr())) };
    if kind == STREAM {
        Socket::remember(cookie, (bpf_get_current_pid_tgid() >> 32) as u32, 0);
    }
    1
}

impl Socket {
    /// What is remembered of a socket, if anything is.
    #[inline(always)]
    pub(crate) fn find(cookie: u64) -> Option<&'static mut Socket> {
        // SAFETY: a value of a map whose values are preallocated stays readable and writable.
        SOCKETS.get_ptr_mut(cookie).map(|socket| unsafe { &mut *socket })
    }

    /// Begins to remember a socket.
    #[inline(always)]
    pub(crate) fn remember(cookie: u64, process: u32, sent: u32) {
        let _ = SOCKETS.insert(cookie, Socket { process, sent }, 0);
    }
}
