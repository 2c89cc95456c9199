//! What a form names as its action, which the query protocols of AWS say in the body alone.

use remit_abi::Kind;

use crate::call::{Call, Step};
use crate::piece::{LONGEST_ACTION, Piece, emit};
use crate::stream::{IDLE, Stream, get};

/// Takes the action of a form that begins here.
#[inline(always)]
pub(crate) fn step(call: &mut Call, stream: &mut Stream) -> Step {
    let offset = get(&stream.cursor);
    let left = call.length.wrapping_sub(offset);
    let length = if left > LONGEST_ACTION { LONGEST_ACTION } else { left };
    stream.flags = 0;
    let piece = Piece { offset, length, kind: Kind::Action, position: stream.position + u64::from(offset) };
    let end = emit(call, stream, &piece);
    stream.state = IDLE;
    stream.position += u64::from(call.length);
    Step::End(end)
}
