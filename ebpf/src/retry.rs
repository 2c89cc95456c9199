//! Writes that are made once more, since they could not be done yet.

use remit_abi::{Direction, flag};

use crate::call::Call;
use crate::piece::Piece;
use crate::reads;
use crate::stream::{HANDSHAKES, NONE, Stream, get};

/// Nanoseconds within which a write is tried again that could not be done during the handshake.
const RETRIED: u64 = 2_000_000_000;

/// Most bytes of a record of TLS. More is sent as several, and where a socket takes some of these only, all of it is written
/// again.
const RECORD: u32 = 16_384;

/// How often a write is taken for one that is tried again where answers are not followed, which would show that it was none.
const RETRIES: u64 = 3;

/// Whether a head is that of the last call again, from the same place or a copy, while the handshake may not be over, or
/// while not all could be sent of what was written: until it is answered, by which its mark is gone. A request without a body is
/// never so long by itself: then it is part of a body, or of several requests.
#[inline(always)]
pub(crate) fn repeats(call: &Call, stream: &mut Stream, piece: &Piece) -> bool {
    let is_read = call.key.direction == Direction::Read as u32;
    if is_read || piece.offset != 0 || stream.flags & u32::from(flag::FIRST) == 0 {
        return false;
    }
    let is_tried_again = call.length > RECORD && reads::is_on() && get(&stream.has_body) != NONE;
    if stream.handshake == 2 && !is_tried_again {
        return false;
    }
    let mark = stream.digest ^ u64::from(call.length);
    let is_same = stream.mark == mark;
    if stream.handshake == 2 {
        stream.mark = mark;
        return is_same;
    }
    if is_same && call.time.wrapping_sub(stream.marked) > RETRIED {
        // So long after the first, it is asked again, on a connection whose handshake was not seen.
        stream.handshake = 2;
        return false;
    }
    if !is_same {
        (stream.mark, stream.marked) = (mark, call.time);
    } else if !reads::is_on() && stream.handshake % HANDSHAKES == 0 {
        // On a connection that is older than the probes nothing else would end this.
        stream.handshake += HANDSHAKES;
        if stream.handshake > RETRIES * HANDSHAKES {
            stream.handshake = 2;
            return false;
        }
    }
    if stream.handshake == 1 {
        stream.handshake = 2;
    }
    is_same
}
