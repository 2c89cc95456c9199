//! A review as a person reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Group, Named};
use crate::learn::Disposition;
use crate::output::{counted, grouped};
use crate::report::markdown::{code, prose};

/// How what is watched comes to go.
const WATCHED: &str = "What was never used stays until you say `--drop-watched`, and what was used in one stretch of days as long as that is in the \
                       history (`--history`).";

/// Permissions that are named of those that go, for each service.
const NAMED: usize = 8;

/// Permissions that are listed of those that stay or are watched.
const LISTED: usize = 200;

/// `review.md`: what becomes of each permission, with what came of such proposals and what to wait for.
pub(super) fn markdown(
    principal: &str,
    tier: &str,
    says: &str,
    waits: &[String],
    groups: &[Group],
) -> Result<String, std::fmt::Error> {
    let number = |wanted: Disposition| -> usize {
        groups.iter().filter(|group| group.disposition == wanted).map(|group| group.permissions.len()).sum()
    };
    let mut text = String::new();
    writeln!(text, "# {}\n", code(principal))?;
    let all: usize = groups.iter().map(|group| group.permissions.len()).sum();
    writeln!(
        text,
        "Of {} {}, {}, {} and {} cannot be told (tier {tier}).\n",
        counted(all as u64, "permission", "permissions"),
        counted(number(Disposition::Remove) as u64, "goes", "go"),
        counted(
            number(Disposition::Watch) as u64,
            "is watched and stays for now",
            "are watched and stay for now"
        ),
        counted(number(Disposition::Keep) as u64, "stays", "stay"),
        grouped(number(Disposition::Unknown) as u64),
    )?;
    writeln!(text, "{says}\n")?;
    writeln!(
        text,
        "That does not cover jobs that are rarer than the history, and what is deployed from now on. `steps.md` says how to go \
         back.\n"
    )?;
    for wait in waits {
        writeln!(text, "{wait}\n")?;
    }
    for (disposition, title) in [
        (Disposition::Watch, "Watched: kept for now"),
        (Disposition::Keep, "Stays"),
        (Disposition::Unknown, "Stays, since it cannot be told"),
        (Disposition::Remove, "Goes"),
    ] {
        let of: Vec<&Group> = groups.iter().filter(|group| group.disposition == disposition).collect();
        if of.is_empty() {
            continue;
        }
        writeln!(text, "## {title}\n")?;
        if disposition == Disposition::Watch {
            writeln!(text, "{WATCHED}\n")?;
        }
        match disposition {
            Disposition::Watch | Disposition::Keep => listed(&mut text, &of)?,
            Disposition::Unknown | Disposition::Remove => summed(&mut text, &of)?,
        }
        writeln!(text)?;
    }
    Ok(text)
}

/// One line for each permission.
fn listed(text: &mut String, groups: &[&Group]) -> std::fmt::Result {
    let all = groups
        .iter()
        .flat_map(|group| group.permissions.iter().map(move |one| (&one.permission, &group.why)));
    let all: BTreeMap<&String, &String> = all.collect();
    for (name, why) in all.iter().take(LISTED) {
        writeln!(text, "- {}: {}", code(name), prose(why))?;
    }
    if let Some(more @ 1..) = all.len().checked_sub(LISTED) {
        writeln!(text, "- and {}: see `review.json`", counted(more as u64, "other", "others"))?;
    }
    Ok(())
}

/// One line for each service and reason.
fn summed(text: &mut String, groups: &[&Group]) -> std::fmt::Result {
    for group in groups {
        writeln!(text, "{}:\n", prose(&group.why))?;
        let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for Named { permission, service } in &group.permissions {
            let prefix = permission.strip_prefix(service.as_str()).and_then(|rest| rest.strip_prefix(':'));
            services.entry(service).or_default().push(prefix.unwrap_or(permission));
        }
        for (service, actions) in services.iter().take(LISTED) {
            let named: Vec<_> = actions.iter().take(NAMED).map(|action| code(action)).collect();
            let more = actions.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
            writeln!(text, "- {service}: {}{more}", named.join(", "))?;
        }
        if let Some(more @ 1..) = services.len().checked_sub(LISTED) {
            writeln!(
                text,
                "- and {}: see `review.json`",
                counted(more as u64, "other service", "other services")
            )?;
        }
        writeln!(text)?;
    }
    Ok(())
}
