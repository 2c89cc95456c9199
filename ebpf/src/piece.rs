//! A piece of plaintext on its way into the ring buffer.

use aya_ebpf::bindings::{BPF_RB_AVAIL_DATA, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP};
use aya_ebpf::helpers::generated::{bpf_probe_read_kernel, bpf_probe_read_user};
use aya_ebpf::macros::map;
use aya_ebpf::maps::RingBuf;
use remit_abi::rpc::find;
use remit_abi::{Counter, Direction, Header, Kind, Library, NAME, OVERWRITTEN, PIECE, RING, flag, rpc};

use crate::bucket;
use crate::call::{ADMITTED, Call, REFUSED, UNASKED};
use crate::counter::count;
use crate::retry::repeats;
use crate::shape::{is_mcp, is_tool_call};
use crate::stream::{NONE, Stream, get, set};
use crate::sums;

#[map]
pub(crate) static EVENTS: RingBuf = RingBuf::with_byte_size(RING, 0);

/// The agent is woken when so much waits; otherwise it looks by itself, which costs the workload nothing.
const WAKE: u64 = RING as u64 / 8;

/// By which a digest is multiplied: an odd number that the agent draws at its start, so that nobody can make a request whose
/// digest is that of another.
#[unsafe(no_mangle)]
static DIGEST: u64 = 0x0000_0100_0000_01b3;

/// The lowest bit of each byte, and the highest.
pub(crate) const ONES: u64 = 0x0101_0101_0101_0101;
pub(crate) const HIGHS: u64 = ONES << 7;

/// What overwrites.
static ZEROS: [u64; PIECE / 8] = [0; PIECE / 8];

/// Bytes of `Action=`.
const ACTION: u32 = 7;

/// The most bytes of a form's action that are taken, its name included.
pub(crate) const LONGEST_ACTION: u32 = 96;

/// An event as it lies in the ring buffer.
#[repr(C)]
struct Slot {
    header: Header,
    /// With room for what marks its end.
    text: [u64; PIECE / 8 + 2],
}

/// A part of what a call writes.
pub(crate) struct Piece {
    pub(crate) offset: u32,
    /// At most [`PIECE`].
    pub(crate) length: u32,
    pub(crate) kind: Kind,
    pub(crate) position: u64,
}

/// Puts a piece into the ring buffer. What follows a head's end within it is not handed on.
#[inline(always)]
pub(crate) fn emit(call: &mut Call, stream: &mut Stream, piece: &Piece) -> Counter {
    let sequence = stream.sequence;
    stream.sequence += 1;
    // Only what reaches the agent can be added to.
    let (before, mut request) = (core::mem::replace(&mut stream.request, 0), 0);
    let status = core::mem::replace(&mut stream.status, 0);
    if call.admission == UNASKED {
        call.admission = if bucket::take(call.cgroup, call.time) { ADMITTED } else { REFUSED };
    }
    if call.admission == REFUSED {
        return Counter::Throttled;
    }
    let Some(mut entry) = EVENTS.reserve::<Slot>(0) else { return Counter::Full };
    let slot = entry.as_mut_ptr();
    // SAFETY: the slot is ours until it is submitted or discarded; the kernel checks the source.
    unsafe {
        // The verifier follows one length of which it knows the bound, where it would follow each one that is computed.
        let copied = &raw mut (*slot).header.copied;
        core::ptr::write_volatile(copied, piece.length as u16);
        let length = u32::from(core::ptr::read_volatile(copied));
        if length > PIECE as u32 {
            entry.discard(u64::from(BPF_RB_NO_WAKEUP));
            return Counter::Unreadable;
        }
        let text = (&raw mut (*slot).text).cast::<u8>();
        let source = call.buffer + u64::from(piece.offset);
        if bpf_probe_read_user(text.cast(), length, source as *const _) != 0 {
            entry.discard(u64::from(BPF_RB_NO_WAKEUP));
            return Counter::Unreadable;
        }
        (*slot).header = Header {
            time: call.time,
            cgroup: call.cgroup,
            connection: call.key.connection,
            position: piece.position,
            process: call.key.process,
            thread: call.thread,
            sequence,
            total: call.length,
            offset: piece.offset,
            copied: length as u16,
            kind: piece.kind as u8,
            library: call.library,
            direction: call.key.direction as u8,
            flags: 0,
            spare: [0; 2],
            repeats: stream.repeats,
        };
        let is_end = piece.kind as u8 == Kind::Head as u8 && ends(slot, stream, length);
        if piece.kind as u8 == Kind::Head as u8
            && call.library == Library::OpenSsl as u8
            && repeats(call, stream, piece)
        {
            stream.sequence = sequence;
            entry.discard(u64::from(BPF_RB_NO_WAKEUP));
            return Counter::Repeated;
        }
        if piece.kind as u8 == Kind::Head as u8 {
            sums::asks(stream);
        }
        let copied = u32::from(core::ptr::read_volatile(&raw const (*slot).header.copied));
        if is_end && sums::is_on() && is_alone(call, stream, piece, copied) {
            request = core::ptr::read_volatile(&raw const stream.fields);
            if request != 0 && request == before && sums::is_known(call, status, stream) {
                (stream.sequence, stream.request) = (sequence, request);
                let end = sums::again(call, status, stream);
                entry.discard(u64::from(BPF_RB_NO_WAKEUP));
                return end;
            }
            if request != 0 {
                stream.flags |= u32::from(flag::WHOLE);
            }
        }
        if is_end {
            stream.flags |= u32::from(flag::LAST);
            if !clear(slot, source) {
                entry.discard(u64::from(BPF_RB_NO_WAKEUP));
                return Counter::Unreadable;
            }
        } else if (piece.kind as u8 == Kind::Action as u8 && !(names(slot, length) && clear(slot, source)))
            || (piece.kind as u8 == Kind::Rpc as u8 && !names_method(slot, stream, length))
        {
            entry.discard(u64::from(BPF_RB_NO_WAKEUP));
            return Counter::Other;
        }
        (*slot).header.flags = stream.flags as u8;
        let copied = u32::from(core::ptr::read_volatile(&raw const (*slot).header.copied));
        set(&mut stream.cursor, piece.offset + copied);
    }
    entry.submit(wakeup());
    // Of an answer it matters only that it was told.
    stream.request = request | u64::from(call.key.direction);
    count(Counter::Pieces);
    Counter::Emitted
}

/// Whether the head ends within the piece; then only what it has of the head counts as copied.
///
/// A head ends with an empty line. A line of a single byte is taken for one, too, since no head has such lines, and what
/// comes behind a head that is none must not leave the kernel either.
///
/// Eight bytes at a time and with one way through the loop, since this is most of what a head costs the workload and the
/// verifier. What is found goes through memory that the verifier knows nothing about: in a register, each place would be
/// another case to verify.
#[inline(always)]
unsafe fn ends(slot: *mut Slot, stream: &mut Stream, length: u32) -> bool {
    // SAFETY: the slot is ours, and indices stay within it.
    unsafe {
        let text = (&raw mut (*slot).text).cast::<u8>();
        let (copied, found) = (&raw mut (*slot).header.copied, (&raw mut (*slot).header.spare).cast::<u16>());
        // What lies behind the piece is of an event before.
        text.add(length as usize).cast::<u64>().write_unaligned(0);
        let mut before = equal(u64::from(stream.window) << 48, b'\n');
        let mut digest = u64::from(length);
        let (is_on, mut fields) = (sums::is_by_fields(), sums::Fields::new());
        for index in 0..PIECE / 8 {
            if index as u32 * 8 >= length {
                break;
            }
            let bytes = text.cast::<u64>().add(index).read();
            digest = mix(digest, bytes);
            let now = equal(bytes, b'\n');
            if is_on {
                fields.take(text, index * 8, bytes, now);
            }
            let ends = now & (now << 8 | before >> 56 | now << 16 | before >> 48);
            if ends != 0 {
                // Of each byte up to the lowest there is one bit, and the product adds them up in its highest byte.
                let below = (ends & ends.wrapping_neg()).wrapping_sub(1) & ONES;
                core::ptr::write_volatile(
                    found,
                    (index as u64 * 8 + (below.wrapping_mul(ONES) >> 56)) as u16,
                );
                break;
            }
            before = now;
        }
        core::ptr::write_volatile(&raw mut stream.digest, digest);
        let alike = if is_on { fields.digest() } else { digest | 1 };
        core::ptr::write_volatile(&raw mut stream.fields, alike);
        let end = core::ptr::read_volatile(found);
        core::ptr::write_volatile(found, 0);
        if end != 0 {
            core::ptr::write_volatile(copied, end);
            return true;
        }
        for back in [2, 1] {
            let at = length.wrapping_sub(back);
            if at < PIECE as u32 {
                stream.window = stream.window >> 8 | u32::from(text.add(at as usize).read()) << 8;
            }
        }
    }
    false
}

/// Whether a head is a whole request, and all that is written.
#[inline(always)]
fn is_alone(call: &Call, stream: &Stream, piece: &Piece, copied: u32) -> bool {
    call.key.direction == Direction::Written as u32
        && piece.offset == 0
        && call.length == copied
        && stream.flags & u32::from(flag::FIRST) != 0
        && get(&stream.has_body) == NONE
}

/// Goes on with a digest. The product hands differences on to higher bits only, so these are handed back.
#[inline(always)]
pub(crate) fn mix(digest: u64, bytes: u64) -> u64 {
    // SAFETY: the agent may have set another value before the program was loaded, which the compiler does not know of.
    let factor = unsafe { core::ptr::read_volatile(&DIGEST) };
    let product = (digest ^ bytes).wrapping_mul(factor);
    product ^ (product >> 32)
}

/// The bytes of eight that are equal to one, each by the highest bit of its byte.
#[inline(always)]
pub(crate) fn equal(bytes: u64, byte: u8) -> u64 {
    let difference = bytes ^ (ONES * byte as u64);
    !((difference & !HIGHS).wrapping_add(!HIGHS) | difference) & HIGHS
}

/// Whether the piece is a form's action: `Action=` and letters, up to the `&` that ends them or to the end of the piece.
/// Then nothing else of it counts as copied, nor is left.
#[inline(always)]
unsafe fn names(slot: *mut Slot, length: u32) -> bool {
    // SAFETY: the slot is ours, and the index stays within it.
    unsafe {
        let text = (&raw const (*slot).text).cast::<u8>();
        let mut end = 0;
        for index in ACTION..LONGEST_ACTION {
            if index >= length {
                break;
            }
            let byte = text.add(index as usize).read();
            end = index + 1;
            if byte == b'&' {
                break;
            }
            if !byte.is_ascii_alphanumeric() {
                return false;
            }
        }
        core::ptr::write_volatile(&raw mut (*slot).header.copied, end as u16);
        core::ptr::read_volatile(&raw const (*slot).header.copied) as u32 > ACTION
    }
}

/// Whether the piece is the beginning of a JSON-RPC request that names its method; then the names are all that is left of it,
/// in the form that [`rpc`] tells.
#[inline(always)]
unsafe fn names_method(slot: *mut Slot, stream: &mut Stream, length: u32) -> bool {
    // SAFETY: the slot is ours, and indices stay within it.
    unsafe {
        let text = (&raw mut (*slot).text).cast::<u8>();
        let zeros = (&raw const ZEROS).cast();
        // Behind the piece is room for the names, and then for what is found, by its number: its last place, and how often.
        let names = text.add(rpc::TEXT);
        let (places, counts) = (names.add(2 * rpc::NAME).cast::<u16>(), names.add(2 * rpc::NAME + 16));
        bpf_probe_read_kernel(names.cast(), (PIECE - rpc::TEXT) as u32, zeros);
        let (mut state, mut depth) = (rpc::START, 0);
        for index in 0..rpc::TEXT {
            if index as u32 >= length {
                break;
            }
            let class = rpc::CLASS[text.add(index).read() as usize] as usize;
            let step = rpc::TABLE
                [(state as usize & (rpc::STATES - 1)) * rpc::CLASSES + (class & (rpc::CLASSES - 1))];
            let found = rpc::found(step) as usize;
            places.add(found).write(index as u16);
            let count = counts.add(found);
            count.write(count.read().wrapping_add(1));
            (state, depth) = rpc::next(step, depth);
            if state == rpc::OVER {
                break;
            }
        }
        let count = |found: u8| core::ptr::read_volatile(counts.add(found as usize));
        if count(find::METHOD) != 1 || count(find::METHOD_END) != 1 || count(find::FOREIGN) != 0 {
            return false;
        }
        if !name(text, places, find::METHOD, names) {
            return false;
        }
        let first = core::ptr::read_volatile(names.cast::<[u64; 2]>());
        let has_version = count(find::VERSION) != 0;
        if !has_version && !is_mcp(first) {
            return false;
        }
        if has_version {
            stream.flags |= u32::from(flag::VERSION);
        }
        if is_tool_call(first) && count(find::TOOL) == 1 && count(find::TOOL_END) == 1 {
            name(text, places, find::TOOL, names.add(rpc::NAME));
        }
        core::ptr::write_volatile(&raw mut (*slot).header.copied, 2 * rpc::NAME as u16);
        let rest = text.add(2 * rpc::NAME).cast();
        bpf_probe_read_kernel(text.cast(), 2 * rpc::NAME as u32, names.cast()) == 0
            && bpf_probe_read_kernel(rest, (PIECE - 2 * rpc::NAME) as u32, zeros) == 0
    }
}

/// Copies the name between two places that were found. False where it is none, or too long.
#[inline(always)]
unsafe fn name(text: *const u8, places: *const u16, found: u8, to: *mut u8) -> bool {
    // SAFETY: the caller hands over parts of its slot, and what is copied stays within them.
    unsafe {
        let from = u32::from(core::ptr::read_volatile(places.add(found as usize))) + 1;
        let end = u32::from(core::ptr::read_volatile(places.add(found as usize + 1)));
        let length = end.wrapping_sub(from);
        if length == 0 || length > rpc::NAME as u32 || from >= rpc::TEXT as u32 {
            return false;
        }
        bpf_probe_read_kernel(to.cast(), length, text.add(from as usize).cast()) == 0
    }
}

/// Overwrites what was read beyond the end of a head: it may be a body, and none leaves the kernel. So all is overwritten,
/// and the head is read once more; a loop over what follows it would be as many cases to verify as it has lengths.
#[inline(always)]
unsafe fn clear(slot: *mut Slot, source: u64) -> bool {
    // SAFETY: the slot is ours, and the kernel checks the source.
    unsafe {
        let text = (&raw mut (*slot).text).cast();
        let copied = u32::from(core::ptr::read_volatile(&raw const (*slot).header.copied));
        let length = if copied >= PIECE as u32 { PIECE as u32 } else { copied };
        bpf_probe_read_kernel(text, PIECE as u32, (&raw const ZEROS).cast()) == 0
            && bpf_probe_read_user(text, length, source as *const _) == 0
    }
}

/// Tells of a connection what is no plaintext.
#[inline(always)]
pub(crate) fn tell(header: Header) -> bool {
    let Some(mut entry) = EVENTS.reserve::<Header>(0) else { return false };
    entry.write(header);
    entry.submit(wakeup());
    true
}

/// What a process does that is no call, as it lies in the ring buffer.
#[repr(C)]
struct Deed {
    header: Header,
    name: [u8; NAME],
}

/// Tells that a process started a program, or ended.
#[inline(always)]
pub(crate) fn announce(header: Header, name: [u8; NAME]) -> bool {
    let Some(mut entry) = EVENTS.reserve::<Deed>(0) else { return false };
    // A program's libraries may be used at any moment, so this does not wait.
    let is_start = header.kind == Kind::Start as u8;
    entry.write(Deed { header, name });
    entry.submit(if is_start { u64::from(BPF_RB_FORCE_WAKEUP) } else { wakeup() });
    true
}

/// Overwrites the part of the ring buffer that is next to be used, as far as it is free: what was taken from there stays
/// otherwise until as much was put in.
#[inline(always)]
pub(crate) fn overwrite() {
    for _ in 0..OVERWRITTEN / PIECE as u32 {
        let Some(mut entry) = EVENTS.reserve::<[u64; PIECE / 8]>(0) else { return };
        // SAFETY: the entry is ours until it is discarded.
        let done = unsafe {
            bpf_probe_read_kernel(entry.as_mut_ptr().cast(), PIECE as u32, (&raw const ZEROS).cast())
        };
        entry.discard(u64::from(BPF_RB_NO_WAKEUP));
        if done != 0 {
            return;
        }
    }
}

/// Whether the agent is to be woken.
#[inline(always)]
pub(crate) fn wakeup() -> u64 {
    let waiting = EVENTS.query(u64::from(BPF_RB_AVAIL_DATA));
    u64::from(if waiting >= WAKE { BPF_RB_FORCE_WAKEUP } else { BPF_RB_NO_WAKEUP })
}
