//! Whatever comes in, nothing panics, nothing grows without bound, and every head is accounted for.

use proptest::prelude::*;

use super::{heads::*, *};

const LIMITS: Limits = Limits { streams: 4, bytes: 256 * 1024, responses: Responses::Full, patience: 0 };

/// Something of a stream: noise, or parts of what clients send.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<Vec<u8>> = [STS, LIST, NODE, KUBECTL]
        .iter()
        .map(|head| head.as_bytes().to_vec())
        .chain([unhex(GRPC_WRITTEN), unhex(GRPC_READ), b"HTTP/1.1 200 OK\r\n\r\n".to_vec()])
        .collect();
    let parts = (prop::sample::select(known), any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let parts = parts.prop_map(|(known, from, to)| {
        let (from, to) = (from.index(known.len()), to.index(known.len()));
        known[from.min(to)..].to_vec()
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..300), parts]
}

proptest! {
    #[test]
    fn any_fragments_are_accounted_for(
        fragments in prop::collection::vec(
            (0_u64..6, any::<bool>(), prop_oneof![Just(0_u64), 0_u64..1000, any::<u64>()], any::<u32>(), bytes()),
            0..60,
        ),
    ) {
        let mut streams = Streams::new(LIMITS);
        let mut calls = Vec::new();
        let mut ends = [[0_u64; 2]; 6];
        for (object, is_written, jump, total, bytes) in fragments {
            let key = Key { process: 1, object };
            let direction = if is_written { Direction::Written } else { Direction::Read };
            let end = &mut ends[usize::try_from(object).unwrap()][usize::from(is_written)];
            // Mostly it goes on where it was, and now and then anywhere.
            let sequence = if total % 4 > 0 { *end } else { jump };
            *end = sequence.saturating_add(bytes.len() as u64);
            streams.feed(key, Fragment { direction, sequence, total, bytes: &bytes, time: 0, has_reads: true }, &mut calls);
            if total % 16 == 0 {
                streams.sweep(1, &mut calls);
            }
            let counts = streams.counts();
            prop_assert_eq!(counts.delivered, calls.len() as u64);
            prop_assert_eq!(counts.seen, counts.delivered + counts.all_dropped() + streams.held());
            prop_assert!(streams.len() <= LIMITS.streams && streams.bytes() <= LIMITS.bytes);
        }
        streams.close_all(&mut calls);
        let counts = streams.counts();
        prop_assert_eq!(counts.seen, counts.delivered + counts.all_dropped());
        for call in &calls {
            prop_assert!(!call.head.method.is_empty() || !call.head.path.is_empty());
            prop_assert!(call.unknown > 0 || !call.head.method.is_empty());
        }
    }
}
