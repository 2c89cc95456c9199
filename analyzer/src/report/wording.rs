//! The words that the page and its Markdown twin share, so that both say the same.

mod number;
mod pull_request;
#[cfg(test)]
mod tests;
mod text;

pub(super) use remit_forge::markdown::{legible, pieces};

pub(super) use self::number::{Count, counted, more, number, permissions, principals, share};
pub(super) use self::text::{anchors, time};
use super::model::{
    Closed, CoverageLine, Gap, Hour, LinkLine, PermissionCounts, PrincipalSection, ProposalSection,
    RegionLine, Report, ReportWindow, Score, Totals, Trend, UsedRow,
};

/// Verdicts with what each means.
pub(super) const VERDICTS: [(&str, &str); 3] = [
    ("used", "At least one allowed call in the window needed it. Denied calls are never use."),
    (
        "unused",
        "Every call that needs it would have been recorded during the whole window, and none was. Only these are removed.",
    ),
    (
        "unobservable",
        "It cannot be told, since calls that need it may have happened unseen. Not seen is not the same as not used, so these are kept unless someone gives them up.",
    ),
];

/// What a proven proposal is proven to be.
pub(super) const PROVEN: &str = "nothing is allowed that was not allowed before, nothing stays that no recorded call or unobservable permission needs, only actions that exist are named, and every policy is within AWS's size limits";

/// Said where nothing is known of what was visible.
pub(super) const NOTHING_VISIBLE: &str = "Nothing is known of what was recorded.";

/// What a region without a record means, and what verdicts take it to mean.
pub(super) const REGIONS: &str = "A region without any record is not known to be covered: the ledger cannot tell one in which nothing was called from one whose log is missing. Regions that the grants name are listed, too. Verdicts take it that the trails record all regions, and that nothing was called in a region while it shows no event.";

/// Said where no account is known.
pub(super) const NO_REGIONS: &str = "The grants are of no account whose regions are known.";

/// Said of names of permissions beyond the catalog.
pub(super) const UNLISTED: &str =
    "The catalog does not list these names, so they are in no count. What the policies allow of them stays.";

/// Said where nothing would make permissions observable.
pub(super) const NO_REMEDY: &str = "nothing that could be switched on";

/// Said where there is no principal.
pub(super) const NO_PRINCIPALS: &str = "There is no principal with grants in the input.";

/// Said where nothing is unobservable.
pub(super) const ALL_OBSERVABLE: &str = "Every granted permission is observable.";

/// Said where a proposal would change nothing.
pub(super) const NOTHING: &str = "Nothing to change: no permission can be removed, and no scope narrowed.";

/// Said of a principal without unused permissions.
pub(super) const NONE_UNUSED: &str = "None of its permissions is unused.";

/// Said of a principal without used permissions.
pub(super) const NONE_USED: &str = "None of its permissions is used.";

/// Said where the catalog knows every operation.
pub(super) const ALL_UNDERSTOOD: &str = "The catalog knows every operation that was called.";

/// Said of operations that the catalog does not know.
pub(super) const NOT_UNDERSTOOD: &str = "These were called, and the catalog does not know which permissions they need. Permissions that they may have needed are unobservable.";

/// Said where no node agent wrote to the ledger.
pub(super) const NO_WORKLOADS: &str = "No node agent saw a call in the window.";

/// Said of workloads.
pub(super) const WORKLOADS: &str = "These calls were seen on the wire by node agents, some of them beside the audit log, which may have recorded the same calls. The principal is that of the key that a call was signed with, where the ledger's logs tell it: then the call is use of that principal's permissions. Calls of a principal that is not known make nobody's permission used. Of a connection that is not read, it is known where it went and not what was called.";

/// A principal that may not be known.
pub(super) const UNKNOWN_PRINCIPAL: &str = "not known";

/// A workload that the agent did not learn.
pub(super) const UNKNOWN_WORKLOAD: &str = "not known";

/// Said of links between service accounts and cloud identities.
pub(super) const LINKS: &str = "These service accounts of a cluster are meant to become these cloud identities, or are trusted by them. A link is used where the cloud's log shows a session of it. The permissions are those that the cloud identity used, whoever made it do so.";

/// What becomes of a link, with the reason where there is one.
pub(super) fn link_verdict(line: &LinkLine) -> String {
    match &line.reason {
        Some(reason) => format!("{}: {reason}", line.verdict),
        None => line.verdict.clone(),
    }
}

/// What a service account becomes, and what that goes on to become.
pub(super) fn link_identities(line: &LinkLine) -> Vec<String> {
    std::iter::once(&line.principal).chain(&line.target).cloned().collect()
}

/// How many permissions a link gives.
pub(super) fn link_granted(line: &LinkLine) -> String {
    line.granted.map_or_else(|| "not known".to_owned(), number)
}

/// Said where every caller's grants are known.
pub(super) const ALL_GRANTED: &str = "The grants of every principal that called are in the input.";

/// Said of callers whose grants are not known.
pub(super) const WITHOUT_GRANTS: &str =
    "These made calls, and their grants are not in the input, so nothing is concluded about them.";

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

/// Said where there is no report to compare with.
pub(super) const FIRST: &str = "There is no previous report to compare with: the next one tells what is new, what is back and what was closed.";

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

/// How numbers changed since the previous report.
pub(super) fn trend(report: &Report, trend: &Trend) -> String {
    let percent =
        |percent: Option<f64>| percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
    format!(
        "The previous report ended {} UTC. Without need was {}, and is {}; unused were {}, and are {}.",
        time(&trend.since),
        percent(trend.score.percent),
        percent(report.score.percent),
        permissions(trend.unused),
        number(report.totals.permissions.unused),
    )
}

/// What became of findings: (name, number).
pub(super) fn news(trend: &Trend) -> [(&'static str, u64); 5] {
    [
        ("New findings", trend.new.count()),
        ("Back again", trend.regressed.count()),
        ("Grown", trend.grown.count()),
        ("Shrunk", trend.shrunk.count()),
        ("Closed", trend.closed.len().count()),
    ]
}

/// Why a finding is none any more, in two words.
pub(super) fn closing(closed: &Closed) -> String {
    closed.reason.replace('_', " ")
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

/// Whether a class of calls was recorded.
pub(super) fn recorded(line: &CoverageLine) -> &'static str {
    if line.recorded { "recorded" } else { "not recorded" }
}

/// Whether a region is known to be covered, and by what.
pub(super) fn region_state(line: &RegionLine) -> String {
    if line.sources.is_empty() { "not known to be covered".to_owned() } else { line.sources.join(", ") }
}

/// In how many hours of the window a region showed events.
pub(super) fn region_hours(line: &RegionLine) -> String {
    format!("{} of {}", number(line.hours), number(line.hours_in_window))
}

/// The longest gaps of a region, and how many more there are.
pub(super) fn region_gaps(line: &RegionLine) -> String {
    if line.sources.is_empty() {
        return "no record in the window".to_owned();
    }
    let mut gaps: Vec<_> = line.gaps.iter().take(GAPS_SHOWN).map(window).collect();
    gaps.extend(more(line.gaps.len(), GAPS_SHOWN, &["gap", "gaps"]));
    if gaps.is_empty() { "none".to_owned() } else { gaps.join("; ") }
}

/// Gaps of a region that are named.
const GAPS_SHOWN: usize = 3;

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
    format!(
        "{} {} {}, {} of what is granted.",
        counted(totals.proposals, "proven proposal", "proven proposals"),
        if totals.proposals == 1 { "removes" } else { "remove" },
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

/// Gaps that something would close, and the others; each in the order given.
pub(super) fn by_remedy(gaps: &[Gap]) -> (Vec<&Gap>, Vec<&Gap>) {
    gaps.iter().partition(|gap| gap.remedy.is_some())
}

/// What is behind gaps that nothing would close.
pub(super) fn hopeless(gaps: &[&Gap]) -> String {
    let behind: usize = gaps.iter().map(|gap| gap.permissions).sum();
    let reasons = counted(gaps.len(), "reason", "reasons");
    format!("{} cannot be made observable, for {reasons}", permissions(behind))
}

/// Permissions behind gaps that something would make observable, and behind all of them.
pub(super) fn switchable(gaps: &[Gap]) -> (usize, usize) {
    let sum = |only: &dyn Fn(&Gap) -> bool| {
        gaps.iter().filter(|gap| only(gap)).map(|gap| gap.permissions).sum::<usize>()
    };
    (sum(&|gap| gap.remedy.is_some()), sum(&|_| true))
}

/// What could be done about the gaps.
pub(super) fn gaps(gaps: &[Gap]) -> String {
    match switchable(gaps) {
        (_, 0) => ALL_OBSERVABLE.to_owned(),
        (0, all) => {
            format!("Nothing that could be switched on would make the {} observable.", permissions(all))
        }
        (some, all) => format!("{} of {} can be made observable.", number(some), permissions(all)),
    }
}

/// What is proposed, in a few words.
pub(super) fn state(proposal: &ProposalSection) -> String {
    match proposal {
        ProposalSection::Proven { removed: 0, changes, .. } => {
            format!("changes {}", counted(changes.len(), "policy", "policies"))
        }
        ProposalSection::Proven { removed, .. } => format!("removes {}", number(removed)),
        ProposalSection::Nothing => "nothing to change".to_owned(),
        ProposalSection::Impossible { .. } => "no proposal".to_owned(),
    }
}

/// Which look the state has.
pub(super) fn state_look(proposal: &ProposalSection) -> &'static str {
    match proposal {
        ProposalSection::Proven { .. } => "change",
        ProposalSection::Nothing => "same",
        ProposalSection::Impossible { .. } => "none",
    }
}

/// Accounts in a list.
pub(super) fn accounts(report: &Report) -> String {
    if report.accounts.is_empty() { "none".to_owned() } else { report.accounts.join(", ") }
}

/// Resource patterns to which a proposal narrows a used permission; none without a proposal that changes something.
pub(super) fn narrowed<'a>(used: &'a UsedRow, proposal: &ProposalSection) -> &'a [String] {
    if matches!(proposal, ProposalSection::Proven { .. }) { &used.narrowed_to } else { &[] }
}

/// Whether some operation of a used permission has another name than its action.
pub(super) fn is_named_otherwise(used: &UsedRow) -> bool {
    let action = used.permission.split_once(':').map_or("", |(_, action)| action);
    used.operations.iter().any(|operation| operation.rsplit(':').next() != Some(action))
}

/// What a proven proposal does.
pub(super) fn removal(counts: &PermissionCounts, removed: impl Count, granted_after: impl Count) -> String {
    if removed.count() == 0 {
        return format!(
            "Removes no permission, keeps {} and changes only their scope.",
            number(granted_after)
        );
    }
    format!(
        "Removes {} of {} and keeps {}.",
        number(removed),
        permissions(counts.granted),
        number(granted_after),
    )
}

/// What was checked of a proven proposal.
pub(super) fn proof(protected: impl Count) -> String {
    format!(
        "Proven: {} that the ledger saw allowed {} allowed still; {PROVEN}.",
        counted(protected, "pair of a permission and a resource", "pairs of a permission and a resource"),
        if protected.count() == 1 { "is" } else { "are" },
    )
}

/// Where a used permission was seen, and what becomes of its scope where something is proposed.
pub(super) fn scope(used: &UsedRow, proposal: &ProposalSection) -> String {
    let seen = match used.resources {
        Some(resources) => format!("seen on {}", counted(resources, "resource", "resources")),
        None => "resource not known".to_owned(),
    };
    if !matches!(proposal, ProposalSection::Proven { .. }) {
        return seen;
    }
    match (&used.hidden, used.narrowed_to.is_empty()) {
        (_, false) => format!("{seen}, narrowed to"),
        (Some(hidden), true) => format!("{seen}; scope stays, since further use may be unseen: {hidden}"),
        (None, true) => format!("{seen}; scope stays"),
    }
}

/// Which look a verdict has: a class of the style sheet.
pub(super) fn verdict_look(verdict: &str) -> &'static str {
    match verdict {
        "used" => "u",
        "unused" => "n",
        _ => "o",
    }
}
