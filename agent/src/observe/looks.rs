//! Programs that started, and when to look at what they execute.

use std::time::{Duration, Instant};

/// After a program started, its libraries are not mapped yet. Then it is looked at so much later.
const LATER: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// Looks that are to be taken.
const WAITING: usize = 16_384;

/// Looks at programs that are to be taken.
#[derive(Debug, Default)]
pub(super) struct Looks {
    waiting: Vec<(Instant, u32)>,
    overlooked: u64,
}

impl Looks {
    /// A process started a program.
    pub(super) fn start(&mut self, process: u32, now: Instant) {
        if self.waiting.len() + LATER.len() > WAITING {
            self.overlooked += 1;
            return;
        }
        self.waiting.extend(LATER.map(|later| (now + later, process)));
    }

    /// A process ended.
    pub(super) fn end(&mut self, process: u32) {
        self.waiting.retain(|(_, other)| *other != process);
    }

    /// The processes that are to be looked at by now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<u32> {
        self.waiting.extract_if(.., |(when, _)| *when <= now).map(|(_, process)| process).collect()
    }

    /// How many programs were too many: they are found with the next look at all processes, and what they called before may
    /// not have been seen.
    pub(super) fn overlooked(&self) -> u64 {
        self.overlooked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_looked_at_until_it_ends() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        looks.start(1, start);
        looks.start(2, start);
        assert_eq!(looks.due(start), [1, 2]);
        looks.end(1);
        assert_eq!(looks.due(start + Duration::from_secs(1)), [2, 2, 2]);
        assert_eq!(looks.due(start + Duration::from_secs(5)), [2]);
        assert_eq!(looks.due(start + Duration::from_secs(60)), [] as [u32; 0]);
    }

    #[test]
    fn programs_that_are_too_many_are_counted() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        for process in 0..4000 {
            looks.start(process, start);
        }
        assert!(looks.waiting.len() <= WAITING);
        assert_eq!(looks.waiting.len() as u64 / 5 + looks.overlooked(), 4000);
        assert!(looks.overlooked() > 0);
    }
}
