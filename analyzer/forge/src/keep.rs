//! `.remit/keep.toml`: what people of a repository keep, and what they do not want to hear of before a day.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::command::covers;
use crate::error::Error;

/// Where the file is.
pub(crate) const PATH: &str = ".remit/keep.toml";

/// Bytes of it that are read.
const LARGEST: usize = 1 << 20;

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepFile {
    /// Permissions that stay.
    #[serde(default)]
    keep: Vec<Keep>,
    /// Identities of which nobody wants to hear.
    #[serde(default)]
    snooze: Vec<Snooze>,
}

/// `[[keep]]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keep {
    /// Of which identities, `*` standing for anything; of all where it is left out.
    #[serde(default = "anything")]
    identity: String,
    /// Which permissions, `*` standing for anything.
    grant: Spanned<String>,
    /// Why.
    reason: Spanned<String>,
    /// The last day on which they stay; for ever where it is left out.
    until: Option<Spanned<String>>,
}

/// `[[snooze]]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snooze {
    /// Which identities, `*` standing for anything.
    identity: Spanned<String>,
    /// The last day on which there is no pull request.
    until: Spanned<String>,
    /// Why.
    #[serde(default)]
    reason: Option<Spanned<String>>,
}

fn anything() -> String {
    "*".to_owned()
}

impl KeepFile {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// With file and line, where it is not what the documentation says: what someone wanted to keep must not go because of a typing error.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LARGEST {
            return Err(Error::Wrong(format!("`{PATH}` is larger than {LARGEST} bytes")));
        }
        let read: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            wrong(text, at, &message, "docs/pull-requests.md lists what the file may say")
        })?;
        for keep in &read.keep {
            for value in [&keep.grant, &keep.reason] {
                if value.get_ref().trim().is_empty() {
                    return Err(wrong(text, value.span().start, "it is empty", "say what stays, and why"));
                }
            }
            if let Some(until) = &keep.until {
                date(text, until)?;
            }
        }
        for snooze in &read.snooze {
            date(text, &snooze.until)?;
            if let Some(reason) = snooze.reason.as_ref().filter(|reason| reason.get_ref().trim().is_empty()) {
                return Err(wrong(text, reason.span().start, "it is empty", "say why, or leave it out"));
            }
            if snooze.identity.get_ref().trim().is_empty() {
                return Err(wrong(text, snooze.identity.span().start, "it is empty", "name an identity"));
            }
        }
        Ok(read)
    }

    /// Patterns of permissions of an identity that stay on a day.
    pub(crate) fn kept(&self, identity: &str, today: Date) -> BTreeSet<String> {
        let is_on = |keep: &&Keep| keep.until.as_ref().is_none_or(|until| is_before_end(until, today));
        let of = self.keep.iter().filter(|keep| covers(&keep.identity, identity)).filter(is_on);
        of.map(|keep| keep.grant.get_ref().clone()).collect()
    }

    /// The last day on which nobody wants to hear of an identity, where that is not over.
    pub(crate) fn snoozed(&self, identity: &str, today: Date) -> Option<Date> {
        let of = self.snooze.iter().filter(|snooze| covers(snooze.identity.get_ref(), identity));
        of.filter_map(|snooze| snooze.until.get_ref().parse().ok()).filter(|until| *until >= today).max()
    }
}

fn is_before_end(until: &Spanned<String>, today: Date) -> bool {
    until.get_ref().parse::<Date>().is_ok_and(|until| until >= today)
}

fn date(text: &str, value: &Spanned<String>) -> Result<Date, Error> {
    value.get_ref().parse().map_err(|_| {
        let message = format!("`{}` is no day", value.get_ref().escape_debug());
        wrong(text, value.span().start, &message, "write it as \"2027-02-26\"")
    })
}

fn wrong(text: &str, at: usize, message: &str, hint: &str) -> Error {
    let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    Error::Wrong(format!("{PATH}:{line}: {message}\nhint: {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Ours\n[[keep]]\nidentity = \"arn:aws:iam::*:role/etl-*\"\ngrant = \"states:Describe*\"\nreason = \"runbook\"\n\n\
                        [[keep]]\ngrant = \"s3:PutObject\"\nreason = \"spring\"\nuntil = \"2026-12-31\"\n\n\
                        [[snooze]]\nidentity = \"*/legacy\"\nuntil = \"2027-01-31\"\nreason = \"it goes\"\n";

    #[test]
    fn what_the_file_says_holds_until_its_day() {
        let file = KeepFile::parse(FILE).unwrap();
        let day = |text: &str| text.parse::<Date>().unwrap();
        let kept = |identity, at| file.kept(identity, day(at)).into_iter().collect::<Vec<_>>();
        assert_eq!(kept("arn:aws:iam::1:role/etl-a", "2026-12-31"), ["s3:PutObject", "states:Describe*"]);
        assert_eq!(kept("arn:aws:iam::1:role/etl-a", "2027-01-01"), ["states:Describe*"]);
        assert_eq!(kept("arn:aws:iam::1:role/other", "2027-01-01"), [] as [&str; 0]);
        assert_eq!(file.snoozed("x/legacy", day("2027-01-31")), Some(day("2027-01-31")));
        assert_eq!(file.snoozed("x/legacy", day("2027-02-01")), None);
        assert_eq!(file.snoozed("x/other", day("2026-01-01")), None);
        assert_eq!(KeepFile::parse("").unwrap(), KeepFile::default());
    }

    #[test]
    fn errors_point_at_the_line() {
        for (text, line) in [
            ("[[keep]]\ngrant = \"a\"\n", ".remit/keep.toml:1: "),
            ("\n[[keep]]\ngrant = \"a\"\nreson = \"b\"\n", ".remit/keep.toml:4: "),
            ("[[keep]]\ngrant = \"a\"\nreason = \" \"\n", ".remit/keep.toml:3: it is empty"),
            ("[[snooze]]\nidentity = \"a\"\nuntil = \"soon\"\n", ".remit/keep.toml:3: `soon` is no day"),
            ("[[snooze]]\nidentity = \"a\"\nuntil = 3\n", ".remit/keep.toml:3: "),
            ("keep = 1", ".remit/keep.toml:1: "),
            ("a = [", ".remit/keep.toml:1: "),
        ] {
            let error = KeepFile::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(line) && error.contains("\nhint: "), "{text}: {error}");
        }
    }
}
