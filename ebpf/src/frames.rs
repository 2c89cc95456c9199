//! Frames of HTTP/2: those with headers, and nothing of those with data.

use aya_ebpf::helpers::generated::bpf_probe_read_user;
use remit_abi::{Counter, Kind, PIECE, flag};

use crate::call::{Call, Step};
use crate::piece::{Piece, emit};
use crate::shape::Frame;
use crate::stream::{IDLE, SKIP, Stream, TAKE, get, set};

/// Bytes of a frame's header: RFC 9113, section 4.1.
const HEADER: u32 = 9;

/// What comes next in a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A frame that is wanted, or more of it.
    Wanted,
    /// More frames.
    More,
    /// Nothing.
    Nothing,
    /// What is no frame, or not all of its header.
    Unknown,
}

/// Takes at most so many pieces of frames with headers, and passes over at most so many frames before each and behind.
#[inline(always)]
pub(crate) fn step<const PIECES: usize, const FRAMES: usize>(call: &mut Call, stream: &mut Stream) -> Step {
    let mut next = pass::<FRAMES>(call, stream);
    for _ in 0..PIECES {
        match next {
            Next::Wanted => take(call, stream),
            Next::More => {}
            Next::Nothing | Next::Unknown => break,
        }
        next = pass::<FRAMES>(call, stream);
    }
    match next {
        Next::Wanted | Next::More => Step::More,
        Next::Nothing => Step::End(end(get(&stream.end))),
        Next::Unknown => {
            // Where frames begin is not known any more, until a write shows it.
            (stream.state, stream.bytes) = (IDLE, 0);
            stream.position += 1;
            // What follows may be heads, whether any came before or not.
            Step::End(match end(get(&stream.end)) {
                Counter::Emitted | Counter::Other => Counter::Untracked,
                loss => loss,
            })
        }
    }
}

/// Passes over frames that are not wanted.
#[inline(always)]
fn pass<const FRAMES: usize>(call: &Call, stream: &mut Stream) -> Next {
    for _ in 0..FRAMES {
        let at = get(&stream.cursor);
        if at >= call.length {
            return Next::Nothing;
        }
        let left = call.length - at;
        if get(&stream.bytes) == 0 && !open(call, stream, at, left) {
            return Next::Unknown;
        }
        if get(&stream.state) == TAKE {
            return Next::Wanted;
        }
        let bytes = get(&stream.bytes);
        let length = if bytes < left { bytes } else { left };
        set(&mut stream.cursor, at + length);
        set(&mut stream.bytes, bytes - length);
    }
    Next::More
}

/// Takes a piece of a frame.
#[inline(always)]
fn take(call: &mut Call, stream: &mut Stream) {
    let at = get(&stream.cursor);
    let (bytes, left) = (get(&stream.bytes), call.length.wrapping_sub(at));
    let most = if bytes < left { bytes } else { left };
    let length = if most > PIECE as u32 { PIECE as u32 } else { most };
    if bytes == length {
        stream.flags |= u32::from(flag::LAST);
        set(&mut stream.state, SKIP);
    }
    let piece = Piece { offset: at, length, kind: Kind::Frame, position: stream.position };
    let emitted = emit(call, stream, &piece) as u32;
    stream.position += u64::from(length);
    stream.flags = 0;
    // One loss is a loss of the call, whatever else of it arrives.
    let before = get(&stream.end);
    if before == Counter::Other as u32 || before == Counter::Emitted as u32 {
        set(&mut stream.end, emitted);
    }
    set(&mut stream.cursor, at + length);
    set(&mut stream.bytes, bytes - length);
}

/// The counter of that number, of those that emitting ends with.
#[inline(always)]
fn end(number: u32) -> Counter {
    const EMITTED: u32 = Counter::Emitted as u32;
    const THROTTLED: u32 = Counter::Throttled as u32;
    const FULL: u32 = Counter::Full as u32;
    const UNREADABLE: u32 = Counter::Unreadable as u32;
    match number {
        EMITTED => Counter::Emitted,
        THROTTLED => Counter::Throttled,
        FULL => Counter::Full,
        UNREADABLE => Counter::Unreadable,
        _ => Counter::Other,
    }
}

/// Reads the header of the frame that begins here. False where the write ends within it, or where it is none.
#[inline(always)]
fn open(call: &Call, stream: &mut Stream, at: u32, left: u32) -> bool {
    if left < HEADER {
        return false;
    }
    let mut header = [0_u64; 2];
    let source = call.buffer + u64::from(at);
    // SAFETY: the destination has room for what is asked, and the kernel checks the source.
    if unsafe { bpf_probe_read_user(header.as_mut_ptr().cast(), HEADER, source as *const _) } != 0 {
        return false;
    }
    let frame = Frame::of(header);
    if !frame.is_possible() {
        return false;
    }
    set(&mut stream.bytes, HEADER + frame.length);
    set(&mut stream.state, SKIP);
    if frame.has_headers() {
        set(&mut stream.state, TAKE);
        stream.flags |= u32::from(flag::FIRST);
    }
    true
}
