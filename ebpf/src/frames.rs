//! Frames of HTTP/2: those with headers, and nothing of those with data.

use aya_ebpf::helpers::generated::bpf_probe_read_user;
use remit_abi::{Counter, Kind, PIECE, flag};

use crate::call::Call;
use crate::piece::{Piece, emit};
use crate::shape::Frame;
use crate::stream::{IDLE, SKIP, Stream, TAKE, get, set};

/// Bytes of a frame's header: RFC 9113, section 4.1.
const HEADER: u32 = 9;

/// The most frames and pieces that are followed in one write.
const STEPS: usize = 8;

/// Takes the frames with headers that a call writes.
#[inline(always)]
pub(crate) fn take(call: &mut Call, stream: &mut Stream) -> Counter {
    set(&mut stream.cursor, 0);
    set(&mut stream.end, Counter::Other as u32);
    for _ in 0..STEPS {
        let at = get(&stream.cursor);
        if at >= call.length {
            return end(get(&stream.end));
        }
        let left = call.length - at;
        let bytes = get(&stream.bytes);
        if bytes == 0 {
            if !open(call, stream, at, left) {
                break;
            }
            continue;
        }
        let mut length = if bytes < left { bytes } else { left };
        if get(&stream.state) == TAKE {
            length = if length > PIECE as u32 { PIECE as u32 } else { length };
            if bytes == length {
                stream.flags |= u32::from(flag::LAST);
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
        }
        set(&mut stream.cursor, at + length);
        set(&mut stream.bytes, bytes - length);
        if bytes == length {
            set(&mut stream.state, SKIP);
        }
    }
    // Where frames begin is not known any more, until a write shows it.
    (stream.state, stream.bytes) = (IDLE, 0);
    stream.position += 1;
    match end(get(&stream.end)) {
        Counter::Emitted => Counter::Untracked,
        other => other,
    }
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
