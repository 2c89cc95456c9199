//! What the Markdown twin says of one principal.

use std::fmt::{self, Write as _};

use remit_forge::markdown::{code, prose, text};

use super::{SHORT, codes, gaps, inline_more, more};
use crate::report::model::{PrincipalSection, ProposalSection, WRITTEN};
use crate::report::wording::{self, number, share};

/// Who looks after a principal, and where repositories say what it is granted.
fn about(principal: &PrincipalSection, page: &mut String) -> fmt::Result {
    if let Some(owner) = &principal.owner {
        writeln!(page, "**Owner:** {}\n", code(owner))?;
    }
    if !principal.written.is_empty() {
        let places: Vec<_> =
            principal.written.iter().take(WRITTEN).map(|place| code(&place.to_string())).collect();
        write!(page, "**Written at:** {}", places.join(", "))?;
        inline_more(principal.written.len(), WRITTEN, page)?;
        writeln!(page, "\n")?;
    }
    Ok(())
}

pub(super) fn section(
    rank: usize,
    principal: &PrincipalSection,
    anchor: &str,
    page: &mut String,
) -> fmt::Result {
    let counts = &principal.permissions;
    writeln!(
        page,
        "\n## <a id=\"{anchor}\"></a>{rank}. {} ({})\n",
        code(&principal.name),
        text(&principal.kind)
    )?;
    writeln!(page, "{}\n", code(&principal.arn))?;
    writeln!(page, "| Score | Granted | Used | Unused | Unobservable | Calls | Denied | Last used (UTC) |")?;
    writeln!(page, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")?;
    let with_share = |part: usize| format!("{} ({})", number(part), share(part, counts.granted));
    writeln!(
        page,
        "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
        number(principal.score),
        number(counts.granted),
        with_share(counts.used),
        with_share(counts.unused),
        with_share(counts.unobservable),
        number(principal.calls),
        number(principal.denied),
        text(&wording::last_used(&principal.last_used)),
    )?;
    about(principal, page)?;
    proposal(principal, page)?;
    for pull_request in principal.pull_requests() {
        let url = pull_request.url.as_deref().map_or_else(|| "none".to_owned(), code);
        writeln!(page, "\n**Pull request:** {url} ({})", text(&pull_request.words()))?;
    }
    unused(principal, page)?;
    used(principal, page)?;
    if !principal.gaps.is_empty() {
        writeln!(page, "\n**Unobservable: {}.**", number(counts.unobservable))?;
        gaps(&principal.gaps.iter().collect::<Vec<_>>(), SHORT / 2, page)?;
    }
    if !principal.unlisted.is_empty() {
        writeln!(page, "\n**Beyond the catalog.** {}\n", wording::UNLISTED)?;
        writeln!(page, "| Names | Why they stay |\n| --- | --- |")?;
        for row in principal.unlisted.iter().take(SHORT) {
            writeln!(page, "| {} | {} |", code(&row.names), prose(&row.why))?;
        }
        more(principal.unlisted.len(), SHORT, page)?;
    }
    if !principal.denied_permissions.is_empty() {
        let denied: Vec<_> = principal
            .denied_permissions
            .iter()
            .take(SHORT)
            .map(|(permission, calls)| format!("{} ({})", code(permission), number(*calls)))
            .collect();
        write!(page, "\n**Denied calls:** {}", denied.join(", "))?;
        inline_more(principal.denied_permissions.len(), SHORT, page)?;
        writeln!(page, ".")?;
    }
    Ok(())
}

fn proposal(principal: &PrincipalSection, page: &mut String) -> fmt::Result {
    match &principal.proposal {
        ProposalSection::Nothing => writeln!(page, "**Proposal:** {}", wording::NOTHING),
        ProposalSection::Impossible { why } => writeln!(page, "**Proposal:** none: {}.", prose(why)),
        ProposalSection::Proven {
            changes,
            granted_after,
            removed,
            narrowed,
            protected,
            replayed,
            folder,
            ..
        } => {
            let removal = wording::removal(&principal.permissions, *removed, *narrowed, *granted_after);
            writeln!(
                page,
                "**Proposal:** {removal} {} Files: {}.\n",
                wording::proof(protected, *replayed),
                code(folder)
            )?;
            writeln!(page, "| Policy | Edit | Characters | Why so |\n| --- | --- | ---: | --- |")?;
            for change in changes.iter().take(SHORT) {
                let (before, after) = (number(change.characters_before), number(change.characters_after));
                let (policy, edit, note) = (code(&change.policy), text(&change.edit), prose(&change.note));
                writeln!(page, "| {policy} | {edit} | {before} → {after} | {note} |")?;
            }
            more(changes.len(), SHORT, page)
        }
    }
}

fn unused(principal: &PrincipalSection, page: &mut String) -> fmt::Result {
    if principal.permissions.unused == 0 {
        return writeln!(page, "\n{}", wording::NONE_UNUSED);
    }
    writeln!(
        page,
        "\n| Unused, by access level | Permissions | Score | Such as |\n| --- | ---: | ---: | --- |"
    )?;
    for row in principal.unused_levels() {
        let (level, points) = (text(&row.level), number(row.points()));
        let examples = codes(&row.examples, 5, row.permissions.unused);
        writeln!(page, "| {level} | {} | {points} | {examples} |", number(row.permissions.unused))?;
    }
    Ok(())
}

fn used(principal: &PrincipalSection, page: &mut String) -> fmt::Result {
    if principal.used.is_empty() {
        return writeln!(page, "\n{}", wording::NONE_USED);
    }
    writeln!(
        page,
        "\n| Used | Calls | First (UTC) | Last (UTC) | Resources |\n| --- | ---: | --- | --- | --- |"
    )?;
    for used in principal.used.iter().take(SHORT) {
        let mut scope = prose(&wording::scope(used, &principal.proposal));
        let narrowed = wording::narrowed(used, &principal.proposal);
        if !narrowed.is_empty() {
            scope.push(' ');
            scope.push_str(&codes(narrowed, 3, narrowed.len()));
        }
        writeln!(
            page,
            "| {} | {}{} | {} | {} | {scope} |",
            code(&used.permission),
            number(used.count),
            wording::on_wire(used).map(|words| format!(" ({words})")).unwrap_or_default(),
            text(&wording::time(&used.first_seen)),
            text(&wording::time(&used.last_seen)),
        )?;
    }
    more(principal.used.len(), SHORT, page)
}
