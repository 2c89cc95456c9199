//! The fuzz targets without libFuzzer: their corpora, and changes of them that are the same in every run.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics, also in its helpers"
)]

use std::path::Path;

/// How often each input of a corpus is changed, unless the environment says.
const CHANGES: u64 = 2_000;

/// Longer, an input is cut: copying parts within it makes it grow.
const LONGEST: usize = 16 * 1024;

/// The environment variable that says how often.
const ROUNDS: &str = "REMIT_FUZZ_ROUNDS";

/// Numbers that look random, and are the same in every run (xorshift64, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        const TELLING: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'\n', b' ', b'/'];
        if self.below(2) == 0 { TELLING[self.below(8)] } else { self.below(256).to_le_bytes()[0] }
    }

    /// Changes an input in a few places.
    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        for _ in 0..=self.below(6) {
            let (at, length) = (self.below(input.len() + 1), self.below(24));
            let end = (at + length).min(input.len());
            match self.below(6) {
                0 => input.truncate(at),
                1 => drop(input.drain(at..end)),
                2 => input.insert(at, self.byte()),
                3 => {
                    let part = input[at..end].to_vec();
                    let to = self.below(input.len() + 1);
                    input.splice(to..to, part);
                }
                4 => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len() + 1);
                    input.splice(at..end, other[from..(from + length).min(other.len())].iter().copied());
                }
                _ if at < input.len() => input[at] = self.byte(),
                _ => {}
            }
        }
        input.truncate(LONGEST);
    }
}

#[test]
fn corpora_and_changes_of_them_end_in_an_answer() {
    let rounds = std::env::var(ROUNDS).map_or(CHANGES, |rounds| rounds.parse().unwrap());
    for (name, target) in remit_agent_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.collect();
        files.sort();
        let corpus: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        assert!(!corpus.is_empty(), "{name} has no corpus");
        let mut numbers = Numbers(0x5EED);
        for input in &corpus {
            target(input);
            for _ in 0..rounds {
                let mut input = input.clone();
                numbers.change(&mut input, &corpus);
                // With the input, what fails can be made a corpus.
                let outcome = std::panic::catch_unwind(|| target(&input));
                assert!(outcome.is_ok(), "{name} fails for {}", input.escape_ascii());
            }
        }
    }
}
