//! Values that write their own markup. Each escapes what it is given; that is why they may be marked safe.

use std::fmt::{self, Display, Formatter};

use askama::filters::{Escaper as _, Html, HtmlSafe};

use super::PermissionCounts;
use super::wording::{self, Count};
use crate::report::model::Point;

fn limit(number: impl Count) -> usize {
    usize::try_from(number.count()).unwrap_or(usize::MAX)
}

/// The first so many of a list.
pub(super) fn first<T>(list: &[T], number: impl Count) -> &[T] {
    list.get(..limit(number)).unwrap_or(list)
}

fn escaped(to: &mut Formatter<'_>, text: &str) -> fmt::Result {
    Html.write_escaped_str(to, text)
}

/// A message in which names stand between backticks.
pub(super) struct Prose<T>(pub(super) T);

impl<T: AsRef<str>> HtmlSafe for Prose<T> {}

impl<T: AsRef<str>> Display for Prose<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (is_name, piece) in wording::pieces(self.0.as_ref()) {
            if is_name {
                f.write_str("<code>")?;
                escaped(f, piece)?;
                f.write_str("</code>")?;
            } else {
                escaped(f, piece)?;
            }
        }
        Ok(())
    }
}

/// Some names of so many: the names, how many of them to show, how many there are in all.
pub(super) struct Codes<'a, T, N, M>(pub(super) &'a [T], pub(super) N, pub(super) M);

impl<T: AsRef<str>, N: Count, M: Count> HtmlSafe for Codes<'_, T, N, M> {}

impl<T: AsRef<str>, N: Count, M: Count> Display for Codes<'_, T, N, M> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shown = first(self.0, self.1);
        for (at, name) in shown.iter().enumerate() {
            f.write_str(if at == 0 { "<code>" } else { ", <code>" })?;
            escaped(f, name.as_ref())?;
            f.write_str("</code>")?;
        }
        match self.2.count().saturating_sub(shown.len().count()) {
            0 => Ok(()),
            more => write!(f, " and {} more", wording::number(more)),
        }
    }
}

/// What a long list leaves out: how many there are, how many are shown, and what they are.
pub(super) struct More<'a, N>(pub(super) usize, pub(super) N, pub(super) &'a [&'a str; 2]);

impl<N: Count> HtmlSafe for More<'_, N> {}

impl<N: Count> Display for More<'_, N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match wording::more(self.0, self.1, self.2) {
            Some(more) => write!(f, "<p class=note>{more}; {}.</p>", Prose(wording::ELSEWHERE)),
            None => Ok(()),
        }
    }
}

/// A moment.
pub(super) struct Time<'a>(pub(super) &'a str);

impl HtmlSafe for Time<'_> {}

impl Display for Time<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<time datetime=\"")?;
        escaped(f, self.0)?;
        f.write_str("\">")?;
        escaped(f, &wording::time(self.0))?;
        f.write_str("</time>")
    }
}

/// The verdicts as parts of a bar. It repeats numbers that stand beside it, so it is hidden from screen readers.
pub(super) struct Bar<'a>(pub(super) &'a PermissionCounts);

impl HtmlSafe for Bar<'_> {}

impl Display for Bar<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<svg class=bar aria-hidden=true>")?;
        let mut from = 0.0;
        for (class, permissions) in [("u", self.0.used), ("n", self.0.unused), ("o", self.0.unobservable)] {
            if permissions > 0 {
                let width = permissions as f64 * 100.0 / self.0.granted.max(1) as f64;
                write!(f, "<rect class={class} x=\"{from:.2}%\" width=\"{width:.2}%\" height=\"100%\"/>")?;
                from += width;
            }
        }
        f.write_str("</svg>")
    }
}

/// A share of all that is granted by weight from report to report: the line, its last point, and nothing of fewer than two.
pub(super) struct Line<'a>(pub(super) &'a [Point]);

impl HtmlSafe for Line<'_> {}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let points: Vec<f64> = self.0.iter().filter_map(|point| point.percent).collect();
        let [_, .., last] = points.as_slice() else { return Ok(()) };
        let step = 200.0 / (points.len() - 1) as f64;
        f.write_str("<svg class=line viewBox=\"-4 -4 208 48\" aria-hidden=true><polyline points=\"")?;
        for (at, percent) in points.iter().enumerate() {
            write!(f, "{:.1},{:.1} ", at as f64 * step, 40.0 - percent * 0.4)?;
        }
        write!(f, "\"/><circle cx=200 cy=\"{:.1}\" r=3 /></svg>", 40.0 - last * 0.4)
    }
}
