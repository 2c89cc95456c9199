//! HPACK, from the beginning of a connection and joined late: blocks of a client, each after a byte with its length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use remit_agent::wire::Direction;
use remit_agent_fuzz::Tested;

fuzz_target!(|data: &[u8]| {
    let mut tested = Tested::new();
    tested.feed(0, Direction::Written, 0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let mut rest = data;
    let mut stream = 1_u32;
    while let Some((length, after)) = rest.split_first() {
        let (block, after) = after.split_at(usize::from(*length).min(after.len()));
        let header = [0, 0, block.len() as u8, 1, 5];
        let frame = [&header[..], &stream.to_be_bytes(), block].concat();
        tested.feed(0, Direction::Written, 0, &frame);
        tested.feed(1, Direction::Written, u64::from(stream == 1), &frame);
        stream += 2;
        rest = after;
    }
    tested.end();
});
