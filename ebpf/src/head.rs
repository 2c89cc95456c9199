//! Heads of HTTP/1: all of them, and nothing of the bodies that follow.

use remit_abi::{Counter, Direction, Kind, LONGEST_HEAD, PIECE, flag};

use crate::action;
use crate::call::Call;
use crate::piece::{Piece, emit};
use crate::shape::{FIRST, Shape, read, shape};
use crate::stream::{HEAD, IDLE, Stream, get, set};

/// The most pieces and pipelined heads of one write. What is longer comes with the next write or is cut; the verifier
/// wants to see an end.
const STEPS: usize = 3;

/// Takes the part of a head that a call writes, and heads that follow it. `first` are the first bytes of what is written.
#[inline(always)]
pub(crate) fn take(call: &mut Call, stream: &mut Stream, first: [u64; FIRST / 8]) -> Counter {
    let is_read = call.key.direction == Direction::Read as u32;
    set(&mut stream.has_body, u32::from(is_read || may_have_body(first)));
    set(&mut stream.cursor, 0);
    for _ in 0..STEPS {
        let at = get(&stream.cursor);
        if at >= call.length {
            return Counter::Emitted;
        }
        let left = call.length - at;
        let length = if left > PIECE as u32 { PIECE as u32 } else { left };
        let piece = Piece { offset: at, length, kind: Kind::Head, position: stream.position + u64::from(at) };
        let end = emit(call, stream, &piece);
        let is_last = get(&stream.flags) & u32::from(flag::LAST) != 0;
        stream.flags = 0;
        if end != Counter::Emitted {
            // Half a head names nothing, and the agent sees the gap.
            stream.state = IDLE;
            return end;
        }
        if !is_last {
            set(&mut stream.cursor, at + length);
            stream.bytes += length;
            if stream.bytes < LONGEST_HEAD {
                continue;
            }
            break;
        }
        stream.state = IDLE;
        // Where the head ended is where its last piece did.
        let at = get(&stream.cursor);
        if is_read || at >= call.length {
            return Counter::Emitted;
        }
        let Some(next) = read(call.buffer + u64::from(at), call.length - at) else { return Counter::Emitted };
        let shape = shape(next, Direction::Written);
        if shape == Shape::Action {
            return action::take(call, stream, at);
        }
        if shape != Shape::Head || get(&stream.has_body) != 0 {
            return Counter::Emitted;
        }
        set(&mut stream.has_body, u32::from(may_have_body(next)));
        (stream.state, stream.bytes, stream.window) = (HEAD, 0, 0);
        set(&mut stream.flags, u32::from(flag::FIRST));
    }
    stream.state = IDLE;
    Counter::Emitted
}

/// Whether a request of this method has a body as a rule, so that what follows its head is no other head: by the first
/// letter of GET, HEAD and DELETE.
#[inline(always)]
fn may_have_body(first: [u64; FIRST / 8]) -> bool {
    !matches!(first[0] as u8, b'G' | b'H' | b'D')
}
