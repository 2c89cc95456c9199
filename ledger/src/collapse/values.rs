//! A bound on the values of request parameters that are no resource.

use std::collections::{BTreeMap, HashMap, HashSet};

/// Distinct values that a parameter may have for one principal and operation.
const LIMIT: usize = 64;

/// The values of the parameters of one principal and operation. Beyond the limit every value of a parameter is `*`, but
/// for passed roles, each of which is a permission of its own.
#[derive(Debug, Default)]
pub struct Values {
    met: HashMap<String, HashSet<String>>,
    full: HashSet<String>,
}

impl Values {
    /// How many distinct values a parameter may have.
    pub const LIMIT: usize = LIMIT;

    /// Whether a value counts towards the limit.
    pub fn is_bounded(value: &str) -> bool {
        !(value.starts_with("arn:") && value.contains(":role/"))
    }

    /// Adds the parameters of a row.
    pub fn add(&mut self, parameters: &BTreeMap<String, String>) {
        for (path, value) in parameters {
            if self.full.contains(path) || !Self::is_bounded(value) {
                continue;
            }
            let met = self.met.entry(path.clone()).or_default();
            met.insert(value.clone());
            if value == "*" || met.len() > LIMIT {
                self.met.remove(path);
                self.full.insert(path.clone());
            }
        }
    }

    /// Cuts the values of a row after those of all rows were added.
    pub fn apply(&self, parameters: &mut BTreeMap<String, String>) {
        for (path, value) in parameters {
            if self.full.contains(path) && Self::is_bounded(value) {
                "*".clone_into(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &str, value: &str) -> BTreeMap<String, String> {
        [(path.to_owned(), value.to_owned())].into()
    }

    fn applied(rows: &[BTreeMap<String, String>]) -> Vec<BTreeMap<String, String>> {
        let mut values = Values::default();
        rows.iter().for_each(|row| values.add(row));
        let mut rows = rows.to_vec();
        rows.iter_mut().for_each(|row| values.apply(row));
        rows
    }

    #[test]
    fn beyond_the_limit_every_value_of_the_parameter_is_cut() {
        let mut rows: Vec<_> = (0..64).map(|number| row("name", &format!("n{number}"))).collect();
        rows.push(row("other", "x"));
        assert_eq!(applied(&rows), rows);
        rows.push(row("name", "one more"));
        let mut cut = applied(&rows);
        assert_eq!(cut.remove(64), row("other", "x"));
        assert!(cut.iter().all(|other| *other == row("name", "*")), "{cut:?}");
        assert_eq!(applied(&cut), cut);
    }

    #[test]
    fn a_cut_value_cuts_the_others_in_any_order() {
        for rows in [[row("name", "a"), row("name", "*")], [row("name", "*"), row("name", "a")]] {
            assert_eq!(applied(&rows), [row("name", "*"), row("name", "*")]);
        }
    }

    #[test]
    fn passed_roles_are_kept() {
        let rows: Vec<_> =
            (0..200).map(|number| row("role", &format!("arn:aws:iam::1:role/r{number}"))).collect();
        assert_eq!(applied(&rows), rows);
    }
}
