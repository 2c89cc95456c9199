use proptest::prelude::*;

use super::*;

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| u8::try_from(digit).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<Field>, Broken> {
    let mut fields = Vec::new();
    decoder.decode(block, &mut |field| fields.push(field.clone()))?;
    Ok(fields)
}

fn fields(list: &[(&str, &str)]) -> Vec<Field> {
    list.iter().map(|(name, value)| Field::read(Name::of(name.as_bytes()), value.as_bytes())).collect()
}

/// A block in hexadecimal digits, its fields, and the size of the table after it.
type Block<'a> = (&'a str, &'a [(&'a str, &'a str)], usize);

/// Decodes blocks of Appendix C, and compares the fields and the size of the table after each.
fn check(mut decoder: Decoder, blocks: &[Block]) {
    for (hex, expected, size) in blocks {
        assert_eq!(decode(&mut decoder, &unhex(hex)), Ok(fields(expected)), "{hex}");
        assert_eq!(decoder.size, *size, "{hex}");
    }
}

#[test]
fn single_fields_of_appendix_c2() {
    let path: &[(&str, &str)] = &[(":path", "/sample/path")];
    for (hex, expected, size) in [
        ("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", &[("custom-key", "")][..], 55),
        ("040c 2f73 616d 706c 652f 7061 7468", path, 0),
        ("1008 7061 7373 776f 7264 0673 6563 7265 74", &[("password", "secret")][..], 0),
        ("82", &[(":method", "GET")][..], 0),
    ] {
        check(Decoder::new(), &[(hex, expected, size)]);
    }
}

const REQUESTS: [&[(&str, &str)]; 3] = [
    &[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")],
    &[
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "www.example.com"),
        ("cache-control", "no-cache"),
    ],
    &[
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        (":authority", "www.example.com"),
        ("custom-key", "custom-value"),
    ],
];

#[test]
fn requests_of_appendix_c3() {
    check(
        Decoder::new(),
        &[
            ("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", REQUESTS[0], 57),
            ("8286 84be 5808 6e6f 2d63 6163 6865", REQUESTS[1], 110),
            ("8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65", REQUESTS[2], 164),
        ],
    );
}

#[test]
fn requests_of_appendix_c4() {
    check(
        Decoder::new(),
        &[
            ("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", REQUESTS[0], 57),
            ("8286 84be 5886 a8eb 1064 9cbf", REQUESTS[1], 110),
            ("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", REQUESTS[2], 164),
        ],
    );
}

const ANSWERS: [&[(&str, &str)]; 3] = [
    &[(":status", "302"), ("cache-control", "private"), ("date", ""), ("location", "")],
    &[(":status", "307"), ("cache-control", "private"), ("date", ""), ("location", "")],
    &[
        (":status", "200"),
        ("cache-control", "private"),
        ("date", ""),
        ("location", ""),
        ("content-encoding", "gzip"),
        ("set-cookie", ""),
    ],
];

/// A table of the size that the appendix's answers need, so that entries are evicted.
fn small() -> Decoder {
    let mut decoder = Decoder::new();
    decoder.resize(256);
    decoder
}

#[test]
fn answers_of_appendix_c5() {
    let first = "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 \
        2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d";
    let third = "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d \
        54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 \
        4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31";
    check(
        small(),
        &[(first, ANSWERS[0], 222), ("4803 3330 37c1 c0bf", ANSWERS[1], 222), (third, ANSWERS[2], 215)],
    );
}

#[test]
fn answers_of_appendix_c6() {
    let first = "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 \
        2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3";
    let third = "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab \
        77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 \
        03ed 4ee5 b106 3d50 07";
    check(
        small(),
        &[(first, ANSWERS[0], 222), ("4883 640e ffc1 c0bf", ANSWERS[1], 222), (third, ANSWERS[2], 215)],
    );
}

#[test]
fn what_is_no_block_is_broken() {
    for hex in [
        "80",
        "be",
        "7f",
        "40",
        "0f",
        "41 05 61",
        "ff ff ff ff ff ff",
        "82 20",
        "41 81 00",
        "40 ff ff ff ff 7f",
    ] {
        assert_eq!(decode(&mut Decoder::new(), &unhex(hex)), Err(Broken), "{hex}");
    }
}

#[test]
fn a_late_table_knows_what_was_added_since() {
    let mut late = Decoder::new();
    late.forget();
    // Two entries that were there, one that is added under a name that was there, and one that is new.
    let block = unhex("be bf 7e 01 61 41 01 62");
    let authority = || Field::Authority("b".to_owned());
    assert_eq!(
        decode(&mut late, &block),
        Ok(vec![Field::Unknown, Field::Unknown, Field::Unknown, authority()])
    );
    assert_eq!(decode(&mut late, &unhex("be bf c0")), Ok(vec![authority(), Field::Unknown, Field::Unknown]));
    // A sender that empties its table leaves nothing that was not seen.
    assert_eq!(decode(&mut late, &unhex("20 3f e1 1f be")), Err(Broken));
}

#[test]
fn a_table_larger_than_is_kept_is_unknown_beyond() {
    let mut decoder = Decoder::new();
    assert_eq!(decode(&mut decoder, &unhex("3f e1 ff 03 41 01 62")), Ok(fields(&[(":authority", "b")])));
    for _ in 0..MOST / 64 {
        let block = [&[0x40, 1, b'x', 31][..], &[b'v'; 31]].concat();
        decode(&mut decoder, &block).unwrap();
    }
    assert!(decoder.size <= MOST);
    // The authority is the oldest entry: it is in the sender's table, and no longer in this one.
    let mut block = vec![0xff];
    let mut rest = 62 + MOST / 64 - 127;
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).unwrap() | 0x80);
        rest /= 128;
    }
    block.push(u8::try_from(rest).unwrap());
    assert_eq!(decode(&mut decoder, &block), Ok(vec![Field::Unknown]));
}

/// A sender with all of its table, written to be read.
struct Sender {
    table: Vec<(String, String)>,
    most: usize,
}

impl Sender {
    fn evict(&mut self) {
        let size = |(name, value): &(String, String)| 32 + name.len() + value.len();
        while self.table.iter().map(size).sum::<usize>() > self.most {
            self.table.pop();
        }
    }

    fn resize(&mut self, most: usize, block: &mut Vec<u8>) {
        self.most = most;
        self.evict();
        number(most, 5, 0x20, block);
    }

    /// All entries by their index.
    fn find(&self, wanted: impl Fn(&str, &str) -> bool) -> Option<usize> {
        let fixed = fixed::FIELDS.iter().copied();
        let added = self.table.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        // The last, so that entries of the dynamic table are used where there are any.
        let all: Vec<_> = fixed.chain(added).collect();
        all.iter().rposition(|(name, value)| wanted(name, value)).map(|at| at + 1)
    }

    /// Writes a field in one of the ways that the choice names.
    fn send(&mut self, name: &str, value: &str, choice: u8, block: &mut Vec<u8>) {
        let whole = self.find(|known, with| known == name && with == value);
        if let Some(index) = whole.filter(|_| choice & 1 == 0) {
            return number(index, 7, 0x80, block);
        }
        let index = self.find(|known, _| known == name).filter(|_| choice & 2 == 0).unwrap_or(0);
        match choice >> 2 & 3 {
            0 => number(index, 4, 0x00, block),
            1 => number(index, 4, 0x10, block),
            _ => {
                number(index, 6, 0x40, block);
                self.table.insert(0, (name.to_owned(), value.to_owned()));
                self.evict();
            }
        }
        for text in [name, value].iter().skip(usize::from(index > 0)) {
            if choice & 16 == 0 {
                number(text.len(), 7, 0, block);
                block.extend_from_slice(text.as_bytes());
            } else {
                let coded = huffman::encode(text.as_bytes());
                number(coded.len(), 7, 0x80, block);
                block.extend_from_slice(&coded);
            }
        }
    }
}

fn number(value: usize, bits: u32, first: u8, block: &mut Vec<u8>) {
    let mask = (1 << bits) - 1;
    if value < mask {
        return block.push(first | u8::try_from(value).unwrap());
    }
    block.push(first | u8::try_from(mask).unwrap());
    let mut rest = value - mask;
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).unwrap() | 0x80);
        rest /= 128;
    }
    block.push(u8::try_from(rest).unwrap());
}

const POOL: [(&str, &str); 12] = [
    (":method", "GET"),
    (":method", "DELETE"),
    (":path", "/a?watch=true"),
    (":path", "/b"),
    (":authority", "one.example"),
    (":authority", "two.example:443"),
    ("authorization", "Bearer hunter2"),
    ("content-type", "application/grpc"),
    ("x-amz-target", "A.B"),
    ("x-amz-target", "A.C"),
    ("cookie", "hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2"),
    ("user-agent", "x"),
];

proptest! {
    #[test]
    fn a_late_table_never_gives_a_wrong_value(
        blocks in prop::collection::vec(
            (prop::collection::vec((0..POOL.len(), any::<u8>()), 0..8), prop::option::weighted(0.1, 0_usize..400)),
            1..24,
        ),
        joins in 0_usize..24,
    ) {
        let mut sender = Sender { table: Vec::new(), most: DEFAULT };
        let mut whole = Decoder::new();
        let mut late = Decoder::new();
        late.forget();
        for (number, (sent, resize)) in blocks.into_iter().enumerate() {
            let mut block = Vec::new();
            if let Some(most) = resize {
                sender.resize(most, &mut block);
            }
            for (at, choice) in &sent {
                sender.send(POOL[*at].0, POOL[*at].1, *choice, &mut block);
            }
            let truth = fields(&sent.iter().map(|(at, _)| POOL[*at]).collect::<Vec<_>>());
            prop_assert_eq!(decode(&mut whole, &block), Ok(truth.clone()));
            if number >= joins {
                let seen = decode(&mut late, &block);
                prop_assert!(seen.is_ok());
                let seen = seen.unwrap_or_default();
                prop_assert_eq!(seen.len(), truth.len());
                for (seen, truth) in seen.iter().zip(&truth) {
                    prop_assert!(seen == truth || *seen == Field::Unknown, "{:?} for {:?}", seen, truth);
                }
            }
        }
        let shown = format!("{whole:?}{late:?}");
        prop_assert!(!shown.contains("hunter2"));
    }

    #[test]
    fn random_bytes_do_no_harm(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
        let mut decoder = Decoder::new();
        for block in blocks {
            let _ = decode(&mut decoder, &block);
            prop_assert!(decoder.size <= MOST);
        }
    }
}
