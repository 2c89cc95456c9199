//! The words that the page and its Markdown twin share, so that both say the same.

mod coverage;
mod gap;
mod number;
mod proposal;
mod pull_request;
#[cfg(test)]
mod tests;
mod text;
mod trend;
mod workload;

pub(super) use remit_forge::markdown::{legible, pieces};

pub(super) use self::coverage::{
    NO_REGIONS, NOTHING_VISIBLE, REGIONS, recorded, region_gaps, region_hours, region_state,
};
#[cfg(test)]
pub(super) use self::gap::{ALL_OBSERVABLE, switchable};
pub(super) use self::gap::{NO_REMEDY, by_remedy, gaps, hopeless};
pub(super) use self::number::{Count, counted, more, number, permissions, principals, share};
pub(super) use self::proposal::{NOTHING, narrowed, proof, removal, scope, state, state_look};
pub(super) use self::text::{anchors, time};
pub(super) use self::trend::{FIRST, closing, news, trend};
pub(super) use self::workload::{
    LINKS, NO_WORKLOADS, UNKNOWN_PRINCIPAL, UNKNOWN_WORKLOAD, WORKLOADS, link_granted, link_identities,
    link_verdict,
};
use super::model::{Hour, PermissionCounts, PrincipalSection, Report, ReportWindow, Score, Totals, UsedRow};

/// Verdicts with what each means.
pub(super) const VERDICTS: [(&str, &str); 3] = [
    (
        "used",
        "At least one allowed call needed it, in the window or as far back before it as calls count as use. Denied calls are never use.",
    ),
    (
        "unused",
        "Every call that needs it would have been recorded during the whole window, and none was. Only these are removed.",
    ),
    (
        "unobservable",
        "It cannot be told, since calls that need it may have happened unseen. Not seen is not the same as not used, so these are kept unless someone gives them up.",
    ),
];

/// Said of names of permissions beyond the catalog.
pub(super) const UNLISTED: &str =
    "The catalog does not list these names, so they are in no count. What the policies allow of them stays.";

/// Said where there is no principal.
pub(super) const NO_PRINCIPALS: &str = "There is no principal with grants in the input.";

/// Said of a principal without unused permissions.
pub(super) const NONE_UNUSED: &str = "None of its permissions is unused.";

/// Said of a principal without used permissions.
pub(super) const NONE_USED: &str = "None of its permissions is used.";

/// Said where the catalog knows every operation.
pub(super) const ALL_UNDERSTOOD: &str = "The catalog knows every operation that was called.";

/// Said of operations that the catalog does not know.
pub(super) const NOT_UNDERSTOOD: &str = "These were called, and the catalog does not know which permissions they need. Permissions that they may have needed are unobservable.";

/// Said where every caller's grants are known.
pub(super) const ALL_GRANTED: &str = "Each principal that called is named by a grant in the input.";

/// Said of callers whose grants are not known.
pub(super) const WITHOUT_GRANTS: &str = "These made calls, and no grant in the input names them, so nothing is proposed for them. Groups of theirs that bindings in the input name are listed: what these are granted they may do.";

/// Said where everything went well.
pub(super) const NO_PROBLEMS: &str = "Everything in the input could be read.";

/// Where everything is that a long list leaves out.
pub(super) const ELSEWHERE: &str = "see `evidence.json` in the proposal's folder, or `remit explain`";

/// Totals other than those of permissions by verdict: (name, total).
pub(super) fn facts(totals: &Totals) -> [(&'static str, u64); 9] {
    [
        ("Principals", totals.principals.count()),
        ("Principals without an allowed call", totals.idle.count()),
        ("Allowed calls", totals.calls),
        ("Denied calls", totals.denied),
        ("Proven proposals that change something", totals.proposals.count()),
        ("Permissions that they remove", totals.removed.count()),
        ("Findings", totals.findings.count()),
        ("Muted findings", totals.muted_findings.count()),
        ("Muted principals", totals.muted_principals.count()),
    ]
}

/// Of what a score consists.
pub(super) fn score_parts(score: &Score) -> String {
    format!(
        "By weight, {} of {} points that can be judged are without need. {} more points are unobservable: they are in neither \
         number, since nobody can tell whether they are needed.",
        number(score.removable),
        number(score.granted),
        number(score.unobservable),
    )
}

/// What an hour of work would do.
pub(super) fn hour(hour: &Hour) -> String {
    let taken = format!(
        "A review is taken to cost {} minutes, and {} for each policy that changes.",
        hour.minutes_per_proposal, hour.minutes_per_policy
    );
    if hour.picks.is_empty() {
        return format!("No proposal waits that would remove something. {taken}");
    }
    format!(
        "To review {} would remove {} of the {} points that all of them remove ({}). {taken}",
        match hour.picks.len() {
            1 => "this proposal".to_owned(),
            several => format!("these {} proposals", number(several)),
        },
        number(hour.points),
        number(hour.of_points),
        share(hour.points, hour.of_points),
    )
}

/// Which principals are listed without the page's script.
pub(super) fn listed(report: &Report, listed: usize) -> String {
    let totals = &report.totals;
    let muted = match totals.muted_principals {
        0 => String::new(),
        muted => format!(", {} hidden", counted(muted, "muted one is", "muted ones are")),
    };
    format!(
        "{} of {} are listed{muted}. With scripts, which stay in this file, all can be searched and unfolded; `report.md` and \
         `report.json` have all of them without.",
        number(listed),
        principals(totals.principals),
    )
}

/// Who looks after a principal.
pub(super) fn owner(principal: &PrincipalSection) -> &str {
    principal.owner.as_deref().unwrap_or("–")
}

/// The number of permissions with a verdict.
pub(super) fn of_verdict(counts: &PermissionCounts, verdict: &str) -> usize {
    match verdict {
        "used" => counts.used,
        "unused" => counts.unused,
        _ => counts.unobservable,
    }
}

/// When a principal was last seen to make an allowed call.
pub(super) fn last_used(moment: &Option<String>) -> String {
    moment.as_ref().map_or_else(|| "no allowed call".to_owned(), |moment| time(moment))
}

/// The window in words.
pub(crate) fn window(window: &ReportWindow) -> String {
    if window.start == window.end {
        return "none: the ledger holds no call of these accounts".to_owned();
    }
    format!("{}, {} to {} UTC", window.length, time(&window.start), time(&window.end))
}

/// From when on calls count, where that is earlier than the window.
pub(super) fn since(report: &Report) -> Option<String> {
    report.used_since.as_ref().map(|since| format!("since {} UTC", time(since)))
}

/// The most important sentence of the report.
pub(super) fn headline(report: &Report) -> String {
    let totals = &report.totals;
    let counts = &totals.permissions;
    if totals.principals == 0 {
        return "The input holds no principal with grants, so there is nothing to compare.".to_owned();
    }
    if counts.granted == 0 {
        return format!("The {} hold no permission.", principals(totals.principals));
    }
    format!(
        "Of {} granted to {}, {} ({}) {} used, {} ({}) unused and {} ({}) unobservable.",
        permissions(counts.granted),
        principals(totals.principals),
        number(counts.used),
        share(counts.used, counts.granted),
        if counts.used == 1 { "is" } else { "are" },
        number(counts.unused),
        share(counts.unused, counts.granted),
        number(counts.unobservable),
        share(counts.unobservable, counts.granted),
    )
}

/// What the proposals do together.
pub(super) fn effect(report: &Report) -> String {
    let totals = &report.totals;
    if totals.proposals == 0 {
        return "No proposal changes anything.".to_owned();
    }
    let is_one = totals.proposals == 1;
    let narrow = if is_one { "narrows" } else { "narrow" };
    let narrowed = match totals.narrowed {
        0 => String::new(),
        narrowed => format!(", and {narrow} {} to where they are needed", permissions(narrowed)),
    };
    format!(
        "{} {} {}, {} of what is granted{narrowed}.",
        counted(totals.proposals, "proven proposal", "proven proposals"),
        if is_one { "removes" } else { "remove" },
        permissions(totals.removed),
        share(totals.removed, totals.permissions.granted),
    )
}

/// How many uses of a permission were seen on the wire, where some were.
pub(super) fn on_wire(row: &UsedRow) -> Option<String> {
    (row.on_wire > 0).then(|| format!("{} on the wire", number(row.on_wire)))
}

/// How a score is made.
pub(super) fn score(report: &Report) -> String {
    let weights: Vec<_> =
        report.weights.iter().map(|weight| format!("{} for {}", weight.weight, weight.level)).collect();
    format!(
        "The score adds up what is granted without need, by access level: each unused permission counts {}. \
         What is used or unobservable counts nothing. The highest score comes first.",
        weights.join(", "),
    )
}

/// Unused permissions of all principals by access level, in the order of the weights.
pub(super) fn unused_by_level(report: &Report) -> Vec<(&str, u64, usize)> {
    let sum = |level: &str| {
        let rows = report.principals.iter().flat_map(|principal| &principal.levels);
        rows.filter(|row| row.level == level).map(|row| row.permissions.unused).sum::<usize>()
    };
    report.weights.iter().map(|weight| (weight.level.as_str(), weight.weight, sum(&weight.level))).collect()
}

/// Accounts in a list.
pub(super) fn accounts(report: &Report) -> String {
    if report.accounts.is_empty() { "none".to_owned() } else { report.accounts.join(", ") }
}

/// Whether some operation of a used permission has another name than its action.
pub(super) fn is_named_otherwise(used: &UsedRow) -> bool {
    let action = used.permission.split_once(':').map_or("", |(_, action)| action);
    used.operations.iter().any(|operation| operation.rsplit(':').next() != Some(action))
}

/// Which look a verdict has: a class of the style sheet.
pub(super) fn verdict_look(verdict: &str) -> &'static str {
    match verdict {
        "used" => "u",
        "unused" => "n",
        _ => "o",
    }
}
