//! An intent as a person reads it.

use std::io::{self, Write};

use super::{Demand, Intent, News, PermissionLine};
use crate::output::{counted, grouped, plain};

/// Lines of each part.
const SHOWN: usize = 10;
/// Resources of each permission.
const RESOURCES: usize = 5;

/// Writes an intent for a person.
pub(crate) fn write(intent: &Intent, out: &mut dyn Write) -> io::Result<()> {
    let mut text = Vec::new();
    write_all(intent, &mut text)?;
    for line in String::from_utf8_lossy(&text).lines() {
        writeln!(out, "{}", plain(line))?;
    }
    Ok(())
}

fn write_all(intent: &Intent, out: &mut dyn Write) -> io::Result<()> {
    // A name with a line's end in it must not begin a line of its own.
    writeln!(out, "{}", plain(&intent.principal))?;
    writeln!(out, "  {}", plain(&intent.sentence))?;
    writeln!(out)?;
    writeln!(out, "  window        {}", intent.window)?;
    writeln!(
        out,
        "  allowed calls {} on {}",
        grouped(intent.calls),
        counted(u64::from(intent.rhythm.active_days), "day", "days")
    )?;
    writeln!(out, "  rhythm        {}", intent.rhythm.words)?;
    writeln!(out, "  deploys       {}", plain(&intent.deploys.words))?;
    if intent.rhythm.active_days > 0 {
        writeln!(out, "  hours (UTC)   {}", bars(&intent.rhythm.hours))?;
        writeln!(out, "                0     6     12    18")?;
    }
    some(out, "what it uses", &intent.permissions, "other permissions", permission)?;
    some(out, "called by", &intent.callers, "other callers", |caller, out| {
        let calls = counted(caller.calls, "call", "calls");
        writeln!(out, "    {}: {calls}, {}, last {}", plain(&caller.caller), caller.rhythm, caller.last_seen)
    })?;
    some(out, "assumed by", &intent.begun_by, "others", |who, out| {
        let sessions = counted(who.sessions, "session", "sessions");
        writeln!(out, "    {}: {sessions}, last {}", plain(&who.who), who.last_seen)
    })?;
    some(
        out,
        "stays with it, though nothing was seen to need it",
        &intent.stays,
        "other permissions",
        |stays, out| writeln!(out, "    {}: {}", stays.permission, plain(&stays.why)),
    )?;
    some(out, "of its kind", &intent.peers, "others", |peer, out| writeln!(out, "    {}", plain(peer)))?;
    news("", &intent.news, out)?;
    if let Some(since) = &intent.deploys.news {
        news("the last deploy on ", since, out)?;
    }
    some(out, "not known", &intent.unknown, "other reasons", |unknown, out| {
        let permissions = counted(unknown.permissions as u64, "permission", "permissions");
        writeln!(
            out,
            "    {permissions}: {}, such as {}",
            plain(&unknown.why),
            plain(&unknown.for_example.join(", "))
        )
    })?;
    for note in &intent.notes {
        writeln!(out, "    {}", plain(note))?;
    }
    match &intent.on_demand {
        Some(demand) => on_demand(demand, out),
        None => Ok(()),
    }
}

/// A part with a title: so many of its lines, and how many there are besides.
fn some<T>(
    out: &mut dyn Write,
    title: &str,
    lines: &[T],
    others: &str,
    write: impl Fn(&T, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {title}")?;
    for line in lines.iter().take(SHOWN) {
        write(line, out)?;
    }
    match lines.len().checked_sub(SHOWN) {
        Some(more @ 1..) => writeln!(out, "    and {} {others}", grouped(more as u64)),
        _ => Ok(()),
    }
}

fn permission(line: &PermissionLine, out: &mut dyn Write) -> io::Result<()> {
    let calls = counted(line.calls, "call", "calls");
    writeln!(out, "    {}: {calls}, {}", plain(&line.permission), line.rhythm)?;
    for resource in line.resources.iter().take(RESOURCES) {
        let rule = resource.rule.as_ref().filter(|rule| *rule != "as seen");
        let rule = rule.map(|rule| format!("  ({rule})")).unwrap_or_default();
        writeln!(out, "      {}{}", plain(&resource.pattern), plain(&rule))?;
    }
    match line.resources.len().checked_sub(RESOURCES) {
        Some(more @ 1..) => writeln!(out, "      and {} more", grouped(more as u64)),
        _ => Ok(()),
    }
}

fn news(what: &str, news: &News, out: &mut dyn Write) -> io::Result<()> {
    let day: String = news.since.chars().take(10).collect();
    let all: Vec<String> =
        [("permission", &news.permissions), ("on", &news.resources), ("caller", &news.callers)]
            .into_iter()
            .flat_map(|(what, names)| names.iter().map(move |name| format!("{what} {name}")))
            .collect();
    if all.is_empty() {
        return writeln!(out, "  nothing new since {what}{day}");
    }
    some(out, &format!("new since {what}{day}"), &all, "others", |line, out| {
        writeln!(out, "    {}", plain(line))
    })
}

fn on_demand(demand: &Demand, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  could be granted on demand")?;
    writeln!(out, "    {}, {}: {} of the time", demand.rhythm, demand.window, demand.share_words())?;
    if demand.started_by.is_empty() {
        writeln!(out, "    what starts it was not seen")?;
    } else {
        writeln!(out, "    started by {}", plain(&demand.starter_words()))?;
    }
    let ready = demand.grant.as_ref().map(|grant| serde_json::to_string_pretty(grant).unwrap_or_default());
    for line in ready.iter().flat_map(|text| text.lines()) {
        writeln!(out, "      {}", plain(line))?;
    }
    for note in &demand.notes {
        writeln!(out, "    {}", plain(note))?;
    }
    // As it is, so that it can be copied.
    for line in demand.manifest.iter().flat_map(|text| text.lines()) {
        writeln!(out, "{}", plain(line))?;
    }
    Ok(())
}

/// The hours of the day as bars: a dot where nothing was seen.
fn bars(hours: &[u32; 24]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = hours.iter().max().copied().unwrap_or(0).max(1);
    let bar = |count: &u32| match count {
        0 => '.',
        count => usize::try_from(count * 7 / most).ok().and_then(|at| BARS.get(at)).copied().unwrap_or('█'),
    };
    hours.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use remit_policy::Days;

    use super::{bars, on_demand};
    use crate::intent::{Calendar, Callers, Hours, Starters, demand_of};

    #[test]
    fn what_starts_a_job_is_said_to_be_unseen_in_a_sentence() {
        let (mut hours, mut days) = (Hours::default(), Days::none(20_000));
        (20_000..20_030).for_each(|day| days.insert(day));
        hours.add(2, &days);
        let calendar = Calendar { deploys: &Days::default(), end: Days::moment_of(20_030) };
        let demand = demand_of(&hours, &Callers::default(), &Starters::new(), calendar).unwrap();
        let mut out = Vec::new();
        on_demand(&demand, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("    what starts it was not seen\n") && !text.contains("started by"), "{text}");
    }

    #[test]
    fn the_busiest_hour_is_a_full_bar() {
        let mut hours = [0; 24];
        (hours[1], hours[2], hours[23]) = (1, 90, 45);
        assert_eq!(bars(&hours), ".▁█....................▄");
        assert_eq!(bars(&[0; 24]), ".".repeat(24));
    }
}
