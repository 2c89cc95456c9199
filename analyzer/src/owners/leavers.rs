//! People who have left, as a CSV file tells.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use jiff::civil::Date;

/// Columns that name a person, each by what tags and owners' files may call them.
const NAMES: [&str; 4] = ["owner", "email", "login", "name"];

/// The column with the last day.
const LEFT: &str = "left";

/// Who has left, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct Leavers {
    /// The day by name in lower case; none where it is not told.
    left: BTreeMap<String, Option<Date>>,
}

impl Leavers {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = crate::proposals::read_file(path)?;
        Self::parse(&path.display().to_string(), &text)
    }

    fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let hint = "hint: its first line names the columns: `owner`, `email`, `login` or `name`, and `left`";
        let text = text.trim_start_matches('\u{feff}');
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let context = || format!("cannot read leavers `{name}`");
        let headers = reader.headers().with_context(context)?.clone();
        let at = |column: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(column));
        let columns: Vec<usize> = NAMES.into_iter().filter_map(at).collect();
        anyhow::ensure!(!columns.is_empty(), "{name}:1: no column names a person\n{hint}");
        let mut leavers = Self::default();
        for record in reader.records() {
            let record = record.with_context(context)?;
            let line = record.position().map_or(0, csv::Position::line);
            let day = at(LEFT).and_then(|column| record.get(column)).filter(|day| !day.is_empty());
            let day: Option<Date> = day
                .map(|day| {
                    day.parse().map_err(|_| {
                        anyhow::anyhow!("{name}:{line}: `{day}` is no date\nhint: write it as `2026-10-31`")
                    })
                })
                .transpose()?;
            for column in &columns {
                let person = record.get(*column).map(normal).filter(|person| !person.is_empty());
                leavers.left.extend(person.map(|person| (person, day)));
            }
        }
        Ok(leavers)
    }

    /// When the last of some people left, where all have; the inner none where no day is told.
    pub(super) fn all_left(&self, names: &[String], today: Date) -> Option<Option<Date>> {
        let mut last = None;
        for name in names {
            let day = *self.left.get(&normal(name))?;
            // The last day is one on which they are there.
            if day.is_some_and(|day| day >= today) {
                return None;
            }
            last = last.max(day);
        }
        (!names.is_empty()).then_some(last)
    }
}

/// A name as it is compared: `@ann` is `ann`, and `<ann@example.com>` its address.
fn normal(name: &str) -> String {
    name.trim().trim_start_matches('@').trim_matches(['<', '>']).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_left(text: &str, names: &[&str]) -> Option<Option<Date>> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        Leavers::parse("people.csv", text).unwrap().all_left(&names, "2026-11-28".parse().unwrap())
    }

    #[test]
    fn who_has_left_is_known_by_each_name_and_from_the_day_after_the_last() {
        let text = "Name,email,Login,department,left\nAnn Lee,ann@example.com,annlee,shop,2026-10-31\nBo,,bo,,2026-11-28\nCy,,cy,,\n";
        let day = |text: &str| Some(Some(text.parse::<Date>().unwrap()));
        assert_eq!(all_left(text, &["ANN@example.com"]), day("2026-10-31"));
        assert_eq!(all_left(text, &["@annlee"]), day("2026-10-31"));
        assert_eq!(all_left(text, &["bo"]), None, "today is the last day");
        assert_eq!(all_left(text, &["cy"]), Some(None));
        assert_eq!(all_left(text, &["ann lee", "dee"]), None, "one of them is there");
        assert_eq!(all_left(text, &["ann lee", "cy"]), day("2026-10-31"));
        assert_eq!(all_left(text, &[]), None);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let wrong = |text: &str| Leavers::parse("people.csv", text).unwrap_err().to_string();
        assert!(
            wrong("who,left\nann,2026-01-01\n").starts_with("people.csv:1: no column names a person\nhint:")
        );
        assert!(
            wrong("login,left\nann,2026-01-01\nbo,soon\n")
                .starts_with("people.csv:3: `soon` is no date\nhint:")
        );
    }
}
