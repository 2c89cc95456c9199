//! What the kernel's programs counted.

use std::borrow::Borrow;

use aya::maps::{MapData, PerCpuArray};
use remit_abi::Counter;

use super::error::KernelError;

/// What the kernel's programs counted so far, over all processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; Counter::ALL.len()]);

impl Counts {
    pub(super) fn read<T: Borrow<MapData>>(map: &PerCpuArray<T, u64>) -> Result<Counts, KernelError> {
        let mut counts = Counts::default();
        for (sum, counter) in counts.0.iter_mut().zip(Counter::ALL) {
            let values = map
                .get(&(counter as u32), 0)
                .map_err(|source| KernelError::Map { map: "COUNTERS", source })?;
            // One may be taken back on another processor than it was counted on, and be read there alone.
            let number = values.iter().fold(0_u64, |sum, value| sum.wrapping_add(*value));
            *sum = i64::try_from(number).map_or(0, i64::unsigned_abs);
        }
        Ok(counts)
    }

    /// One of them.
    #[must_use]
    pub fn of(&self, counter: Counter) -> u64 {
        self.0.get(counter as usize).copied().unwrap_or_default()
    }

    /// Whether every attempt ended. While programs run, an attempt may be on its way.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let ends: u64 = Counter::ENDS.iter().map(|end| self.of(*end)).sum();
        ends == self.of(Counter::Attempts)
    }

    /// Calls that wrote a head, or may have, and did not reach the ring buffer.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let losses = [Counter::Throttled, Counter::Full, Counter::Unreadable, Counter::Untracked];
        losses.iter().map(|loss| self.of(*loss)).sum()
    }
}
