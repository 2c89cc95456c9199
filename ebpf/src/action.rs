//! What a form names as its action, which the query protocols of AWS say in the body alone.

use remit_abi::{Counter, Kind};

use crate::call::Call;
use crate::piece::{LONGEST_ACTION, Piece, emit};
use crate::stream::Stream;

/// Takes the action of a form that begins at an offset of what is written.
#[inline(always)]
pub(crate) fn take(call: &mut Call, stream: &mut Stream, offset: u32) -> Counter {
    let left = call.length - offset;
    let length = if left > LONGEST_ACTION { LONGEST_ACTION } else { left };
    stream.flags = 0;
    emit(
        call,
        stream,
        &Piece { offset, length, kind: Kind::Action, position: stream.position + u64::from(offset) },
    )
}
