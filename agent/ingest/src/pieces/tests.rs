use std::io::Cursor;

use super::*;
use crate::Limits;
use crate::NoProgress;
use crate::accounting::Accounting;
use crate::checkpoint::Checkpoint;
use crate::cloudtrail::recorder::Recorder;
use crate::duplicates::Seen;

/// Bytes after which reading fails.
struct Failing {
    bytes: Cursor<Vec<u8>>,
}

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(buffer)? {
            0 => Err(io::Error::other("the line is cut")),
            count => Ok(count),
        }
    }
}

/// Events without an identifier, which nothing but a position keeps from being counted twice.
fn lines(count: usize) -> Vec<u8> {
    let event = |number: usize| {
        format!(
            r#"{{"eventVersion":"1.08","userIdentity":{{"type":"Root","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}},"eventTime":"2026-10-01T{:02}:00:00Z","eventSource":"sqs.amazonaws.com","eventName":"ListQueues","awsRegion":"eu-west-1"}}"#,
            number * 24 / count
        ) + "\n"
    };
    (0..count).map(event).collect::<String>().into_bytes()
}

/// Reads a source as a run of its own would: what it recorded, and the positions it would publish.
fn run(earlier: &[SourcePosition], bytes: &[u8], fails: bool) -> (u64, Vec<SourcePosition>) {
    let mut checkpoint = Checkpoint::default();
    earlier.iter().for_each(|position| checkpoint.add(position));
    let diagnostics = Arc::default();
    let (shared, _signals) =
        Shared::new(checkpoint, Arc::clone(&diagnostics), Limits::default(), &NoProgress, 1);
    let recorder =
        Mutex::new(Recorder::new(1000, Accounting::new(0, Arc::new(Seen::new(1000)), diagnostics)));
    let source = Identification {
        name: "bucket/events.jsonl".into(),
        size: 1,
        modified: 1,
        replayable: true,
        is_near: false,
    };
    let open = || -> io::Result<Box<dyn Read + Send>> {
        let bytes = Cursor::new(bytes.to_vec());
        Ok(if fails { Box::new(Failing { bytes }) } else { Box::new(bytes) })
    };
    read_pieces(source, None, Compression::of(bytes), &open, &shared, &recorder).unwrap();
    let Accounting { work, progressing, .. } = recorder.into_inner().unwrap().accounting;
    assert!(progressing.is_none());
    (work.recorded, work.sources)
}

#[test]
fn a_source_that_is_cut_off_again_keeps_what_was_counted_before() {
    let all = lines(10_000);
    let (first, mut positions) = run(&[], &all[..all.len() * 3 / 4], true);
    assert!((3_000..=7_500).contains(&first), "{first}");
    let Extent::Prefix { offset, .. } = positions[0].extent else { panic!("{positions:?}") };
    let reached = usize::try_from(offset).unwrap();
    let mut recorded = first;
    for cut in [1_000, reached / 2, reached + 1_000, 2_000] {
        let (more, position) = run(&positions, &all[..cut], true);
        assert_eq!(position.is_empty(), cut <= reached, "{cut} of {reached}: {position:?}");
        recorded += more;
        positions.extend(position);
    }
    let (rest, last) = run(&positions, &all, false);
    assert_eq!(recorded + rest, 10_000);
    positions.extend(last);
    assert_eq!(
        run(&[], &all, false),
        (10_000, vec![positions.pop().unwrap()]),
        "as if it had been read at once"
    );
}

#[test]
fn a_source_of_which_nothing_was_read_is_lost_and_said_once() {
    let (recorded, positions) = run(&[], &lines(10), true);
    assert_eq!((recorded, positions.len(), positions[0].lost), (0, 1, 1));
    assert_eq!(run(&positions, &lines(10), true), (0, vec![]));
    let (recorded, positions) = run(&positions, &lines(10), false);
    assert_eq!((recorded, positions.len(), positions[0].lost), (10, 1, 0));
}

#[test]
fn what_cannot_be_read_behind_the_end_of_the_data_leaves_it_counted() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut encoder, &lines(10)).unwrap();
    let mut packed = encoder.finish().unwrap();
    packed.extend(vec![b'x'; 600_000]);
    let (recorded, positions) = run(&[], &packed, true);
    assert_eq!((recorded, positions.len()), (10, 1));
    assert!(matches!(positions[0].extent, Extent::Prefix { offset, .. } if offset > 0), "{positions:?}");
    assert_eq!(run(&positions, &packed, false).0, 0);
}
