//! Data on standard output, as a table for people or as JSON or CSV for programs.

use std::io::{self, IsTerminal, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
pub(crate) use remit_forge::number::{counted, grouped};
use remit_policy::Count;
use remit_policy::markdown::is_treacherous;
use serde::Serialize;

/// Says a line. Nobody listening is no reason to fail.
pub(crate) fn say(talk: &mut dyn Write, line: &str) {
    let _ = writeln!(talk, "{}", plain(line));
}

/// Says what is wrong, with its hint on a line of its own.
pub(crate) fn say_wrong(talk: &mut dyn Write, kind: &str, message: &str) {
    let (message, hint) = match message.split_once("\nhint: ") {
        Some((message, hint)) => (message, Some(hint)),
        None => (message, None),
    };
    say(talk, &format!("{kind}: {message}"));
    if let Some(hint) = hint {
        say(talk, &format!("hint: {hint}"));
    }
}

/// Says what is wrong that changes nothing of what comes out, wherever it is found.
pub(crate) fn warn(message: &str) {
    say_wrong(&mut io::stderr(), "warning", message);
}

/// Standard output, whose reader may leave before all is written, as `head` does. What it did not wait for is dropped, and the
/// command ends as it would have.
pub(crate) struct Pipe<W> {
    to: W,
    is_closed: bool,
}

impl<W: Write> Pipe<W> {
    pub(crate) fn to(to: W) -> Self {
        Self { to, is_closed: false }
    }

    /// What came of writing, or something else where nobody reads any more.
    fn unless_closed<T>(&mut self, done: io::Result<T>, otherwise: T) -> io::Result<T> {
        match done {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(otherwise)
            }
            done => done,
        }
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let done = self.to.write(bytes);
        self.unless_closed(done, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let done = self.to.flush();
        self.unless_closed(done, ())
    }
}

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns for a person.
    #[default]
    Table,
    /// JSON: an array of objects, or one object where there is but one.
    Json,
    /// Comma-separated values with a header line.
    Csv,
}

/// A line of a table.
pub(crate) trait Row: Serialize {
    /// The column titles, in order.
    const TITLES: &'static [&'static str];
    /// Of these columns, one that a person is not shown where no line has anything in it.
    const OPTIONAL: Option<&'static str> = None;
    /// The cells for a person, in the same order.
    fn cells(&self) -> Vec<Cell>;
    /// The cells for a program, from which nothing is left out.
    fn values(&self) -> Vec<Cell> {
        self.cells()
    }
}

/// What a line has under a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Names and words.
    Text(String),
    /// A number, whose digits a reader compares by their places.
    Number(u64),
}

impl Cell {
    /// A cell that counts things.
    pub(crate) fn count(things: usize) -> Self {
        Self::Number(things as u64)
    }

    /// Its text for a person: thousands separators are for people.
    pub(crate) fn shown(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => grouped(number),
        }
    }

    /// Its text for a program.
    pub(crate) fn bare(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

/// A number of days in words; none where it is below.
pub(crate) fn in_days(days: i64) -> String {
    counted(u64::try_from(days).unwrap_or(0), "day", "days")
}

/// A share in percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Prints rows in the chosen format.
pub(crate) fn print<R: Row>(rows: &[R], format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, rows)?;
            writeln!(out)
        }
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(R::TITLES.iter().map(|title| title.to_lowercase().replace(' ', "_")))?;
            for row in rows {
                writer.write_record(row.values().into_iter().map(Cell::bare))?;
            }
            writer.flush()
        }
        Format::Table => {
            let mut table = Table::new();
            let mut rows: Vec<_> = rows.iter().map(Row::cells).collect();
            let mut titles = R::TITLES.to_vec();
            let nothing = Cell::Text(String::new());
            if let Some(at) = titles.iter().position(|title| Some(*title) == R::OPTIONAL)
                && rows.iter().all(|row| row.get(at) == Some(&nothing))
            {
                titles.remove(at);
                rows.iter_mut().for_each(|row| drop(row.remove(at)));
            }
            table.load_preset(presets::NOTHING).set_header(titles);
            for (column, cell) in table.column_iter_mut().zip(rows.first().into_iter().flatten()) {
                if matches!(cell, Cell::Number(_)) {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
            for row in rows {
                table.add_row(row.into_iter().map(Cell::shown));
            }
            // Off a terminal lines are as long as they need to be, so that `grep` and `awk` work.
            let width = if io::stdout().is_terminal() { table.width() } else { None };
            if let Some(width) = width {
                fit(&mut table, width);
            }
            for line in table.lines() {
                writeln!(out, "{}", line.trim_end())?;
            }
            Ok(())
        }
    }
}

/// Breaks the lines of the last column, which holds words, where they would not fit. Where that would not do, a
/// terminal that breaks whole lines is easier to read than names in pieces.
fn fit(table: &mut Table, width: u16) {
    let widths = table.column_max_content_widths();
    let Some((_, others)) = widths.split_last() else { return };
    let others: usize = others.iter().map(|width| usize::from(*width) + PADDING).sum();
    if others + LEAST_LAST + PADDING > usize::from(width) {
        return;
    }
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    let last = widths.len().saturating_sub(1);
    for column in table.column_iter_mut().take(last) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
}

/// Spaces around a cell.
const PADDING: usize = 2;

/// The narrowest last column in which words are still lines.
const LEAST_LAST: usize = 24;

/// How many calls were seen, by what saw them: a call on the wire may be one of those that a log recorded.
pub(crate) fn calls_seen(count: Count) -> String {
    with_wire(count, |calls| counted(calls, "call", "calls"))
}

/// The number of calls, where it is said before what they are.
pub(crate) fn number_seen(count: Count) -> String {
    with_wire(count, grouped)
}

fn with_wire(count: Count, words: impl Fn(u64) -> String) -> String {
    match (count.logged, count.wire) {
        (logged, 0) => words(logged),
        (0, wire) => format!("{} on the wire", words(wire)),
        (logged, wire) => format!("{} in logs, {} on the wire", words(logged), grouped(wire)),
    }
}

/// The first letters of a text, and a sign where there are more.
pub(crate) fn cut(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Text from a log or a policy made safe for a terminal: what it would obey, or what turns the direction of writing, is shown.
pub(crate) fn plain(text: &str) -> String {
    let is_obeyed = |c: char| c == '\n' || is_treacherous(c);
    let shown = |c: char| if is_obeyed(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row that shortens its names for people.
    #[derive(Serialize)]
    struct Line(u64);

    impl Row for Line {
        const TITLES: &'static [&'static str] = &["NAMES", "COUNT"];

        fn cells(&self) -> Vec<Cell> {
            vec![Cell::Text("a, and 1 more".to_owned()), Cell::Number(self.0)]
        }

        fn values(&self) -> Vec<Cell> {
            vec![Cell::Text("a, b".to_owned()), Cell::Number(self.0)]
        }
    }

    fn printed(format: Format) -> String {
        let mut out = Vec::new();
        print(&[Line(1), Line(1_234)], format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn programs_get_all_names_and_bare_numbers() {
        assert_eq!(printed(Format::Csv), "names,count\n\"a, b\",1\n\"a, b\",1234\n");
    }

    /// A number stays one wherever its column is, and a comma in words stays where it is.
    #[test]
    fn only_numbers_are_grouped_and_only_for_people() {
        for (cell, shown, bare) in [
            (Cell::Number(1_234), "1,234", "1234"),
            (Cell::count(1_234), "1,234", "1234"),
            (Cell::Text("1,234 of them".to_owned()), "1,234 of them", "1,234 of them"),
        ] {
            assert_eq!((cell.clone().shown().as_str(), cell.bare().as_str()), (shown, bare));
        }
    }

    #[test]
    fn people_get_numbers_under_each_other() {
        let table = printed(Format::Table);
        let ends: Vec<_> = table.lines().map(str::len).collect();
        assert!(ends.iter().all(|end| *end == ends[0]) && table.contains("1,234"), "{table}");
    }

    #[test]
    fn only_the_last_column_is_broken_and_only_where_that_helps() {
        let fitted = |width| {
            let mut table = Table::new();
            table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
            table.add_row(["arn:aws:iam::111122223333:role/app", &"word ".repeat(9)]);
            fit(&mut table, width);
            table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(fitted(200).len(), 1);
        let broken = fitted(70);
        assert!(broken.len() == 2 && broken[0].contains(":role/app  word"), "{broken:?}");
        assert_eq!(fitted(40).len(), 1);
    }

    /// Fails every write in one way.
    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_who_leaves_is_no_failure_and_a_full_disk_is_one() {
        let written = |kind| {
            let mut out = Pipe::to(Failing(kind));
            print(&[Line(1)], Format::Csv, &mut out).and_then(|()| out.flush())
        };
        assert!(written(io::ErrorKind::BrokenPipe).is_ok());
        assert_eq!(written(io::ErrorKind::StorageFull).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mb"), "a\\u{1b}[31mb");
    }
}
