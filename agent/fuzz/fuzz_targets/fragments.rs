//! Streams and their fragments: each is a byte that says which stream and direction, one that says what is missing, and
//! one with its length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use remit_agent::wire::Direction;
use remit_agent_fuzz::Tested;

fuzz_target!(|data: &[u8]| {
    let mut tested = Tested::new();
    let mut rest = data;
    while let [stream, missing, length, after @ ..] = rest {
        let (bytes, after) = after.split_at(usize::from(*length).min(after.len()));
        let direction = if stream & 8 == 0 { Direction::Written } else { Direction::Read };
        let missing = if *missing == 255 { u64::MAX } else { u64::from(*missing) };
        tested.feed(*stream, direction, missing, bytes);
        rest = after;
    }
    tested.end();
});
