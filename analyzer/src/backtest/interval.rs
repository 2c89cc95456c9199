//! What a share of few says of many.

use serde::Serialize;
use statrs::function::beta::inv_beta_reg;

/// A share with the range in which it lies with a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Share {
    /// How many did.
    pub(crate) hits: u64,
    /// Of how many.
    pub(crate) of: u64,
    /// The share, from 0 to 1.
    pub(crate) share: f64,
    /// Lower end of the interval.
    pub(crate) low: f64,
    /// Upper end of the interval.
    pub(crate) high: f64,
}

/// What lies outside the interval on either side.
const TAIL: f64 = 0.025;

/// Below so many nothing is said.
pub(crate) const FEWEST: u64 = 30;

impl Share {
    /// The share with its exact interval. Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in
    /// the case of the binomial", 1934.
    pub(crate) fn of(hits: u64, of: u64) -> Self {
        let (x, n) = (float(hits.min(of)), float(of));
        let low = if hits == 0 { 0.0 } else { inv_beta_reg(x, n - x + 1.0, TAIL) };
        let high = if hits >= of { 1.0 } else { inv_beta_reg(x + 1.0, n - x, 1.0 - TAIL) };
        Self { hits, of, share: if of == 0 { 0.0 } else { x / n }, low, high }
    }

    /// Whether there are enough to say anything.
    pub(crate) fn is_telling(&self) -> bool {
        self.of >= FEWEST
    }
}

/// Counts are far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "counts of windows are far below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source of the figures: the closed forms for no hit and all hits, and R's `binom.test(9, 310)` and `binom.test(5, 10)`.
    #[test]
    fn the_interval_is_that_of_clopper_and_pearson() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 5e-6, "{a} {b}");
        let none = Share::of(0, 30);
        near(none.high, 1.0 - TAIL.powf(1.0 / 30.0));
        near(none.low, 0.0);
        let all = Share::of(30, 30);
        near(all.low, TAIL.powf(1.0 / 30.0));
        near(all.high, 1.0);
        let half = Share::of(5, 10);
        near(half.low, 0.187_086);
        near(half.high, 0.812_914);
    }

    /// The tails beyond the ends, summed up term by term.
    #[test]
    fn beyond_either_end_lies_a_fortieth() {
        for (x, n) in [(1_u64, 12_u64), (9, 310), (40, 77), (3, 5)] {
            let Share { low, high, .. } = Share::of(x, n);
            let term = |p: f64, k: u64| {
                let choose = (0..k).fold(1.0, |all, i| all * float(n - i) / float(i + 1));
                choose * p.powi(i32::try_from(k).unwrap()) * (1.0 - p).powi(i32::try_from(n - k).unwrap())
            };
            let upper: f64 = (x..=n).map(|k| term(low, k)).sum();
            let lower: f64 = (0..=x).map(|k| term(high, k)).sum();
            assert!(
                (upper - TAIL).abs() < 1e-6 && (lower - TAIL).abs() < 1e-6,
                "{x} of {n}: {upper} {lower}"
            );
        }
    }
}
