//! What people tell Remit in a comment: `/remit keep PERMISSION reason` and `/remit snooze 90d`.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

/// A line of a comment that is meant for Remit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// What matches stays, for a reason.
    Keep {
        /// A permission, in which `*` stands for anything.
        grant: String,
    },
    /// No pull request before a day.
    Snooze {
        /// That day.
        until: Date,
    },
}

/// Days that something may be put off at once: longer is a matter for the file.
const LONGEST: i64 = 400;

/// The commands of a comment, which was written at a moment. Lines that quote something are not meant for us.
pub(crate) fn commands(comment: &str, written: Timestamp) -> Vec<Command> {
    let lines = comment.lines().map(str::trim).take(200);
    lines.filter_map(|line| command(line.strip_prefix("/remit ")?.trim(), written)).collect()
}

fn command(line: &str, written: Timestamp) -> Option<Command> {
    let (verb, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim();
    match verb {
        "keep" => {
            // A permission of a cluster has spaces in it, and then stands between backticks.
            let (grant, reason) = match rest.strip_prefix('`') {
                Some(rest) => rest.split_once('`')?,
                None => rest.split_once(char::is_whitespace)?,
            };
            let is_told = !grant.is_empty() && grant.len() <= 512 && !reason.trim().is_empty();
            is_told.then(|| Command::Keep { grant: grant.to_owned() })
        }
        "snooze" => {
            let days: i64 = rest.split_whitespace().next()?.strip_suffix('d')?.parse().ok()?;
            let day = written.to_zoned(TimeZone::UTC).date();
            let until = day.checked_add(days.days()).ok()?;
            (1..=LONGEST).contains(&days).then_some(Command::Snooze { until })
        }
        _ => None,
    }
}

/// Whether a pattern, in which `*` stands for anything, is of a name; without regard to case, as permissions are compared.
pub(crate) fn covers(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_lines_of_their_own() {
        let written: Timestamp = "2026-11-28T23:59:59Z".parse().unwrap();
        let text = "Thanks!\n  /remit keep s3:Put* we write there each spring\n> /remit snooze 1d\n/remit snooze 90d please\n\
                    /remit keep s3:GetObject\n/remit keep `get pods in shop` on call\n/remit snooze -1d\n/remit snooze 9999d\n/remit dance";
        let keep = |grant: &str| Command::Keep { grant: grant.to_owned() };
        let until = jiff::civil::date(2027, 2, 26);
        assert_eq!(
            commands(text, written),
            [keep("s3:Put*"), Command::Snooze { until }, keep("get pods in shop")]
        );
    }

    #[test]
    fn odd_comments_do_no_harm() {
        let written = Timestamp::MAX;
        for text in [
            "/remit",
            "/remit ",
            "/remit keep",
            "/remit keep `",
            "/remit snooze d",
            "/remit snooze 400d",
            "/remit keep  ",
        ] {
            assert_eq!(commands(text, written), [], "{text}");
        }
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, is_so) in [
            ("s3:Get*", "s3:GetObject", true),
            ("S3:get*", "s3:GetObject", true),
            ("*", "", true),
            ("s3:*Object", "s3:GetObject", true),
            ("s3:*Object", "s3:GetObjectAcl", false),
            ("a*a", "a", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("s3:GetObject", "s3:GetObject", true),
            ("s3:GetObject", "s3:GetObjectAcl", false),
            ("**", "x", true),
        ] {
            assert_eq!(covers(pattern, name), is_so, "{pattern} {name}");
        }
    }
}
