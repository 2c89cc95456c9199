//! rustls: `<ConnectionCommon<T> as PlaintextSink>`, to which all that writes leads, through a table of functions. Rust passes
//! its arguments as C would on this architecture, which no document promises: the connection, then address and length of a
//! slice.

use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::bpf_probe_read_user;
use aya_ebpf::macros::{map, uprobe};
use aya_ebpf::maps::{LruHashMap, ProgramArray};
use aya_ebpf::programs::ProbeContext;
use remit_abi::{Direction, Library};

use crate::call::written;
use crate::stream::{IDLE, Key, SKIP, Stream, TAKE};

/// `std::io::IoSlice`, which is promised to be laid out as C's `iovec`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Slice {
    address: u64,
    length: u64,
}

/// Slices of one write beyond so many are not counted; HTTP libraries of Rust write at most half as many.
const SLICES: u64 = 32;

/// The program for the second slice, which the agent puts here.
#[map]
static SECOND: ProgramArray = ProgramArray::with_max_entries(1, 0);

/// Bytes of a connection's last write beyond what was followed of it, which count before its next.
#[map]
static BEYOND: LruHashMap<Key, u64> = LruHashMap::with_max_entries(4096, 0);

/// `fn write(&mut self, buf: &[u8]) -> io::Result<usize>`.
#[uprobe]
pub fn rustls_write(context: ProbeContext) -> u32 {
    if let (Some(connection), Some(buffer), Some(length)) = (context.arg(0), context.arg(1), context.arg(2)) {
        catch_up(&key(connection));
        written(&context, Library::Rustls, connection, buffer, length);
    }
    0
}

/// `fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize>`. The first two slices are followed, as a head
/// and its body; the second not where the first takes more than a step.
#[uprobe]
pub fn rustls_write_vectored(context: ProbeContext) -> u32 {
    if let (Some(connection), Some(slices), Some(count)) =
        (context.arg(0), context.arg(1), context.arg::<u64>(2))
    {
        let key = key(connection);
        catch_up(&key);
        let mut rest = 0;
        for index in 1..SLICES {
            if index < count {
                rest += slice(slices, index).length;
            }
        }
        if rest > 0 {
            let _ = BEYOND.insert(key, rest, 0);
        }
        let Slice { address, length } = slice(slices, 0);
        written(&context, Library::Rustls, connection, address, length);
        // Whether there is more is asked there, since here it would be two cases to verify.
        // SAFETY: nothing here waits to be dropped.
        unsafe { SECOND.tail_call(&context, 0) };
    }
    0
}

/// The second slice of the same call, of which the kernel verifies by itself what is done.
#[uprobe]
pub fn rustls_write_second(context: ProbeContext) -> u32 {
    if let (Some(connection), Some(slices)) = (context.arg(0), context.arg(1))
        && let Some(rest) = BEYOND.get_ptr_mut(key(connection))
    {
        let Slice { address, length } = slice(slices, 1);
        // SAFETY: a value of a map whose values are preallocated stays readable and writable.
        let rest = unsafe { &mut *rest };
        *rest = rest.saturating_sub(length);
        written(&context, Library::Rustls, connection, address, length);
    }
    0
}

/// Names a connection of this process.
#[inline(always)]
fn key(connection: u64) -> Key {
    let process = (bpf_get_current_pid_tgid() >> 32) as u32;
    Key { connection, process, direction: Direction::Written as u32 }
}

/// One of the slices that are written; an empty one where it cannot be read.
#[inline(always)]
fn slice(slices: u64, index: u64) -> Slice {
    let mut slice = Slice { address: 0, length: 0 };
    let source = slices + index * size_of::<Slice>() as u64;
    // SAFETY: as above.
    let read = unsafe {
        bpf_probe_read_user((&raw mut slice).cast(), size_of::<Slice>() as u32, source as *const _)
    };
    if read == 0 { slice } else { Slice { address: 0, length: 0 } }
}

/// Counts what was written before and not followed.
#[inline(always)]
fn catch_up(key: &Key) {
    let Some(beyond) = BEYOND.get_ptr(key) else { return };
    // SAFETY: a value of a map whose values are preallocated stays readable.
    let beyond = unsafe { *beyond };
    let _ = BEYOND.remove(key);
    let Some(stream) = Stream::find(key) else { return };
    if beyond == 0 {
        return;
    }
    let is_frames = stream.state == SKIP || stream.state == TAKE;
    if is_frames && u64::from(stream.bytes) >= beyond {
        if stream.state == TAKE {
            stream.position += beyond;
        }
        stream.bytes -= beyond as u32;
        if stream.bytes == 0 {
            stream.state = SKIP;
        }
        return;
    }
    // Of a head or of frames something is missing, and of a body all is counted.
    stream.position += beyond;
    (stream.state, stream.bytes) = (IDLE, 0);
}
