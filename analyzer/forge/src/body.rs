//! What a pull request says: the verdict in its first three lines, and what it rests on below.

mod suggestions;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

pub(crate) use self::suggestions::suggestions;
use self::table::{Row, named, rows};
use crate::change::{Change, NOTHING};
use crate::facts::{Cycles, Facts, Line, Replay, Standing, day};
use crate::markdown::{code, prose};
use crate::marker::Marker;
use crate::number::{counted, grouped};
use crate::unit::Unit;

/// Characters of a body. GitHub takes 65,536, and people put something below.
pub(crate) const LONGEST: usize = 60_000;

/// Rows of a table or a list, and of those of a body that is too long.
const ROWS: [usize; 4] = [50, 20, 5, 0];

/// Characters of a name that are shown.
const NAME: usize = 160;

/// Characters of a reason.
const WHY: usize = 400;

/// Files that are listed.
const FILES: usize = 50;

/// Classes of events that are listed.
const CLASSES: usize = 20;

/// What a pull request is about.
pub(crate) struct Subject<'a> {
    pub(crate) unit: &'a Unit,
    pub(crate) facts: &'a Facts,
    pub(crate) change: &'a Change,
    /// Permissions that stay although the proposal takes them away.
    pub(crate) kept: &'a BTreeSet<String>,
    pub(crate) marker: &'a Marker,
    /// Who is to be asked for a review, where no forge asks them.
    pub(crate) owners: &'a [String],
}

impl Subject<'_> {
    /// Permissions that go.
    fn going(&self) -> Vec<&Line> {
        self.facts.going(self.kept, self.change.untouched()).collect()
    }

    /// How many of them go as a whole, and how many in part.
    fn numbers(&self) -> (u64, u64) {
        let gone = self.facts.gone(self.kept, self.change.untouched());
        (gone, self.going().len() as u64 - gone)
    }

    /// Whether what is edited allows nothing today, so that nothing goes that the identity can do.
    fn is_idle(&self) -> bool {
        !self.change.files.is_empty() && self.change.narrowed.is_empty() && self.facts.removed.is_empty()
    }

    /// The title: plain text, since forges show it as it is.
    pub(crate) fn title(&self) -> String {
        let (gone, _) = self.numbers();
        let (kind, name) = (&self.facts.kind, plain(&self.facts.name));
        match gone {
            0 if self.is_idle() => format!("Take away what allows {kind} {name} nothing"),
            0 => format!("Narrow what {kind} {name} may do"),
            _ => format!(
                "Remove {} of {kind} {name}",
                counted(gone, "unused permission", "unused permissions")
            ),
        }
    }

    /// The commit's message, without a seal.
    pub(crate) fn message(&self) -> String {
        let mut text = format!("{}\n\n", self.title());
        let days = self.facts.days();
        let _ = writeln!(
            text,
            "No use of what goes was seen in {} in which every call would have\nbeen recorded. The proof and the evidence are in the pull request.\n",
            counted(days, "day", "days")
        );
        let _ = writeln!(text, "{}{}", crate::git::UNIT, self.unit);
        let _ = write!(text, "{}{}", crate::git::EVIDENCE, self.marker.evidence);
        text
    }

    /// The body.
    pub(crate) fn body(&self) -> String {
        fitted(|text, limit| self.write(text, limit))
    }

    fn write(&self, text: &mut String, limit: usize) -> fmt::Result {
        self.verdict(text)?;
        let going = self.going();
        writeln!(text, "\n### What goes\n")?;
        if going.is_empty() && self.change.narrowed.is_empty() && !self.change.files.is_empty() {
            writeln!(
                text,
                "No permission that is in force: a boundary or a denial takes what the edited lines allow, or other lines allow it, too."
            )?;
        } else if going.is_empty() {
            writeln!(text, "No permission, but resources on which some stay.")?;
        }
        table(text, &rows(going.into_iter()), limit)?;
        self.narrowed(text, limit)?;
        writeln!(text, "\n### What stays\n")?;
        let stays = self.facts.kept.iter();
        table(text, &rows(stays), limit)?;
        if !self.kept.is_empty() {
            let all = self.facts.removed.iter().filter(|line| self.kept.contains(&line.permission));
            let names: Vec<String> = all.take(limit).map(|line| name(&line.permission)).collect();
            writeln!(text, "\nKept because somebody asked for it: {}.", names.join(", "))?;
        }
        self.seen(text, limit)?;
        if !self.change.files.is_empty() {
            self.edits(text, limit)?;
        }
        self.suggestions(text, limit)?;
        if !self.change.files.is_empty() {
            self.back(text)?;
        }
        writeln!(text, "\n{}", self.marker.line())
    }

    /// Three lines that say all.
    fn verdict(&self, text: &mut String) -> fmt::Result {
        let facts = self.facts;
        let (gone, in_part) = self.numbers();
        let all = (facts.removed.len() + facts.kept.len()) as u64;
        // What stays of a permission that goes in part is no permission more, so that there is no number of all.
        let of_all = match facts.removed.iter().any(|line| line.standing == Standing::Narrowed) {
            false => format!("{} of {}", grouped(gone), counted(all, "permission", "permissions")),
            true => counted(gone, "permission", "permissions"),
        };
        let days = counted(facts.days(), "day", "days");
        let (kind, who) = (&facts.kind, name(&facts.name));
        let narrowed = counted(self.change.narrowed.len() as u64, "permission", "permissions");
        let is_by_hand = self.change.files.is_empty();
        let goes = |number| match number {
            _ if is_by_hand => "can go",
            1 => "goes",
            _ => "go",
        };
        let by_hand = if is_by_hand { ", by hand" } else { "" };
        if self.is_idle() {
            writeln!(
                text,
                "**Nothing goes of {} of {kind} {who}**: what is edited allows nothing today, and nobody used it in {days}.\\",
                counted(all, "permission", "permissions")
            )?;
        } else if gone == 0 && in_part > 0 {
            writeln!(
                text,
                "**{} of {kind} {who} {} in part{by_hand}**: no use of what goes was seen in {days} in which every call would have been recorded.\\",
                counted(in_part, "permission", "permissions"),
                goes(in_part),
            )?;
        } else if gone == 0 && !self.change.narrowed.is_empty() {
            writeln!(
                text,
                "**{narrowed} of {kind} {who} on fewer resources than today**: those below cover all that was seen in {days}.\\"
            )?;
        } else {
            let fewer = match self.change.narrowed.len() {
                0 => String::new(),
                _ => format!("; {narrowed} on fewer resources than today"),
            };
            let in_part = match in_part {
                0 => String::new(),
                _ => format!("; {} more {} in part", grouped(in_part), goes(in_part)),
            };
            writeln!(
                text,
                "**{of_all} of {kind} {who} {}{by_hand}**: none of them was used in {days} in which every call would have been recorded{in_part}{fewer}.\\",
                goes(gone),
            )?;
        }
        let proof = &facts.proof;
        writeln!(
            text,
            "**Proven**: {} {} were asked again{}, and {} are allowed after; nothing is allowed that was not before.\\",
            grouped(proof.replayed),
            proof.what,
            proof.form.as_ref().map(|form| format!(" ({form})")).unwrap_or_default(),
            grouped(proof.allowed),
        )?;
        match &facts.replay {
            Some(replay) => writeln!(text, "**Risk**: {}", risk(replay)),
            None => writeln!(
                text,
                "**Risk**: there is not enough history to say how often such proposals would have missed something."
            ),
        }
    }

    /// What stays on fewer resources: one row for each set of them.
    fn narrowed(&self, text: &mut String, limit: usize) -> fmt::Result {
        let mut rows: BTreeMap<&BTreeSet<String>, Vec<String>> = BTreeMap::new();
        for (permission, resources) in &self.change.narrowed {
            rows.entry(resources).or_default().push(permission.clone());
        }
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(text, "\n### What stays on fewer resources\n\n| permissions | resources |\n| --- | --- |")?;
        for (resources, permissions) in rows.iter().take(limit) {
            writeln!(text, "| {} | {} |", named(permissions.iter()), named(resources.iter()))?;
        }
        if let Some(more @ 1..) = rows.len().checked_sub(limit) {
            writeln!(text, "\n{} more in the edited files.", grouped(more as u64))?;
        }
        Ok(())
    }

    /// What was looked at.
    fn seen(&self, text: &mut String, limit: usize) -> fmt::Result {
        let facts = self.facts;
        writeln!(text, "\n### What was looked at\n")?;
        writeln!(text, "- Identity: {}", name(&facts.identity))?;
        writeln!(
            text,
            "- Window: {} to {} ({})",
            name(day(&facts.window.0)),
            name(day(&facts.window.1)),
            counted(facts.days(), "day", "days")
        )?;
        if let Some(since) = &facts.used_since {
            writeln!(text, "- Calls count as use since {}", name(day(since)))?;
        }
        self.cycles(text)?;
        if let Some(tier) = &facts.tier {
            writeln!(text, "- How much stays of what is not used: tier {}", name(tier))?;
        }
        let limit = limit.clamp(1, CLASSES);
        let mut coverage: Vec<String> =
            facts.coverage.iter().take(limit).map(|class| prose(&short(class))).collect();
        if let Some(more @ 1..) = facts.coverage.len().checked_sub(limit) {
            coverage.push(format!("{} more", grouped(more as u64)));
        }
        writeln!(
            text,
            "- Recorded during all of it: {}",
            if coverage.is_empty() { "nothing that is known".to_owned() } else { coverage.join("; ") }
        )?;
        match facts.lost {
            Some(lost) => writeln!(text, "- Known to be lost: {}", counted(lost, "event", "events"))?,
            None => writeln!(text, "- How much was lost is not known")?,
        }
        let number = |standing| facts.kept.iter().filter(|line| line.standing == standing).count() as u64;
        let (used, spared) = (number(Standing::Used), number(Standing::Spared));
        let were = |number| if number == 1 { "was" } else { "were" };
        writeln!(
            text,
            "- Of what stays, {} {} used ({}by {} at least), {} {} not, and of {} it cannot be told",
            grouped(used),
            were(used),
            if used == 1 { "" } else { "one of them " },
            counted(facts.proof.calls, "call", "calls"),
            grouped(spared),
            were(spared),
            grouped(number(Standing::Unobservable)),
        )?;
        writeln!(
            text,
            "- Not covered: jobs that run more rarely than the history is long, and what is deployed from now on"
        )
    }

    /// Which turns of work that recurs can have shown.
    fn cycles(&self, text: &mut String) -> fmt::Result {
        let facts = self.facts;
        let (start, end) = &facts.window;
        let cycles = |start: &str| Cycles::between(start, end).map(Cycles::words);
        if let Some(within) = cycles(start) {
            write!(text, "- Cycles seen: the window held {within}")?;
            if let Some(since) = facts.used_since.as_deref().and_then(cycles) {
                write!(text, "; since calls count as use there were {since}")?;
            }
            writeln!(text)?;
        }
        match facts.watched {
            Some(0) => writeln!(text, "- Used in fewer than two cycles (WATCH): nothing of what was used"),
            Some(watched) => writeln!(
                text,
                "- Used in fewer than two cycles, or perhaps by a stranger only (WATCH): {} of those that were used",
                counted(watched, "permission", "permissions")
            ),
            None => Ok(()),
        }
    }

    fn edits(&self, text: &mut String, limit: usize) -> fmt::Result {
        writeln!(text, "\n### What is edited\n")?;
        let limit = limit.min(FILES);
        for edited in self.change.files.iter().take(limit) {
            writeln!(text, "- {}", name(&edited.path))?;
        }
        match self.change.files.len().checked_sub(limit) {
            Some(all @ 1..) if limit == 0 => writeln!(text, "- {}", counted(all as u64, "file", "files"))?,
            Some(more @ 1..) => {
                writeln!(text, "- and {}", counted(more as u64, "other file", "other files"))?;
            }
            _ => {}
        }
        if !self.owners.is_empty() {
            let owners: Vec<String> = self.owners.iter().take(FILES).map(|owner| name(owner)).collect();
            writeln!(text, "\nAsk for a review, as `CODEOWNERS` says: {}.", owners.join(", "))?;
        }
        Ok(())
    }

    fn suggestions(&self, text: &mut String, limit: usize) -> fmt::Result {
        if self.change.suggestions.is_empty() {
            return Ok(());
        }
        writeln!(text, "\n### What is left to do by hand\n")?;
        let left = self.facts.going(self.kept, NOTHING).count().saturating_sub(self.going().len());
        if left > 0 {
            let left = counted(left as u64, "more permission that", "more permissions that");
            writeln!(text, "These places hold {left} nobody used, and a program cannot edit them safely.\n")?;
        }
        suggestions(text, &self.change.suggestions, limit)
    }

    /// How to go back, and what to tell Remit.
    fn back(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "\n### The way back\n\nOnce this is merged, what takes it back is\n")?;
        writeln!(
            text,
            "```sh\ngit revert --no-edit \"$(git log -1 --format=%H --grep='^{}{}$')\"\n```\n",
            crate::git::UNIT,
            self.unit
        )?;
        writeln!(
            text,
            "`remit watch` opens that as a pull request where a call is refused within 14 days that needed what went.\n\n\
             Whoever may write here can say, in a comment: `/remit keep PERMISSION reason` (`*` stands for anything), or \
             `/remit snooze 90d`. Once this is closed it stays closed until the evidence changes."
        )
    }
}

/// A body, with as many rows as there is room for; `write` is given how many it may write at most.
pub fn fitted(write: impl Fn(&mut String, usize) -> fmt::Result) -> String {
    let mut text = String::new();
    for limit in ROWS {
        text.clear();
        // Writing to a string cannot fail.
        let _ = write(&mut text, limit);
        if text.chars().count() <= LONGEST {
            break;
        }
    }
    text
}

/// Whether two bodies say the same: a forge may write line ends of its own.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let lines =
        |text: &str| text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    lines(one) == lines(other)
}

fn table(text: &mut String, rows: &[Row], limit: usize) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let first = rows.first().map(|row| row.why.as_str()).unwrap_or_default();
    let is_shared = rows.len() > 1 && rows.iter().all(|row| row.why == first);
    if is_shared {
        writeln!(
            text,
            "All of them for one reason: {}.\n\n| of | permissions |\n| --- | --- |",
            prose(&cut(first, WHY))
        )?;
    } else {
        writeln!(text, "| of | permissions | why |\n| --- | --- | --- |")?;
    }
    for row in rows.iter().take(limit) {
        write!(text, "| {} | {} |", name(&row.group), row.names())?;
        if !is_shared {
            write!(text, " {} |", prose(&cut(&row.why, WHY)))?;
        }
        writeln!(text)?;
    }
    if let Some(more @ 1..) = rows.len().checked_sub(limit) {
        writeln!(text, "\n{} more in `evidence.json`.", grouped(more as u64))?;
    }
    Ok(())
}

fn risk(replay: &Replay) -> String {
    let broken = &replay.broken;
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    format!(
        "such proposals would have missed a permission within {} in {} of {} replays at {} ({}, 95 % interval {} to {}).",
        counted(u64::try_from(replay.horizon).unwrap_or(0), "day", "days"),
        grouped(broken.hits),
        grouped(broken.of),
        counted(replay.cut_offs, "past date", "past dates"),
        percent(broken.share),
        percent(broken.low),
        percent(broken.high),
    )
}

/// A name from elsewhere, as it is and no longer than bearable.
pub(crate) fn name(name: &str) -> String {
    code(&short(name))
}

/// A text no longer than a name.
fn short(text: &str) -> String {
    cut(text, NAME)
}

/// Text of bounded length.
fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit - 1).chain(['…']).collect()
}

/// A name where nothing but plain text is shown, such as a title.
pub(crate) fn plain(name: &str) -> String {
    let name = crate::markdown::legible(name.replace('\n', " "));
    // Nobody is mentioned, and no issue is referred to, by a title.
    let is_harmless = |c: char| c.is_alphanumeric() || " -_.,:/+=".contains(c);
    name.chars().take(100).map(|c| if is_harmless(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests;
