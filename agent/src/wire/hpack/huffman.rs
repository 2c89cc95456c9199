//! The Huffman code of HPACK.
//!
//! RFC 7541, section 5.2: the code is canonical, so that the lengths of Appendix B determine all of its codes.

use super::Scratch;

/// For each length of a code in bits, the symbols that have it, in the order of their codes.
#[rustfmt::skip]
const SYMBOLS: &[(u32, &[u8])] = &[
    (5, &[48, 49, 50, 97, 99, 101, 105, 111, 115, 116]),
    (6, &[
        32, 37, 45, 46, 47, 51, 52, 53, 54, 55, 56, 57, 61, 65, 95, 98, 100, 102, 103, 104, 108, 109,
        110, 112, 114, 117
    ]),
    (7, &[
        58, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 89,
        106, 107, 113, 118, 119, 120, 121, 122
    ]),
    (8, &[38, 42, 44, 59, 88, 90]),
    (10, &[33, 34, 40, 41, 63]),
    (11, &[39, 43, 124]),
    (12, &[35, 62]),
    (13, &[0, 36, 64, 91, 93, 126]),
    (14, &[94, 125]),
    (15, &[60, 96, 123]),
    (19, &[92, 195, 208]),
    (20, &[128, 130, 131, 162, 184, 194, 224, 226]),
    (21, &[153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230]),
    (22, &[
        129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186, 187,
        189, 190, 196, 198, 228, 232, 233
    ]),
    (23, &[
        1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158, 165, 166, 168,
        174, 175, 180, 182, 183, 188, 191, 197, 231, 239
    ]),
    (24, &[9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237]),
    (25, &[199, 207, 234, 235]),
    (26, &[192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255]),
    (27, &[
        203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252, 253, 254
    ]),
    (28, &[
        2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31,
        127, 220, 249
    ]),
    (30, &[10, 13, 22]),
];

/// Decodes a whole string, or nothing where it is not one.
pub(super) fn decode(coded: &[u8], text: &mut Scratch) -> Option<()> {
    let mut code = 0_u32;
    let mut length = 0_u32;
    for byte in coded {
        for bit in (0..8).rev() {
            code = code << 1 | u32::from(byte >> bit & 1);
            length += 1;
            if let Some(symbol) = symbol(code, length) {
                text.push(symbol);
                (code, length) = (0, 0);
            } else if length >= 30 {
                // The only code of 30 bits that is no symbol's is the end of string, which is never sent.
                return None;
            }
        }
    }
    // What fills the last byte is the beginning of the code for the end of string: less than a byte of ones.
    (length < 8 && code == (1 << length) - 1).then_some(())
}

/// The symbol that has a code. Codes of one length follow one another, and the first of a length follows the last of
/// the one before, with zeros appended.
fn symbol(code: u32, length: u32) -> Option<u8> {
    let mut first = 0_u32;
    let mut before = 0_u32;
    for (of, symbols) in SYMBOLS {
        first <<= of - before;
        if *of >= length {
            let at = code.checked_sub(first).filter(|_| *of == length)?;
            return symbols.get(usize::try_from(at).ok()?).copied();
        }
        first += u32::try_from(symbols.len()).ok()?;
        before = *of;
    }
    None
}

#[cfg(test)]
pub(in crate::wire) fn encode(text: &[u8]) -> Vec<u8> {
    let mut bits = Vec::new();
    for byte in text {
        let (mut first, mut before) = (0_usize, 0);
        for (length, symbols) in SYMBOLS {
            first <<= length - before;
            if let Some(at) = symbols.iter().position(|symbol| symbol == byte) {
                bits.extend((0..*length).rev().map(|bit| (first + at) >> bit & 1 == 1));
            }
            first += symbols.len();
            before = *length;
        }
    }
    bits.resize(bits.len().next_multiple_of(8), true);
    let pack = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    bits.chunks(8).map(pack).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(coded: &[u8]) -> Option<Vec<u8>> {
        let mut text = Scratch::default();
        decode(coded, &mut text)?;
        Some(text.to_vec())
    }

    /// Codes of Appendix B that are at the ends of their lengths: had one symbol a wrong length, most would differ.
    #[test]
    fn codes_are_the_rfcs() {
        let codes: &[(u8, &[u8])] = &[
            (b'0', &[0b0000_0111]),
            (b't', &[0b0100_1111]),
            (b' ', &[0b0101_0011]),
            (b'u', &[0b1011_0111]),
            (b'z', &[0b1111_0111]),
            (b'Z', &[0xfd]),
            (b'?', &[0b1111_1111, 0b0011_1111]),
            (b'~', &[0xff, 0b1110_1111]),
            (b'{', &[0xff, 0b1111_1101]),
            (b'\\', &[0xff, 0xfe, 0b0001_1111]),
            (0, &[0xff, 0b1100_0111]),
            (10, &[0xff, 0xff, 0xff, 0b1111_0011]),
            (22, &[0xff, 0xff, 0xff, 0b1111_1011]),
            (249, &[0xff, 0xff, 0xff, 0b1110_1111]),
        ];
        for (symbol, coded) in codes {
            assert_eq!(encode(&[*symbol]), *coded, "{symbol}");
            assert_eq!(decoded(coded), Some(vec![*symbol]), "{symbol}");
        }
    }

    #[test]
    fn every_symbol_has_a_code_of_its_own() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decoded(&encode(&all)), Some(all));
    }

    #[test]
    fn wrong_endings_are_no_strings() {
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(decoded(&[0b0000_0110]), None);
        assert_eq!(decoded(&[0b0000_0111, 0xff]), None);
        assert_eq!(decoded(&[]), Some(Vec::new()));
    }
}
