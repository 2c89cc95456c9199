//! Heads of HTTP/1: all of them, and nothing of the bodies that follow.

use remit_abi::{Counter, Direction, Kind, LONGEST_HEAD, PIECE, flag};

use crate::call::{Call, Step};
use crate::piece::{Piece, emit};
use crate::shape::{FIRST, Shape, read, shape};
use crate::stream::{ACTION, BODY, HEAD, IDLE, Key, NAMING, NONE, RPC, SOME, Stream, get, set};

/// How POST begins.
const POST: u16 = u16::from_le_bytes(*b"PO");

/// A head begins with these bytes.
#[inline(always)]
pub(crate) fn begin(stream: &mut Stream, key: &Key, first: [u64; FIRST / 8]) {
    (stream.state, stream.bytes, stream.window) = (HEAD, 0, 0);
    set(&mut stream.flags, u32::from(flag::FIRST));
    let is_read = key.direction == Direction::Read as u32;
    set(&mut stream.has_body, if is_read { SOME } else { body(first) });
}

/// Takes a piece of a head. Another step takes the next, or what follows the head in the same write.
#[inline(always)]
pub(crate) fn step(call: &mut Call, stream: &mut Stream) -> Step {
    let end = take(call, stream);
    if let Step::End(end) = end
        && !is_passed(end)
    {
        stream.position += u64::from(call.length);
    }
    end
}

#[inline(always)]
fn take(call: &mut Call, stream: &mut Stream) -> Step {
    let at = get(&stream.cursor);
    let left = call.length.wrapping_sub(at);
    let length = if left > PIECE as u32 { PIECE as u32 } else { left };
    let piece = Piece { offset: at, length, kind: Kind::Head, position: stream.position + u64::from(at) };
    let end = emit(call, stream, &piece);
    let is_last = get(&stream.flags) & u32::from(flag::LAST) != 0;
    stream.flags = 0;
    if end != Counter::Emitted {
        // Half a head names nothing, and the agent sees the gap. One that is written again may have its body behind it.
        stream.state = if is_passed(end) { behind(stream) } else { IDLE };
        return Step::End(end);
    }
    if !is_last {
        stream.bytes += length;
        if stream.bytes >= LONGEST_HEAD {
            stream.state = IDLE;
            return Step::End(end);
        }
        return if left > length { Step::More } else { Step::End(end) };
    }
    stream.state = behind(stream);
    // Where the head ended is where its last piece did.
    let at = get(&stream.cursor);
    if at >= call.length {
        return Step::End(end);
    }
    let Some(next) = read(call.buffer + u64::from(at), call.length - at) else { return Step::End(end) };
    match (get(&stream.has_body), shape(next, Direction::Written)) {
        (NAMING, Shape::Action) => stream.state = ACTION,
        (NAMING, Shape::Rpc) => stream.state = RPC,
        (NONE, Shape::Head) => begin(stream, &call.key, next),
        _ => {
            stream.state = IDLE;
            return Step::End(end);
        }
    }
    Step::More
}

/// Whether it is to the agent as if a head was never written.
#[inline(always)]
fn is_passed(end: Counter) -> bool {
    let end = end as u32;
    end == Counter::Repeated as u32 || end == Counter::Summed as u32 || end == Counter::Open as u32
}

/// The state behind a head.
#[inline(always)]
fn behind(stream: &Stream) -> u32 {
    if get(&stream.has_body) == NAMING { BODY } else { IDLE }
}

/// Whether a request of this method has a body as a rule, so that what follows its head is no other head: by the first
/// letters of GET, HEAD, DELETE and POST.
#[inline(always)]
fn body(first: [u64; FIRST / 8]) -> u32 {
    match first[0] as u16 {
        POST => NAMING,
        two if matches!(two as u8, b'G' | b'H' | b'D') => NONE,
        _ => SOME,
    }
}
