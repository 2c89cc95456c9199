//! Heads of HTTP/1: all of them, and nothing of the bodies that follow.

use remit_abi::{Counter, Direction, Kind, LONGEST_HEAD, PIECE, flag};

use crate::call::{Call, Step};
use crate::piece::{Piece, emit};
use crate::shape::{FIRST, Shape, read, shape};
use crate::stream::{ACTION, HEAD, IDLE, Key, Stream, get, set};

/// A head begins with these bytes.
#[inline(always)]
pub(crate) fn begin(stream: &mut Stream, key: &Key, first: [u64; FIRST / 8]) {
    (stream.state, stream.bytes, stream.window) = (HEAD, 0, 0);
    set(&mut stream.flags, u32::from(flag::FIRST));
    let is_read = key.direction == Direction::Read as u32;
    set(&mut stream.has_body, u32::from(is_read || may_have_body(first)));
}

/// Takes a piece of a head. Another step takes the next, or what follows the head in the same write.
#[inline(always)]
pub(crate) fn step(call: &mut Call, stream: &mut Stream) -> Step {
    let end = take(call, stream);
    if let Step::End(end) = end
        && end as u32 != Counter::Repeated as u32
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
        // Half a head names nothing, and the agent sees the gap.
        stream.state = IDLE;
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
    stream.state = IDLE;
    // Where the head ended is where its last piece did.
    let at = get(&stream.cursor);
    if at >= call.length || call.key.direction == Direction::Read as u32 {
        return Step::End(end);
    }
    let Some(next) = read(call.buffer + u64::from(at), call.length - at) else { return Step::End(end) };
    match shape(next, Direction::Written) {
        Shape::Action => stream.state = ACTION,
        Shape::Head if get(&stream.has_body) == 0 => begin(stream, &call.key, next),
        _ => return Step::End(end),
    }
    Step::More
}

/// Whether a request of this method has a body as a rule, so that what follows its head is no other head: by the first
/// letter of GET, HEAD and DELETE.
#[inline(always)]
fn may_have_body(first: [u64; FIRST / 8]) -> bool {
    !matches!(first[0] as u8, b'G' | b'H' | b'D')
}
