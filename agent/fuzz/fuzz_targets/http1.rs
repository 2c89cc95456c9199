//! The head parser of HTTP/1: the first byte is the length of a fragment, 0 for all at once, and the rest is what a client
//! writes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use remit_agent::wire::Direction;
use remit_agent_fuzz::Tested;

fuzz_target!(|data: &[u8]| {
    let Some((length, stream)) = data.split_first() else { return };
    let length = if *length == 0 { stream.len().max(1) } else { usize::from(*length) };
    let mut tested = Tested::new();
    for part in stream.chunks(length) {
        tested.feed(0, Direction::Written, 0, part);
    }
    tested.end();
});
