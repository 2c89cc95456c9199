//! Numbers in words.

use crate::output::{self, grouped};

/// A number of things; templates hold it by value or by reference.
pub(in crate::report) trait Count: Copy {
    fn count(self) -> u64;
}

impl Count for u64 {
    fn count(self) -> u64 {
        self
    }
}

impl Count for usize {
    fn count(self) -> u64 {
        self as u64
    }
}

impl<T: Count> Count for &T {
    fn count(self) -> u64 {
        (*self).count()
    }
}

/// A number with thousands separators.
pub(in crate::report) fn number(number: impl Count) -> String {
    grouped(number.count())
}

/// A counted noun, such as `1 policy` or `1,204 policies`.
pub(in crate::report) fn counted(number: impl Count, one: &str, many: &str) -> String {
    output::counted(number.count(), one, many)
}

/// A number of permissions.
pub(in crate::report) fn permissions(number: impl Count) -> String {
    counted(number, "permission", "permissions")
}

/// A number of principals.
pub(in crate::report) fn principals(number: impl Count) -> String {
    counted(number, "principal", "principals")
}

/// A part of a whole in per cent. Rounding never makes something of nothing, nor all of a part.
pub(in crate::report) fn share(part: impl Count, whole: impl Count) -> String {
    let (part, whole) = (u128::from(part.count()), u128::from(whole.count()));
    if whole == 0 {
        return "–".to_owned();
    }
    match (part * 200 + whole) / (whole * 2) {
        0 if part > 0 => "<1%".to_owned(),
        100 if part < whole => ">99%".to_owned(),
        percent => format!("{percent}%"),
    }
}

/// What a long list leaves out, such as `and 12 more permissions`; none where it is complete.
pub(in crate::report) fn more(all: impl Count, shown: impl Count, [one, many]: &[&str; 2]) -> Option<String> {
    let more = all.count().checked_sub(shown.count()).filter(|more| *more > 0)?;
    Some(format!("and {} more {}", grouped(more), if more == 1 { one } else { many }))
}
