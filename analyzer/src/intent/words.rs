//! Lists and numbers in sentences.

use crate::output::grouped;

/// Things one after the other, the last behind `and`.
pub(crate) fn listed(things: &[String]) -> String {
    match things {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number as a sentence writes it.
pub(crate) fn number(number: usize) -> String {
    const SMALL: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    SMALL.get(number).map_or_else(|| grouped(number as u64), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_numbers_are_words() {
        let list =
            |things: &[&str]| listed(&things.iter().map(|thing| (*thing).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            [list(&[]), list(&["a"]), list(&["a", "b"]), list(&["a", "b", "c"])],
            ["", "a", "a and b", "a, b and c"]
        );
        assert_eq!([number(2), number(12), number(1_300)], ["two", "twelve", "1,300"]);
    }
}
