//! What a benchmark found, as a row of a Markdown table.

use std::fmt::Write;

use super::run::Run;

/// One comparison.
#[derive(Debug)]
pub(crate) struct Row {
    /// What is compared.
    pub(crate) what: String,
    /// What Remit took or reached, with its unit.
    pub(crate) remit: String,
    /// What the other took or reached; empty where the bound is absolute.
    pub(crate) other: String,
    /// What came out.
    pub(crate) reached: f64,
    /// The unit of what came out and of the target.
    pub(crate) unit: &'static str,
    /// What was to be reached.
    pub(crate) target: Target,
}

impl Row {
    /// The peak of memory over runs, which is to be at most so many megabytes.
    pub(crate) fn peak(what: String, runs: &[Run], most: f64) -> Self {
        let peak = runs.iter().map(|run| run.peak).max().unwrap_or(0);
        let megabytes = u32::try_from(peak / 1_000_000).map_or(f64::INFINITY, f64::from);
        Self {
            what,
            remit: format!("{megabytes} MB"),
            other: String::new(),
            reached: megabytes,
            unit: " MB",
            target: Target::AtMost(most),
        }
    }
}

/// A bound, in the unit of the row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// What is to be kept to, and what is better still.
    AtMostAimingAt(f64, f64),
    /// Stated for information.
    None,
}

impl Target {
    /// The bound in words, and whether a value keeps to it.
    fn judge(self, value: f64, unit: &str) -> (String, &'static str) {
        let word = |holds| if holds { "reached" } else { "**missed**" };
        match self {
            Target::AtLeast(bound) => (format!("at least {bound}{unit}"), word(value >= bound)),
            Target::AtMost(bound) => (format!("at most {bound}{unit}"), word(value <= bound)),
            Target::AtMostAimingAt(bound, aim) => {
                let reached = if value <= aim { "reached, and the aim too" } else { word(value <= bound) };
                (format!("at most {bound}{unit}, aim at {aim}{unit}"), reached)
            }
            Target::None => (String::new(), ""),
        }
    }
}

/// The rows as a Markdown table.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | Remit | other | reached | target | |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let (target, verdict) = row.target.judge(row.reached, row.unit);
        let digits = if row.reached < 100.0 { 2 } else { 0 };
        let Row { what, remit, other, reached, unit, .. } = row;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {what} | {remit} | {other} | {reached:.digits$}{unit} | {target} | {verdict} |"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_is_shown_as_one() {
        assert!(shown(2.5, Target::AtMost(3.0)).ends_with("| 2.50 x | at most 3 x | reached |\n"));
        assert!(shown(3.1, Target::AtMost(3.0)).ends_with("| 3.10 x | at most 3 x | **missed** |\n"));
    }

    #[test]
    fn an_aim_is_stated_beside_its_goal() {
        let target = Target::AtMostAimingAt(3.0, 2.0);
        assert!(shown(3.1, target).ends_with("| at most 3 x, aim at 2 x | **missed** |\n"));
        assert!(shown(2.5, target).ends_with("| at most 3 x, aim at 2 x | reached |\n"));
        assert!(shown(2.0, target).ends_with("| at most 3 x, aim at 2 x | reached, and the aim too |\n"));
    }

    fn shown(reached: f64, target: Target) -> String {
        let (remit, other) = ("1 s".into(), "2 s".into());
        table(&[Row { what: "x".into(), remit, other, reached, unit: " x", target }])
    }
}
