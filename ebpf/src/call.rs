//! A call of a library's write function: what happens to what it writes.

use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::{bpf_get_current_cgroup_id, bpf_ktime_get_boot_ns};
use remit_abi::{Counter, Direction, Library, flag};

use crate::counter::count;
use crate::shape::{Shape, read, shape};
use crate::stream::{HEAD, IDLE, Key, SKIP, Stream, TAKE};
use crate::{action, frames, head};

/// A call of a library's write function.
pub(crate) struct Call {
    pub(crate) buffer: u64,
    pub(crate) length: u32,
    pub(crate) key: Key,
    pub(crate) thread: u32,
    pub(crate) library: u8,
    /// Whether the cgroup's share allows it; asked once, when there is something to say.
    pub(crate) admission: u8,
    pub(crate) time: u64,
    pub(crate) cgroup: u64,
}

/// The share has not been asked.
pub(crate) const UNASKED: u8 = 0;
/// The share allows it.
pub(crate) const ADMITTED: u8 = 1;
/// The share is used up.
pub(crate) const REFUSED: u8 = 2;

/// The length of the preface of RFC 9113, section 3.4.
const PREFACE: u32 = 24;

/// What a call writes or has read.
pub(crate) struct Data {
    pub(crate) library: Library,
    pub(crate) direction: Direction,
    pub(crate) connection: u64,
    pub(crate) buffer: u64,
    pub(crate) length: u64,
}

/// Looks at what a call writes, and counts how that ended.
#[inline(always)]
pub(crate) fn written(library: Library, connection: u64, buffer: u64, length: u64) {
    followed(&Data { library, direction: Direction::Written, connection, buffer, length });
}

/// Looks at what a call writes or has read, and counts how that ended.
#[inline(always)]
pub(crate) fn followed(data: &Data) {
    count(Counter::Attempts);
    count(observe(data));
}

#[inline(always)]
fn observe(data: &Data) -> Counter {
    if data.length == 0 {
        return Counter::Empty;
    }
    let length = if data.length > u64::from(u32::MAX) { u32::MAX } else { data.length as u32 };
    let Some(first) = read(data.buffer, length) else { return Counter::Unreadable };
    let shape = shape(first, data.direction);
    let identity = bpf_get_current_pid_tgid();
    let key = Key {
        connection: data.connection,
        process: (identity >> 32) as u32,
        direction: data.direction as u32,
    };
    let stream = match Stream::find(&key) {
        Some(stream) => stream,
        None if matches!(shape, Shape::Other | Shape::Action) => return Counter::Other,
        // A connection that is known by a frame was there before, so this is not its first byte.
        None => match Stream::start(&key, u64::from(shape == Shape::Frame)) {
            Some(stream) => stream,
            None => return Counter::Untracked,
        },
    };
    if shape == Shape::Preface || (shape == Shape::Head && stream.state != IDLE && stream.state != HEAD) {
        // Another connection has the address of one that is gone.
        stream.position = 0;
    }
    match shape {
        Shape::Head => {
            (stream.state, stream.bytes, stream.window) = (HEAD, 0, 0);
            stream.flags = u32::from(flag::FIRST);
        }
        Shape::Preface => {
            (stream.state, stream.bytes) = (TAKE, PREFACE);
            stream.flags = u32::from(flag::PREFACE);
        }
        Shape::Frame if stream.state == IDLE => (stream.state, stream.bytes, stream.flags) = (SKIP, 0, 0),
        Shape::Frame | Shape::Action | Shape::Other => {}
    }
    let mut call = Call {
        buffer: data.buffer,
        length,
        key,
        thread: identity as u32,
        library: data.library as u8,
        admission: UNASKED,
        // SAFETY: helpers without arguments.
        time: unsafe { bpf_ktime_get_boot_ns() },
        cgroup: unsafe { bpf_get_current_cgroup_id() },
    };
    if stream.state == SKIP || stream.state == TAKE {
        return frames::take(&mut call, stream);
    }
    let end = match (stream.state, shape) {
        (HEAD, _) => head::take(&mut call, stream, first),
        (_, Shape::Action) => action::take(&mut call, stream, 0),
        _ => Counter::Other,
    };
    if end as u32 != Counter::Repeated as u32 {
        stream.position += u64::from(call.length);
    }
    end
}

/// A connection's handshake is made by a function of its own, or else is just over.
#[inline(always)]
pub(crate) fn opened(connection: u64, is_own: bool) {
    let process = (bpf_get_current_pid_tgid() >> 32) as u32;
    let key = Key { connection, process, direction: Direction::Written as u32 };
    let Some(stream) = Stream::find(&key).or_else(|| Stream::start(&key, 0)) else { return };
    if is_own {
        stream.handshake = 2;
    } else if stream.handshake == 0 {
        stream.handshake = 1;
    }
}

/// A connection's object is freed.
#[inline(always)]
pub(crate) fn freed(connection: u64) {
    let process = (bpf_get_current_pid_tgid() >> 32) as u32;
    Stream::end(&Key { connection, process, direction: Direction::Written as u32 });
    Stream::end(&Key { connection, process, direction: Direction::Read as u32 });
}
