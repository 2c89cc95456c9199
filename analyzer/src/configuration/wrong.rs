//! What is wrong in a file, and on which line.

use std::fmt;

use crate::typo::nearest;

/// A file as it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'a> {
    /// Its name as the user gave it.
    pub(super) name: &'a str,
    /// What it holds.
    pub(super) text: &'a str,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The file as the user gave it.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl File<'_> {
    /// The line of an offset.
    pub(super) fn place(&self, offset: usize) -> Place {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Place { file: self.name.to_owned(), line }
    }

    /// An error at an offset; its message may have a hint.
    pub(super) fn wrong(&self, offset: usize, message: &str) -> anyhow::Error {
        anyhow::anyhow!("{}: {message}", self.place(offset))
    }

    /// The same of a name that is not known, with the one that was meant.
    pub(super) fn unknown<'n>(
        &self,
        offset: usize,
        what: &str,
        name: &str,
        known: impl Iterator<Item = &'n str> + Clone,
    ) -> anyhow::Error {
        let hint = match nearest(name, known.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                format!("known are {}", known.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            }
        };
        self.wrong(offset, &format!("unknown {what} `{name}`\nhint: {hint}"))
    }

    /// What the parser says.
    pub(super) fn unreadable(&self, error: &toml::de::Error) -> anyhow::Error {
        self.unreadable_at(1, error)
    }

    /// The same, of something that starts on a line, where the parser does not say which.
    pub(super) fn unreadable_at(&self, line: usize, error: &toml::de::Error) -> anyhow::Error {
        let line = error.span().map_or(line, |span| self.place(span.start).line);
        let (message, hint) = error.message().split_once("\nhint: ").unwrap_or((error.message(), ""));
        let mut message = message.trim().trim_end_matches('.').replace('\n', ", ");
        if !hint.is_empty() {
            message = format!("{message}\nhint: {hint}");
        }
        // `serde` lists what it knows behind what it does not.
        if let Some((unknown, known)) = message.clone().split_once(", expected one of ")
            && let Some(name) = unknown.split('`').nth(1)
        {
            let known = known.split('`').skip(1).step_by(2);
            let meant = nearest(name, known);
            let hint = meant.map(|meant| format!("\nhint: did you mean `{meant}`?"));
            message = format!("{}{}", message, hint.unwrap_or_default());
        }
        anyhow::anyhow!("{}:{line}: {message}", self.name)
    }
}
