//! What a body names: a form its action, which the query protocols of AWS say there alone, and a JSON-RPC request its
//! method.

use remit_abi::{Counter, Kind, rpc};

use crate::call::{Call, Step};
use crate::piece::{LONGEST_ACTION, Piece, emit};
use crate::stream::{IDLE, Stream, get};

/// Takes the action of a form that begins here.
#[inline(always)]
pub(crate) fn action(call: &mut Call, stream: &mut Stream) -> Step {
    step(call, stream, Kind::Action, LONGEST_ACTION)
}

/// Takes the method of a JSON-RPC request that begins here.
#[inline(always)]
pub(crate) fn method(call: &mut Call, stream: &mut Stream) -> Step {
    step(call, stream, Kind::Rpc, rpc::TEXT as u32)
}

#[inline(always)]
fn step(call: &mut Call, stream: &mut Stream, kind: Kind, most: u32) -> Step {
    let offset = get(&stream.cursor);
    let left = call.length.wrapping_sub(offset);
    let length = if left > most { most } else { left };
    stream.flags = 0;
    let piece = Piece { offset, length, kind, position: stream.position + u64::from(offset) };
    let end = match emit(call, stream, &piece) {
        // It names nothing; but the head before it was handed on.
        Counter::Other if offset > 0 => Counter::Emitted,
        end => end,
    };
    stream.state = IDLE;
    stream.position += u64::from(call.length);
    Step::End(end)
}
