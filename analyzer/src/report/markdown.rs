//! The report as GitHub-flavoured Markdown: the page's totals and order, and a short form of each principal.

mod principal;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};

use remit_forge::markdown::text;
pub(crate) use remit_forge::markdown::{code, prose};

use self::principal::section;
use super::model::{Change, Gap, Report, Trend};
use super::wording::{self, number, share};

/// Principals in the overview.
const OVERVIEW: usize = 5_000;
/// Bytes of principals' sections after which there are no more, so that the page can be shown where it is put.
const ENOUGH: usize = 2_000_000;
/// Rows of other lists.
const ROWS: usize = 200;
/// Rows of a principal's lists.
const SHORT: usize = 20;

/// The report as text.
pub fn render(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write(report, &mut page);
    wording::legible(page)
}

fn write(report: &Report, page: &mut String) -> fmt::Result {
    head(report, page)?;
    news(report, page)?;
    totals(report, page)?;
    visible(report, page)?;
    let anchors = wording::anchors(report);
    let mut sections = String::new();
    let mut detailed = 0;
    for ((rank, principal), anchor) in (1_usize..).zip(&report.principals).zip(&anchors) {
        if sections.len() > ENOUGH {
            break;
        }
        section(rank, principal, anchor, &mut sections)?;
        detailed = rank;
    }
    overview(report, &anchors, detailed, page)?;
    page.push_str(&sections);
    if report.principals.len() > detailed {
        let more = wording::counted(report.principals.len() - detailed, "more principal", "more principals");
        writeln!(page, "\n…and {more} of lower scores, in the table above only; {}.", wording::ELSEWHERE)?;
    }
    ending(report, page)
}

fn head(report: &Report, page: &mut String) -> fmt::Result {
    writeln!(page, "# Granted and used permissions\n")?;
    let accounts: Vec<_> = report.accounts.iter().map(|account| text(account)).collect();
    let accounts = if accounts.is_empty() { "none".to_owned() } else { accounts.join(", ") };
    writeln!(page, "- {}: {accounts}", if report.accounts.len() == 1 { "Account" } else { "Accounts" })?;
    writeln!(page, "- Window: {}", text(&wording::window(&report.window)))?;
    if let Some(since) = wording::since(report) {
        writeln!(page, "- Calls count as use, and are counted: {}", text(&since))?;
    }
    writeln!(page, "- Catalog: {}\n", text(&report.catalog))?;
    writeln!(page, "{} {}", wording::headline(report), wording::effect(report))
}

/// The score, what changed since the previous report, and what an hour of work would do.
fn news(report: &Report, page: &mut String) -> fmt::Result {
    let percent = report.score.percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
    writeln!(page, "\n**Without need: {percent}.** {}", wording::score_parts(&report.score))?;
    writeln!(page, "\n## Since the previous report\n")?;
    match &report.trend {
        None => writeln!(page, "{}", wording::FIRST)?,
        Some(trend) => {
            writeln!(page, "{}", text(&wording::trend(report, trend)))?;
            writeln!(page, "\n| Findings | Number |\n| --- | ---: |")?;
            for (name, total) in wording::news(trend) {
                writeln!(page, "| {name} | {} |", number(total))?;
            }
            changes(report, trend, page)?;
        }
    }
    writeln!(page, "\n## What an hour of work would remove most\n\n{}", wording::hour(&report.hour))?;
    if report.hour.picks.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "\n| Review the proposal for | Minutes | Permissions that go | Points that go |\n| --- | ---: | ---: | ---: |"
    )?;
    for pick in &report.hour.picks {
        let (removed, points) = (number(pick.removed), number(pick.points));
        writeln!(page, "| {} | {} | {removed} | {points} |", code(&pick.principal), pick.minutes)?;
    }
    Ok(())
}

/// The findings that are back, new or grown, and the closed ones.
fn changes(report: &Report, trend: &Trend, page: &mut String) -> fmt::Result {
    let service = |service: &Option<String>| {
        service.as_ref().map(|name| format!("{}: ", code(name))).unwrap_or_default()
    };
    for (change, title) in [(Change::Regressed, "Back again"), (Change::New, "New"), (Change::Grown, "Grown")]
    {
        let told: Vec<_> = report.findings.iter().filter(|one| one.is_news(change)).collect();
        if told.is_empty() {
            continue;
        }
        writeln!(page, "\n### {title}\n\n| Principal | Severity | Finding |\n| --- | --- | --- |")?;
        for finding in told.iter().take(SHORT) {
            let principal = code(&finding.principal);
            writeln!(
                page,
                "| {principal} | {} | {}{} |",
                finding.severity,
                service(&finding.service),
                prose(&finding.detail)
            )?;
        }
        more(told.len(), SHORT, page)?;
    }
    if trend.closed.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n### Closed\n\n| Principal | Closed | Why |\n| --- | --- | --- |")?;
    for closed in trend.closed.iter().take(SHORT) {
        let (principal, closing) = (code(&closed.principal), wording::closing(closed));
        writeln!(page, "| {principal} | {closing} | {}{} |", service(&closed.service), text(&closed.why))?;
    }
    more(trend.closed.len(), SHORT, page)
}

fn totals(report: &Report, page: &mut String) -> fmt::Result {
    let totals = &report.totals;
    let granted = totals.permissions.granted;
    writeln!(
        page,
        "\n## Account\n\n| Verdict | Permissions | Share | Meaning |\n| --- | ---: | ---: | --- |"
    )?;
    for (verdict, meaning) in wording::VERDICTS {
        let permissions = wording::of_verdict(&totals.permissions, verdict);
        writeln!(
            page,
            "| {verdict} | {} | {} | {meaning} |",
            number(permissions),
            share(permissions, granted)
        )?;
    }
    writeln!(page, "| **granted** | **{}** | | Counted per principal and action. |", number(granted))?;
    writeln!(page, "\n| Total | Number |\n| --- | ---: |")?;
    for (name, total) in wording::facts(totals) {
        writeln!(page, "| {name} | {} |", number(total))?;
    }
    writeln!(page, "\n| Unused, by access level | Permissions | Each counts |\n| --- | ---: | ---: |")?;
    for (level, weight, permissions) in wording::unused_by_level(report) {
        writeln!(page, "| {} | {} | {weight} |", text(level), number(permissions))?;
    }
    Ok(())
}

fn visible(report: &Report, page: &mut String) -> fmt::Result {
    writeln!(page, "\n## What was visible\n")?;
    if report.coverage.is_empty() {
        writeln!(page, "{}", wording::NOTHING_VISIBLE)?;
    } else {
        writeln!(page, "| Calls | During the whole window | Note |\n| --- | --- | --- |")?;
        for line in report.coverage.iter().take(ROWS) {
            let recorded = wording::recorded(line);
            writeln!(page, "| {} | {recorded} | {} |", text(&line.class), prose(&line.note))?;
        }
        more(report.coverage.len(), ROWS, page)?;
    }
    regions(report, page)?;
    writeln!(page, "\n### What to switch on\n\n{}", wording::gaps(&report.gaps))?;
    let (remedied, hopeless) = wording::by_remedy(&report.gaps);
    gaps(&remedied, SHORT, page)?;
    if hopeless.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n{}:", wording::hopeless(&hopeless))?;
    gaps(&hopeless, SHORT / 2, page)
}

fn regions(report: &Report, page: &mut String) -> fmt::Result {
    writeln!(page, "\n### Regions\n")?;
    if report.regions.is_empty() {
        return writeln!(page, "{}", wording::NO_REGIONS);
    }
    writeln!(
        page,
        "{}\n\n| Account | Region | Source | Hours with events | First (UTC) | Last (UTC) | Without events for more than {} |\n\
         | --- | --- | --- | ---: | --- | --- | --- |",
        wording::REGIONS,
        text(&report.longest_gap)
    )?;
    let moment =
        |moment: &Option<String>| moment.as_ref().map_or_else(String::new, |at| text(&wording::time(at)));
    for line in report.regions.iter().take(ROWS) {
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} |",
            text(&line.account),
            text(&line.region),
            text(&wording::region_state(line)),
            wording::region_hours(line),
            moment(&line.first_seen),
            moment(&line.last_seen),
            text(&wording::region_gaps(line)),
        )?;
    }
    more(report.regions.len(), ROWS, page)
}

fn gaps(gaps: &[&Gap], limit: usize, page: &mut String) -> fmt::Result {
    if gaps.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "\n| Permissions | Principals | Why it cannot be told | What would show it | Such as |\n| ---: | ---: | --- | --- | --- |"
    )?;
    for gap in gaps.iter().take(limit) {
        let remedy =
            gap.remedy.as_ref().map_or_else(|| wording::NO_REMEDY.to_owned(), |remedy| prose(remedy));
        let examples = codes(&gap.examples, 5, gap.permissions);
        let (permissions, principals) = (number(gap.permissions), number(gap.principals));
        writeln!(page, "| {permissions} | {principals} | {} | {remedy} | {examples} |", prose(&gap.text))?;
    }
    more(gaps.len(), limit, page)
}

fn overview(report: &Report, anchors: &[String], detailed: usize, page: &mut String) -> fmt::Result {
    writeln!(page, "\n## Principals, worst first\n\n{}", text(&wording::score(report)))?;
    if report.principals.is_empty() {
        return writeln!(page, "\n{}", wording::NO_PRINCIPALS);
    }
    writeln!(
        page,
        "\n| # | Principal | Score | Granted | Used | Unused | Unobservable | Calls | Denied | Last used (UTC) | Proposal | ARN |\n\
         | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | --- |"
    )?;
    for ((rank, principal), anchor) in (1_usize..).zip(&report.principals).zip(anchors).take(OVERVIEW) {
        let name = code(&principal.name);
        let name = if rank <= detailed { format!("[{name}](#{anchor})") } else { name };
        let counts = &principal.permissions;
        writeln!(
            page,
            "| {rank} | {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            number(principal.score),
            number(counts.granted),
            number(counts.used),
            number(counts.unused),
            number(counts.unobservable),
            number(principal.calls),
            number(principal.denied),
            text(&wording::last_used(&principal.last_used)),
            wording::state(&principal.proposal),
            code(&principal.arn),
        )?;
    }
    more(report.principals.len(), OVERVIEW, page)
}

fn ending(report: &Report, page: &mut String) -> fmt::Result {
    writeln!(page, "\n## Operations not understood\n")?;
    if report.unresolved.is_empty() {
        writeln!(page, "{}", wording::ALL_UNDERSTOOD)?;
    } else {
        writeln!(page, "{}\n", wording::NOT_UNDERSTOOD)?;
        writeln!(page, "| Operation | Calls | Principals |\n| --- | ---: | ---: |")?;
        for row in report.unresolved.iter().take(ROWS) {
            writeln!(
                page,
                "| {} | {} | {} |",
                code(&row.operation),
                number(row.count),
                number(row.principals)
            )?;
        }
        more(report.unresolved.len(), ROWS, page)?;
    }
    workloads(report, page)?;
    links(report, page)?;
    writeln!(page, "\n## Principals without grants of their own\n")?;
    if report.without_grants.is_empty() {
        writeln!(page, "{}", wording::ALL_GRANTED)?;
    } else {
        writeln!(page, "{}\n", wording::WITHOUT_GRANTS)?;
        writeln!(
            page,
            "| Principal | Kind | Allowed calls | Last (UTC) | Groups with grants |\n| --- | --- | ---: | --- | --- |"
        )?;
        for row in report.without_grants.iter().take(ROWS) {
            let (principal, kind) = (code(&row.principal), text(&row.kind));
            let last = text(&wording::last_used(&row.last_seen));
            let groups: Vec<String> = row.groups.iter().take(SHORT).map(|group| code(group)).collect();
            let groups = groups.join(", ");
            writeln!(page, "| {principal} | {kind} | {} | {last} | {groups} |", number(row.calls))?;
        }
        more(report.without_grants.len(), ROWS, page)?;
    }
    writeln!(page, "\n## Problems\n")?;
    if report.problems.is_empty() {
        return writeln!(page, "{}", wording::NO_PROBLEMS);
    }
    for problem in report.problems.iter().take(ROWS) {
        writeln!(page, "- {}", prose(problem))?;
    }
    more(report.problems.len(), ROWS, page)
}

fn workloads(report: &Report, page: &mut String) -> fmt::Result {
    writeln!(page, "\n## Workloads\n")?;
    if report.workloads.is_empty() {
        return writeln!(page, "{}", wording::NO_WORKLOADS);
    }
    writeln!(page, "{}\n", wording::WORKLOADS)?;
    writeln!(
        page,
        "| Workload | Principal | Provider | Services | Allowed | Denied | Outcome not known | Connections not read | Last (UTC) |\n\
         | --- | --- | --- | --- | ---: | ---: | ---: | ---: | --- |"
    )?;
    for row in report.workloads.iter().take(ROWS) {
        let known = |name: &Option<String>, unknown: &str| {
            name.as_ref().map_or_else(|| unknown.to_owned(), |name| code(name))
        };
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            known(&row.workload, wording::UNKNOWN_WORKLOAD),
            known(&row.principal, wording::UNKNOWN_PRINCIPAL),
            text(&row.provider),
            codes(&row.services, SHORT, row.service_count),
            number(row.allowed),
            number(row.denied),
            number(row.undecided),
            number(row.unread),
            text(&wording::time(&row.last_seen)),
        )?;
    }
    more(report.workloads.len(), ROWS, page)
}

fn links(report: &Report, page: &mut String) -> fmt::Result {
    if report.links.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n## Cloud identities\n\n{}\n", wording::LINKS)?;
    writeln!(
        page,
        "| Workloads | Service account | Cloud identity | By | Trust | Link | Last (UTC) | Granted | Used |\n\
         | --- | --- | --- | --- | --- | --- | --- | ---: | --- |"
    )?;
    for row in report.links.iter().take(ROWS) {
        let identities = wording::link_identities(row);
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            codes(&row.workloads, SHORT, row.workloads.len()),
            code(&row.service_account),
            codes(&identities, SHORT, identities.len()),
            text(&row.mechanism),
            text(&row.trust),
            text(&wording::link_verdict(row)),
            text(&wording::last_used(&row.last_seen)),
            text(&wording::link_granted(row)),
            codes(&row.used, SHORT, row.used.len()),
        )?;
    }
    more(report.links.len(), ROWS, page)
}

/// Some names of so many.
fn codes(names: &[String], limit: usize, all: usize) -> String {
    let shown: Vec<_> = names.iter().take(limit).map(|name| code(name)).collect();
    let mut list = shown.join(", ");
    let more = all.saturating_sub(shown.len());
    if more > 0 {
        list.push_str(&format!(" and {} more", number(more)));
    }
    list
}

fn more(all: usize, limit: usize, page: &mut String) -> fmt::Result {
    if all > limit { writeln!(page, "\n…and {} more.", number(all - limit)) } else { Ok(()) }
}

fn inline_more(all: usize, limit: usize, page: &mut String) -> fmt::Result {
    if all > limit { write!(page, " and {} more", number(all - limit)) } else { Ok(()) }
}
