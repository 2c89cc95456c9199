//! Random identifiers in the notation of the provider, from a seeded stream.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A seeded stream of random identifiers. Equal seed and label give equal identifiers for ever: only
/// ChaCha's own output is used, no sampling algorithm that a library might change.
#[derive(Clone, Debug)]
pub struct Mint {
    random: ChaCha8Rng,
    /// Text that a thrifty stream cuts long opaque values from; empty in a stream of full entropy.
    reservoir: String,
    /// Endings of a thrifty stream's UUIDs.
    tails: Vec<String>,
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Length of the reservoir that opaque values are cut from.
const RESERVOIR: usize = 4096;

/// How many different endings the UUIDs of a thrifty stream have.
const TAILS: usize = 64;

impl Mint {
    /// A stream of its own for each label, so that a change to one principal leaves the others' bytes alone.
    /// Long opaque values (session tokens, S3's `x-amz-id-2`) have full entropy.
    #[must_use]
    pub fn new(seed: u64, label: &str) -> Self {
        let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
        for byte in label.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        let mut key = [0_u8; 32];
        for chunk in key.chunks_mut(8) {
            state = mix(state);
            chunk.copy_from_slice(&state.to_le_bytes());
        }
        Self { random: ChaCha8Rng::from_seed(key), reservoir: String::new(), tails: Vec::new() }
    }

    /// A stream whose long opaque values are slices of one text shared by the whole seed, and whose UUIDs have
    /// one of a few endings. They look the same to a reader, and pack to a few bytes each.
    #[must_use]
    pub fn thrifty(seed: u64, label: &str) -> Self {
        let mut source = Self::new(seed, "reservoir");
        let mut reservoir = String::with_capacity(RESERVOIR);
        source.letters(&mut reservoir, BASE64, RESERVOIR);
        let mut tails = Vec::with_capacity(TAILS);
        for _ in 0..TAILS {
            let mut uuid = String::new();
            source.uuid(&mut uuid);
            tails.push(uuid.get(8..).unwrap_or_default().to_owned());
        }
        Self { reservoir, tails, ..Self::new(seed, label) }
    }

    /// A stream whose long opaque values are thrifty and whose UUIDs have full entropy: for logs of so many events
    /// that a thrifty stream would give two of them the same identifier.
    #[must_use]
    pub(crate) fn bulk(seed: u64, label: &str) -> Self {
        Self { tails: Vec::new(), ..Self::thrifty(seed, label) }
    }

    /// The stream of another label, with the text that this one cuts opaque values from.
    pub(crate) fn turned_to(&self, seed: u64, label: &str) -> Self {
        Self { random: Self::new(seed, label).random, ..self.clone() }
    }

    /// A stream of its own that follows from this one, of which it takes a single number.
    pub(crate) fn fork(&mut self) -> Self {
        Self::new(self.random.next_u64(), "fork")
    }

    /// A number from 0 up to 1, which is excluded.
    pub(crate) fn unit(&mut self) -> f64 {
        // 2^53 steps are what a double resolves.
        #[expect(clippy::cast_precision_loss, reason = "below 2^53 the conversion is exact")]
        let unit = self.below(1 << 53) as f64 / (1_u64 << 53) as f64;
        unit
    }

    /// A number below `bound`; zero when `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.random.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.below(span)).unwrap_or(0))
    }

    /// Whether an event of this probability happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of the items; none of an empty list.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(usize::try_from(self.below(items.len() as u64)).unwrap_or(0))
    }

    /// One of the items, the early ones far more often: the least of three draws.
    pub fn pick_early<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let count = items.len() as u64;
        let index = self.below(count).min(self.below(count)).min(self.below(count));
        items.get(usize::try_from(index).unwrap_or(0))
    }

    /// A random UUID, version 4. In a thrifty stream 38 of its bits are random: enough for the events of a sample.
    pub fn uuid(&mut self, out: &mut String) {
        let tail = self.below(TAILS as u64);
        if let Some(tail) = self.tails.get(usize::try_from(tail).unwrap_or(0)).cloned() {
            self.hex(out, 8);
            out.push_str(&tail);
            return;
        }
        let mut bytes = [0_u8; 16];
        self.random.fill_bytes(&mut bytes);
        for (position, byte) in bytes.into_iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                out.push('-');
            }
            let byte = match position {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => byte,
            };
            push(out, HEX, byte >> 4);
            push(out, HEX, byte & 15);
        }
    }

    /// Hexadecimal digits.
    pub fn hex(&mut self, out: &mut String, length: usize) {
        self.letters(out, HEX, length);
    }

    /// Capital letters and digits.
    pub fn upper(&mut self, out: &mut String, length: usize) {
        self.letters(out, UPPER, length);
    }

    /// Small letters and digits.
    pub fn lower(&mut self, out: &mut String, length: usize) {
        self.letters(out, LOWER, length);
    }

    /// Digits.
    pub fn digits(&mut self, out: &mut String, length: usize) {
        self.letters(out, b"0123456789", length);
    }

    /// Base64 text without padding, always of full entropy.
    pub fn base64(&mut self, out: &mut String, length: usize) {
        self.letters(out, BASE64, length);
    }

    /// An opaque value in base64: of full entropy, or cut from the reservoir by a thrifty stream.
    pub fn opaque(&mut self, out: &mut String, length: usize) {
        let room = self.reservoir.len().saturating_sub(length) as u64;
        if room == 0 {
            self.letters(out, BASE64, length);
            return;
        }
        let start = usize::try_from(self.below(room)).unwrap_or(0);
        out.push_str(self.reservoir.get(start..start + length).unwrap_or_default());
    }

    /// An identifier of the account: the prefix, sixteen characters whose first half names the account as
    /// access key ids do, and padding up to `length` behind the prefix. With an account number that exists in
    /// documentation only, the identifier can be nobody's.
    pub fn account_id(&mut self, prefix: &str, account: &str, length: usize) -> String {
        let number = account.parse::<u64>().unwrap_or(0) & 0xff_ffff_ffff;
        // 48 bits: one marker bit, the 40 bits of the account number, seven random bits.
        let head = 1 << 47 | number << 7 | self.below(128);
        let tail = self.random.next_u64();
        let mut id = String::with_capacity(prefix.len() + length);
        id.push_str(prefix);
        let bits = u128::from(head) << 32 | u128::from(tail & 0xffff_ffff);
        for position in (0..16).rev() {
            push(&mut id, BASE32, u8::try_from(bits >> (position * 5) & 31).unwrap_or(0));
        }
        self.letters(&mut id, BASE32, length.saturating_sub(16));
        id
    }

    /// A session token as STS hands out: a fixed beginning that names the region, then opaque text.
    pub fn session_token(&mut self, out: &mut String) {
        out.push_str("IQoJb3JpZ2luX2VjE");
        self.opaque(out, 580);
        out.push_str("==");
    }

    fn letters(&mut self, out: &mut String, alphabet: &[u8], length: usize) {
        let size = alphabet.len() as u64;
        let mut pool = 0_u64;
        let mut left = 0;
        for _ in 0..length {
            // Eight letters from each draw: the bias of sixteen bits over an alphabet of 64 does not matter here.
            if left == 0 {
                pool = self.random.next_u64();
                left = 8;
            }
            let index = ((pool & 0xff) * size) >> 8;
            pool >>= 8;
            left -= 1;
            push(out, alphabet, u8::try_from(index).unwrap_or(0));
        }
    }
}

fn push(out: &mut String, alphabet: &[u8], index: u8) {
    out.push(char::from(alphabet.get(usize::from(index)).copied().unwrap_or(b'0')));
}

/// The finaliser of SplitMix64: every input bit changes half of the output bits.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seed_and_label_give_equal_identifiers() {
        let draw = |seed, label| {
            let mut text = String::new();
            Mint::new(seed, label).uuid(&mut text);
            text
        };
        assert_eq!(draw(7, "a"), draw(7, "a"));
        assert_ne!(draw(7, "a"), draw(7, "b"));
        assert_ne!(draw(7, "a"), draw(8, "a"));
    }

    #[test]
    fn identifiers_of_one_account_share_their_beginning() {
        let mut mint = Mint::new(1, "ids");
        let first = mint.account_id("ASIA", "111122223333", 16);
        let second = mint.account_id("AROA", "111122223333", 17);
        assert_eq!(first.len(), 20);
        assert_eq!(second.len(), 21);
        assert_eq!(first.get(4..11), second.get(4..11));
        assert_ne!(first.get(12..20), second.get(12..20));
    }

    #[test]
    fn numbers_keep_their_bounds() {
        let mut mint = Mint::new(3, "bounds");
        for _ in 0..1000 {
            assert!((2..=5).contains(&mint.between(2, 5)));
        }
        assert!(mint.pick::<u8>(&[]).is_none());
    }
}
