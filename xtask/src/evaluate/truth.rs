//! What proposals came to, held against the truth.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::sums::number;

/// Sums over organisations, by tier.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) tiers: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Checked {
    /// Adds what came of the proposals of one organisation.
    pub(super) fn add(&mut self, all: &[Value]) {
        for one in all {
            let tier = one.get("tier").and_then(Value::as_str).unwrap_or_default().to_owned();
            let sums = self.tiers.entry(tier).or_default();
            for (name, value) in one.as_object().into_iter().flatten().filter(|(_, value)| value.is_number())
            {
                *sums.entry(name.clone()).or_default() += number(value, "");
            }
        }
    }
}

/// The files of logs of the days before a cut-off. Files are in folders of their days, as they are delivered.
pub(super) fn files_before(logs: &Path, truth: &Path, cut: u32) -> anyhow::Result<Vec<PathBuf>> {
    let text =
        std::fs::read_to_string(truth).with_context(|| format!("cannot read `{}`", truth.display()))?;
    let truth: Value = serde_json::from_str(&text)?;
    let first = truth.get("first_day").and_then(Value::as_str).context("the truth has no first day")?;
    let first = number_of(first).context("the truth's first day is no day")?;
    let mut files = Vec::new();
    let mut open = vec![logs.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if day_of(&path).is_some_and(|day| day < first + i64::from(cut)) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The day of a file in a folder `YYYY/MM/DD`.
fn day_of(path: &Path) -> Option<i64> {
    let mut parts = path.ancestors().skip(1).filter_map(|folder| folder.file_name()?.to_str());
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    number_of(&format!("{year}-{month}-{day}"))
}

/// The number of a day `YYYY-MM-DD`, counted from the Unix epoch.
fn number_of(day: &str) -> Option<i64> {
    let day: jiff::civil::Date = day.parse().ok()?;
    Some(i64::from((day - jiff::civil::date(1970, 1, 1)).get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_epoch() {
        assert_eq!(number_of("1970-01-01"), Some(0));
        assert_eq!(number_of("2024-02-29"), Some(19_782));
        assert_eq!(number_of("2026-11-28"), Some(20_785));
        assert_eq!(day_of(Path::new("a/2026/11/28/x.json.gz")), Some(20_785));
        assert_eq!(day_of(Path::new("a/x.json.gz")), None);
    }
}
