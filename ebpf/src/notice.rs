//! What is told of sockets, and of connections of which plaintext is seen.

use aya_ebpf::bindings::BPF_RB_NO_WAKEUP;
use aya_ebpf::helpers::generated::{bpf_ktime_get_boot_ns, bpf_skb_load_bytes};
use aya_ebpf::macros::map;
use aya_ebpf::maps::Array;
use remit_abi::{Counter, Header, Kind, Library, PEER, Peer};

use crate::bucket;
use crate::counter::count;
use crate::packet::Packet;
use crate::piece::{EVENTS, tell, wakeup};
use crate::stream::Key;

/// What is told of a socket.
pub(crate) struct Notice {
    pub(crate) kind: Kind,
    pub(crate) cgroup: u64,
    pub(crate) cookie: u64,
    /// The process that connected the socket; 0 where that is not known.
    pub(crate) process: u32,
    pub(crate) peer: Peer,
    /// Which bytes of the packet are taken, as far as there is room.
    pub(crate) start: u32,
    pub(crate) length: u32,
}

/// An event as it lies in the ring buffer, with room for so many words of a packet.
#[repr(C)]
struct Slot<const WORDS: usize> {
    header: Header,
    peer: Peer,
    text: [u64; WORDS],
}

/// Whether plaintext is to be told of, by which the agent knows what connections of TLS it can read. The agent sets it.
#[map]
static MATCHED: Array<u32> = Array::with_max_entries(1, 0);

/// Nanoseconds after which plaintext of the same object is told of again: no function of Go ends an object, and the next
/// may have its address.
const AGAIN: u64 = 1_000_000_000;

/// Puts a notice into the ring buffer, if its cgroup's share allows it, and tells whether it is there.
#[inline(always)]
pub(crate) fn notify<const WORDS: usize>(packet: &Packet, notice: &Notice) -> bool {
    let is_told = put::<WORDS>(packet, notice);
    count(if is_told { Counter::Sockets } else { Counter::LostSockets });
    is_told
}

#[inline(always)]
fn put<const WORDS: usize>(packet: &Packet, notice: &Notice) -> bool {
    // SAFETY: a helper without arguments.
    let time = unsafe { bpf_ktime_get_boot_ns() };
    if !bucket::take(notice.cgroup, time) {
        return false;
    }
    let Some(mut entry) = EVENTS.reserve::<Slot<WORDS>>(0) else { return false };
    let slot = entry.as_mut_ptr();
    let room = WORDS as u32 * 8;
    // SAFETY: the slot is ours until it is submitted or discarded; the kernel checks the source.
    unsafe {
        // By way of memory: what the compiler knows of the length it does not check, and the verifier wants it checked.
        let total = &raw mut (*slot).header.total;
        core::ptr::write_volatile(total, notice.length);
        let length = core::ptr::read_volatile(total);
        let length = if length < room { length } else { room };
        let text = (&raw mut (*slot).text).cast();
        if length > 0 && bpf_skb_load_bytes(packet.skb.cast(), notice.start, text, length) != 0 {
            entry.discard(u64::from(BPF_RB_NO_WAKEUP));
            return false;
        }
        (*slot).header = Header {
            time,
            cgroup: notice.cgroup,
            connection: notice.cookie,
            process: notice.process,
            total: notice.length,
            copied: (PEER as u32 + length) as u16,
            kind: notice.kind as u8,
            ..Header::default()
        };
        (*slot).peer = notice.peer;
    }
    entry.submit(wakeup());
    true
}

/// Whether plaintext is to be told of.
#[inline(always)]
pub(crate) fn is_matched() -> bool {
    MATCHED.get(0).is_some_and(|is_matched| *is_matched != 0)
}

/// Tells of plaintext of a connection's object, when it is the first or, where objects end unseen, once more after a
/// while. `told` says when that was last, and is 0 where it never was.
#[inline(always)]
pub(crate) fn seen(key: &Key, library: Library, (time, cgroup): (u64, u64), told: &mut u64) {
    let is_due = *told == 0 || (library.ends_unseen() && time - *told > AGAIN);
    if !is_due || !is_matched() {
        return;
    }
    let header = Header {
        time,
        cgroup,
        connection: key.connection,
        process: key.process,
        kind: Kind::Seen as u8,
        library: library as u8,
        ..Header::default()
    };
    if !(bucket::take(cgroup, time) && tell(header)) {
        return count(Counter::LostSockets);
    }
    count(Counter::Sockets);
    *told = time;
}
